"""`python -m products.author COMMAND …`: segment, lint, preview, diff, hash, explain, draft. See docs/AUTHORING.md."""

import argparse
import sys
from pathlib import Path

import msgspec

from products.author.errors import CannotAuthor, FileMissing
from products.author.reading import read
from products.author.segment import Segmented, segment
from products.author.terminal import tree_lines

OK, FOUND, USAGE, CANNOT = 0, 1, 2, 3


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
        return result
    except CannotAuthor as error:
        print(error, file=sys.stderr)
        return CANNOT


def _segmented(path: Path) -> Segmented:
    if not path.is_file():
        raise FileMissing(str(path))
    found = read(path)
    return segment(found.text, found.file, found.format, found.sha256)


def _segment(options: argparse.Namespace) -> int:
    found = _segmented(options.file)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        sys.stdout.writelines(line + "\n" for line in tree_lines(found))
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m products.author", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("segment", help="a filed wording as a proposed clause tree 条款切分")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--json", action="store_true", help="one JSON object, for programs")
    command.set_defaults(run=_segment)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
