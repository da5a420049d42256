"""Who may have what erased, and when: pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, assert_never

from evidence.case import Case
from evidence.case.keeping import Erasure
from evidence.erasure.errors import BasisUnknown, KeepingUnchanged, OthersConcerned, RetentionRuns
from evidence.errors import NotAllowed, NotFound, NotValid
from evidence.events import (
    Body,
    ContractEnded,
    DisputeFlagged,
    DisputeLifted,
    Erased,
    ErasedField,
    Event,
    Frozen,
    Held,
    Released,
    Retention,
    Stamp,
    instant,
    parse_instant,
)
from evidence.events.envelope import Instant
from evidence.retention import Period, Table, is_over, periods


class Erase(Frozen, frozen=True, kw_only=True):
    """The body of POST /v1/cases/{id}/erasures. `basis`: a code of `retention.toml`."""

    retention: Retention
    basis: str


class ChangeKeeping(Frozen, frozen=True, kw_only=True):
    """The body of POST /v1/cases/{id}/keeping. `reason` for a dispute or a hold; `ended`, `period` for the contract."""

    action: Literal["flag_dispute", "lift_dispute", "hold", "release", "end_contract"]
    reason: Literal["complaint", "claim", "litigation", "regulator", "court", "police", "audit"] | None = None
    ended: Instant | None = None
    period: Literal["up_to_one_year", "over_one_year"] | None = None


# --- erasure ----------------------------------------------------------------------------------------------------------


def admit(case: Case, command: Erase, stamp: Stamp, table: Table) -> None:
    """NotAllowed, BasisUnknown, OthersConcerned, or RetentionRuns with until when and by which law."""
    role = stamp.actor.role
    if role not in ("customer", "admin", "system"):
        raise NotAllowed("the customer, an admin or the service itself")
    basis = table.basis(command.basis)
    if basis is None or role not in basis.roles:
        raise BasisUnknown(field="basis")
    if role == "customer":
        session = case.sessions.get(stamp.actor.session or "")
        if session is None or session.customer != stamp.actor.id:
            raise NotAllowed("not a session of this case")
        if any(person.customer != session.customer for person in case.people.values()):
            raise OthersConcerned("several people")
    # What runs out by itself must have run out; what a person asks for is refused only where something binds.
    if role == "system" or command.basis == "EVD-08":
        _over(periods(case, command.retention, table), stamp)
    elif table.on_request(command.retention) != "always":
        _over(periods(case, command.retention, table, binding=True), stamp)


def erase(case: Case, command: Erase, found: Sequence[ErasedField], stamp: Stamp, table: Table) -> tuple[Body, ...]:
    """`found`: what the class holds, from outside. Nothing when all of it is erased already."""
    admit(case, command, stamp, table)
    fields = tuple(field for field in found if field.commitment not in case.erased)
    if not fields:
        return ()
    return (Erased(basis=command.basis, retention=command.retention, fields=fields, whole=True),)


def lost(case: Case, retention: Retention, basis: str, found: Sequence[ErasedField]) -> tuple[Body, ...]:
    """What was being hidden in the very moment its class was erased, and went with it."""
    fields = tuple(field for field in found if field.commitment not in case.erased)
    return (Erased(basis=basis, retention=retention, fields=fields),) if fields else ()


IN_FLIGHT = timedelta(minutes=10)  # longer than any request lives


def in_flight(events: Sequence[Event], seq: int, at: str) -> list[Event]:
    """Events that may name something hidden before the erasure `seq`, which happened at `at`."""
    end = instant(parse_instant(at) + IN_FLIGHT)
    return [event for event in events if event.seq > seq and event.at <= end]


def _over(found: tuple[Period, ...], stamp: Stamp) -> None:
    if is_over(found, stamp.at):
        return
    longest = found[0]
    law = longest.rule.law
    if longest.until is None:
        open_zh, open_en = _OPEN[longest.rule.since]
        zh, en, until = f"{open_zh}（{law['zh-CN']}）", f"{open_en} ({law['en']})", ""
    else:
        day = instant(longest.until)
        zh = f"要保存到{day[:4]}年{int(day[5:7])}月{int(day[8:10])}日，之后会自动删除（{law['zh-CN']}）"
        en, until = f"It is kept until {day[:10]} and then deleted by itself ({law['en']})", day
    raise RetentionRuns("retention", until=until, rule=longest.rule.id, reason_zh=f"{zh}。", reason_en=f"{en}.")


_OPEN = {
    "contract_end": (
        "合同终止之前和之后的法定期限内都要保存，现在不能删除",
        "Kept while the contract runs and for years after it",
    ),
    "dispute_end": ("争议没有结束，现在不能删除", "A dispute is not over yet"),
    "hold": ("正在依法保全，现在不能删除", "A legal hold is on"),
    "last_act": ("还在办理，现在不能删除", "Still in use"),
}


# --- how long a case is kept ------------------------------------------------------------------------------------------


def change_keeping(case: Case, command: ChangeKeeping, stamp: Stamp) -> tuple[Body, ...]:
    """Disputes, legal holds, the end of the contract: an admin's to record."""
    if stamp.actor.role != "admin":
        raise NotAllowed("an admin")
    keeping = case.keeping
    match command.action:
        case "flag_dispute":
            _change(not keeping.disputed)
            match command.reason:
                case "complaint" | "claim" | "litigation" | "regulator" as reason:
                    return (DisputeFlagged(reason=reason),)
                case _:
                    raise NotValid("complaint, claim, litigation or regulator", field="reason")
        case "lift_dispute":
            _change(keeping.disputed)
            return (DisputeLifted(),)
        case "hold":
            _change(not keeping.held)
            match command.reason:
                case "court" | "regulator" | "police" | "audit" as holder:
                    return (Held(reason=holder),)
                case _:
                    raise NotValid("court, regulator, police or audit", field="reason")
        case "release":
            _change(keeping.held)
            return (Released(),)
        case "end_contract":
            if command.ended is None or command.period is None:
                raise NotValid("when it ended, and the agreed period", field="ended")
            return (ContractEnded(ended=command.ended, period=command.period),)
        case _:
            assert_never(command.action)


def _change(possible: bool) -> None:
    if not possible:
        raise KeepingUnchanged


def erasure_of(case: Case, seq: int) -> Erasure:
    """NotFound when event `seq` erased nothing."""
    found = next((item for item in case.keeping.erasures if item.seq == seq), None)
    if found is None:
        raise NotFound("no erasure under this number")
    return found
