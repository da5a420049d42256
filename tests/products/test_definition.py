"""A definition is strict, pinned, and refuses by line. Mutations of the real product, one at a time."""

import hashlib
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from evidence import decode
from products.catalogue.anju_term_life import tables
from products.compiled import Compiled
from products.errors import DefinitionInvalid
from products.lint.__main__ import main
from products.lint.quotes import read_quote
from products.load import compile_product
from products.positions import read_yaml
from products.wording import read_wording
from tests.products.breaking import Files, edit, found, line, rewrite, swap
from tests.products.conftest import CATALOGUE

# --- the products as they are ----------------------------------------------------------------------------------------


def test_the_catalogue_has_no_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(CATALOGUE)]) == 0
    assert capsys.readouterr().out.count(": 0 findings") == len(list(CATALOGUE.glob("*/product.yaml")))


def test_a_broken_product_fails_the_command_and_names_the_line(
    tmp_path: Path, term_life_files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files = swap("product.yaml", "wait: {value: 90", "wait: {value: 180")(term_life_files)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert main([str(tmp_path)]) == 1
    assert f"line {line(files, 'wait: {value: 180')}: L09 E params.wait.value" in capsys.readouterr().out


def test_the_tables_are_what_their_script_computes(term_life_files: Files) -> None:
    assert tables.tables() == {name: term_life_files[name] for name in ("rate.csv", "cash.csv")}


def test_every_character_of_the_wording_belongs_to_one_clause_or_is_skipped(term_life: Compiled) -> None:  # PRD-01
    spans = sorted((segment.start, segment.end) for segment in term_life.wording.segments.values())
    assert spans[0][0] == 0
    assert spans[-1][1] == len(term_life.wording.text)
    assert all(one[1] == two[0] for one, two in pairwise(spans))


def test_the_full_hash_covers_everything_but_the_status(term_life: Compiled, term_life_files: Files) -> None:  # PRD-06
    files = swap("product.yaml", "status: on_sale", "status: withdrawn")(term_life_files)
    assert compile_product(files["product.yaml"], files).hashes == term_life.hashes
    assert hashlib.sha256(term_life.canonical).hexdigest() == term_life.hashes.full
    assert decode.encode(json.loads(term_life.canonical)) == term_life.canonical


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("expr: premium * pay_years", "expr: pay_years * premium", {"numbers"}),
        ("只为办这份保险使用，依法保密。", "只为办这份保险使用。", {"plain"}),
        ("我知道犹豫期后退保会亏钱。", "我知道犹豫期后退保要亏钱。", {"rules"}),
    ],
)
def test_each_hash_moves_with_its_kind_of_change(
    term_life: Compiled, term_life_files: Files, old: str, new: str, changed: set[str]
) -> None:
    files = swap("product.yaml", old, new)(term_life_files)
    hashes = compile_product(files["product.yaml"], files).hashes
    moved = {name for name in hashes.__struct_fields__ if getattr(hashes, name) != getattr(term_life.hashes, name)}
    assert moved == changed | {"full"}


def test_a_changed_wording_is_a_new_filing(term_life: Compiled, term_life_files: Files) -> None:
    files = rewrite("协商不成的，可以", "协商不成，可以")(term_life_files)
    assert compile_product(files["product.yaml"], files).hashes.formal != term_life.hashes.formal


# --- one mutation, one rule ------------------------------------------------------------------------------------------


MISTAKES = (
    ("L00", "wishes", edit("currency: CNY", "currency: CNY\nwishes: none")),
    ("L00", "currency: EUR", edit("currency: CNY", "currency: CNY\ncurrency: EUR")),
    ("L00", "grade: high", edit("grade: 1", "grade: high")),
    ("L00", "grade: &a 1", edit("grade: 1", "grade: &a 1\nversions: *a")),
    ("L00", "grade: !!int", edit("grade: 1", "grade: !!int '0x1'")),
    ("L00", "grade:\n", edit("grade: 1", "grade:")),
    ("L00", "wait: {value: 90, unit: ages", edit("wait: {value: 90, unit: days", "wait: {value: 90, unit: ages")),
    ("L00", 'sha256: "0', edit('sha256: "d', 'sha256: "0')),
    ("L00", "{waits}", edit("头{wait}天是", "头{waits}天是")),
    ("L00", "[犹豫期](hesitation。", edit("[犹豫期](hesitation)。这", "[犹豫期](hesitation。这")),
    ("L00", "{premium} and", edit("I know that I lose", "I know {premium} and that I lose")),
    ("L00", "clause: c9.9", edit("clause: c5.2, aliases", "clause: c9.9, aliases")),
    ("L00", "- id: c2.1", edit("How much is paid}\n    personal: true", "How much is paid}")),
    ("L01", "source:", edit('skip: ["0", ch1,', 'skip: ["0",')),
    ("L01", "- id: c7.3", edit('src: "7.3"', 'src: "7.9"')),
    ("L01", "source:", rewrite("2.6 责任免除的后果", "2.6 责任免除的后果\n2.7 职业变更\n变更的，我们不承担责任。")),
    ("L06", "- id: c6.2", edit("en: Tell us soon}\n    must_read: true", "en: Tell us soon}")),
    ("L08", "3天全额", edit("天内反悔，全额退钱。", "天内反悔，3天全额退钱。")),
    ("L08", "三十天全额", edit("天内反悔，全额退钱。", "天内反悔，三十天全额退钱。")),
    ("L09", "wait: {value: 180", edit("wait: {value: 90", "wait: {value: 180")),
    ("L09", "quote: 九十一日", edit("quote: 九十日", "quote: 九十一日")),
    ("L09", "unit: years, clause: c5.1", edit("unit: days, clause: c5.1", "unit: years, clause: c5.1")),
    ("L09", "suicide: {value: 2", rewrite("合同成立之日起二年内自杀", "合同成立之日起一年内自杀")),
    ("L11", "expr: premium + pay_years", edit("expr: premium * pay_years", "expr: premium + pay_years")),
    ("L11", "expr: premium * nothing", edit("expr: premium * pay_years", "expr: premium * nothing")),
    ("L11", "formulas:", edit("expr: premium * pay_years", "expr: paid_all * pay_years")),
    ("L11", "deny: job + 1", edit('deny: job == "hazard"', "deny: job + 1 == 2")),
    ("L12", 'premium: "1025.01"', edit('premium: "1025.00"', 'premium: "1025.01"')),
    ("L12", "- {in: {age: 30", edit("pay_years) * sum / 1000, 2)", "pay_years) * sum / 777777, 5)")),
    ("L15", "(cash_values)表", edit("[现金价值](cash_value)表", "[现金价值](cash_values)表")),
    ("L22", "- id: q_driving", edit("answer: not_paid", "answer: never")),
    ("L22", "- id: q_driving", edit("    clause: c2.5\n    ask:", "    clause: c2.3\n    ask:")),
    ("L22", "- id: q_surrender", edit("wrong: [paid, sum]", "wrong: [back]")),
    ("L23", "steps:", edit("steps: [quote, read,", "steps: [read, quote,")),
    ("L23", "steps:", edit("suitability, disclose, identity", "suitability, identity")),
    ("L23", "clauses: [c4.2]", edit("clauses: [c4.1]", "clauses: [c4.2]")),
    ("L24", "告诉我们。}", edit("告诉我们。, en: Tell us when your address or phone changes.}", "告诉我们。}")),
    ("L24", "Change your mind in some", edit("Change your mind in {hesitate} days", "Change your mind in some days")),
)


@pytest.mark.parametrize(("rule", "at", "mutate"), MISTAKES, ids=[f"{rule} {at.strip()}" for rule, at, _ in MISTAKES])
def test_each_mistake_is_named_by_rule_and_line(
    term_life_files: Files, rule: str, at: str, mutate: Callable[[Files], Files]
) -> None:  # PRD-05
    files = mutate(term_life_files)
    findings = found(files)
    assert {finding.rule for finding in findings} == {rule}, findings
    if at in files["product.yaml"].decode():
        wanted = line(files, at)
        assert any(finding.line == wanted for finding in findings), (findings, wanted)


def test_a_table_cell_that_is_missing_or_twice_is_refused(term_life_files: Files) -> None:  # L13
    for row in ("30,male,20,20,2.05\n30,male,20,20,2.06", "30,male,20,20,", "30,male,20,20,NaN"):
        files = swap("rate.csv", "30,male,20,20,2.05", row)(term_life_files)
        before, after = (hashlib.sha256(item["rate.csv"]).hexdigest() for item in (term_life_files, files))
        assert {finding.rule for finding in found(swap("product.yaml", before, after)(files))} == {"L13"}


def test_plain_yaml_traps_stay_text() -> None:
    value = read_yaml(b"a: 1.10\nb: no\nc: 012\nd: 22:30\ne: 7\nf: null\ng: true\nh: 2026-01-01\ni: 1e5\n").value
    assert value == {
        "a": "1.10",
        "b": "no",
        "c": "012",
        "d": "22:30",
        "e": 7,
        "f": None,
        "g": True,
        "h": "2026-01-01",
        "i": "1e5",
    }


@pytest.mark.parametrize("text", [b"", b"\xff", b"a: [", b"a: b\n---\nc: d", b"[1]: 2", b"? a", b"a: " + b"[" * 3000])
def test_what_is_not_one_strict_document_is_refused(text: bytes) -> None:
    with pytest.raises(DefinitionInvalid):
        read_yaml(text)


@pytest.mark.parametrize(
    ("quote", "wanted"),
    [
        ("九十日", ("90", "日")),
        ("一百八十日", ("180", "日")),
        ("二年", ("2", "年")),
        ("百分之二十", ("20", "%")),
        ("10.5%", ("10.5", "%")),
        ("七个工作日", ("7", "个工作日")),
        ("若干日", None),
    ],
)
def test_numbers_are_read_from_quotes(quote: str, wanted: tuple[str, str] | None) -> None:
    assert read_quote(quote) == wanted


def test_articles_chapters_and_items_open_segments() -> None:
    text = "标题\n第一章 总则\n第一条 目的\n正文\n（一）甲\n（二）乙\n第十二条 其他\n2.5 不赔\n(1)丙\n"
    assert list(read_wording(text.encode()).segments) == ["0", "ch1", "1", "1(1)", "1(2)", "12", "2.5", "2.5(1)"]


@pytest.mark.parametrize("text", ["\ufeff1 甲", "1 甲\r\n", "1 e\u0301", "1 甲\n1 乙"])
def test_a_wording_that_is_not_what_it_seems_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.compile("wording")):
        read_wording(text.encode())
