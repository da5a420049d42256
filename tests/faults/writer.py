"""The process that is killed: the real store under load, telling its parent what it was promised, when it was promised.

Everything is what the service runs (`api.store.Store`, the ledger, the vault, the duties of `api.proofroom`), only HTTP
and the models are left out, so that a start takes a tenth of a second. What a client would do is done here too: a
command whose answer was "not now", or whose answer was lost with the process before, is sent again under its own key.
"""

import asyncio
import contextlib
import hashlib
import os
import secrets
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from api.clock import utc_now
from api.proofroom import Proofroom
from api.settings import Settings
from api.store import Store
from evidence.durable import write_durable
from evidence.errors import ClaimTaken, Corrupt, HeadMoved, NotFound, ReadOnly, Unavailable
from evidence.events import (
    Actor,
    Body,
    CaseOpened,
    ConsentGiven,
    ExportRequested,
    Head,
    NoticeShown,
    PaperCaptured,
    PartyNamed,
    ProductPublished,
    QuoteShown,
    Stamp,
)
from evidence.follow import follow
from evidence.log import Claim
from evidence.verify.keys import LOG, SEAL, log_vkey_file, seal_pem
from tests.evidence.cases import TEXT, policy
from tests.faults.told import Alarm, Command, Done, Finished, Kept, Noted, NotNow, Plan, Ready, Refused, Told, Tried

AGENT = Actor(id="staff_wang", role="agent")
CUSTOMER = Actor(id="cus_li", role="customer", session="ses_li")
TENANT = "demo"
LEASE_S = 0.15  # short, so that a killed process does not keep the duties from the next one
PATIENCE_S = 60  # of a client that is told "not now"


@dataclass
class Writer:
    """A living writer, seen from its parent."""

    pid: int
    ear: socket.socket
    code: int | None = None
    rest: bytes = b""

    def hear(self, until: float | None, stop: Callable[[Told], bool] = lambda _: False) -> list[Told]:
        """What it says until then, or until it is dead (`until` None), or until something `stop` waits for."""
        heard: list[Told] = []
        while True:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return heard
            self.ear.settimeout(left)
            try:
                data = self.ear.recv(1 << 16)
            except TimeoutError:
                return heard
            except ConnectionResetError:
                data = b""
            if not data:
                return heard
            lines = (self.rest + data).split(b"\n")
            self.rest = lines.pop()  # the last may have been cut off by the kill: then it was never said
            new = [msgspec.json.decode(line, type=Told) for line in lines]
            heard += new
            if any(stop(told) for told in new):
                return heard

    def reap(self) -> int:
        """Its exit code, negative for a signal. Waits."""
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code


def start(plan: Plan, wait_for: socket.socket | None = None) -> Writer:
    """Fork a writer from this process, where everything is imported already. No thread may be running here.

    `wait_for`: it does nothing until a byte comes from there, so that a tracer can be attached first.
    """
    ours, theirs = socket.socketpair()
    # Before the fork: a tracer that lets calls fail shall not meet this one.
    log = os.open(plan.folder.parent / "stderr.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            ours.close()
            os.dup2(log, sys.stderr.fileno())
            if wait_for is not None:
                wait_for.recv(1)
            code = asyncio.run(_live(plan, theirs))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.setpgid(pid, pid)  # here too: it may be killed before it does so itself
    os.close(log)
    theirs.close()
    return Writer(pid, ours)


async def _live(plan: Plan, mouth: socket.socket) -> int:
    """0: the plan is done. 3: the store says that it is not sound."""

    def tell(told: Told) -> None:
        mouth.sendall(msgspec.json.encode(told) + b"\n")

    settings = Settings(data=plan.folder, database_url=plan.database_url)
    store = Store.of(settings, utc_now)
    async with store.opened():
        try:
            await store.sequencer.check()
        except (ReadOnly, Corrupt) as error:
            tell(Alarm(what=f"{error.code}: {error.detail}"))
            return 3
        _publish_keys(plan.folder, store)
        alarms: list[str] = []

        def alarm(name: str, what: str, stops: bool = True) -> None:
            alarms.append(what)
            tell(Alarm(what=f"{name}: {what}"))

        # The rooms are needed for exports only, which are not followed here.
        proofroom = Proofroom.of(settings, store, cast(Any, None), utc_now, alarm)
        holder = f"{os.getpid()}-{secrets.token_hex(4)}"
        work = [
            asyncio.create_task(
                follow(
                    name,
                    store.log,
                    store.positions,
                    store.leases,
                    proofroom.duties(cast(Any, _Deaf()))[name],
                    holder=holder,
                    now=utc_now,
                    lease_s=LEASE_S,
                    backoff_s=(0.05, 0.2),
                )
            )
            for name in ("proof", "time")
        ]
        tell(Ready())
        load = Load(store, plan, tell)
        await load.run()
        if plan.rounds and not await _settled(store):
            return 4
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        if alarms:
            return 3
        tell(Finished())
    return 0


def _publish_keys(folder: Path, store: Store) -> None:
    """What an auditor takes away, as `Proofroom.start` leaves it there."""
    for name, data in ((LOG, log_vkey_file(store.sequencer.public)), (SEAL, seal_pem(store.seal_key.public_key()))):
        path = folder / "public-keys" / name
        if not path.exists():
            write_durable(path, data)


class _Deaf:
    async def tell(self, entries: object) -> None:
        """Nobody watches."""


async def _settled(store: Store) -> bool:
    """Whether the tree reached the end of the log. After a fault it may have to wait for a retry."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(Unavailable):
            if store.sequencer.head.size == await store.log.newest():
                return True
        await asyncio.sleep(0.02)
    return False


class Load:
    """Clients at work. Each command is tried until there is an answer."""

    def __init__(self, store: Store, plan: Plan, tell: Callable[[Told], None]) -> None:
        self._store = store
        self._plan = plan
        self._tell = tell

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again())
            for number in range(self._plan.tasks):
                group.create_task(self._client(number))

    async def _again(self) -> None:
        """The clients of the process that died send their last request again, and try what was won before."""
        for command in self._plan.pending:
            await self.send(command)
        for digest in self._plan.contested:
            stream = f"case_{self._plan.name}-again-{digest}"
            await self.send(Command(key=f"{stream}-open", stream=stream, what="open"))
            await self.send(Command(key=f"{stream}-once", stream=stream, what="once", claim=digest))

    async def _client(self, number: int) -> None:
        turn = 0
        while not self._plan.rounds or turn < self._plan.rounds:
            stream = f"case_{self._plan.name}-{number}-{turn}"
            steps: Sequence[tuple[Any, str]] = (
                ("open", f"external-{stream}"),
                ("notice", ""),
                ("quote", ""),
                ("paper", ""),
                ("once", f"{self._plan.name}-{turn}"),  # the same for every client: one of them wins
                ("notice", ""),
                ("export", ""),
            )
            for at, (what, claim) in enumerate(steps):
                await self.send(Command(key=f"{stream}-{at}", stream=stream, what=what, claim=claim))
            await self._publish(turn)
            turn += 1

    async def send(self, command: Command) -> None:
        self._tell(Tried(command=command))
        stamp = Stamp(actor=CUSTOMER, at=utc_now(), cmd=f"{command.key}.body")
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                head = await self._act(command, stamp)
            except ClaimTaken:
                self._tell(Refused(key=command.key, claim=command.claim))
            except (HeadMoved, Unavailable) as error:
                self._tell(NotNow(code=error.code))
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.05)
                continue
            else:
                self._tell(Done(key=command.key, stream=command.stream, seq=head.seq, hash=head.hash))
            return

    async def _act(self, command: Command, stamp: Stamp) -> Head:
        ledger, stream = self._store.ledger, command.stream
        claims = [Claim(tenant=TENANT, kind="link", digest=command.claim)] if command.claim else []
        match command.what:
            case "open":
                return await self._open(command, stamp, claims)
            case "notice" | "once":
                body: Body = NoticeShown(scope=command.key[-40:], locale="zh-CN", text_sha256=TEXT)
            case "quote":
                hidden = await self._hide(stream, age=30, trace=[["premium", command.key]])
                body = QuoteShown(inputs={"age": hidden["age"]}, outputs={}, trace=hidden["trace"])
            case "paper":
                data = hashlib.shake_256(command.key.encode()).digest(5_000)
                media = await self._store.vault.put(stream, "identity", data, "image/jpeg")
                self._tell(Kept(stream=stream, sha256=hashlib.sha256(data).hexdigest(), media=media))
                body = PaperCaptured(party="proposer", paper="cn_id_front", media=media, source="camera")
            case "export":
                body = ExportRequested(export=f"exp_{command.key}", reason="test")
        return (await ledger.record(stream, lambda _: (body,), stamp, claims)).head

    async def _open(self, command: Command, stamp: Stamp, claims: Sequence[Claim]) -> Head:
        """As `products.opening.open_case` does it: a repeat finds the case that the first try made."""
        stream, ledger = command.stream, self._store.ledger
        await self._store.vault.place(stream, TENANT)
        hidden = await self._hide(stream, phone="13800138000")
        bodies: tuple[Body, ...] = (
            CaseOpened(tenant=TENANT, mode="sandbox", policy=policy(), opener=AGENT.id),
            PartyNamed(party="proposer", customer=CUSTOMER.id, phone=hidden["phone"], name=None),
            ConsentGiven(scope="recording", text_sha256=TEXT),
        )
        try:
            return (await ledger.open(stream, bodies, stamp, claims)).head
        except (HeadMoved, ClaimTaken):
            try:
                before = await ledger.answered(await ledger.case(stream), stamp.cmd)
            except NotFound:
                before = None
            if before is None:
                raise
            return before.head

    async def _hide(self, stream: str, **values: Any) -> dict[str, str]:
        hidden = await self._store.vault.hide(stream, "identity", values)
        for name, commitment in hidden.items():
            sha256 = hashlib.sha256(msgspec.json.encode(values[name])).hexdigest()
            self._tell(Kept(stream=stream, sha256=sha256, commitment=commitment))
        return hidden

    async def _publish(self, version: int) -> None:
        """Everybody writes to one stream. No idempotency here: a lost answer is not asked for again."""
        body = ProductPublished(
            product="term", version=version, full=TEXT, formal=TEXT, numbers=TEXT, plain=TEXT, rules=TEXT
        )
        with contextlib.suppress(Unavailable, HeadMoved):
            head = await self._store.ledger.note("product_term", (body,), Stamp(actor=AGENT, at=utc_now()))
            self._tell(Noted(stream="product_term", seq=head.seq, hash=head.hash))
