"""The test servers themselves: they must not outlive whoever started them."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
START = "from tests import servers; s = servers.{kind}(); print(s.pid, s.folder, flush=True); input()"


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_server_dies_with_a_test_process_that_was_killed(kind: str) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    parent = subprocess.Popen(
        [sys.executable, "-c", START.format(kind=kind)], cwd=ROOT, env=clean, stdin=-1, stdout=-1, stderr=-1
    )
    with parent:
        assert parent.stdout is not None
        told = parent.stdout.readline().decode().split()
        if not told:
            _, problem = parent.communicate()
            pytest.fail(problem.decode()[-400:])
        child, folder = int(told[0]), told[1]
        assert Path(f"/proc/{child}").exists()
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)
    shutil.rmtree(folder)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
