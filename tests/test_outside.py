"""Tests that need a program that is not ours: loud on a laptop, fatal on CI."""

import pytest

from tests.outside import need


def test_a_missing_program_skips_on_a_laptop_and_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match=r"not on this machine: pdfsig .*poppler-utils"):
        need("pdfsig")


def test_a_missing_program_fails_on_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.fail.Exception, match="not on this machine: jq, openssl"):
        need("jq", "openssl")


def test_a_program_that_is_there_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    need("sh")
