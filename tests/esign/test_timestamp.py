"""RFC 3161: what our checks accept, OpenSSL and rfc3161-client accept; what a lying authority sends, nobody does."""

import hashlib
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from evidence import timestamp
from evidence.timestamp import TimeStampRejected, TimeStampUnavailable
from evidence.tsa import POLICY, LocalTsa, open_tsa

NOW = datetime(2026, 11, 21, 19, 19, tzinfo=UTC)
DATA = b"what is not sealed did not happen"
DIGEST = hashlib.sha256(DATA).digest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tsa")


@pytest.fixture(scope="module")
def tsa(folder: Path) -> LocalTsa:
    return open_tsa(folder, b"m" * 32, lambda: NOW, os.urandom)


@pytest.fixture(scope="module")
def reply(tsa: LocalTsa) -> bytes:
    return tsa.answer(timestamp.request(DIGEST, 12345, POLICY))


async def test_a_stamp_verifies_and_says_its_own_time(tsa: LocalTsa) -> None:
    stamped = timestamp.verify(await tsa.stamp(DIGEST), DIGEST, (tsa.root,))
    assert stamped.at == "2026-11-21T19:19:00.000Z"
    assert stamped.digest == DIGEST.hex()
    assert tsa.source == "local"


def test_openssl_accepts_the_reply_and_refuses_it_for_other_data(tsa: LocalTsa, reply: bytes, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(tsa.root.public_bytes(Encoding.PEM))
    (tmp_path / "F.tsr").write_bytes(reply)
    (tmp_path / "F").write_bytes(DATA)
    (tmp_path / "G").write_bytes(DATA + b"!")
    command = ["openssl", "ts", "-verify", "-in", "F.tsr", "-CAfile", "root.pem", "-data"]
    assert subprocess.run([*command, "F"], cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert subprocess.run([*command, "G"], cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_rfc3161_client_accepts_the_reply(tsa: LocalTsa, reply: bytes) -> None:
    verifier = VerifierBuilder(roots=[tsa.root]).build()
    assert verifier.verify_message(decode_timestamp_response(reply), DATA)


def test_no_byte_of_a_reply_can_change_unnoticed(tsa: LocalTsa, reply: bytes) -> None:
    for at in range(len(reply)):
        mutated = bytearray(reply)
        mutated[at] ^= 1 << (at % 8)
        with pytest.raises(TimeStampRejected):
            timestamp.verify(bytes(mutated), DIGEST, (tsa.root,))


@pytest.mark.parametrize("junk", [b"\x00", b"0"])
def test_bytes_after_or_before_a_reply_are_refused(tsa: LocalTsa, reply: bytes, junk: bytes) -> None:
    for spoiled in (reply + junk, junk + reply, reply[:-1], b""):
        with pytest.raises(TimeStampRejected):
            timestamp.verify(spoiled, DIGEST, (tsa.root,))


def test_an_answer_to_another_question_is_refused(tsa: LocalTsa, reply: bytes) -> None:  # conventions 3, row 30
    early, late = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    timestamp.verify(reply, DIGEST, (tsa.root,), nonce=12345, policies=(POLICY,), window=(early, late))
    with pytest.raises(TimeStampRejected, match="nonce"):
        timestamp.verify(reply, DIGEST, (tsa.root,), nonce=12346)
    with pytest.raises(TimeStampRejected, match="imprint"):
        timestamp.verify(reply, hashlib.sha256(b"other").digest(), (tsa.root,))
    with pytest.raises(TimeStampRejected, match="policy"):
        timestamp.verify(reply, DIGEST, (tsa.root,), policies=("1.2.3",))
    with pytest.raises(TimeStampRejected, match="window"):
        timestamp.verify(reply, DIGEST, (tsa.root,), window=(late, late + timedelta(hours=1)))


def test_a_reply_under_another_root_is_refused(reply: bytes, tmp_path: Path) -> None:
    stranger = open_tsa(tmp_path, b"m" * 32, lambda: NOW, os.urandom)
    with pytest.raises(TimeStampRejected, match="issued"):
        timestamp.verify(reply, DIGEST, (stranger.root,))
    with pytest.raises(TimeStampRejected, match="no trusted root"):
        timestamp.verify(reply, DIGEST, ())


def test_an_old_token_verifies_after_the_certificate_expired(tsa: LocalTsa, reply: bytes) -> None:
    # Nothing in `verify` reads a clock: the certificate is judged at the token's time.
    assert timestamp.verify(reply, DIGEST, (tsa.root,)).at.startswith("2026-11-21")


async def test_a_token_dated_outside_its_certificate_is_none(folder: Path) -> None:
    late = open_tsa(folder, b"m" * 32, lambda: NOW + timedelta(days=365 * 30), os.urandom)
    with pytest.raises(TimeStampUnavailable, match="not valid at that time"):
        await late.stamp(DIGEST)


def test_a_token_taken_out_of_a_reply_and_put_back_is_the_same_reply(reply: bytes) -> None:
    assert timestamp.reply_with(timestamp.token(reply)) == reply
    assert tsp.TimeStampResp.load(reply)["status"]["status"].native == "granted"


def test_the_key_opens_only_under_the_master_key(tsa: LocalTsa, folder: Path) -> None:
    again = open_tsa(folder, b"m" * 32, lambda: NOW, os.urandom)
    assert again.root == tsa.root
    with pytest.raises(ValueError, match=r"(?i)decrypt|password"):
        open_tsa(folder, b"x" * 32, lambda: NOW, os.urandom)
    assert b"ENCRYPTED" in (folder / "tsa.key.pem").read_bytes()
