"""The log's side of witnessing: show every new tree head to the policy's witnesses, publish what the quorum cosigned.

Runs as a follower beside the sequencer and never before it: no customer waits for a witness. What a witness refuses
because it contradicts what the log showed before stops the log, for then the store is an old copy or has two faces.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence.checkpoint import Checkpoint, NoteKey, open_checkpoint, without_witnesses
from evidence.errors import HeadMoved, NotVerified, ReadOnly, Unavailable
from evidence.log import Entry
from evidence.merkle import verify_consistency
from evidence.outbound import NoAnswerError, post
from evidence.ports import Clock
from evidence.sequencer import Checkpoints
from evidence.witness.policy import Policy, Witness
from evidence.witness.protocol import PATH, Answer, accept, read_size, write_submission

_logger = logging.getLogger("jianzheng.witness")
TIMEOUT_S = 5.0
GRACE_S = 0.25  # for the slower ones, once the quorum is there
PAUSES_S = (1.0, 60.0)
CLOCKS_S = 300  # between a witness's clock and ours
LOOK_S, LOOKS = 0.02, 250


class QuorumMissing(
    Unavailable,
    code="QUORUM_MISSING",
    zh="外部见证方暂时没有应答，稍后会补上。",
    en="Too few outside witnesses answered. This will be completed later.",
):
    pass


class LogInDoubt(
    ReadOnly,
    code="LOG_IN_DOUBT",
    zh="系统正在核查数据是否完整，暂时不能办理。",
    en="A witness saw another history of this log. It is being checked and signs nothing.",
):
    """A restored backup, a second writer, or a rewritten log. An alarm; only a person can end it."""


class Tree(Protocol):
    """What `evidence.sequencer.Sequencer` says of the signed tree."""

    @property
    def public(self) -> NoteKey: ...

    async def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]: ...


Post = Callable[[str, bytes], Answer]
"""Blocking. NoAnswerError when nothing came back."""


def ask(url: str, body: bytes) -> Answer:
    reply = post(url, body, "text/plain; charset=utf-8", timeout_s=TIMEOUT_S)
    return Answer(reply.status, reply.body, reply.kind)


@dataclass
class _Known:
    """What we know of one witness."""

    size: int | None = None  # None: never asked by us
    failures: int = 0
    again_at: float = 0.0  # of the loop's clock


class Witnessing:
    """`handle` is a follower's. `signed`: the sequencer's row. `cosigned`: ours, published to everybody."""

    def __init__(
        self,
        policy: Policy,
        tree: Tree,
        signed: Checkpoints,
        cosigned: Checkpoints,
        now: Clock,
        alarm: Callable[[str, str], None],
        *,
        every_s: float = 1.0,
        pauses_s: tuple[float, float] = PAUSES_S,
        ask: Post = ask,
    ) -> None:
        self.policy = policy
        self._tree = tree
        self._signed = signed
        self._cosigned = cosigned
        self._now = now
        self._alarm = alarm
        self._every_s = every_s
        self._pauses = pauses_s
        self._ask = ask
        self._known = {witness.name: _Known() for witness in policy.witnesses}
        self._last = 0.0
        self._done = 0
        self._started = False
        self._doubt = ""

    def check(self) -> None:
        """LogInDoubt once a witness contradicted the log: nothing may be signed any more."""
        if self._doubt:
            raise LogInDoubt(self._doubt)

    async def head(self) -> tuple[Checkpoint, bytes] | None:
        """The newest tree head that the quorum of the present policy cosigned, and its note."""
        note = await self._cosigned.load()
        if note is None:
            return None
        try:
            head, seen = self._open(note)
        except NotVerified:  # the policy changed since
            return None
        return (head, note) if self.policy.reached(seen) else None

    async def handle(self, entries: Sequence[Entry]) -> None:
        """For `evidence.follow`: returns when the quorum cosigned a tree that holds the last of `entries`."""
        await self.settle(entries[-1].position)

    async def settle(self, size: int) -> None:
        """QuorumMissing: try again. LogInDoubt: for a person."""
        self.check()
        await self.start()
        if self._done >= size:
            return
        await self._pace()
        head, note = await self._newest(size)
        await self._round(head, note)

    async def start(self) -> None:
        """What was cosigned last must be a past of what is signed now: an older store is noticed here already, and the
        witnesses are asked once, event or not. One that is silent now is asked again with the next event."""
        self.check()
        if self._started:
            return
        note = await self._cosigned.load()
        if note is not None:
            await self._check_past(note)
        found = await self.head()
        if found is not None:
            head, note = found
            for witness in self.policy.witnesses:
                if witness.key.name in self._open(note)[1]:
                    self._known[witness.name].size = head.size
            self._done = head.size
            await self._cosigned.publish(note)
        self._started = True
        # A witness knows more than a store that was restored with everything in it.
        signed = await self._signed.load()
        if signed is not None:
            with contextlib.suppress(QuorumMissing, HeadMoved):
                await self._round(open_checkpoint(signed, self._tree.public)[0], signed)

    async def _check_past(self, cosigned: bytes) -> None:
        head, _ = open_checkpoint(without_witnesses(cosigned), self._tree.public)
        signed = await self._signed.load()
        newest = None if signed is None else open_checkpoint(signed, self._tree.public)[0]
        try:
            if newest is None or newest.size < head.size:
                raise NotVerified("the store ends before the last cosigned tree")
            if head.size:
                proof = await self._tree.consistency(head.size, newest.size)
                verify_consistency(head.size, newest.size, head.root, newest.root, proof)
        except NotVerified as error:
            self._stop("start", error.detail)

    # --- one round ---------------------------------------------------------------------------------------------------

    async def _pace(self) -> None:
        clock = asyncio.get_running_loop().time
        if self._last and (rest := self._last + self._every_s - clock()) > 0:
            await asyncio.sleep(rest)
        self._last = clock()

    async def _newest(self, size: int) -> tuple[Checkpoint, bytes]:
        """The sequencer follows the same events, so its checkpoint is at most a moment away."""
        for _ in range(LOOKS):
            note = await self._signed.load()
            if note is not None:
                head, _ = open_checkpoint(note, self._tree.public)
                if head.size >= size:
                    return head, note
            await asyncio.sleep(LOOK_S)
        raise QuorumMissing("no checkpoint of that size yet")

    async def _round(self, head: Checkpoint, note: bytes) -> None:
        clock = asyncio.get_running_loop().time
        asked = {
            asyncio.create_task(self._show(witness, head, note)): witness
            for witness in self.policy.witnesses
            if witness.url and self._known[witness.name].again_at <= clock()
        }
        lines: dict[str, bytes] = {}
        waiting: set[asyncio.Task[bytes]] = set(asked)
        try:
            while waiting:
                enough = self.policy.reached(lines)
                done, waiting = await asyncio.wait(
                    waiting, timeout=GRACE_S if enough else None, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                for task in done:
                    self._collect(asked[task], task, lines)
        finally:
            for task in waiting:  # its witness may have recorded this head: the next 409 tells
                task.cancel()
                self._pause(asked[task])
            await asyncio.gather(*asked, return_exceptions=True)
        if not self.policy.reached(lines):
            raise QuorumMissing(f"{len(lines)} of {len(self.policy.witnesses)} witnesses")
        whole = note + b"".join(lines[key.name] for key in self.policy.keys if key.name in lines)
        self._open(whole)
        await self._cosigned.swap(await self._cosigned.load(), whole)
        await self._cosigned.publish(whole)
        self._done = head.size

    def _collect(self, witness: Witness, task: "asyncio.Task[bytes]", lines: dict[str, bytes]) -> None:
        try:
            lines[witness.key.name] = task.result()
        except (NoAnswerError, NotVerified) as error:
            self._pause(witness)
            # The class and our own words: what a stranger sent is not logged.
            what = error.detail if isinstance(error, NotVerified) else str(error)
            _logger.warning("witness %s, failure %d: %s", witness.name, self._known[witness.name].failures, what)

    def _pause(self, witness: Witness) -> None:
        known = self._known[witness.name]
        known.failures += 1
        pause = min(self._pauses[1], self._pauses[0] * 2.0 ** min(known.failures - 1, 20))
        known.again_at = asyncio.get_running_loop().time() + pause

    async def _show(self, witness: Witness, head: Checkpoint, note: bytes) -> bytes:
        """Its signature line. NoAnswerError and NotVerified: it failed; LogInDoubt: it contradicts us."""
        known = self._known[witness.name]
        for _ in range(3):
            old = known.size or 0
            proof = await self._tree.consistency(old, head.size) if 0 < old < head.size else ()
            body = write_submission(old, proof, note)
            answer = await asyncio.to_thread(self._ask, f"{witness.url}{PATH}", body)
            match answer.status:
                case 200:
                    line, time = accept(answer.body, head, witness.key)
                    if abs(time - self._now().timestamp()) > CLOCKS_S:
                        raise NotVerified("its clock is wrong by more than five minutes")
                    known.size, known.failures, known.again_at = head.size, 0, 0.0
                    return line
                case 409:
                    known.size = await self._conflict(witness, old, head, read_size(answer))
                case 422:
                    self._stop(witness.name, f"refuses the proof from {old} to {head.size}: two histories")
                case _:
                    raise NoAnswerError(f"HTTP {answer.status}")
        raise NoAnswerError("it changes its mind")

    async def _conflict(self, witness: Witness, old: int, head: Checkpoint, size: int | None) -> int:
        """The size to go on from."""
        if size is None:
            raise NoAnswerError("409 without a size")
        if size == old:
            if old == head.size:
                self._stop(witness.name, f"cosigned another tree of size {size}: two histories")
            raise NoAnswerError("409 for the size it knows")
        if size > head.size:
            # Only a tree that we signed meanwhile explains it.
            newest = await self._signed.load()
            if newest is None or open_checkpoint(newest, self._tree.public)[0].size < size:
                self._stop(witness.name, f"cosigned size {size}, the log ends at {head.size}: an old copy")
            raise NoAnswerError("it is ahead of this round")
        return size

    def _stop(self, who: str, what: str) -> None:
        self._doubt = f"{who}: {what}"
        self._alarm("witness", self._doubt)
        raise LogInDoubt(self._doubt)

    def _open(self, note: bytes) -> tuple[Checkpoint, Mapping[str, int]]:
        head, seen = open_checkpoint(note, self._tree.public, self.policy.keys)
        return head, {item.witness: item.time for item in seen}
