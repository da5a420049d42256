"""The whole service in this process: real app, real models, real HTTP on the loopback; only the messages are caught."""

import asyncio
import re
import threading
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from api.app import create_app
from api.sandbox import DEMO_STAFF, DEMO_TENANT
from api.settings import Settings
from api.store import Store
from bench.server import free_port
from kyc.access.staff import Accounts

T = TypeVar("T")


class MovableClock:
    """The real clock, moved ahead when a test says so."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


class CaughtMessages:
    """A sender that keeps what would have reached a phone."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def send(self, channel: str, to: str, text: str) -> None:
        self.lines.append(f"[{channel} → {to}] {text}")


class Service:
    """Looks like `bench.server.Server` to a `bench.walk.Walk`."""

    def __init__(self, data: Path, **settings: Any) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.data = data
        self.clock = MovableClock()
        self.sender = CaughtMessages()
        options = {"dwell_percent": 2, "entries_per_minute": 100_000} | settings
        self.settings = Settings(data=data, port=port, **options)
        self._tokens: dict[str, str] = {}
        asyncio.run(self._enrol())
        self.app = create_app(self.settings, now=self.clock, sender=self.sender)
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=port, log_level="error", lifespan="on", ws="none")
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the service did not start")
            time.sleep(0.02)

    @property
    def lines(self) -> list[str]:
        return self.sender.lines

    def sign_in_token(self, who: str) -> str:
        return asyncio.run(self._link(f"staff_demo-{who}"))

    def message(self, pattern: re.Pattern[str], after: int) -> str:
        found = [match[1] for line in self.lines[after:] if (match := pattern.search(line))]
        assert found, "no such message was sent"
        return found[-1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)

    def ask(self, question: "Coroutine[Any, Any, T]") -> T:
        """Run a coroutine against the same files, outside the server's loop."""
        return asyncio.run(question)

    async def _enrol(self) -> None:
        async with Store.of(self.settings, self.clock).opened() as store:
            accounts = self._accounts(store)
            for staff, role, name, phone, certificate, grade in DEMO_STAFF:
                until = self.clock() + timedelta(days=365) if certificate else None
                await accounts.enrol(staff, DEMO_TENANT, role, name, phone, certificate, until, grade)
            other = self.clock() + timedelta(days=365)
            await accounts.enrol("staff_other-agent", "other", "agent", "赵别家", "13900000009", "C9", other, 5)

    async def _link(self, staff: str) -> str:
        async with Store.of(self.settings, self.clock).opened() as store:
            return await self._accounts(store).sign_in_link(staff)

    def _accounts(self, store: Store) -> Accounts:
        import os

        return Accounts(store.ledger, store.vault, self.clock, os.urandom)
