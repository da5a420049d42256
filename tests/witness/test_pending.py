"""Attack 30: a seal without its time is pending, is tried again over restarts, and never counts as done."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from api.clock import utc_now
from api.proofroom import Proofroom
from api.settings import Settings
from api.store import Store
from evidence import sealer
from evidence.events import ExportRequested, Stamp
from evidence.follow import Progress, follow
from evidence.sealer import seal_key, seal_new
from tests.evidence.cases import AGENT, opened
from tests.witness.authority import Authority

CASE = "case_pending"


class Life:
    """One process: the duty that asks for time, followed as the service does it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.told: list[Progress] = []

    @asynccontextmanager
    async def lived(self) -> AsyncIterator[Store]:
        async with Store.of(self.settings, utc_now).opened() as store:
            room = Proofroom.of(self.settings, store, cast(Any, None), utc_now, lambda *_, **__: None)
            task = asyncio.create_task(
                follow(
                    "time",
                    store.log,
                    store.positions,
                    store.leases,
                    room._stamp,
                    holder=f"life {id(self)}",
                    now=utc_now,
                    report=self.told.append,
                    lease_s=0.5,
                    backoff_s=(0.02, 0.1),
                )
            )
            try:
                yield store
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def until(self, what: str) -> Progress:
        for _ in range(2_000):
            if self.told and self.told[-1].state == what:
                return self.told[-1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"never {what}: {self.told[-3:]}")


@pytest.fixture
def authority() -> Any:
    with Authority() as found:
        yield found


async def test_a_seal_waits_for_its_time_over_restarts_and_is_never_passed_over(
    authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "tsa.pem").write_bytes(authority.chain.pem)
    settings = Settings(data=tmp_path / "data", tsa_url=authority.url, tsa_root=str(tmp_path / "tsa.pem"))
    authority.down = True
    async with Store.of(settings, utc_now).opened() as store:
        stamp = Stamp(actor=AGENT, at=utc_now())
        await store.ledger.open(CASE, (opened(), ExportRequested(export="exp_a", reason="audit")), stamp)
        assert await seal_new(CASE, sealer.SealPorts(store.ledger, store.vault, store.objects, store.seal_key, utc_now))
    stamped = seal_key(CASE, 1).replace(".dsse.json", ".tsr")
    for _ in range(2):  # two lives in which nobody answers
        life = Life(settings)
        async with life.lived() as store:
            waiting = await life.until("failing")
            assert waiting.position < waiting.newest or waiting.position == 0
            assert await store.positions.load("time") == 0, "what has no time yet is not done"
            assert not await store.objects.keys(stamped)
    authority.down = False
    life = Life(settings)
    async with life.lived() as store:
        done = await life.until("following")
        assert done.position == done.newest == await store.positions.load("time") > 0
        assert await store.objects.keys(stamped) == [stamped]
