"""Fixtures every room shares: real servers, a clock that stands still, and no way out to the network."""

import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from evidence.sql.database import normal
from tests import servers
from tests.evidence.fakes import CountedRandom, FixedClock, StoryLedger

settings.register_profile("house", deadline=None)  # no time is asserted in tests
settings.load_profile("house")


# Rooms that load every model, start the whole service or a browser: in `make test`, not in `make check`.
WHOLE = ("tests/api/", "tests/whole/", "tests/verifier/", "tests/kyc/", "tests/erasure/", "tests/witness/test_service")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(WHOLE):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Server]:
    server = servers.postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[servers.Server]:
    server = servers.valkey()
    yield server
    server.stop()


@pytest.fixture
def redis_url(valkey_server: servers.Server) -> str:
    """A Valkey that other tests of this process may have written to: use keys of your own."""
    return valkey_server.url


@pytest.fixture
async def postgres_url(postgres_server: servers.Server) -> AsyncIterator[str]:
    """An empty PostgreSQL database, this test's alone."""
    name = f"jz_test_{secrets.token_hex(6)}"
    owner = create_async_engine(normal(postgres_server.url), isolation_level="AUTOCOMMIT")
    async with owner.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield urlsplit(postgres_server.url)._replace(path=f"/{name}").geturl()
        await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    await owner.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def random() -> CountedRandom:
    return CountedRandom()


@pytest.fixture
async def story_ledger() -> AsyncIterator[StoryLedger]:
    """A ledger in memory; after the test everything in it is read again and verified."""
    ledger = StoryLedger()
    yield ledger
    await ledger.verify()


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests reach unix sockets and this machine; a connection to anywhere else is a mistake in the test."""
    connect: Callable[[socket.socket, Any], None] = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
