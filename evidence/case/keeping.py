"""What the case knows about how long it is kept, and what of it was erased."""

from typing import assert_never

from msgspec.structs import replace

from evidence.events import ContractEnded, DisputeFlagged, DisputeLifted, Erased, Event, Frozen, Held, Released
from evidence.events.envelope import Retention

KeepingBody = DisputeFlagged | DisputeLifted | Held | Released | ContractEnded


class Erasure(Frozen, frozen=True, kw_only=True):
    """One `privacy.erased/1` event. `count`: how many fields it lists."""

    seq: int
    at: str
    hash: str
    role: str  # who asked
    retention: Retention
    basis: str
    count: int
    whole: bool


class Keeping(Frozen, frozen=True, kw_only=True):
    """`touched_at`: when a customer or an agent last did something. `contract_period`: as agreed, not as it came."""

    touched_at: str = ""
    disputed: bool = False
    dispute_ended: str | None = None
    held: bool = False
    contract_ended: str | None = None
    contract_period: str | None = None
    erasures: tuple[Erasure, ...] = ()

    @property
    def wiped(self) -> dict[Retention, int]:
        """Retention class -> seq of the last event that erased all of it."""
        return {erasure.retention: erasure.seq for erasure in self.erasures if erasure.whole}

    def touched(self, event: Event) -> "Keeping":
        return replace(self, touched_at=event.at) if event.actor.role in {"customer", "agent"} else self

    def erased(self, event: Event, body: Erased) -> "Keeping":
        erasure = Erasure(
            seq=event.seq,
            at=event.at,
            hash=event.hash,
            role=event.actor.role,
            retention=body.retention,
            basis=body.basis,
            count=len(body.fields),
            whole=body.whole,
        )
        return replace(self, erasures=(*self.erasures, erasure))

    def apply(self, event: Event, body: KeepingBody) -> "Keeping":
        match body:
            case DisputeFlagged():
                return replace(self, disputed=True)
            case DisputeLifted():
                return replace(self, disputed=False, dispute_ended=event.at)
            case Held():
                return replace(self, held=True)
            case Released():
                return replace(self, held=False)
            case ContractEnded():
                return replace(self, contract_ended=body.ended, contract_period=body.period)
            case _:
                assert_never(body)
