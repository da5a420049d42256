"""`python -m tests.museum` rebuilds tests/vectors; `--check` writes nothing and says what would change.

Everything is deterministic: keys, clock, chance and the nonces of signatures come from one seed. So a bundle that comes
out in other bytes tells of a change of the format, of its words, or of a library that writes pictures or PDF.
"""

import argparse
import sys

from tests.museum.collection import FOLDER, collection


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.museum", description="Rebuild the museum of bundles.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something would change")
    options = parser.parse_args(arguments)
    wanted = collection()
    there = {str(path.relative_to(FOLDER)): path for path in FOLDER.rglob("*") if path.is_file()}
    stale = sorted({*there} - {*wanted, "README.md"})
    changed = sorted(name for name, data in wanted.items() if name not in there or there[name].read_bytes() != data)
    for name in (*changed, *stale):
        print(name)
    if options.check:
        return 1 if changed or stale else 0
    for name in changed:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wanted[name])
    for name in stale:
        there[name].unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
