"""Attack 29, API-19: `python -m api.rotate` while everybody works; no request fails, and what is hidden opens again."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from api.store import Store
from bench.client import Agent
from bench.walk import PRODUCT
from evidence.custody import stream_of
from tests.api.service import Service

WORKERS, ROTATIONS = 3, 3


class Load:
    """Agents who open cases and send links all the time: values are hidden and opened, keyed digests made."""

    def __init__(self, service: Service) -> None:
        self.statuses: list[int] = []
        self.cases: list[str] = []
        self.broken: list[BaseException] = []
        self._service = service
        self._over = threading.Event()
        self._token = ""
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(WORKERS)]

    def __enter__(self) -> "Load":
        with httpx.Client(base_url=self._service.url, timeout=30, trust_env=False) as http:
            agent = Agent(http)
            agent.sign_in(self._service.sign_in_token("agent"))
            self._token = agent.token or ""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self, number: int) -> None:
        hooks = {"response": [lambda answer: self.statuses.append(answer.status_code)]}
        with httpx.Client(base_url=self._service.url, timeout=30, trust_env=False, event_hooks=hooks) as http:
            agent = Agent(http)
            agent.token = self._token
            turn = 0
            try:
                while not self._over.is_set():
                    turn += 1
                    phone = f"13{number}{turn:08d}"
                    case = agent.open_case(PRODUCT, phone, name=f"王{number}{turn}", input_origin="synthetic")["id"]
                    agent.send_link(case)  # opens the phone number that was hidden
                    agent.get(f"/v1/cases/{case}/retention")
                    self.cases.append(case)
            except BaseException as error:
                self.broken.append(error)


@pytest.mark.parametrize("suite", ["international", "chinese"])
def test_keys_are_rotated_under_load_and_no_request_fails(tmp_path: Path, suite: str) -> None:
    service = Service(tmp_path / "data", suite=suite)
    environment = os.environ | {"JIANZHENG_DATA": str(service.data), "JIANZHENG_SUITE": suite}
    try:
        with Load(service) as load:
            for _ in range(ROTATIONS):
                command = [sys.executable, "-m", "api.rotate"]
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
        rotation_failed_requests = sum(status >= 400 for status in load.statuses) + len(load.broken)
        assert rotation_failed_requests == 0, (load.broken, sorted(set(load.statuses)))
        assert len(load.cases) > WORKERS
        service.ask(_all_open_under_the_newest(service, load.cases))
    finally:
        service.stop()


async def _all_open_under_the_newest(service: Service, cases: list[str]) -> None:
    async with Store.of(service.settings, service.clock).opened() as store:
        versions = [key.version for key in await store.vault.keyring.store.tenant_keys() if key.tenant == "demo"]
        assert max(versions) > ROTATIONS
        for case in cases:
            held = await store.vault.held(case, "identity")
            assert len(await store.vault.reveal(case, held)) == len(held) > 0
            key = await store.vault.keyring.store.find(case, "identity")
            assert key is not None
            assert key.version == max(versions), "one was left under a version that is gone"
        told = [event.type for event in await store.ledger.events(stream_of("demo"))]
        assert told.count("tenant.key_adopted/1") == max(versions)
        assert told.count("tenant.key_retired/1") == max(versions) - 1
