"""Disks that fail: each system call that writes is made to fail, and the process to die, at several moments.

A first run under strace shows which calls the write path really makes and how often; then each is made to answer EIO
or ENOSPC once or from then on, or to be the last one ever made. What must hold afterwards is what `Judge` knows, and
that no failed sync was passed over in silence.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.cycles import live
from tests.faults.judge import Judge
from tests.faults.scale import Scale
from tests.faults.table import Found, folder_of, fsck
from tests.faults.told import Finished, NotNow, Plan
from tests.faults.writer import Writer, start

# Everything that can change a disk; those that are never seen are not tried.
WRITES = (
    *("write", "writev", "pwrite64", "pwritev", "pwritev2", "sendfile", "copy_file_range", "splice"),
    *("fsync", "fdatasync", "msync", "sync", "syncfs", "sync_file_range"),
    *("open", "openat", "openat2", "creat", "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir"),
    *("truncate", "ftruncate", "fallocate", "chmod", "fchmod", "fchmodat"),
)
SYNCS = ("fsync", "fdatasync")
FAULTS = {  # name -> what strace is told, and what is left after the moment
    "EIO": "error=EIO:when={n}",
    "ENOSPC": "error=ENOSPC:when={n}",
    "EIO from then on": "error=EIO:when={n}+",
    "ENOSPC from then on": "error=ENOSPC:when={n}+",
    "SIGKILL": "signal=KILL:when={n}",
}
LASTING = ("EIO from then on", "ENOSPC from then on")
PATIENCE_S = 20  # for a life that meets one fault
LATER_S = 1.0  # how long a life with a dead disk is watched
ACKNOWLEDGED = r"{\"type\":\"done\""  # as strace writes it
FINISHED = r"{\"type\":\"finished\""
FOLDER = re.compile(r"fdatasync\(|/(data|keys)>\) +=")
LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")


@dataclass
class Trace:
    """What strace saw: calls per thread and name that touched the folder, and the ones that were made to fail."""

    calls: dict[str, Counter[str]] = field(default_factory=dict)  # name -> thread -> calls
    failed: list[tuple[str, str]] = field(default_factory=list)  # name, the line
    hasty: str = ""  # an answer between a failed sync of the write-ahead log and the next of the database file

    @classmethod
    def read(cls, path: Path, folder: Path) -> "Trace":
        trace, in_doubt = cls(), False
        for line in path.read_text("utf-8", "replace").splitlines():
            found = LINE.match(line)
            if found is None:
                continue
            thread, name, rest = found.groups()
            if FINISHED in rest:  # what SQLite cannot fold at the end stays in its write-ahead log for the next start
                break
            if str(folder) in rest and " resumed>" not in line:
                trace.calls.setdefault(name, Counter())[thread] += 1
            if "(INJECTED)" in line:
                trace.failed.append((name, rest))
                in_doubt = in_doubt or (name in SYNCS and "/jianzheng.db-wal>" in rest)
            elif name in SYNCS and "/jianzheng.db>" in rest:
                in_doubt = False
            elif in_doubt and ACKNOWLEDGED in rest:
                trace.hasty = trace.hasty or rest
        return trace


def syscalls(parent: Path, scale: Scale, faults: tuple[str, ...]) -> list[Found]:
    """One row for each fault. A missing strace is said loudly, and on CI it is a failure."""
    if shutil.which("strace") is None:
        return [_without_strace(fault) for fault in faults]
    template = Judge(folder_of(parent, "template"))
    live(template, "template")
    seen = _seen(parent)
    if not seen.keys() >= set(SYNCS):
        template.say("unsound", f"the write path never makes {set(SYNCS) - seen.keys()}: nothing is on the disk")
        return [Found.of("a fault in a system call", template)]
    found = []
    for fault in faults:
        judges = [
            _one(parent, template, Case(fault, name, n, warm=turn % 2 == 1))
            for name in sorted(seen)
            if not scale.calls or name in scale.calls
            for turn, n in enumerate(_moments(seen[name], _occurrences(fault, scale)))
        ]
        rows = [Found.of(f"{fault} in a system call", judge) for judge in judges]
        found.append(sum(rows[1:], start=rows[0]))
    return found


@dataclass(frozen=True)
class Case:
    fault: str
    call: str
    moment: int  # the how many-th call of a thread
    warm: bool  # on a folder that had a life before

    @property
    def name(self) -> str:
        return f"{self.fault}-{self.call}-{self.moment}-{'warm' if self.warm else 'new'}".replace(" ", "-")

    @property
    def inject(self) -> list[str]:
        return ["-e", f"inject={self.call}:{FAULTS[self.fault].format(n=self.moment)}"]

    @property
    def lasting(self) -> bool:
        return self.fault in LASTING


def _seen(parent: Path) -> dict[str, int]:
    """Calls that write, as the path really makes them -> the most that one thread makes in a short life."""
    judge = Judge(folder_of(parent, "seen"))
    trace, _ = _traced(judge, "seen", ["-e", f"trace={','.join(WRITES)}"], PATIENCE_S)
    return {name: max(threads.values()) for name, threads in trace.calls.items()}


def _occurrences(fault: str, scale: Scale) -> int:
    return max(1, scale.occurrences // 2) if fault in LASTING else scale.occurrences


def _moments(most: int, occurrences: int) -> list[int]:
    """The first, the last, and between; one alone is in the middle."""
    if occurrences == 1:
        return [1 + most // 2]
    return sorted({1 + round((most - 1) * step / (occurrences - 1)) for step in range(occurrences)})


def _one(parent: Path, template: Judge, case: Case) -> Judge:
    judge = Judge(folder_of(parent, case.name))
    if case.warm:
        shutil.copytree(template.folder, judge.folder)
        judge.learn(template)
    options = ["-e", f"trace={case.call},sendto", *case.inject]
    trace, silent = _traced(judge, "hit", options, LATER_S if case.lasting else PATIENCE_S)
    judge.counts.tried += 1
    if silent and any(name in SYNCS and not _made_good(line) for name, line in trace.failed):
        judge.say("unsound", f"a failed sync was passed over: {trace.failed[0][1][-160:]}")
    if trace.hasty:
        judge.say("lost", f"acknowledged after the log's sync failed and before the log was laid anew: {trace.hasty}")
    judge.look()
    live(judge, "after")
    judge.look_at_everything()
    fsck(judge)
    judge.wrong[:] = [f"{case.name}: {what}" for what in judge.wrong]
    if judge.counts.sound:
        shutil.rmtree(judge.folder.parent)
    return judge


def _made_good(line: str) -> bool:
    """A sync of the database file, whose pages are in the write-ahead log still and are written again; or SQLite's own
    of the folder, which came after ours."""
    return ".db>" in line or FOLDER.search(line) is not None


def _traced(judge: Judge, name: str, options: list[str], patience_s: float) -> tuple[Trace, bool]:
    """A short life under strace. Second: whether it came to its end as if nothing had been."""
    go, wait = socket.socketpair()
    plan = Plan(folder=judge.folder, name=name, tasks=2, rounds=1, pending=tuple(judge.open.values()))
    writer = start(plan, wait)
    log = judge.folder.parent / "strace.log"
    tracer = subprocess.Popen(
        ["strace", "-f", "-y", "-qq", "-s", "64", "-o", str(log), *options, "-p", str(writer.pid)],
        stderr=subprocess.PIPE,
    )
    try:
        _await_tracer(writer, tracer)
        go.sendall(b"!")
        told = writer.hear(time.monotonic() + patience_s)
        if not any(isinstance(item, Finished) for item in told) and _alive(writer):
            os.killpg(writer.pid, signal.SIGKILL)
        told += writer.hear(None)
        code = writer.reap()
    finally:
        tracer.kill()
        tracer.communicate()
        for end in (go, wait, writer.ear):
            end.close()
    judge.hear(told)
    complaints = (judge.folder.parent / "stderr.log").read_text("utf-8", "replace")
    silent = code == 0 and not complaints and not any(isinstance(item, NotNow) for item in told)
    return Trace.read(log, judge.folder), silent


def _await_tracer(writer: Writer, tracer: "subprocess.Popen[bytes]") -> None:
    status = Path(f"/proc/{writer.pid}/status")
    while "TracerPid:\t0" in status.read_text():
        if tracer.poll() is not None:
            assert tracer.stderr is not None
            raise RuntimeError(f"strace: {tracer.stderr.read().decode()}")
        time.sleep(0.002)


def _alive(writer: Writer) -> bool:
    return os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def _without_strace(fault: str) -> Found:
    row = Found.of(f"{fault} in a system call", Judge(Path()))
    row.note = "left out: strace is not on this machine (Debian: apt-get install strace)"
    if os.environ.get("CI") == "true":
        row.wrong.append(row.note)
    return row
