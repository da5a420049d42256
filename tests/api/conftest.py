from collections.abc import Iterator

import pytest

from bench.walk import Walk
from tests.api.service import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    found = Service(tmp_path_factory.mktemp("service"))
    yield found
    found.stop()


_seeds = iter(range(100, 10_000))


@pytest.fixture
def walk(service: Service) -> Iterator[Walk]:
    """A new case, not begun; its frames and strokes differ from every other walk's."""
    found = Walk(service, seed=next(_seeds))  # type: ignore[arg-type]
    yield found
    found.close()
