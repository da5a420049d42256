"""One told store for the whole folder; each test damages a copy of its own."""

import shutil
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fsck.store import Copy, kept


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = await kept(tmp_path_factory.mktemp("store"))
    stream = await made.tell()
    await made.stack.aclose()
    return Copy(made.data, stream, made.log_key)


@pytest.fixture
def store(told: Copy, tmp_path: Path) -> Copy:
    shutil.copytree(told.data, tmp_path / "data")
    return Copy(tmp_path / "data", told.stream, told.log_key)
