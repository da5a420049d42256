"""`python -m products.author`, as an author uses it."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from products.author.__main__ import CANNOT, FOUND, OK, main
from products.author.draft import SIDECAR, unconfirmed
from products.load import load

ANJU = Path("products/catalogue/anju_term_life")


def test_segment_prints_one_json_object(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["segment", str(ANJU / "source.txt"), "--json"]) == OK
    answer = json.loads(capfdbinary.readouterr().out)
    assert answer["text"] == (ANJU / "source.txt").read_text(encoding="utf-8")
    assert answer["length"] == len(answer["text"])
    waiting = next(c for c in answer["clauses"] if c["number"] == "2.4")
    assert (waiting["title"], waiting["parent"], waiting["category"], waiting["limits_provider"]) == (
        "等待期",
        "ch2",
        "waiting",
        True,
    )
    assert {"file", "format", "sha256", "length", "text", "clauses", "skipped", "definitions", "findings"} <= set(
        answer
    )


def test_segment_shows_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segment", str(ANJU / "source.txt")]) == OK
    assert "!    2.5 责任免除  [exclusion]" in capsys.readouterr().out


def test_the_wordings_of_the_catalogue_are_cut_as_their_loader_cuts_them() -> None:
    from products.author.segment import segment

    for path in sorted(Path("products/catalogue").glob("*/product.yaml")):
        wording = load(path.parent).wording
        numbers = {clause.src for clause in segment(wording.text).clauses}
        assert {number for number in wording.segments if "(" not in number} - {"0"} <= numbers


def test_a_missing_file_is_said_in_two_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segment", "nowhere.txt"]) == CANNOT
    said = capsys.readouterr().err
    assert "没有找到" in said
    assert "No such file" in said


def test_hash_preview_and_explain_read_a_product(capsys: pytest.CaptureFixture[str]) -> None:
    compiled = load(ANJU)
    assert main(["hash", str(ANJU)]) == OK
    assert compiled.hashes.full in capsys.readouterr().out
    assert main(["preview", str(ANJU), "c2.4", "--locale", "en"]) == OK
    assert "90 days" in capsys.readouterr().out
    assert main(["explain", str(ANJU), "c2.4"]) == OK
    said = capsys.readouterr().out
    assert "wait = 90 days  「九十日」" in said
    assert main(["explain", str(ANJU), "c99"]) == CANNOT


def test_lint_is_the_linter_of_products(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(ANJU)]) == OK
    assert "0 findings" in capsys.readouterr().out


def test_diff_of_two_wordings_tells_the_clause_and_the_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    newer = tmp_path / "new.txt"
    text = (ANJU / "source.txt").read_text("utf-8")
    newer.write_text(text.replace("九十日为等待期", "一百八十日为等待期"), "utf-8")
    assert main(["diff", str(ANJU / "source.txt"), str(newer)]) == FOUND
    said = capsys.readouterr().out
    assert said.startswith("changed c2.4 → c2.4 2.4 等待期\n    90 day → 180 day\n")
    assert said.count("changed") == 1
    assert main(["diff", str(newer), str(newer)]) == OK


def test_diff_knows_a_clause_that_moved_from_one_that_is_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = tmp_path / "old.txt", tmp_path / "new.txt"
    body = "第{}条 诉讼时效\n受益人请求给付保险金的诉讼时效期间为五年，自其知道保险事故发生之日起计算。\n"
    older.write_text("第一条 费用\n无。\n" + body.format("二"), "utf-8")
    newer.write_text("第一条 费用\n无。\n第二条 免赔\n每次扣除一百元。\n" + body.format("三"), "utf-8")
    assert main(["diff", str(older), str(newer)]) == FOUND
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")] == [
        "moved",
        "added",
    ]


def test_diff_of_two_product_folders_uses_their_versions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(ANJU, newer)
    definition = newer / "product.yaml"
    definition.write_text(
        definition.read_text("utf-8").replace("头{wait}天生病身故或全残，不赔", "头{wait}天生病身故或全残，不给付", 1),
        "utf-8",
    )
    assert main(["diff", str(ANJU), str(newer)]) == FOUND
    assert "c2.4: plain" in capsys.readouterr().out
    assert main(["diff", str(ANJU), str(ANJU)]) == OK


def test_a_draft_waits_for_a_person_to_confirm_every_node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "draft"
    assert main(["draft", str(ANJU / "source.txt"), str(folder)]) == OK
    assert main(["draft", str(ANJU / "source.txt"), str(folder)]) == CANNOT  # nothing is overwritten
    waiting = list(unconfirmed(folder))
    assert "c2.4" in waiting
    assert main(["lint", str(folder)]) == CANNOT
    assert "没有人工确认" in capsys.readouterr().err
    sidecar = yaml.safe_load((folder / SIDECAR).read_text("utf-8"))
    for node in sidecar["nodes"]:
        node["confirmed_by"] = "张三"
    (folder / SIDECAR).write_text(yaml.safe_dump(sidecar, allow_unicode=True), "utf-8")
    assert list(unconfirmed(folder)) == []
    source = folder / "source.txt"
    source.write_text(source.read_text("utf-8").replace("九十日为等待期", "六十日为等待期"), "utf-8")
    assert list(unconfirmed(folder)) == ["c2.4"]  # its words are not those that were confirmed


def test_a_draft_does_not_load_before_a_person_wrote_its_texts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "draft"
    main(["draft", str(ANJU / "source.txt"), str(folder)])
    assert main(["hash", str(folder)]) == CANNOT
    assert "line" in capsys.readouterr().err
