"""The same journey on a real PostgreSQL and a real Redis."""

from pathlib import Path

from bench.walk import Walk
from evidence.verify import TrustedKeys, verify_bundle
from tests.api.service import Service


def test_a_journey_on_postgresql_and_redis(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    service = Service(
        tmp_path, database_url=postgres_url, keys_url=f"sqlite:///{tmp_path}/keys.db", redis_url=redis_url
    )
    try:
        walk = Walk(service, seed=79)  # type: ignore[arg-type]
        bundle = walk.all()
        walk.close()
    finally:
        service.stop()
    report = verify_bundle(bundle, TrustedKeys.load(tmp_path / "public-keys"))
    assert report.verdict == "INDETERMINATE"
    assert {step.name for step in report.steps if step.state != "passed"} == {"time", "witness"}
