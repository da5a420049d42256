"""The models are loaded once for the room; every story gets a case of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kyc import models
from kyc.engine import FaceEngine
from kyc.ocr import Reader
from kyc.pool import Workers
from tests.evidence.fakes import CountedRandom, FixedClock, StoryLedger
from tests.kyc.story import Story

MODELS = Path("build/models")


@pytest.fixture(scope="session")
def pack() -> models.Pack:
    """The open pack; set up on the first run, like `make test` does."""
    return models.fetch(MODELS)


@pytest.fixture(scope="session")
def faces(pack: models.Pack) -> Iterator[FaceEngine]:
    workers = Workers()
    yield FaceEngine(pack, workers)
    workers.close()


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@pytest.fixture
def story(
    story_ledger: StoryLedger, clock: FixedClock, random: CountedRandom, faces: FaceEngine, reader: Reader
) -> Story:
    return Story(story_ledger, clock, random, faces, reader)
