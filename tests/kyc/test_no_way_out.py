"""With no network but this machine's own everything works: the kernel, not a patched library, keeps it in (KYC-14)."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.outside import missing, need


def test_a_whole_journey_with_faces_and_papers_needs_no_network(tmp_path: Path) -> None:  # KYC-14
    need("unshare")
    apart = ["unshare", "-rn"]
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        missing("network namespaces", "kernel.unprivileged_userns_clone=1, or run as root")
    run = subprocess.run(
        [*apart, sys.executable, "-m", "tests.kyc.sealed_off", str(tmp_path / "data")],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["interfaces"] == ["lo"]
    assert told["faces"] == 1
    assert {"name", "number", "birth"} <= set(told["fields"])
    assert told["bundle"] > 10_000
    assert told["identity"]["verified"]["route"] == "face"
    assert told["identity"]["comparisons"]["live_to_document"] == "pass"
