"""A sample of the tamper matrix, in front of both verifiers; and proof that the matrix would see a hole (EVD-02)."""

import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from evidence.verify import TrustedKeys, account, chain, verify_bundle
from evidence.verify.account import TIMELINE
from tests.museum.node import Judge, built
from tests.outside import need
from tests.tamper.changes import Bench
from tests.tamper.matrix import every_change, run, sample
from tests.tamper.specimen import Specimen, specimen

PAGE = Path(__file__).parents[2] / "docs" / "TAMPERING.md"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench.of(specimen())


@pytest.fixture(scope="module")
def made(bench: Bench) -> Specimen:
    return bench.specimen


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    need("node")
    with Judge(built(tmp_path_factory.mktemp("judge"))) as judge:
        yield judge


@pytest.mark.slow
def test_no_change_of_a_sample_of_every_class_goes_unnoticed(bench: Bench) -> None:
    result = run(bench.specimen, sample(bench, 70))
    assert result.holes == []
    assert result.whole.changes >= 2_000
    assert result.whole.said["failed"] > 3_000
    assert len(result.rows) == 15


@pytest.mark.slow
def test_the_pages_verifier_says_of_a_sample_what_the_command_line_says(bench: Bench, page: Judge) -> None:
    """Step by step and record by record, as it is and with everything made to fit again."""
    keys, asked, differing = TrustedKeys.of(bench.specimen.keys), 0, []
    with mock.patch.dict(sys.modules, {"evidence.verify.full": None}):
        for change in sample(bench, 110):
            for data in (change.as_is(), change.around()):
                if data is None or data == bench.specimen.bundle:
                    continue
                asked += 1
                mine = verify_bundle(data, keys).plain()
                theirs = page.report(data, bench.specimen.keys)
                if _compared(mine) != _compared(theirs):
                    differing.append(f"{change.kind}: {change.name}: {_compared(mine)} / {_compared(theirs)}")
    assert differing == []
    assert asked >= 2_000


def _compared(report: dict[str, Any]) -> tuple[Any, ...]:
    return report["verdict"], report["first_bad"], [step["state"] for step in report["steps"]], report["fields"]


def test_the_matrix_sees_a_verifier_that_no_longer_compares_the_account(bench: Bench) -> None:
    flips = (item for item in every_change(bench) if item.name.startswith(f"{TIMELINE} byte"))
    with mock.patch.object(account, "check", return_value=None):
        result = run(bench.specimen, islice(flips, 0, None, 4_000))
    assert result.whole.said["undetected"] == len(result.holes) >= 3


def test_the_matrix_sees_a_verifier_that_raises(bench: Bench) -> None:
    control = verify_bundle(bench.specimen.bundle, TrustedKeys.of(bench.specimen.keys))
    assert control.verdict == "TOTAL-PASSED"

    def read(root: str, files: dict[str, bytes]) -> Any:
        if files[TIMELINE] != bench.specimen.files[TIMELINE]:
            raise ZeroDivisionError
        return real(root, files)

    real = chain.read
    flips = (item for item in every_change(bench) if item.name.startswith(f"{TIMELINE} byte"))
    with mock.patch.object(chain, "read", read):
        result = run(bench.specimen, islice(flips, 2))
    assert result.whole.said["exception"] == len(result.holes) == 2


def test_the_specimen_is_the_same_bytes_every_time(made: Specimen) -> None:
    assert specimen() == made


def test_the_page_tells_of_every_class_and_of_no_hole(bench: Bench) -> None:
    text = PAGE.read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| (?!class)[a-z]", line)]
    assert [row[0] for row in rows] == [*dict.fromkeys(change.kind for change in every_change(bench)), "all"]
    assert all(row[-2:] == ["0", "0"] for row in rows)
    assert int(rows[-1][1].replace(",", "")) >= 100_000
    assert int(rows[-1][3].replace(",", "")) >= 100_000
