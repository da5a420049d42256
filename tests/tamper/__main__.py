"""`python -m tests.tamper`: the whole matrix in two processes; writes docs/TAMPERING.md. Exit 1 when there is a hole.

`--every N` tries each N-th change and writes nothing. `--only CLASS` looks at one class, `--jobs` at other machines.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.tamper.matrix import matrix
from tests.tamper.page import page, table
from tests.tamper.specimen import specimen

PAGE = Path(__file__).parents[2] / "docs" / "TAMPERING.md"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tamper", description="Try every change on the verifier.")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="each N-th change only; the page is not written"
    )
    parser.add_argument("--only", metavar="CLASS", help="one class only; the page is not written")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(arguments)
    began, made = time.monotonic(), specimen()
    result = matrix(made, options.every, options.jobs, options.only)
    print(table(result))
    for hole in result.holes[:100]:
        print(f"HOLE {hole}")
    print(
        f"{len(result.holes)} holes; {result.controls} looks at the untouched bundle; {time.monotonic() - began:.0f} s"
    )
    if options.every == 1 and options.only is None:
        PAGE.write_text(page(made, result), "utf-8")
    return 1 if result.holes else 0


if __name__ == "__main__":
    sys.exit(main())
