"""How many persons' faces are stored, by tenant: a projection of the log, ids and commitments only (KYC-15).

A person is a party of a case: somebody with two cases counts twice, so the number is never too small.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from evidence.events import BODIES, CaseOpened, ChallengeIssued, Erased, FrameCaptured, PaperCaptured, stream_kind
from evidence.events.envelope import parse_body
from evidence.log import Entry
from kyc.papers.kinds import PORTRAITS

_WANTED = {body.TYPE for body in (CaseOpened, ChallengeIssued, Erased, FrameCaptured, PaperCaptured)}


class _Type(msgspec.Struct):
    type: str


class StoredFaces:
    """Papers with a portrait and frames of a capture, until the chain says that they were erased."""

    def __init__(self) -> None:
        self._tenants: dict[str, str] = {}  # case -> tenant
        self._parties: dict[str, str] = {}  # challenge -> party
        self._held: dict[str, dict[str, str]] = {}  # case -> commitment -> party

    def learn(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if stream_kind(entry.stream) != "case" or msgspec.json.decode(entry.line, type=_Type).type not in _WANTED:
                continue
            held = self._held.setdefault(entry.stream, {})
            match parse_body(entry.line, BODIES):
                case CaseOpened() as body:
                    self._tenants[entry.stream] = body.tenant
                case ChallengeIssued() as body:
                    self._parties[body.challenge] = body.party
                case PaperCaptured() as body if body.paper in PORTRAITS:
                    held[body.media.commitment] = body.party
                case FrameCaptured() as body:
                    held[body.media.commitment] = self._parties.get(body.challenge, "")
                case Erased() as body:
                    for field in body.fields:
                        held.pop(field.commitment, None)
                case _:
                    pass
            if not held:
                del self._held[entry.stream]

    def persons(self) -> dict[str, int]:
        """Tenant -> persons; 0 for a tenant that has none."""
        found = Counter(dict.fromkeys(self._tenants.values(), 0))
        for case, held in self._held.items():
            found[self._tenants[case]] += len(set(held.values()))
        return dict(found)
