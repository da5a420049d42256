"""Yesterday's database under today's checkpoint: the service tells, answers, and changes nothing (attack 28)."""

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.walk import Walk
from evidence.sql import Database, SqlLog
from tests.api.service import Service


def database(data: Path) -> list[Path]:
    return sorted(data.glob("jianzheng.db*"))


def signed_size(data: Path) -> int:
    return int((data / "log" / "checkpoint").read_bytes().split(b"\n")[1])


def newest(service: Service) -> int:
    async def ask() -> int:
        opened = Database(f"sqlite:///{service.data / 'jianzheng.db'}")
        try:
            return await SqlLog(opened, service.clock).newest()
        finally:
            await opened.close()

    return service.ask(ask())


def until_signed(service: Service) -> None:
    """Everything that happened is under a signed checkpoint."""
    deadline = time.monotonic() + 30
    while signed_size(service.data) < newest(service):
        assert time.monotonic() < deadline, "the log was not signed"
        time.sleep(0.05)


@pytest.fixture
def restored(tmp_path: Path) -> Any:
    """(service, bearer token of an agent, a case that the old copy knows, newest position of the old copy)."""
    data, copy = tmp_path / "data", tmp_path / "copy"
    copy.mkdir()
    first = Service(data)
    walk = Walk(first, seed=77)  # type: ignore[arg-type]
    walk.enter()
    until_signed(first)
    first.stop()
    for path in database(data):
        shutil.copy(path, copy)
    second = Service(data)
    later = Walk(second, seed=78)  # type: ignore[arg-type]
    later.enter()
    until_signed(second)
    second.stop()
    for path in database(data):
        path.unlink()
    for path in copy.iterdir():
        shutil.copy(path, data)
    third = Service(data)
    yield third, walk.agent.token, walk.customer.case
    third.stop()
    walk.close()
    later.close()


def test_an_old_copy_of_the_database_can_be_read_and_takes_no_command(restored: tuple[Service, str, str]) -> None:
    service, token, case = restored
    before = newest(service)
    with httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as http:
        ready = http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["ready"] is False
        assert "STORE_TOO_OLD" in ready.json()["alarms"]["log"]
        assert http.get("/healthz").status_code == 200

        seen = http.get(f"/v1/cases/{case}")
        assert seen.status_code == 200
        assert seen.json()["id"] == case
        assert http.get("/v1/cases").status_code == 200

        key = {"Idempotency-Key": "a-key-of-a-command"}
        commands = {
            "/v1/cases": {"product": "anju_term_life", "phone": "13800138000"},
            f"/v1/cases/{case}/links": {"party": "proposer"},
            f"/v1/cases/{case}/pairings": {"party": "proposer"},
            f"/v1/cases/{case}/exports": {"reason": "dispute"},
            "/v1/staff/sessions": {"token": "x"},
            "/v1/links/codes": {"token": "x"},
        }
        for path, body in commands.items():
            refused = http.post(path, json=body, headers=key)
            assert (refused.status_code, refused.json()["code"]) == (503, "READ_ONLY"), path
            assert refused.json()["retryable"] is True

        # Judging somebody's evidence needs nothing of ours but the public keys.
        judged = http.post("/v1/verifications", content=b"no bundle")
        assert (judged.status_code, judged.json()["verdict"]) == (200, "TOTAL-FAILED")
    assert newest(service) == before
