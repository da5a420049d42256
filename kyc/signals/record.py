"""What the restricted stream of one party says: decisions taken, signals open or decided."""

from collections.abc import Iterable

from msgspec.structs import replace

from evidence.events import Erased, Event, FaceSearched, Frozen, Media, Party, RiskDecided, SignalsDecided, SignalsRead


class Record(Frozen, frozen=True, kw_only=True):
    tenant: str = ""
    case: str = ""
    party: Party = "proposer"
    open: int = 0  # seq of the last decision that waits for a person
    at: str = ""
    decisions: tuple[RiskDecided, ...] = ()
    cleared: frozenset[str] = frozenset()  # reasons that a person explained
    confirmed: bool = False
    commands: frozenset[str] = frozenset()
    faces: FaceSearched | None = None  # the last search
    kept: tuple[Media, ...] = ()  # descriptions of the face that were not erased

    @property
    def blocks(self) -> bool:
        return bool(self.open) or self.confirmed


def fold(events: Iterable[Event]) -> Record:
    record = Record()
    for event in events:
        match event.body:
            case RiskDecided() as body:
                record = replace(
                    record,
                    tenant=body.tenant,
                    case=body.case,
                    party=body.party,
                    decisions=(*record.decisions, body),
                )
                if body.outcome in {"manual", "deny"} and set(body.reasons) - record.cleared:
                    record = replace(record, open=event.seq, at=event.at)
            case SignalsDecided() as body if body.decision == "cleared":
                told = {reason for decision in record.decisions for reason in decision.reasons}
                record = replace(record, open=0, cleared=record.cleared | told)
            case SignalsDecided():
                record = replace(record, open=0, confirmed=True)
            case FaceSearched() as body:
                new = () if body.template is None else (body.template,)
                record = replace(record, faces=body, kept=(*record.kept, *new))
            case Erased() as body:
                gone = {field.commitment for field in body.fields}
                record = replace(record, kept=tuple(one for one in record.kept if one.commitment not in gone))
            case SignalsRead():
                pass
            case _:
                raise ValueError(f"{event.type} does not belong to signals")
        if event.cmd:
            record = replace(record, commands=record.commands | {event.cmd})
    return record
