"""`python -m evidence.sql upgrade URL [log|keys]`: bring the tables of a database up to date."""

import argparse
import asyncio
import sys

from evidence.errors import StorageFailed
from evidence.sql import migrate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evidence.sql", description=__doc__)
    parser.add_argument("verb", choices=["upgrade"])
    parser.add_argument("url", help="sqlite:///<path> or postgresql://…")
    parser.add_argument("part", nargs="?", choices=["log", "keys"], default="log")
    given = parser.parse_args()
    try:
        asyncio.run(migrate(given.url, given.part))
    except (StorageFailed, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
