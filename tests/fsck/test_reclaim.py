"""Claims made again from the events, over a whole journey through the real service; and the checker on its store."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from api.reclaim import reclaim_all
from bench.walk import PHONE, PRODUCT, Walk
from evidence.fsck.__main__ import main as check
from tests.api.service import Service

pytestmark = pytest.mark.slow
MADE_AGAIN = {"external_id", "strokes"}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """After one whole journey, one case with a number of somebody else's, and a refusal."""
    service = Service(tmp_path_factory.mktemp("service"))
    walk = Walk(service, seed=4711)  # type: ignore[arg-type]
    walk.all()
    walk.agent.post("/v1/cases", {"product": PRODUCT, "phone": PHONE, "external_id": "P-2026-1"})
    service.stop()
    walk.close()
    return service


def claims(data: Path) -> set[tuple[str, str, str, str]]:
    with sqlite3.connect(data / "jianzheng.db") as rows:
        return set(rows.execute("SELECT kind, tenant, digest, stream FROM claims"))


def test_the_store_of_the_service_is_healthy_to_the_last_step(
    stopped: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check([str(stopped.data)]) == 0, capsys.readouterr().out
    page = capsys.readouterr().out
    assert page.count(" ok ") == 11
    assert "warning" not in page


def test_lost_claims_are_made_again_where_their_value_is_still_kept(
    stopped: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    before = claims(stopped.data)
    assert {kind for kind, *_ in before} >= {"external_id", "strokes", "frame", "staff_link"}
    with sqlite3.connect(stopped.data / "jianzheng.db") as rows:
        rows.execute("DELETE FROM claims")
    assert check([str(stopped.data)]) == 1
    assert "python -m api.reclaim" in capsys.readouterr().out
    done = asyncio.run(reclaim_all(stopped.settings))
    assert claims(stopped.data) == {claim for claim in before if claim[0] in MADE_AGAIN}
    assert {kind for (kind, how) in done if how == "lost"} == {"frame", "staff_link"}
    again = asyncio.run(reclaim_all(stopped.settings))
    assert {how for (_, how) in again} == {"present", "lost"}
    assert check([str(stopped.data)]) == 0
    assert "what they were made of too" in capsys.readouterr().out, "a loss that cannot be mended is told for ever"
