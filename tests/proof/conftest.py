"""One told story for the whole folder: making it takes longer than most tests on it."""

from pathlib import Path

import pytest
import pytest_asyncio

from evidence.verify import TrustedKeys
from evidence.verify.container import read
from tests.proof.story import Told, tell, world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    made = world(tmp_path_factory.mktemp("tsa"))
    await made.adopt_keys()
    return await tell(made)


@pytest.fixture(scope="session")
def keys(told: Told) -> TrustedKeys:
    return TrustedKeys.of(told.keys)


@pytest.fixture(scope="session")
def unpacked(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as an auditor has it on disk; nobody writes into it."""
    folder = tmp_path_factory.mktemp("bundle")
    root, files = read(told.bundle)
    for path, data in files.items():
        target = folder / root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder / root
