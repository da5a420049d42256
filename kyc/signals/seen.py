"""What was seen today, counted: a projection of `risk.decided/1`, rebuilt from the log at start; keyed digests only."""

from collections import defaultdict
from collections.abc import Sequence

from evidence.events import BODIES, RiskDecided, stream_kind
from evidence.events.envelope import parse_body
from evidence.events.risk import Used
from evidence.log import Entry

DAYS = 2  # days that are remembered: today, and yesterday for what arrives around midnight
_TYPE = f'"type":"{RiskDecided.TYPE}"'.encode()
THINGS = ("device", "phone", "network")


class Seen:
    """Which persons a device, a phone or a network was used for on a day. Seeing the same again changes nothing."""

    def __init__(self) -> None:
        self._days: dict[str, dict[tuple[str, str], set[str]]] = {}

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) == "risk" and _TYPE in entry.line:
                body = parse_body(entry.line, BODIES)
                if isinstance(body, RiskDecided) and body.used is not None:
                    self.add(body.used)

    def add(self, used: Used) -> None:
        held = self._days.setdefault(used.day, defaultdict(set))
        for thing in THINGS:
            digest = getattr(used, thing)
            if digest and used.person:
                held[thing, digest].add(used.person)
        for day in sorted(self._days)[:-DAYS]:
            del self._days[day]

    def persons(self, used: Used) -> dict[str, int]:
        """`persons_per_…` counting this person; 0 where the thing is not known."""
        held = self._days.get(used.day, {})
        return {
            f"persons_per_{thing}": len(held.get((thing, digest), set()) | {used.person}) if digest else 0
            for thing in THINGS
            for digest in (getattr(used, thing),)
        }
