"""Threads for model work: as many as there are cores, a bounded queue, and an answer at once when it is full.

onnxruntime gives the interpreter away while it computes, so threads are enough. Each session runs on one thread
(intra-op 1): two of them beside each other were measured faster than one that spreads over both cores.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from evidence.errors import TooBusy

P = ParamSpec("P")
T = TypeVar("T")

WAITING = 32  # tasks in the queue; at 25 ms each and two workers the last of them waits for less than half a second


@dataclass(frozen=True, slots=True)
class Load:
    """Counts since the start, and what is going on now. `busy_s`: seconds that threads have worked."""

    threads: int
    waiting: int
    running: int
    done: int
    refused: int
    cancelled: int
    busy_s: float


class Workers:
    """A bounded pool of threads. TooBusy (503, Retry-After) at once when the queue is full: waiting helps nobody.

    A caller that goes away takes its task out of the queue; a task that has begun runs to its end, unseen.
    """

    def __init__(self, threads: int | None = None, waiting: int = WAITING) -> None:
        self.threads = threads or cores()
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="models")
        self._room = self.threads + waiting
        self._lock = threading.Lock()
        self._held = self._running = self._done = self._refused = self._cancelled = 0
        self._busy_s = 0.0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._lock:
            if self._held >= self._room:
                self._refused += 1
                raise TooBusy("model queue full")
            self._held += 1
        task: Future[T] = self._pool.submit(self._timed, lambda: work(*args, **kwargs))
        task.add_done_callback(self._let_go)  # also when the caller went away
        return await asyncio.wrap_future(task)

    def load(self) -> Load:
        with self._lock:
            return Load(
                threads=self.threads,
                waiting=self._held - self._running,
                running=self._running,
                done=self._done,
                refused=self._refused,
                cancelled=self._cancelled,
                busy_s=self._busy_s,
            )

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _timed(self, work: Callable[[], T]) -> T:
        began = time.monotonic()
        with self._lock:
            self._running += 1
        try:
            return work()
        finally:
            with self._lock:
                self._running -= 1
                self._done += 1
                self._busy_s += time.monotonic() - began

    def _let_go(self, task: Future[T]) -> None:
        with self._lock:
            self._held -= 1
            self._cancelled += task.cancelled()


def cores() -> int:
    """Cores this process may use; a container's share is often smaller than the machine."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
