"""Notes and proofs: one spelling, known signers only."""

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.checkpoint import (
    COSIGNATURE,
    Checkpoint,
    NoteKey,
    open_checkpoint,
    read_proof,
    sign,
    write_proof,
)
from evidence.errors import NotVerified
from tests.outside import need

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
LOG = NoteKey("jianzheng.test/log", KEY.public_key().public_bytes_raw())
HEAD = Checkpoint(LOG.name, 20852163, b"r" * 32)
NOTE = sign(HEAD, KEY)
DASH = "\u2014".encode()


def witness(name: str, seed: bytes) -> tuple[NoteKey, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.from_private_bytes(seed * 32)
    return NoteKey(name, key.public_key().public_bytes_raw(), COSIGNATURE), key


def cosigned(who: NoteKey, key: Ed25519PrivateKey, time: int) -> bytes:
    signature = key.sign(f"cosignature/v1\ntime {time}\n".encode() + HEAD.body)
    line = base64.b64encode(who.id + time.to_bytes(8, "big") + signature)
    return DASH + b" " + who.name.encode() + b" " + line + b"\n"


W1, W1_KEY = witness("witness.one/w", b"1")
W2, W2_KEY = witness("witness.two/w", b"2")


def test_a_checkpoint_opens_under_its_own_key_and_no_other() -> None:
    assert open_checkpoint(NOTE, LOG) == (HEAD, ())
    stranger = NoteKey(LOG.name, Ed25519PrivateKey.from_private_bytes(b"x" * 32).public_key().public_bytes_raw())
    with pytest.raises(NotVerified):
        open_checkpoint(NOTE, stranger)
    with pytest.raises(NotVerified):
        open_checkpoint(NOTE, NoteKey("another.log", LOG.public))


def test_the_verifier_key_of_the_go_checksum_database_reads_and_writes_the_same() -> None:
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert NoteKey.parse(vkey).vkey == vkey


@pytest.mark.parametrize("change", ["sum.golang.org+033de0af+", "+033de0ae+", "a b+033de0ae+"])
def test_a_verifier_key_with_a_wrong_id_or_name_is_refused(change: str) -> None:
    with pytest.raises(NotVerified):
        NoteKey.parse(change + "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")


def test_no_changed_bit_of_a_checkpoint_is_accepted() -> None:  # trap 6: loose base64, white space, other spellings
    for at in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[at] ^= 1 << bit
            with pytest.raises(NotVerified):
                open_checkpoint(bytes(changed), LOG)


def test_no_changed_bit_of_a_proof_reads_as_the_same_proof() -> None:
    proof = write_proof(34, (b"a" * 32, b"b" * 32), NOTE)
    assert read_proof(proof) == (34, (b"a" * 32, b"b" * 32), NOTE)
    for at in range(len(proof)):
        for bit in range(8):
            changed = bytearray(proof)
            changed[at] ^= 1 << bit
            try:
                found = read_proof(bytes(changed))
            except NotVerified:
                continue
            assert found != (34, (b"a" * 32, b"b" * 32), NOTE)
            assert write_proof(*found) == bytes(changed), "another spelling of something"


@pytest.mark.parametrize(
    "proof",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nextra YQ==\nindex 1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 01\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex  1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex -1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\r\nindex 1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n" + NOTE,
    ],
)
def test_a_proof_in_another_spelling_is_refused(proof: bytes) -> None:
    with pytest.raises(NotVerified):
        read_proof(proof)


def test_witness_lines_count_in_the_order_of_the_policy_and_once() -> None:  # EVD-04
    one, two = cosigned(W1, W1_KEY, 1_700_000_000), cosigned(W2, W2_KEY, 1_700_000_060)
    _, seen = open_checkpoint(NOTE + one + two, LOG, (W1, W2))
    assert [(item.witness, item.time) for item in seen] == [(W1.name, 1_700_000_000), (W2.name, 1_700_000_060)]
    assert len(open_checkpoint(NOTE + two, LOG, (W1, W2))[1]) == 1
    for wrong in (two + one, one + one, one + two + two, NOTE[-106:], one[:-1], b"\n"):
        with pytest.raises(NotVerified):
            open_checkpoint(NOTE + wrong, LOG, (W1, W2))
    with pytest.raises(NotVerified):
        open_checkpoint(NOTE + one, LOG)


def test_a_cosignature_covers_its_time() -> None:
    line = cosigned(W1, W1_KEY, 1_700_000_000)
    raw = bytearray(base64.b64decode(line.split(b" ")[2]))
    raw[11] ^= 1
    with pytest.raises(NotVerified):
        open_checkpoint(NOTE + b" ".join([*line.split(b" ")[:2], base64.b64encode(raw)]) + b"\n", LOG, (W1,))


def test_openssl_verifies_the_note(tmp_path: Path) -> None:
    need("openssl")
    body, _, line = NOTE.partition(b"\n\n")
    (tmp_path / "body").write_bytes(body + b"\n")
    (tmp_path / "sig").write_bytes(base64.b64decode(line.split(b" ")[2])[4:])
    (tmp_path / "pub").write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub", "-rawin", "-in", "body", "-sigfile", "sig"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
