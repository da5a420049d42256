"""`POST /v1/verifications`: anybody's bytes, a verdict for each, and never a broken service (attacks 17 to 20)."""

import asyncio
import base64
import io
import random
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api import judging
from api.judging import Judges, TooManyFiles, said_files
from evidence.errors import TooBusy
from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.confined import Question, judge
from evidence.verify.container import read
from tests.api.service import Service
from tests.proof.story import Told, tell, world
from tests.proof.tampering import rebuilt

VERDICTS = ("TOTAL-PASSED", "INDETERMINATE", "TOTAL-FAILED")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    async def story() -> Told:
        made = world(tmp_path_factory.mktemp("tsa"))
        await made.adopt_keys()
        return await tell(made)

    return asyncio.run(story())


def corrupted(bundle: bytes, seed: int) -> bytes:
    """Bits turned, pieces cut, doubled, moved or filled: what a disk, a network or an enemy does."""
    chance = random.Random(seed)
    data = bytearray(bundle)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data)), chance.randint(1, 400)
        match chance.randrange(6):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at : at + length] = chance.randbytes(length)
            case 4:
                del data[at:]
            case _:
                data[at : at + length] = b"\0" * len(data[at : at + length])
        if not data:
            return b""
    return bytes(data)


def respelled(bundle: bytes, seed: int) -> bytes:
    """One file inside changed, and the archive around it made to fit again: deeper steps get to see it."""
    root, files = read(bundle)
    path = random.Random(seed).choice(sorted(files))
    changed = corrupted(files[path], seed)
    return rebuilt(root, files | {path: changed}, account_too=seed % 2 == 0)


@pytest.mark.slow
def test_a_thousand_corruptions_get_a_verdict_each(told: Told) -> None:
    """In this process, where an exception that escapes fails the test; the service runs this very function."""
    files = dict(told.keys)
    for seed in range(1000):
        data = (corrupted if seed % 2 else respelled)(told.bundle, seed)
        report = judge(data, Question(files))
        assert any(f'"verdict": "{verdict}"'.encode() in report for verdict in VERDICTS), seed


@pytest.mark.slow
def test_a_thousand_corruptions_of_a_signed_pdf_get_a_verdict_each(told: Told) -> None:
    signed = read(told.bundle)[1]["data/documents/doc_1.signed.pdf"]
    for seed in range(1000):
        report = judge(b"%PDF-" + corrupted(signed, seed)[5:], Question(told.keys))
        assert any(f'"verdict": "{verdict}"'.encode() in report for verdict in VERDICTS), seed


@pytest.fixture(scope="module")
def http(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=120, trust_env=False) as client:
        yield client


def bomb() -> bytes:
    """42 kB that would become 40 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("case-x/data/chain/0001.jsonl", b"\0" * 40_000_000)
    return out.getvalue()


def pdf_bomb() -> bytes:
    """A cross-reference stream that would become 500 MB."""
    stream = zlib.compress(zlib.compress(b"\0" * 500_000_000, 9), 9)
    head = b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 2/W[1 2 1]/Filter[/FlateDecode/FlateDecode]/Length "
    return head + b"%d>>\nstream\n%b\nendstream\nendobj\nstartxref\n9\n%%%%EOF\n" % (len(stream), stream)


@pytest.mark.slow
def test_strangers_get_the_same_words_as_the_command_line_and_hostile_files_fail(
    http: httpx.Client, told: Told, service: Service
) -> None:
    keys = {name: value.encode() for name, value in http.get("/v1/keys").json().items()}
    for data in (told.bundle, corrupted(told.bundle, 1), b"", b"x", b"%PDF-1.7 nothing", bomb(), pdf_bomb()):
        answer = http.post("/v1/verifications", content=data)
        assert answer.status_code == 200, answer.text
        assert answer.json()["verdict"] == "TOTAL-FAILED"
        assert answer.json()["steps"][0]["n"] == 1
    assert set(keys) >= {"log.vkey", "seal.pub.pem"}


@pytest.mark.slow
def test_an_archive_that_says_it_holds_too_many_files_is_not_looked_into(http: httpx.Client) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(201):
            archive.writestr(f"case-x/data/{number}", b"x")
    refused = http.post("/v1/verifications", content=out.getvalue())
    assert (refused.status_code, refused.json()["code"]) == (413, "TOO_MANY_FILES")
    assert said_files(out.getvalue()) == 201


def test_a_bundle_within_a_bundle_is_never_opened(told: Told) -> None:
    root, files = read(told.bundle)
    nested = rebuilt(root, files | {"data/product/inner.zip": bomb()})
    assert verify_bundle(nested, told_keys(told)).first_bad == (8, "data/product/inner.zip")


def told_keys(told: Told) -> TrustedKeys:
    return TrustedKeys.of(told.keys)


# --- places and limits ------------------------------------------------------------------------------------------------


async def test_who_comes_when_all_places_are_taken_is_asked_to_come_back() -> None:
    judges = Judges(places=2)
    async with judges.place(), judges.place():
        with pytest.raises(TooBusy):
            async with judges.place():
                pass
    async with judges.place():
        pass


async def test_a_slow_sender_does_not_keep_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "UPLOAD_S", 0.01)

    async def never() -> bytes:
        await asyncio.Event().wait()
        return b""

    with pytest.raises(TooBusy):
        await Judges().receive(never())


async def test_a_verifier_that_takes_too_long_or_too_much_is_ended_and_said_so(
    monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    monkeypatch.setattr(judging, "WAIT_S", 0.01)
    with pytest.raises(judging.TooCostly):
        await Judges().judge(told.bundle, Question(told.keys))
    monkeypatch.setattr(judging, "WAIT_S", 60.0)
    with pytest.raises(judging.TooCostly):
        await Judges().judge(
            told.bundle, Question({"log.vkey": b"not a key"})
        )  # ours to get right: it is not the sender's fault


async def test_the_verifier_apart_says_what_the_verifier_here_says(told: Told) -> None:
    assert await Judges().judge(told.bundle, Question(told.keys)) == verify_bundle(told.bundle, told_keys(told)).plain()


async def test_too_many_files_are_refused_before_a_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    end = b"PK\x05\x06" + (0).to_bytes(4, "little") + (300).to_bytes(2, "little") * 2 + b"\0" * 10
    with pytest.raises(TooManyFiles):
        await Judges().judge(end, Question())


@pytest.mark.slow
def test_a_full_house_answers_503_and_when_to_come_back(http: httpx.Client, told: Told) -> None:
    """Six at once on four places: some are asked to come back, and nobody gets a 500."""

    def ask(_: int) -> httpx.Response:
        return http.post("/v1/verifications", content=told.bundle)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 503}
    assert statuses[0] == 200
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert all(answer.headers["Retry-After"] and answer.json()["code"] == "TOO_BUSY" for answer in refused)


def test_the_question_holds_keys_policy_and_file_apart() -> None:
    asked = Question({"log.vkey": b"k\n"}, b"quorum none\n", True)
    line, _, rest = asked.about(b"a\nb").partition(b"\n")
    assert Question.read(line) == asked
    assert rest == b"a\nb"


def test_a_visitors_own_policy_is_used_and_one_that_cannot_be_read_is_named(http: httpx.Client, told: Told) -> None:
    def judged(policy: bytes | str) -> httpx.Response:
        header = policy if isinstance(policy, str) else base64.b64encode(policy).decode()
        return http.post("/v1/verifications", content=told.bundle, headers={"Verification-Policy": header})

    strange = judged(b"log example.org/log+00000000+AQ== https://example.org/\n")
    assert strange.status_code == 422
    assert strange.json()["code"] == "POLICY_UNREADABLE"
    assert judged("not base64!").json()["code"] == "POLICY_UNREADABLE"
    assert judged("A" * 30_000).json()["code"] == "POLICY_UNREADABLE"
    assert judged(b"quorum none\n").json()["verdict"] == "TOTAL-FAILED"  # the service that is asked has other keys
    trusting = http.post("/v1/verifications?trust_bundle_keys=true", content=told.bundle).json()
    assert trusting["verdict"] == "INDETERMINATE"
    assert "KEYS_FROM_BUNDLE" in {reason["code"] for reason in trusting["reasons"]}
