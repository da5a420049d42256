"""One test authority for all cases of a module: making it takes a moment, using it does not."""

import os
from pathlib import Path

import pytest

from esign.signer import SigningAuthority, open_authority
from tests.esign.signing_case import Told
from tests.evidence.fakes import FixedClock, StoryLedger


@pytest.fixture(scope="session")
def test_authority(tmp_path_factory: pytest.TempPathFactory) -> SigningAuthority:
    """Without a time-stamping authority: signatures are B-B and say so."""
    folder: Path = tmp_path_factory.mktemp("authority")
    return open_authority(folder, b"m" * 32, None, FixedClock(), os.urandom)


@pytest.fixture
async def told(story_ledger: StoryLedger, test_authority: SigningAuthority) -> Told:
    """A case in which only the paper is missing."""
    return await Told(story_ledger, test_authority).open()
