"""Which cases there are, newest first: a projection of the log, rebuilt from it at start; holds ids only."""

from bisect import bisect_left
from collections.abc import Sequence

from evidence.errors import NotValid
from evidence.events import BODIES, CaseOpened
from evidence.events.envelope import parse_body, stream_kind
from evidence.log import Entry


class CaseIndex:
    """In memory: 100 bytes a case. A deployment with millions of cases keeps it in its database (same two verbs)."""

    def __init__(self) -> None:
        self._positions: dict[str, list[int]] = {}  # by tenant
        self._cases: dict[int, tuple[str, str]] = {}  # position -> (case, opener)

    def learn(self, entries: Sequence[Entry]) -> None:
        """Take in new events; seeing one again changes nothing."""
        for entry in entries:
            if entry.seq != 1 or stream_kind(entry.stream) != "case" or entry.position in self._cases:
                continue
            body = parse_body(entry.line, BODIES)
            if isinstance(body, CaseOpened):
                self._cases[entry.position] = (entry.stream, body.opener)
                self._positions.setdefault(body.tenant, []).append(entry.position)

    def page(self, tenant: str, opener: str | None, cursor: str | None, size: int) -> tuple[list[str], str | None]:
        """Case ids before `cursor` (newest first), and the cursor of the next page."""
        positions = self._positions.get(tenant, [])
        end = len(positions)
        if cursor is not None:
            if not cursor.isdecimal():
                raise NotValid("not a cursor", field="cursor")
            end = bisect_left(positions, int(cursor))
        found: list[str] = []
        for at in range(end - 1, -1, -1):
            case, owner = self._cases[positions[at]]
            if opener is not None and owner != opener:
                continue
            if len(found) == size:
                return found, str(positions[at] + 1)
            found.append(case)
        return found, None
