"""The table of requirements in docs/REQUIREMENTS-EVIDENCE.md, held against the tests it names."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "REQUIREMENTS-EVIDENCE.md"
WANTED = [*(f"EVD-{number:02d}" for number in range(1, 14)), "KYC-17", "API-14", "API-19"]


class Row(NamedTuple):
    id: str
    held: str
    tests: tuple[str, ...]


def rows(text: str) -> list[Row]:
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]{3}-\d\d", cells[0]):
            found.append(Row(cells[0], cells[2], tuple(re.findall(r"`(tests/[^`]+)`", cells[3]))))
    return found


@cache
def told(path: Path) -> dict[str, str]:
    """Each test of a file with all that is said about it: its own lines, and the file's first words."""
    source = path.read_text("utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    about = ast.get_docstring(tree) or ""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name] = "\n".join([about, *lines[first - 1 : node.end_lineno]])
    return found


def problems(text: str) -> list[str]:
    found = []
    for row in rows(text):
        if not row.tests and "**" not in row.held:
            found.append(f"{row.id}: neither a test nor a word about what is missing")
        for cited in row.tests:
            file, _, name = cited.partition("::")
            tests = told(ROOT / file) if (ROOT / file).is_file() else {}
            words = "\n".join(tests.values()) if name == "*" else tests.get(name)
            if not words:
                found.append(f"{row.id}: there is no {cited}")
            elif row.id not in words:
                found.append(f"{row.id}: {cited} does not cite it")
    return found


def test_every_requirement_has_a_row_with_tests_that_cite_it_or_says_what_is_missing() -> None:
    text = TABLE.read_text("utf-8")
    assert [row.id for row in rows(text)] == WANTED
    assert problems(text) == []


@pytest.mark.parametrize(
    "row",
    [
        "| EVD-01 | x | y | `tests/test_requirements.py::test_that_is_not_there` |",
        "| EVD-01 | x | y | `tests/nowhere.py::test_x` |",
        "| EVD-01 | x | y | - |",
        "| KYC-99 | x | y | `tests/evidence/test_museum.py::*` |",
    ],
)
def test_a_row_that_promises_too_much_is_told(row: str) -> None:
    assert len(problems(row)) == 1
