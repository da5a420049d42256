"""The real service as a child process: started with one command, read like an operator reads its terminal."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil

CODE = re.compile(r"验证码 (\d{6})")
LINK = re.compile(r"/c/#(\S+)")
SIGN_IN = re.compile(r"/[av]/#(\S+)")


class Server:
    """`python -m api` with settings of its own. Lines it prints are kept in memory only."""

    def __init__(self, data: Path, port: int = 0, **settings: str) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._ears: list[threading.Thread] = []

    def start(self, patience_s: float = 60) -> None:
        """Returns when it is ready and has printed its addresses."""
        environment = os.environ | {f"JIANZHENG_{name.upper()}": value for name, value in self.settings.items()}
        environment |= {"JIANZHENG_DATA": str(self.data), "JIANZHENG_PORT": str(self.port)}
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        started = len(self.lines)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._ears = [
            threading.Thread(target=self._listen, args=(stream,), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for ear in self._ears:
            ear.start()
        self._wait(lambda: any("审计员" in line for line in self.lines[started:]) or self._over(), patience_s)
        if self._over():
            raise RuntimeError("the service did not start:\n" + "\n".join(self.lines[started:]))
        self._wait(self._ready, patience_s)

    def stop(self) -> None:
        """A graceful stop, then a hard one."""
        if self._process is None or self._over():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
            self._hear_out()
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole process group, as a power cut would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._hear_out()

    # --- what an operator and a phone would see --------------------------------------------------------------------

    def sign_in_token(self, who: str) -> str:
        """`who`: agent, reviewer or auditor."""
        lines = [line for line in self.lines if f" {who}:" in line]
        found = SIGN_IN.search(lines[-1])
        assert found is not None
        return found[1]

    def message(self, pattern: re.Pattern[str], after: int, patience_s: float = 10) -> str:
        """The first message printed after line `after` that matches."""
        found: list[str] = []

        def look() -> bool:
            found[:] = [match[1] for line in self.lines[after:] if "[sms" in line and (match := pattern.search(line))]
            return bool(found)

        self._wait(look, patience_s)
        return found[-1]

    # --- what it costs ---------------------------------------------------------------------------------------------

    def processes(self) -> list[psutil.Process]:
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu_s(self) -> float:
        """User and system seconds of the whole tree so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes())

    def memory_mb(self) -> float:
        """Proportional set size of the whole tree: shared pages are counted once."""
        return sum(process.memory_full_info().pss for process in self.processes()) / 1e6

    # --- inside ----------------------------------------------------------------------------------------------------

    def _listen(self, stream: IO[str] | None) -> None:
        assert stream is not None
        with stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))

    def _hear_out(self) -> None:
        for ear in self._ears:
            ear.join(5)

    def _over(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def _wait(self, done: Callable[[], bool], patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(self.lines[-20:]))
            time.sleep(0.02)


@contextlib.contextmanager
def running(data: Path, **settings: str) -> Iterator[Server]:
    server = Server(data, 0, **settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
