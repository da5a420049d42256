"""What a service may start with: production wants outsiders, and files that say what they must."""

from pathlib import Path
from typing import Any

import pytest

from api.keys import SetupRefused, check_mode, time_roots, witness_policy
from api.settings import Settings
from api.store import Store
from evidence.tsa import LocalTsa
from tests.evidence.fakes import FixedClock
from tests.witness.authority import Chain
from tests.witness.test_policy import vkey
from tests.witness.tree import Tree


def policy(folder: Path, text: str = f"witness w {vkey('w.test/1')} https://w.test\nquorum w\n") -> str:
    (folder / "policy").write_text(text)
    return str(folder / "policy")


def refusal(**settings: Any) -> str:
    with pytest.raises(SetupRefused) as caught:
        check_mode(Settings(mode="production", master_key="00" * 32, **settings))
    return str(caught.value)


def test_production_no_longer_misses_what_is_configured(tmp_path: Path) -> None:
    time: dict[str, Any] = {"tsa_url": "https://tsa.test", "tsa_root": "root.pem"}
    nothing, both = refusal(), refusal(witness_policy=policy(tmp_path), **time)
    assert "timestamp authority" in nothing
    assert "witness policy" in nothing
    assert "timestamp authority" not in both
    assert "witness policy" not in both
    for still in ("certificate authority", "message channel"):
        assert still in both
    assert "timestamp authority" in refusal(tsa_url="https://tsa.test")
    assert "witness policy" in refusal(witness_policy=policy(tmp_path, "quorum none\n"), **time)


@pytest.mark.parametrize("address", ["", "http://sign.example.cn", "ftp://sign.example.cn", "sign.example.cn"])
def test_production_is_reached_over_tls_only(address: str) -> None:  # API-19
    assert "TLS" in refusal(public_url=address)
    assert "TLS" not in refusal(public_url="https://sign.example.cn")


@pytest.mark.parametrize("text", ["", "quorum w\n", f"witness w {vkey('w.test/1')}\nquorum w\n"])
def test_a_policy_that_cannot_be_followed_stops_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(SetupRefused, match="JIANZHENG_WITNESS_POLICY"):
        witness_policy(Settings(witness_policy=policy(tmp_path, text)))
    with pytest.raises(SetupRefused, match="JIANZHENG_WITNESS_POLICY"):
        witness_policy(Settings(witness_policy=str(tmp_path / "none")))


def test_a_policy_for_another_log_stops_the_start(tmp_path: Path) -> None:
    text = f"log {Tree().public.vkey}\nwitness w {vkey('w.test/1')} https://w.test\nquorum w\n"
    with pytest.raises(SetupRefused, match="other logs"):
        Store.of(Settings(data=tmp_path / "data", witness_policy=policy(tmp_path, text)), FixedClock())


def test_an_authority_without_its_root_stops_the_start(tmp_path: Path) -> None:
    for root in ("", str(tmp_path / "none"), policy(tmp_path)):
        with pytest.raises(SetupRefused, match="JIANZHENG_TSA_ROOT"):
            time_roots(Settings(tsa_url="https://tsa.test", tsa_root=root))


def test_the_local_authority_stays_where_nothing_is_configured_and_is_not_made_where_it_is(tmp_path: Path) -> None:
    clock = FixedClock()
    local = Store.of(Settings(data=tmp_path / "a"), clock)
    assert isinstance(local.stamper, LocalTsa)
    assert local.stamper.source == "local"
    (tmp_path / "root.pem").write_bytes(Chain(clock).pem)
    options: dict[str, Any] = {"tsa_url": "https://tsa.test", "tsa_root": str(tmp_path / "root.pem")}
    outside = Store.of(Settings(data=tmp_path / "b", **options), clock)
    assert (outside.local_tsa, outside.stamper.source) == (None, "independent")
    moved = Store.of(Settings(data=tmp_path / "a", **options), clock)
    assert moved.local_tsa is not None  # what it stamped before is still judged by its root
    assert moved.stamper.source == "independent"
