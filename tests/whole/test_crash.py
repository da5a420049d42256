"""API-14: the service is killed in the middle of a journey, started again, and the journey goes on."""

import threading
import time
from pathlib import Path

from bench.server import Server
from bench.walk import Walk
from evidence.verify import TrustedKeys, verify_bundle


def test_a_journey_survives_kill_9_and_no_acknowledged_event_is_missing(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", dwell_percent="2", entries_per_minute="600")
    server.start()
    walk = Walk(server, seed=78)
    try:
        walk.enter()
        for step in (walk.understand, walk.identify, walk.sign):
            again = threading.Thread(target=_kill_and_start, args=(server, 0.15))
            again.start()
            step()
            again.join()
        acknowledged = walk.customer.acknowledged[walk.customer.case]
        walk.export()
        head = walk.customer.get(f"/v1/cases/{walk.customer.case}")["head"]
        walk.close()
    finally:
        server.stop()
    assert head >= acknowledged
    report = verify_bundle(walk.bundle, TrustedKeys.load(tmp_path / "data" / "public-keys"))
    assert report.verdict == "INDETERMINATE"
    assert {step.name for step in report.steps if step.state != "passed"} == {"time", "witness"}


def _kill_and_start(server: Server, after_s: float) -> None:
    time.sleep(after_s)
    server.kill()
    server.start()
