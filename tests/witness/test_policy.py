"""Policy files: what they mean, and everything that is refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.checkpoint import COSIGNATURE, ED25519, NoteKey
from evidence.errors import NotVerified
from evidence.witness.policy import Policy


def vkey(name: str, kind: bytes = COSIGNATURE, seed: str | None = None) -> str:
    key = Ed25519PrivateKey.from_private_bytes((seed or name).encode().ljust(32, b"."))
    return NoteKey(name, key.public_key().public_bytes_raw(), kind).vkey


LOG = f"log {vkey('log.test/l', ED25519)} https://log.test/\n"
SIX = "".join(f"witness {name} {vkey(name)}\n" for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3"))
GROUPS = "group X 2 X1 X2 X3\ngroup\tY any  Y1 Y2 Y3\n  group both all X Y \nquorum both\n"


def test_the_example_of_the_specification_means_two_of_these_and_one_of_those() -> None:
    policy = Policy.parse(f"# ours\n{LOG}\n{SIX} \t\n   # groups\n{GROUPS}".encode())
    assert [key.name for key in policy.keys] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert policy.logs[0].name == "log.test/l"
    assert policy.reached({"X1", "X3", "Y2"})
    assert not policy.reached({"X1", "Y1", "Y2", "Y3"})
    assert not policy.reached({"X1", "X2", "X3"})
    assert not policy.reached(())


def test_a_single_witness_or_none_can_be_the_quorum() -> None:
    one = Policy.parse(f"witness w {vkey('w.test/1')} http://127.0.0.1:8100/\nquorum w\n".encode())
    assert one.witnesses[0].url == "http://127.0.0.1:8100"
    assert one.reached({"w.test/1"})
    assert not one.reached({"w"})  # signature lines carry the key's name
    assert Policy.parse(b"quorum none\n").reached(())
    assert one.vkeys == f"{vkey('w.test/1')}\n".encode()


def test_a_name_that_is_not_ascii_is_opaque() -> None:
    policy = Policy.parse(f"witness 见证 {vkey('w')}\nquorum 见证\n".encode())
    assert policy.reached({"w"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG,
        "quorum none",
        "quorum none\r\n",
        "quorum none\nquorum none\n",
        "quorum w\n",
        f"quorum w\nwitness w {vkey('w')}\n",
        f"witness none {vkey('w')}\nquorum none\n",
        f"witness w {vkey('w', ED25519)}\nquorum w\n",
        f"log {vkey('l', COSIGNATURE)}\nquorum none\n",
        f"witness w {vkey('w')[:-1]}\nquorum w\n",
        f"witness w {vkey('w')} ftp://w\nquorum w\n",
        f"witness w {vkey('w')} https://w more\nquorum w\n",
        f"witness w {vkey('w')}\nwitness w {vkey('v')}\nquorum w\n",
        f"witness w {vkey('w')}\nwitness v {vkey('v', seed='w')}\nquorum w\n",
        f"witness w {vkey('w')}\nwitness v {vkey('w', seed='v')}\nquorum w\n",
        LOG + LOG + "quorum none\n",
        SIX + "group X 0 X1\nquorum X\n",
        SIX + "group X 2 X1\nquorum X\n",
        SIX + "group X 01 X1\nquorum X\n",
        SIX + "group X most X1\nquorum X\n",
        SIX + "group X any\nquorum X\n",
        SIX + "group X any none\nquorum X\n",
        SIX + "group X any X1 X1\nquorum X\n",
        SIX + "group X any X1\ngroup Y any X1\nquorum Y\n",
        SIX + "group X any X\nquorum X\n",
        SIX + "group X1 any X2\nquorum X1\n",
        "cosigner w\nquorum none\n",
        "quorum none\n\x00\n",
        "quorum none\n" + "#" * 70_000 + "\n",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(NotVerified, match="policy"):
        Policy.parse(text.encode())
