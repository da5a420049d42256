"""The one way anything happens: read, verify, fold, ask the rule, append."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from evidence.case import Case
from evidence.errors import ChainBroken, Error, HeadMoved, NotFound, OtherBody
from evidence.events import BODIES, Body, CommandRefused, Event, Head, Stamp, line_hash, read_line, write_line
from evidence.log import Claim, Log

TRIES = 8  # a lost compare-and-swap is tried again on the fresh case; losing this often means a storm


Rule = Callable[[Case], Sequence[Body]]


class Ledger:
    """Cases over a `Log`. Folded cases are cached by head, so a command verifies only what is new."""

    def __init__(self, log: Log, *, cached: int = 2_000) -> None:
        self._log = log
        self._cache: OrderedDict[str, Case] = OrderedDict()
        self._ends: dict[str, Head] = {}  # of streams that are not cases
        self._cached = cached

    async def case(self, stream: str) -> Case:
        """The case as of now. NotFound when nothing was ever recorded, ChainBroken when it does not verify."""
        case = await self._fresh(stream)
        if case is None:
            raise NotFound("no such case")
        return case

    def remembered(self, stream: str) -> Case | None:
        """What this process last knew of a case, without asking the store: enough to act on where nobody else writes,
        because an append is accepted only after the event it was judged by."""
        return self._cache.get(stream)

    async def events(self, stream: str, upto: int | None = None) -> list[Event]:
        """Every event of a stream, verified from the first. NotFound when there is none."""
        lines = await self._log.read(stream)
        if not lines:
            raise NotFound("no such stream")
        return verified(lines[:upto], Head(), stream)

    async def open(self, stream: str, bodies: Sequence[Body], stamp: Stamp, claims: Sequence[Claim] = ()) -> Case:
        """Begin a case. HeadMoved when the stream exists."""
        events = written(stream, Head(), bodies, stamp)
        opened = _fold(None, events)  # before it is stored, so that what is stored can be folded
        await self._log.append(stream, Head(), _lines(events), claims)
        return self._keep(opened)

    async def record(self, stream: str, rule: Rule, stamp: Stamp, claims: Sequence[Claim] = ()) -> Case:
        """Ask `rule` of the present case and append what it answers; a rule that answers nothing changes nothing.

        On a lost race the rule is asked again, so facts handed to it must come from outside the case.
        """
        held = self._cache.get(stream)
        for _ in range(TRIES):
            case = held or await self.case(stream)
            # Another process may have answered the same command meanwhile: the chain is where that is known.
            before = await self.answered(case, stamp.cmd)
            if before is not None:
                return before
            try:
                bodies = rule(case)
            except Error:
                # Judged on what this process remembers; if another one wrote meanwhile, judge again.
                if held is None or (await self.case(stream)).head == held.head:
                    raise
                held = None
                continue
            if not bodies:
                return case
            events = written(stream, case.head, bodies, stamp)
            after = _fold(case, events)  # before it is stored, so that what is stored can be folded
            try:
                await self._log.append(stream, case.head, _lines(events), claims)
            except HeadMoved:
                held = None
                continue
            return self._keep(after)
        raise HeadMoved(f"lost {TRIES} races")

    def latest(self, case: Case) -> Case:
        """What this process knows of the case now, without asking the store again."""
        held = self.remembered(case.id)
        return held if held is not None and held.head.seq > case.head.seq else case

    async def answered(self, case: Case, cmd: str) -> Case | None:
        """The case as of the first answer to this command, or None. OtherBody when the key came with another body."""
        key, _, body = cmd.partition(".")
        done = case.commands.get(key)
        if done is None:
            return None
        if done.body != body:
            raise OtherBody("idempotency key reused")
        return case if done.seq == case.head.seq else _fold(None, await self.events(case.id, done.seq))

    async def refuse(
        self, stream: str, command: str, refusal: Error, stamp: Stamp, count: int = 1, claims: Sequence[Claim] = ()
    ) -> None:
        """Seal that a command was refused. Carries no cmd: a refusal is not the answer to the key."""
        body = CommandRefused(command=command, code=refusal.code, count=count)
        bare = Stamp(actor=stamp.actor, at=stamp.at)
        await self.record(stream, lambda _: (body,), bare, claims)

    async def note(self, stream: str, bodies: Sequence[Body], stamp: Stamp, claims: Sequence[Claim] = ()) -> Head:
        """Append to a stream that is not a case (staff, product, key): no rule is asked, only the order matters."""
        for _ in range(TRIES):
            end = self._ends.get(stream, Head())
            lines = await self._log.read(stream, after=end.seq)
            if lines:
                end = Head(seq=end.seq + len(lines), hash=line_hash(lines[-1]))
            events = written(stream, end, bodies, stamp)
            try:
                end = await self._log.append(stream, end, _lines(events), claims)
            except HeadMoved:
                continue
            if len(self._ends) >= self._cached:
                self._ends.clear()
            self._ends[stream] = end
            return end
        raise HeadMoved(f"lost {TRIES} races")

    async def _fresh(self, stream: str) -> Case | None:
        case = self._cache.get(stream)
        lines = await self._log.read(stream, after=case.head.seq if case else 0)
        if not lines:
            return case
        return self._keep(_fold(case, verified(lines, case.head if case else Head(), stream)))

    def _keep(self, case: Case) -> Case:
        held = self._cache.get(case.id)
        if held is None or held.head.seq < case.head.seq:
            self._cache[case.id] = case
        self._cache.move_to_end(case.id)
        while len(self._cache) > self._cached:
            self._cache.popitem(last=False)
        return case


def written(stream: str, after: Head, bodies: Sequence[Body], stamp: Stamp) -> list[Event]:
    """The chained events for `bodies`, first after `after`. ValueError for one that could not be read again.

    Structs check their fields when they are decoded, not when they are made: a bad line would close its stream.
    """
    lines: list[bytes] = []
    head = after
    for body in bodies:
        line = write_line(stream, head, stamp, body)
        head = Head(seq=head.seq + 1, hash=line_hash(line))
        lines.append(line)
    try:
        return verified(lines, after, stream)
    except ChainBroken as error:
        raise ValueError(f"an event nobody could read: {error}") from error


def verified(lines: Sequence[bytes], after: Head, stream: str) -> list[Event]:
    """Decode and check `lines` as what follows `after` in `stream`. ChainBroken names the first bad record."""
    events: list[Event] = []
    for line in lines:
        event = read_line(line, after, BODIES)
        if event.stream != stream:  # two whole chains swapped would each verify
            raise ChainBroken("line of another stream", seq=event.seq)
        after = Head(seq=event.seq, hash=event.hash)
        events.append(event)
    return events


def _lines(events: Sequence[Event]) -> list[bytes]:
    return [event.line for event in events]


def _fold(case: Case | None, events: Sequence[Event]) -> Case:
    for event in events:
        case = Case.start(event) if case is None else case.apply(event)
    if case is None:
        raise NotFound("no events")
    return case
