"""Where every command on a case passes: who may, whether it was answered before, and that refusals are sealed."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from litestar.stores.base import Store

from api.auth import Caller
from api.errors import Answered, Problem, problem
from api.view import CaseView, view
from evidence import decode
from evidence.case import Case
from evidence.errors import (
    Error,
    Forbidden,
    Gone,
    HeadMoved,
    NotFound,
    Refused,
    StillInFlight,
    Unavailable,
    Unprocessable,
)
from evidence.events import Actor, Stamp
from evidence.events.envelope import parse_instant
from evidence.ledger import Ledger
from evidence.log import Claim
from evidence.ports import Clock
from evidence.vault import Vault
from kyc.access.errors import SessionEnded

ANSWERS_KEPT = timedelta(hours=24)
Flow = Callable[[Case, Stamp], Awaitable[Case]]


class Desk:
    """One instance, injected into routes. `alone`: other processes hardly ever write to cases, so a command is judged
    on what this one remembers, and only a refusal makes it look again."""

    def __init__(self, ledger: Ledger, vault: Vault, answers: Store, clock: Clock, *, alone: bool) -> None:
        self._ledger = ledger
        self._vault = vault
        self._answers = answers
        self.now = clock
        self._alone = alone
        self._running: set[str] = set()
        self._refusals: dict[tuple[str, str], tuple[int, int]] = {}  # (case, code) -> (minute sealed, held back since)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def case(self, caller: Caller, case_id: str) -> Case:
        """The case, if this caller may know of it. Another's case is exactly as absent as no case at all."""
        if not case_id.startswith("case_"):
            raise NotFound("not a case id")
        return self._shown(await self._ledger.case(case_id), caller)

    def _shown(self, case: Case, caller: Caller) -> Case:
        if not _concerns(case, caller):
            raise NotFound("no such case")
        if caller.role == "customer":
            session = case.sessions.get(caller.actor.session or "")
            if session is None or self.now() > parse_instant(session.expires):
                raise SessionEnded("expired")
        return case

    async def see(self, caller: Caller, case_id: str) -> CaseView:
        return self.view(await self.case(caller, case_id), caller)

    async def own_case(self, caller: Caller, case_id: str) -> Case:
        """For content that only the customer sees."""
        case = await self.case(caller, case_id)
        if caller.role != "customer":
            raise NotFound("customer only")
        return case

    def view(self, case: Case, caller: Caller) -> CaseView:
        return view(case, caller.role, caller.actor.session)

    # --- acting ------------------------------------------------------------------------------------------------------

    async def act(
        self, caller: Caller, case_id: str, key: str, command: object, flow: Flow, data: bytes = b""
    ) -> CaseView:
        """Run a command once. The same key and body answer the same; another body under the key is 422."""
        case = self._remembered(caller, case_id) or await self.case(caller, case_id)
        return self.view(await self.run(caller.actor, case, key, command, flow, data), caller)

    async def run(self, actor: Actor, case: Case, key: str, command: object, flow: Flow, data: bytes = b"") -> Case:
        cmd = await self.digest(case.id, actor, key, command, data)
        with self._first(cmd):
            case = self._ledger.latest(case)
            before = await self._ledger.answered(case, cmd)
            if before is not None:
                return before
            await self._repeat_error(cmd)
            stamp = Stamp(actor=actor, at=self.now(), cmd=cmd)
            try:
                return await self._judged(case, stamp, flow)
            except Error as error:
                await self._remember_error(cmd, error)
                await self.refused(case.id, type(command).__name__, error, stamp)
                raise

    def _remembered(self, caller: Caller, case_id: str) -> Case | None:
        held = self._ledger.remembered(case_id) if self._alone else None
        try:
            return held and self._shown(held, caller)
        except Error:  # a session that another process opened
            return None

    async def _judged(self, case: Case, stamp: Stamp, flow: Flow) -> Case:
        try:
            return await flow(case, stamp)
        except (Unavailable, HeadMoved):
            raise
        except Error:
            held = self._ledger.remembered(case.id)  # with what the flow itself recorded before it refused
            now = await self._ledger.case(case.id)
            if held is None or now.head == held.head:
                raise
            return await flow(now, stamp)

    async def digest(self, stream: str, actor: Actor, key: str, command: object, data: bytes = b"") -> str:
        """`keyed digest of actor and idempotency key` "." `keyed digest of the command`: sealed as `cmd`.

        `data`: the file a command came with.
        """
        name = type(command).__name__.encode()
        content = hashlib.sha256(data).digest() + decode.encode(command)
        by_key = await self._vault.mac(stream, b"key\0" + actor.id.encode() + b"\0" + key.encode())
        by_body = await self._vault.mac(stream, b"body\0" + name + b"\0" + content)
        return f"{by_key}.{by_body}"

    async def refused(self, case_id: str, command: str, error: Error, stamp: Stamp) -> None:
        """Seal a refusal: at most one per case, code and minute, with a count, so that nobody can flood a chain."""
        if isinstance(error, Unavailable | HeadMoved):
            return
        minute = int(stamp.at.timestamp() // 60)
        sealed, held = self._refusals.get((case_id, error.code), (0, 0))
        if sealed == minute:
            self._refusals[case_id, error.code] = (minute, held + 1)
            return
        digest = self._vault.blind("", "refusal", f"{case_id}/{error.code}/{minute}".encode())
        claim = Claim(tenant="", kind="refusal", digest=digest, expires=stamp.at + timedelta(minutes=2))
        try:
            await self._ledger.refuse(case_id, command, error, stamp, held + 1, (claim,))
            self._refusals[case_id, error.code] = (minute, 0)
        except Refused:  # another process sealed this minute's
            self._refusals[case_id, error.code] = (minute, held + 1)
        if len(self._refusals) > 10_000:
            self._refusals.clear()

    @contextmanager
    def _first(self, cmd: str) -> Iterator[None]:
        # Saves doing slow work twice; that it happens once is guaranteed by the chain's compare-and-swap, not by this.
        key = cmd.partition(".")[0]
        if key in self._running:
            raise StillInFlight("the first request is still running")
        self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)

    async def _remember_error(self, cmd: str, error: Error) -> None:
        if isinstance(error, Refused | Unprocessable | Gone | Forbidden) and not isinstance(error, HeadMoved):
            body = msgspec.json.encode(problem(error, ""))
            await self._answers.set(f"error/{cmd}", body, expires_in=ANSWERS_KEPT)

    async def _repeat_error(self, cmd: str) -> None:
        kept = await self._answers.get(f"error/{cmd}")
        if kept is not None:
            raise Answered(msgspec.json.decode(kept, type=Problem))


@dataclass(frozen=True)
class Act:
    """One request that acts: who, under which idempotency key. Injected into routes as `act`."""

    desk: Desk
    caller: Caller
    key: str

    async def on(self, case_id: str, command: object, flow: Flow, data: bytes = b"") -> CaseView:
        return await self.desk.act(self.caller, case_id, self.key, command, flow, data)

    async def stamp(self, stream: str, command: object) -> Stamp:
        """For what is recorded in a stream that is no case."""
        cmd = await self.desk.digest(stream, self.caller.actor, self.key, command)
        return Stamp(actor=self.caller.actor, at=self.desk.now(), cmd=cmd)


def _concerns(case: Case, caller: Caller) -> bool:
    if case.tenant != caller.tenant:
        return False
    match caller.role:
        case "customer":
            return caller.case == case.id
        case "agent":
            return case.opener == caller.actor.id
        case "reviewer" | "auditor" | "admin":
            return True
        case _:
            return False
