"""Every bundle of the museum in front of every verifier: each says what the index says, step by step (EVD-07)."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import AsyncTestClient

from api import errors
from api.judging import Judges
from api.proofroom import Proofroom
from api.routes.proof import verify
from evidence.verify.report import FAILED, STEPS
from tests.museum.collection import EXHIBITS, FOLDER, INDEX, collection, judged, summary
from tests.museum.exhibits import Made
from tests.museum.hall import Hung, hall, index
from tests.museum.node import Judge, built
from tests.outside import need

HALL = hall()
LIMIT = 10 * 1024 * 1024


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """The browser's verifier."""
    need("node")
    with Judge(built(tmp_path_factory.mktemp("judge"))) as judge:
        yield judge


def borrowed(keys: dict[str, bytes]) -> Proofroom:
    """A service whose public keys are the ones that this auditor brings. Of that very type: the framework insists."""
    room = object.__new__(Proofroom)
    object.__setattr__(room, "judges", Judges())
    object.__setattr__(room, "public_keys", lambda: keys)
    return room


# --- the collection ---------------------------------------------------------------------------------------------------


def test_there_are_enough_bundles_and_most_of_them_must_fail() -> None:
    verdicts = [entry["expected"]["verdict"] for entry in index()]
    assert len(verdicts) >= 60
    assert verdicts.count("TOTAL-FAILED") >= 40
    assert verdicts.count("INDETERMINATE") >= 5
    assert verdicts.count("TOTAL-PASSED") >= 10


def test_every_step_is_the_first_to_fail_somewhere() -> None:
    firsts = {entry["expected"]["first_bad"]["step"] for entry in index() if entry["expected"]["first_bad"]}
    assert firsts == set(range(1, len(STEPS) + 1))


def test_every_bundle_has_a_name_a_file_and_a_sentence_in_both_languages_and_nothing_else_is_there() -> None:
    entries = index()
    assert [entry["name"] for entry in entries] == [exhibit.name for exhibit in EXHIBITS]
    assert len({entry["name"] for entry in entries}) == len({entry["zh"] for entry in entries}) == len(entries)
    assert all(entry["zh"].endswith("。") and entry["en"].endswith(".") for entry in entries)
    named = {entry["file"] for entry in entries} | {path for entry in entries for path in entry["keys"].values()}
    named |= {entry["policy"] for entry in entries if "policy" in entry} | {INDEX, "README.md"}
    there = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert {str(path.relative_to(FOLDER)) for path in there} == named
    assert sum(path.stat().st_size for path in there) < LIMIT


@pytest.mark.slow
def test_the_generator_makes_the_same_bytes_again() -> None:
    """A difference is a change of the format, of its words, or of a library: `python -m tests.museum` after a look."""
    made = collection()
    assert sorted(made) == sorted(
        str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.*") if path.name != "README.md"
    )
    assert [name for name, data in made.items() if (FOLDER / name).read_bytes() != data] == []


# --- the verifiers ----------------------------------------------------------------------------------------------------


def _made(hung: Hung) -> Made:
    return Made(hung.bundle, hung.keys, hung.policy)


@pytest.mark.parametrize("name", HALL)
def test_the_command_lines_verifier_says_what_the_index_says(name: str) -> None:
    hung = HALL[name]
    assert summary(judged(_made(hung), trust=hung.trust).plain()) == hung.expected


@pytest.mark.parametrize("name", HALL)
def test_without_its_libraries_for_time_and_pdf_it_says_what_the_index_says(name: str) -> None:
    hung = HALL[name]
    assert summary(judged(_made(hung), trust=hung.trust, core=True).plain()) == hung.expected_core


@pytest.mark.parametrize("name", HALL)
def test_the_pages_verifier_says_what_the_index_says(name: str, page: Judge) -> None:
    hung = HALL[name]
    report = page.report(hung.bundle, hung.keys, trust=hung.trust, policy=hung.policy)
    assert _sighted(summary(report)) == _sighted(hung.expected_core)


def _sighted(found: dict[str, Any]) -> dict[str, Any]:
    """Without why steps 6 and 9 are undecided: the page says of both that it cannot judge them, and no more."""
    kept = [reason for reason in found["reasons"] if reason[0] not in (6, 9) or reason[1] in FAILED]
    return found | {"reasons": kept}


def _service(keys: dict[str, bytes]) -> Litestar:
    room = borrowed(keys)
    provide = Provide(lambda: room, sync_to_thread=False)
    return Litestar([verify], dependencies={"proofroom": provide}, exception_handlers=errors.HANDLERS)


@pytest.mark.slow
async def test_the_endpoint_says_what_the_index_says() -> None:  # ESG-09
    differing = {}
    for hung in HALL.values():
        headers = {} if hung.policy is None else {"Verification-Policy": b64encode(hung.policy).decode()}
        async with AsyncTestClient(_service(hung.keys)) as client:
            answer = await client.post(
                f"/v1/verifications?trust_bundle_keys={str(hung.trust).lower()}", content=hung.bundle, headers=headers
            )
        if answer.status_code != 200 or summary(answer.json()) != hung.expected:
            differing[hung.name] = answer.text
    assert differing == {}
