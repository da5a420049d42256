"""Independent time: whole certificate paths, an authority over HTTP that lies or is silent."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence import timestamp
from evidence.timestamp import TimeStampRejected, TimeStampUnavailable
from evidence.timestamping import BEHIND, CheckpointStamps, HttpTsa
from evidence.tsa import POLICY
from tests.evidence.fakes import MemoryObjects
from tests.witness.authority import FOR_TIME, Authority, Chain, requested

NOW = datetime(2026, 11, 21, 19, 19, tzinfo=UTC)
DATA = b"what is not sealed did not happen"
DIGEST = hashlib.sha256(DATA).digest()
QUESTION = timestamp.request(DIGEST, 12345)


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain(lambda: NOW)


@pytest.mark.parametrize("root_inside", [False, True])
def test_a_token_with_its_path_verifies_under_the_root(chain: Chain, root_inside: bool, tmp_path: Path) -> None:
    reply = chain.reply(QUESTION, chain.middle, *([chain.root] if root_inside else []))
    assert timestamp.verify(reply, DIGEST, (chain.root,)).at == "2026-11-21T19:19:00.000Z"
    (tmp_path / "root.pem").write_bytes(chain.pem)
    (tmp_path / "F.tsr").write_bytes(reply)
    (tmp_path / "F").write_bytes(DATA)
    at = str(int(NOW.timestamp()))
    command = ["openssl", "ts", "-verify", "-in", "F.tsr", "-CAfile", "root.pem", "-data", "F", "-attime", at]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_authority_in_between_can_be_pinned_itself(chain: Chain) -> None:
    assert timestamp.verify(chain.reply(QUESTION), DIGEST, (chain.middle,)).digest == DIGEST.hex()
    with pytest.raises(TimeStampRejected, match="no trusted root"):
        timestamp.verify(chain.reply(QUESTION), DIGEST, (chain.root,))


def test_no_byte_of_a_reply_with_a_path_can_change_unnoticed(chain: Chain) -> None:
    reply = chain.reply(QUESTION, chain.middle)
    for at in range(len(reply)):
        mutated = bytearray(reply)
        mutated[at] ^= 1 << (at % 8)
        with pytest.raises(TimeStampRejected):
            timestamp.verify(bytes(mutated), DIGEST, (chain.root,))


def test_a_certificate_that_is_not_on_the_path_is_refused(chain: Chain) -> None:
    stranger = Chain(lambda: NOW)
    for extra in ((chain.middle, stranger.middle), (chain.middle, chain.middle), (chain.middle, stranger.root)):
        with pytest.raises(TimeStampRejected):
            timestamp.verify(chain.reply(QUESTION, *extra), DIGEST, (chain.root,))
    with pytest.raises(TimeStampRejected):
        timestamp.verify(chain.reply(QUESTION, stranger.middle), DIGEST, (chain.root,))


def test_a_path_over_something_that_is_no_authority_is_refused() -> None:
    for bad in (Chain(lambda: NOW, middle_is_ca=False), Chain(lambda: NOW, path_length=0)):
        with pytest.raises(TimeStampRejected, match="not an authority"):
            timestamp.verify(bad.reply(QUESTION, bad.middle), DIGEST, (bad.root,))


USAGES: dict[str, dict[str, Any]] = {
    "none": {"usages": ()},
    "another": {"usages": (ExtendedKeyUsageOID.CODE_SIGNING,)},
    "one more": {"usages": (*FOR_TIME, ExtendedKeyUsageOID.EMAIL_PROTECTION)},
    "not critical": {"critical": False},
}


@pytest.mark.parametrize("usage", USAGES)
def test_a_certificate_that_is_not_for_time_stamping_alone_is_refused(usage: str) -> None:  # conventions 3, row 30
    wrong = Chain(lambda: NOW, **USAGES[usage])
    with pytest.raises(TimeStampRejected, match=r"extended key usage|time stamping alone"):
        timestamp.verify(wrong.reply(QUESTION, wrong.middle), DIGEST, (wrong.root,))


# --- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Authority]:
    with Authority() as found:
        yield found


@pytest.fixture
def authority(served: Authority) -> Authority:
    served.down, served.asked, served.kind = False, 0, "application/timestamp-reply"
    served.answer = lambda question: served.chain.reply(question, served.chain.middle)
    return served


class Hours:
    """A clock that can be wrong."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def client(authority: Authority, now: Hours | None = None, policy: str | None = POLICY) -> HttpTsa:
    return HttpTsa(authority.url, (authority.chain.root,), now or Hours(), os.urandom, policy=policy)


async def test_an_honest_authority_gives_a_verified_token(authority: Authority) -> None:
    stamper = client(authority)
    reply = await stamper.stamp(DIGEST)
    assert timestamp.verify(reply, DIGEST, (authority.chain.root,)).policy == POLICY
    assert stamper.source == "independent"


async def test_words_in_the_status_are_not_kept(authority: Authority) -> None:
    def chatty(question: bytes) -> bytes:
        honest = tsp.TimeStampResp.load(authority.chain.reply(question, authority.chain.middle))
        status = tsp.PKIStatusInfo({"status": "granted", "status_string": ["Operation Okay"]})
        return bytes(tsp.TimeStampResp({"status": status, "time_stamp_token": honest["time_stamp_token"]}).dump())

    authority.answer = chatty
    assert b"Okay" not in await client(authority).stamp(DIGEST)


Lie = Callable[[Authority, bytes], bytes]
LIES: dict[str, tuple[Lie, str]] = {  # conventions 3, row 30
    "nonce": (lambda a, q: a.chain.reply(requested(q, nonce=7), a.chain.middle), "nonce"),
    "imprint": (lambda a, q: a.chain.reply(requested(q, data=b"other"), a.chain.middle), "imprint"),
    "root": (lambda a, q: _other(q), "issued"),
    "no path": (lambda a, q: a.chain.reply(q), "no trusted root"),
    "garbage": (lambda a, q: b"<html>", "parse"),
    "nothing": (lambda a, q: b"", "parse"),
    "endless": (lambda a, q: b"0" * 100_000, "too much"),
    "refusal": (lambda a, q: b"\x30\x05\x30\x03\x02\x01\x02", "not granted|parse"),
}


def _other(question: bytes) -> bytes:
    stranger = Chain(lambda: datetime.now(UTC))
    return stranger.reply(question, stranger.middle)


@pytest.mark.parametrize("lie", LIES)
async def test_a_lying_authority_counts_as_a_silent_one(authority: Authority, lie: str) -> None:
    make, why = LIES[lie]
    authority.answer = lambda question: make(authority, question)
    with pytest.raises(TimeStampUnavailable, match=why):
        await client(authority).stamp(DIGEST)


async def test_another_policy_or_another_time_is_refused(authority: Authority) -> None:  # conventions 3, row 30
    with pytest.raises(TimeStampUnavailable, match="policy"):
        await client(authority, policy="1.2.3.4").stamp(DIGEST)
    for wrong in (BEHIND + timedelta(seconds=10), timedelta(hours=-1)):
        now = Hours()
        now.ahead = wrong
        with pytest.raises(TimeStampUnavailable, match="window"):
            await client(authority, now).stamp(DIGEST)


async def test_a_silent_authority_is_not_asked_again_at_once(authority: Authority) -> None:
    now, stamper = Hours(), None
    stamper = client(authority, now)
    authority.down = True
    for _ in range(3):
        with pytest.raises(TimeStampUnavailable):
            await stamper.stamp(DIGEST)
    assert authority.asked == 1
    authority.down = False
    stamper = HttpTsa(authority.url, (authority.chain.root,), now, os.urandom, pauses_s=(0.0, 0.0))
    assert await stamper.stamp(DIGEST)


async def test_nobody_there_and_no_reply_type_are_failures(authority: Authority) -> None:
    gone = HttpTsa("http://127.0.0.1:1/", (authority.chain.root,), Hours(), os.urandom)
    with pytest.raises(TimeStampUnavailable):
        await gone.stamp(DIGEST)
    with pytest.raises(TimeStampUnavailable):
        await HttpTsa("file:///etc/passwd", (), Hours(), os.urandom).stamp(DIGEST)
    authority.kind = "text/html"
    with pytest.raises(TimeStampUnavailable, match="not a time-stamp reply"):
        await client(authority).stamp(DIGEST)


async def test_a_checkpoint_gets_its_time_once(authority: Authority) -> None:
    objects = MemoryObjects()
    stamps = CheckpointStamps(objects, client(authority))
    assert await stamps.stamp(7, b"note 7")
    assert not await stamps.stamp(7, b"note 7")
    assert await stamps.stamp(7, b"note 7, cosigned")
    keys = await objects.keys("checkpoints/")
    assert [key.rpartition(".")[2] for key in keys] == ["checkpoint", "tsr"] * 2
    data, reply = await objects.get(keys[0]), await objects.get(keys[1])
    assert timestamp.verify(reply, hashlib.sha256(data).digest(), (authority.chain.root,))
