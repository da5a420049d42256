"""The three stores every contract is held against: memory, SQLite in a file, a real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from evidence.sql import Database, SqlLog
from tests.evidence.fakes import FixedClock, MemoryLog

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/log.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url)
    yield database
    await database.close()


@pytest.fixture(params=("memory", *ENGINES))
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """As `database_url`, and None for the fakes."""
    match request.param:
        case "memory":
            return None
        case "sqlite":
            return f"sqlite:///{tmp_path}/log.db"
        case _:
            url: str = request.getfixturevalue("postgres_url")
            return url


@pytest.fixture
async def store(store_url: str | None) -> AsyncIterator[Database | None]:
    if store_url is None:
        yield None
        return
    database = await Database.open(store_url)
    yield database
    await database.close()


@pytest.fixture
def log(store: Database | None, clock: FixedClock) -> MemoryLog | SqlLog:
    return MemoryLog(clock) if store is None else SqlLog(store, clock)
