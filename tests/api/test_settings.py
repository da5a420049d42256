"""Settings are decoded once, and a wrong one is named."""

from pathlib import Path

import msgspec
import pytest

from api.keys import SetupRefused, check_mode
from api.settings import Settings, load


def test_settings_come_typed_from_the_environment() -> None:
    found = load({"JIANZHENG_DATA": "/tmp/x", "JIANZHENG_PORT": "8123", "REDIS_URL": "redis://h/1"})
    assert found.data == Path("/tmp/x")
    assert found.port == 8123
    assert found.redis_url == "redis://h/1"
    assert found.origin == "http://127.0.0.1:8123"


def test_the_prefixed_name_wins_over_the_bare_one() -> None:
    assert load({"JIANZHENG_REDIS_URL": "redis://mine", "REDIS_URL": "redis://other"}).redis_url == "redis://mine"


def test_a_setting_that_cannot_be_read_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="port"):
        load({"JIANZHENG_PORT": "many"})
    with pytest.raises(msgspec.ValidationError, match="mode"):
        load({"JIANZHENG_MODE": "demo"})


def test_more_than_one_worker_needs_shared_state(tmp_path: Path) -> None:
    with pytest.raises(SetupRefused, match="REDIS_URL"):
        check_mode(Settings(data=tmp_path, workers=2))
    check_mode(Settings(data=tmp_path, workers=2, redis_url="redis://h/1"))
