"""Group commit: whatever waits is written in one transaction, with one fsync, by one task of the process.

It is also what keeps a SQLite file calm: its one write lock is never fought over inside a process.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from evidence.errors import StorageFailed, TooBusy

MAX_WAITING = 10_000  # jobs; see `evidence.sql.log` for appends, which share one
MAX_TOGETHER = 64  # jobs in a transaction; each may carry many appends

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class Job(Protocol):
    """Work inside somebody's transaction."""

    async def execute(self, connection: AsyncConnection) -> None:
        """Runs statements. Runs again, from nothing, when the transaction it was part of was rolled back."""
        ...

    def settle(self, failure: Exception | None) -> None:
        """Called once, after the commit (None) or when it is certain that there will be none we know of."""
        ...

    def parts(self) -> "Sequence[Job]":
        """The job in pieces that can succeed or fail alone."""
        ...


class Writer:
    """Runs jobs in batches, in order. No task exists while there is nothing to write.

    `ground` makes durable what the database already shows: before the first batch, because a process that was killed
    may have left what was never synced; and before the next one after a failure, because a sync that failed says
    nothing when it is repeated. Until it succeeds, nothing more is written and so nothing more acknowledged.
    """

    def __init__(self, engine: AsyncEngine, ground: Callable[[], Awaitable[None]]) -> None:
        self._engine = engine
        self._ground = ground
        self._firm = False
        self._waiting: deque[Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def submit(self, job: Job) -> None:
        """Queue a job; its `settle` tells how it ended. TooBusy when too many wait."""
        if self._closed:
            raise StorageFailed("the store is closed")
        if len(self._waiting) >= MAX_WAITING:
            raise TooBusy("too many writes wait")
        self._waiting.append(job)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="group commit")

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """`work` inside the next transaction; its answer once that is durable. StorageFailed when it may not be."""
        job = _Work(work)
        self.submit(job)
        # The write goes on when whoever waits for it goes away: it was submitted.
        return await job.done

    async def close(self) -> None:
        """Refuse what comes from now on, finish what came before."""
        self._closed = True
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        try:
            while self._waiting:
                jobs = [self._waiting.popleft() for _ in range(min(MAX_TOGETHER, len(self._waiting)))]
                await self._commit(jobs)
        except BaseException:
            while self._waiting:
                self._waiting.popleft().settle(StorageFailed("the writer was stopped"))
            raise

    async def _commit(self, jobs: Sequence[Job]) -> None:
        try:
            await self._transact(jobs)
        except (IntegrityError, DataError) as error:
            # One of them cannot be stored; it was rolled back, and must not take the others with it.
            parts = [part for job in jobs for part in job.parts()]
            if len(parts) == 1:
                self._settle(parts, error)
                return
            for part in parts:
                await self._commit([part])
        except Exception as error:
            self._firm = False
            self._settle(jobs, error)
        except BaseException as stopped:
            self._firm = False
            self._settle(jobs, StorageFailed("the writer was stopped"))
            raise stopped
        else:
            self._settle(jobs, None)

    async def _transact(self, jobs: Sequence[Job]) -> None:
        if not self._firm:
            await self._ground()
            self._firm = True
        async with self._engine.connect() as connection:
            await connection.execution_options(immediate=True)
            async with connection.begin():
                for job in jobs:
                    await job.execute(connection)

    def _settle(self, jobs: Sequence[Job], error: Exception | None) -> None:
        failure = error
        if error is not None and not isinstance(error, StorageFailed):
            # The class alone: the text of a database error quotes the row.
            _logger.error("a transaction of %d jobs failed: %s", len(jobs), type(error).__name__)
            failure = StorageFailed(type(error).__name__)
        for job in jobs:
            job.settle(failure)


class _Work(Generic[T]):
    def __init__(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> None:
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._work = work
        self._answer: T

    async def execute(self, connection: AsyncConnection) -> None:
        self._answer = await self._work(connection)

    def settle(self, failure: Exception | None) -> None:
        if self.done.done():
            return
        if failure is None:
            self.done.set_result(self._answer)
        else:
            self.done.set_exception(failure)

    def parts(self) -> Sequence[Job]:
        return (self,)
