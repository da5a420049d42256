"""`python -m products.author COMMAND …`: segment, lint, preview, diff, hash, explain, draft. See docs/AUTHORING.md."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import msgspec

from evidence.events import Locale
from products.author.compare import changes, told
from products.author.draft import unconfirmed, write_draft
from products.author.errors import CannotAuthor, FileMissing, Unconfirmed
from products.author.reading import read
from products.author.segment import Segmented, segment
from products.author.terminal import tree_lines
from products.author.workbench import difference_lines, explain_lines, hash_lines, opened, preview_lines
from products.errors import DefinitionInvalid
from products.lint.__main__ import main as lint

OK, FOUND, CANNOT = 0, 1, 3  # 2 is what argparse says of a wrong command line


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
        return result
    except CannotAuthor as error:
        print(error, file=sys.stderr)
        return CANNOT
    except DefinitionInvalid as error:
        print(f"{error.zh}\n{error.en}\n{error.detail}", file=sys.stderr)
        return CANNOT
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the lines has enough of them
        return OK


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
        _say(tree_lines(found))
    return OK


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(line + "\n" for line in lines)


def _lint(options: argparse.Namespace) -> int:
    """The 25 rules, after the question whether a person confirmed every proposed node."""
    waiting = list(unconfirmed(options.folder))
    if waiting:
        raise Unconfirmed(", ".join(waiting[:20]))
    return lint([str(options.folder)])


def _preview(options: argparse.Namespace) -> int:
    _say(preview_lines(opened(options.folder), options.clause, options.locale))
    return OK


def _diff(options: argparse.Namespace) -> int:
    if options.old.is_dir() and options.new.is_dir():
        lines = list(difference_lines(opened(options.old), opened(options.new)))
        _say(lines)
        return FOUND if len(lines) > 1 else OK
    found = changes(_segmented(options.old), _segmented(options.new))
    _say(told(found))
    return FOUND if found else OK


def _hash(options: argparse.Namespace) -> int:
    _say(hash_lines(opened(options.folder)))
    return OK


def _explain(options: argparse.Namespace) -> int:
    _say(explain_lines(opened(options.folder), options.clause))
    return OK


def _draft(options: argparse.Namespace) -> int:
    count = write_draft(options.file, options.folder)
    print(f"{options.folder}：{count} 条待确认，见 confirmed.yaml。{count} nodes to confirm, listed in confirmed.yaml.")
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m products.author", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("segment", help="a filed wording as a proposed clause tree 条款切分")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--json", action="store_true", help="one JSON object, for programs")
    command.set_defaults(run=_segment)
    for name, run, told_as in (
        ("lint", _lint, "the 25 rules; refused while a node is unconfirmed 检查"),
        ("hash", _hash, "the five hashes 五个哈希"),
        ("preview", _preview, "every clause at its three levels 预览"),
        ("explain", _explain, "which words fix which number 逐条对照"),
    ):
        command = commands.add_parser(name, help=told_as)
        command.add_argument("folder", type=Path, metavar="DIR")
        if name in ("preview", "explain"):
            command.add_argument("clause", metavar="CLAUSE", nargs="?" if name == "preview" else None)
        if name == "preview":
            command.add_argument("--locale", choices=get_args(Locale), default="zh-CN")
        command.set_defaults(run=run)
    command = commands.add_parser("diff", help="two wordings or two product folders, clause by clause 逐条比较")
    command.add_argument("old", type=Path, metavar="OLD")
    command.add_argument("new", type=Path, metavar="NEW")
    command.set_defaults(run=_diff)
    command = commands.add_parser("draft", help="a product skeleton every node of which a person confirms 起草")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("folder", type=Path, metavar="DIR")
    command.set_defaults(run=_draft)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
