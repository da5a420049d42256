"""The whole service with a witness and a time authority that are not its own."""

import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.walk import Walk
from evidence.checkpoint import open_checkpoint
from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.keys import TSA_LOCAL
from tests.api.service import Service
from tests.witness.outsiders import World, log_key, policy_file, witness, world

pytestmark = pytest.mark.slow


def wait(what: Callable[[], Any], patience_s: float = 30) -> Any:
    deadline = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def ready(service: Service) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{service.url}/readyz", timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("outside")) as found:
        yield found


@pytest.fixture(scope="module")
def walked(outside: World) -> Iterator[Walk]:
    walk = Walk(outside.service, seed=9001)  # type: ignore[arg-type]
    walk.all()
    yield walk
    walk.close()


def test_a_bundle_with_independent_time_and_a_witness_passes_totally(
    outside: World, walked: Walk, tmp_path: Path
) -> None:  # EVD-02, EVD-05
    file = tmp_path / "case.zip"
    file.write_bytes(walked.bundle)
    command = [sys.executable, "-m", "evidence.verify", str(file), "--keys", str(outside.auditor), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert (report["verdict"], report["reasons"], done.returncode) == ("TOTAL-PASSED", [], 0)
    steps = {step["name"]: step for step in report["steps"]}
    assert steps["witness"]["detail"] == "witness.example/w1"
    assert "0 of the operator's own" in steps["time"]["detail"]


def test_the_service_itself_never_had_a_time_authority_of_its_own(outside: World) -> None:
    assert not (outside.service.data / "public-keys" / TSA_LOCAL).exists()
    assert not (outside.service.data / "keys" / "tsa").exists()


def test_without_the_witness_or_the_authority_the_same_bundle_does_not_pass(outside: World, walked: Walk) -> None:
    files = dict(TrustedKeys.load(outside.auditor).files)
    own = (outside.service.data / "public-keys" / "witnesses.vkey").read_bytes()
    assert files["witnesses.vkey"] == own
    stranger = {**files, "witnesses.vkey": files["witnesses.vkey"].replace(b"/w1", b"/w2")}
    with pytest.raises(Exception, match="verifier key"):
        TrustedKeys.of(stranger)
    del files["witnesses.vkey"]
    report = verify_bundle(walked.bundle, TrustedKeys.of(files))
    assert report.first_bad == (2, "keys/witnesses.vkey")
    trusting = verify_bundle(walked.bundle, TrustedKeys(), trust_bundle_keys=True)
    assert trusting.verdict == "INDETERMINATE"
    assert [reason.code for reason in trusting.reasons] == ["KEYS_FROM_BUNDLE"]


def test_everybody_reads_the_cosigned_checkpoint(outside: World, walked: Walk) -> None:
    def cosigned() -> bytes:
        with urllib.request.urlopen(f"{outside.service.url}/log/checkpoint", timeout=10) as answer:
            return bytes(answer.read())

    keys = TrustedKeys.load(outside.auditor)
    assert keys.log is not None
    head, seen = open_checkpoint(cosigned(), keys.log, keys.witnesses)
    assert [item.witness for item in seen] == ["witness.example/w1"]
    assert head.size > 0


def test_a_silent_time_authority_leaves_the_case_pending_and_is_made_up_for_later(outside: World) -> None:
    # conventions 3, row 30; CONVENTIONS 1, row 21: it never blocks a signature
    walk = Walk(outside.service, seed=9002)  # type: ignore[arg-type]
    walk.enter()
    walk.understand()
    walk.identify()
    outside.authority.down = True
    walk.sign()
    assert walk.customer.view["state"] in ("completed", "open", "signed"), walk.customer.view["state"]
    exporting = threading.Thread(target=walk.export)
    exporting.start()
    try:
        wait(lambda: ready(outside.service)[1]["followers"]["time"]["failures"] > 0)
        status, report = ready(outside.service)
        assert (status, report["alarms"]) == (200, {})
        assert exporting.is_alive()
    finally:
        outside.authority.down = False
        exporting.join(60)
    report = verify_bundle(walk.bundle, TrustedKeys.load(outside.auditor)).plain()
    walk.close()
    assert {step["name"]: step["state"] for step in report["steps"]}["time"] == "passed"
    codes = {reason["code"] for reason in report["reasons"]}
    assert not codes & {"NO_TIME", "NO_INDEPENDENT_TIME", "NO_WITNESS"}
    wait(lambda: ready(outside.service)[1]["followers"]["time"]["failures"] == 0)


def test_after_the_deadline_a_bundle_is_made_without_its_time_and_says_so(tmp_path: Path) -> None:  # CONVENTIONS 1, 21
    with world(tmp_path, anchor_wait_s=1) as late:
        late.authority.down = True
        walk = Walk(late.service, seed=9004)  # type: ignore[arg-type]
        walk.all()
        report = verify_bundle(walk.bundle, TrustedKeys.load(late.auditor))
        assert report.verdict == "INDETERMINATE"
        assert "NO_TIME" in {reason.code for reason in report.reasons}
        assert walk.customer.get(f"/v1/cases/{walk.customer.case}")["exports"][-1]["verdict"] == "INDETERMINATE"
        walk.close()


def test_a_restored_older_log_meets_its_witness_and_the_service_stops(tmp_path: Path) -> None:
    # conventions 3, rows 27 and 28
    data = tmp_path / "data"
    log = log_key(data)
    with witness(tmp_path / "w", log) as (key, address):
        policy = str(policy_file(tmp_path / "policy", log, key, address))

        def run(folder: Path, act: Callable[[Service], None]) -> None:
            service = Service(folder, witness_policy=policy)
            try:
                act(service)
            finally:
                service.stop()

        def size(folder: Path) -> int:
            file = folder / "log" / "checkpoint"
            return int(file.read_bytes().split(b"\n")[1]) if file.exists() else 0

        def grow(service: Service) -> None:
            before = size(service.data)
            walk = Walk(service, seed=9003)  # type: ignore[arg-type]
            walk.enter()
            walk.close()
            wait(lambda: size(service.data) > before)

        run(data, grow)
        shutil.copytree(data, tmp_path / "backup")
        run(data, grow)
        assert size(data) > size(tmp_path / "backup")

        def restored(service: Service) -> None:
            wait(lambda: ready(service)[1]["alarms"])
            status, report = ready(service)
            assert status == 503
            assert "an old copy" in report["alarms"]["witness"] or "two histories" in report["alarms"]["witness"]

        run(tmp_path / "backup", restored)
