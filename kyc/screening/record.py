"""What the restricted stream of one party says: screened with which lists, hits open or decided."""

from collections.abc import Iterable

from msgspec.structs import replace

from evidence.events import Commitment, Event, Frozen, Party
from evidence.events.screening import HitsDecided, HitsRead, ListRef, PartyScreened


class Record(Frozen, frozen=True, kw_only=True):
    tenant: str = ""
    case: str = ""
    party: Party = "proposer"
    lists: tuple[ListRef, ...] = ()  # of the last screening
    screened: int = 0  # seq of the last screening with hits
    at: str = ""
    hits: tuple[Commitment, ...] = ()  # that wait for a decision
    cleared: tuple[Commitment, ...] = ()
    confirmed: bool = False
    commands: frozenset[str] = frozenset()

    @property
    def blocks(self) -> bool:
        """Nobody goes on while a hit is open, nor once a person said that it is the one listed."""
        return bool(self.hits) or self.confirmed


def fold(events: Iterable[Event]) -> Record:
    record = Record()
    for event in events:
        match event.body:
            case PartyScreened() as body:
                record = replace(record, tenant=body.tenant, case=body.case, party=body.party, lists=body.lists)
                if body.hits:
                    record = replace(record, screened=event.seq, at=event.at, hits=(*record.hits, *body.hits))
            case HitsDecided() as body if body.decision == "cleared":
                record = replace(record, hits=(), cleared=(*record.cleared, *record.hits))
            case HitsDecided():
                record = replace(record, hits=(), confirmed=True)
            case HitsRead():
                pass
            case _:
                raise ValueError(f"{event.type} does not belong to a screening")
        if event.cmd:
            record = replace(record, commands=record.commands | {event.cmd})
    return record
