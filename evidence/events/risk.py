"""Events of fraud signals: in streams of their own (`risk_…`) that no bundle and no seller sees (API-12, API-21)."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Frozen, Media, Party, Sha256

Outcome = Literal["allow", "step_up", "manual", "deny"]
Moment = Literal["confirmed", "signed", "seen"]  # who they are was said; signed; a live face was seen


class Condition(Frozen, frozen=True, kw_only=True):
    """True where the fact is larger than `over`."""

    fact: str
    over: int


class RiskRule(Frozen, frozen=True, kw_only=True):
    """All of `when` must hold. `then` is the least that follows; the strictest rule that holds decides."""

    reason: str
    when: tuple[Condition, ...]
    then: Outcome


class RiskRulesLoaded(Body, frozen=True, kw_only=True):
    """From now on decisions may name this version; the rules stand here in full, so that each can be replayed."""

    TYPE: ClassVar[str] = "risk.rules_loaded/1"
    version: str
    sha256: Sha256  # of the file
    rules: tuple[RiskRule, ...]


class Used(Frozen, frozen=True, kw_only=True):
    """What a person acted with, as digests under a key of the tenant and the day that is destroyed afterwards: from
    then on nobody can try a phone number against them. Empty where it is not known.
    """

    day: str  # YYYY-MM-DD, Asia/Shanghai
    person: str = ""
    device: str = ""
    phone: str = ""
    network: str = ""


class RiskDecided(Body, frozen=True, kw_only=True):
    """What the facts of one act amount to. `facts` is everything the rules were given; `late` says that some were not
    known in time, which never means `allow`.
    """

    TYPE: ClassVar[str] = "risk.decided/1"
    tenant: str
    case: str
    party: Party
    moment: Moment
    rules: Sha256
    facts: dict[str, int]
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    used: Used | None = None
    late: bool = False


class AlikeFace(Frozen, frozen=True, kw_only=True):
    """A kept face of somebody with another number. `similarity_e4`: cosine, ten-thousandths."""

    case: str
    party: Party
    similarity_e4: int


class FaceSearched(Body, frozen=True, kw_only=True):
    """A live face was held against the kept ones of the tenant, exactly and all of them (KYC-18).

    `template`: the face's own description, kept encrypted for later searches where the check was passed; this file is
    destroyed with the consent, with the identity data of the case, or when a newer one takes its place. `searched` less
    than `known`: the rest could not be held in memory, and the decision says so.
    """

    TYPE: ClassVar[str] = "risk.face_searched/1"
    tenant: str
    case: str
    party: Party
    model: Sha256  # recognition network: faces seen by another one cannot be compared
    threshold_e4: int
    known: int
    searched: int
    alike: tuple[AlikeFace, ...] = ()
    template: Media | None = None


class SignalsRead(Body, frozen=True, kw_only=True):
    """Somebody looked at the signals, and says why (EVD-13)."""

    TYPE: ClassVar[str] = "risk.signals_read/1"
    reason: str


class SignalsDecided(Body, frozen=True, kw_only=True):
    """A person who does not sell decided: explained (`cleared`), or fraud (`confirmed`)."""

    TYPE: ClassVar[str] = "risk.signals_decided/1"
    decided: int  # seq of the last decision this is about
    decision: Literal["cleared", "confirmed"]
    reason: str  # from a closed list
