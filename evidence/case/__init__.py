"""The case: a fold over its events and nothing else. It never leaves the process; `view(case, actor)` does."""

from typing import assert_never

from msgspec.structs import replace

from evidence.case.exporting import Asked
from evidence.case.identity import Identity, IdentityBody
from evidence.case.keeping import Keeping, KeepingBody
from evidence.case.reading import Reading, ReadingBody
from evidence.case.signing import Signing, SigningBody
from evidence.case.suitability import Suitability, SuitabilityBody
from evidence.errors import NotFound
from evidence.events import (
    CASE_EVENTS,
    IDENTITY_EVENTS,
    KEEPING_EVENTS,
    READING_EVENTS,
    SIGNING_EVENTS,
    SUITABILITY_EVENTS,
    CaseOpened,
    CodeFailed,
    CodeSent,
    CodeVerified,
    CommandRefused,
    Commitment,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    Erased,
    Event,
    ExportApproved,
    ExportBuilt,
    ExportFailed,
    ExportNarrowed,
    ExportRead,
    ExportRequested,
    Frozen,
    GuardianDecided,
    Head,
    LinkSent,
    NoticeShown,
    Party,
    PartyNamed,
    Sealed,
    SessionOpened,
)
from evidence.policy import Policy

CaseBody = (
    CaseOpened
    | PartyNamed
    | LinkSent
    | SessionOpened
    | CodeSent
    | CodeFailed
    | CodeVerified
    | NoticeShown
    | ConsentGiven
    | ConsentRefused
    | ConsentWithdrawn
    | GuardianDecided
    | CommandRefused
    | Sealed
    | ExportRequested
    | ExportBuilt
    | ExportFailed
    | ExportNarrowed
    | ExportApproved
    | ExportRead
    | Erased
)


class Person(Frozen, frozen=True, kw_only=True):
    customer: str
    phone: Commitment
    name: Commitment | None = None


class Link(Frozen, frozen=True, kw_only=True):
    party: Party
    customer: str
    channel: str
    expires: str
    thumbprint: str | None = None  # set by the first browser that proved the code; another key gets 410


class Session(Frozen, frozen=True, kw_only=True):
    customer: str
    party: Party
    thumbprint: str
    key: dict[str, str]
    opened_at: str
    expires: str
    factors: tuple[str, ...]
    ip: Commitment
    agent: Commitment


class Code(Frozen, frozen=True, kw_only=True):
    """The last one-time code of a purpose and party."""

    id: str
    party: Party
    link: str | None
    sent_at: str
    expires: str
    tries: int = 0
    verified_at: str | None = None


class Consent(Frozen, frozen=True, kw_only=True):
    decision: str  # given | refused | withdrawn
    text_sha256: str
    at: str


class GuardianSaid(Frozen, frozen=True, kw_only=True):
    guardian: Party
    relation: str
    decision: str  # given | refused | withdrawn
    at: str


class Done(Frozen, frozen=True, kw_only=True):
    """A command that was answered: the keyed digest of its body, and the event after which its answer is read."""

    body: str
    seq: int


class Case(Frozen, frozen=True, kw_only=True):
    id: str
    head: Head = Head()
    tenant: str = ""
    mode: str = "sandbox"
    input_origin: str = "live"
    opened_at: str = ""
    opener: str = ""
    policy: Policy
    keys: frozenset[str] = frozenset()
    people: dict[str, Person] = {}  # by party
    links: dict[str, Link] = {}
    sessions: dict[str, Session] = {}
    codes: dict[str, Code] = {}  # "<purpose>:<party>", the last one sent
    notices: dict[str, str] = {}  # scope -> text sha256 shown last
    consents: dict[str, Consent] = {}
    guardians: dict[str, GuardianSaid] = {}  # "<child's party>:<scope>", what was said last
    reading: Reading = Reading()
    suitability: Suitability = Suitability()
    identity: dict[str, Identity] = {}
    signing: Signing = Signing()
    seals: tuple[Sealed, ...] = ()
    exports: tuple[str, ...] = ()
    asked: dict[str, Asked] = {}  # export -> who wanted what opened
    built: dict[str, ExportBuilt] = {}
    failed: dict[str, str] = {}  # export -> reason
    erased: frozenset[Commitment] = frozenset()
    keeping: Keeping = Keeping()
    refusals: dict[str, int] = {}
    commands: dict[str, Done] = {}  # keyed digest of an idempotency key -> Done

    # --- questions -------------------------------------------------------------------------------------------------

    def missing(self, step: str) -> tuple[str, ...]:
        """The keys still needed before `step` may be entered, in policy order. Unknown step: itself is missing."""
        wanted = self.policy.step(step)
        if wanted is None:
            return (f"step:{step}",)
        return tuple(key for key in wanted.needs if key not in self.keys)

    def done(self, step: str) -> bool:
        wanted = self.policy.step(step)
        return wanted is not None and all(key in self.keys for key in wanted.yields)

    def consented(self, scope: str) -> bool:
        consent = self.consents.get(scope)
        return consent is not None and consent.decision == "given"

    def identity_of(self, party: str) -> Identity:
        return self.identity.get(party, Identity())

    @property
    def state(self) -> str:
        if self.signing.declined:
            return "declined"
        last = [step for step in self.policy.steps if step.yields]
        if last and all(self.done(step.name) for step in last):
            return "completed"
        return "open"

    # --- fold ------------------------------------------------------------------------------------------------------

    @classmethod
    def start(cls, event: Event) -> "Case":
        body = event.body
        if not isinstance(body, CaseOpened):
            raise NotFound("a case begins with case.opened")
        case = cls(
            id=event.stream,
            tenant=body.tenant,
            mode=body.mode,
            input_origin=body.input_origin,
            opened_at=event.at,
            opener=body.opener,
            policy=body.policy,
        )
        return case._after(event)

    def apply(self, event: Event) -> "Case":
        body = event.body
        if isinstance(body, CASE_EVENTS):
            return self._apply_case(event, body)._after(event)
        if isinstance(body, READING_EVENTS):
            return replace(self, reading=self.reading.apply(event, body))._after(event)
        if isinstance(body, SUITABILITY_EVENTS):
            return replace(self, suitability=self.suitability.apply(event, body))._after(event)
        if isinstance(body, IDENTITY_EVENTS):
            identity = self.identity_of(_party(self, event)).apply(event, body)
            return replace(self, identity={**self.identity, _party(self, event): identity})._after(event)
        if isinstance(body, SIGNING_EVENTS):
            return replace(self, signing=self.signing.apply(event, body))._after(event)
        if isinstance(body, KEEPING_EVENTS):
            return replace(self, keeping=self.keeping.apply(event, body))._after(event)
        raise NotFound(f"{body.TYPE} does not belong to a case")

    def _apply_case(self, event: Event, body: CaseBody) -> "Case":
        match body:
            case CaseOpened():
                raise NotFound("a case is opened once")
            case PartyNamed():
                person = Person(customer=body.customer, phone=body.phone, name=body.name)
                return replace(self, people={**self.people, body.party: person})
            case LinkSent():
                link = Link(party=body.party, customer=body.customer, channel=body.channel, expires=body.expires)
                return replace(self, links={**self.links, body.link: link})
            case SessionOpened():
                session = Session(
                    customer=body.customer,
                    party=body.party,
                    thumbprint=body.thumbprint,
                    key=body.key,
                    opened_at=event.at,
                    expires=body.expires,
                    factors=body.factors,
                    ip=body.ip,
                    agent=body.agent,
                )
                used = replace(self.links[body.link], thumbprint=body.thumbprint)
                return replace(
                    self,
                    sessions={**self.sessions, body.session: session},
                    links={**self.links, body.link: used},
                )
            case CodeSent():
                code = Code(id=body.code, party=body.party, link=body.link, sent_at=event.at, expires=body.expires)
                return replace(self, codes={**self.codes, f"{body.purpose}:{body.party}": code})
            case CodeFailed():
                return replace(
                    self,
                    codes={k: replace(c, tries=c.tries + 1) if c.id == body.code else c for k, c in self.codes.items()},
                )
            case CodeVerified():
                return replace(
                    self,
                    codes={
                        k: replace(c, verified_at=event.at) if c.id == body.code else c for k, c in self.codes.items()
                    },
                )
            case NoticeShown():
                return replace(self, notices={**self.notices, body.scope: body.text_sha256})
            case ConsentGiven():
                return self._consent(event, body.scope, "given", body.text_sha256)
            case ConsentRefused():
                return self._consent(event, body.scope, "refused", body.text_sha256)
            case ConsentWithdrawn():
                return self._consent(event, body.scope, "withdrawn", "")
            case GuardianDecided():
                said = GuardianSaid(guardian=body.guardian, relation=body.relation, decision=body.decision, at=event.at)
                return replace(self, guardians={**self.guardians, f"{body.party}:{body.scope}": said})
            case CommandRefused():
                return replace(
                    self, refusals={**self.refusals, body.code: self.refusals.get(body.code, 0) + body.count}
                )
            case Sealed():
                return replace(self, seals=(*self.seals, body))
            case ExportNarrowed() | ExportRequested() | ExportApproved() | ExportRead():
                asked = self.asked.get(body.export, Asked()).apply(event, body)
                new = (body.export,) if isinstance(body, ExportRequested) else ()
                return replace(self, exports=(*self.exports, *new), asked={**self.asked, body.export: asked})
            case ExportBuilt():
                return replace(self, built={**self.built, body.export: body})
            case ExportFailed():
                return replace(self, failed={**self.failed, body.export: body.reason})
            case Erased():
                erased = self.erased | {field.commitment for field in body.fields}
                return replace(self, erased=erased, keeping=self.keeping.erased(event, body))
            case _:
                assert_never(body)

    def _consent(self, event: Event, scope: str, decision: str, text_sha256: str) -> "Case":
        consent = Consent(decision=decision, text_sha256=text_sha256, at=event.at)
        return replace(self, consents={**self.consents, scope: consent})

    def _after(self, event: Event) -> "Case":
        commands = self.commands
        if event.cmd:
            key, _, body = event.cmd.partition(".")
            commands = {**commands, key: Done(body=body, seq=event.seq)}
        keys = (self.keys - set(event.body.withdraws)) | set(event.body.satisfies)
        head, keeping = Head(seq=event.seq, hash=event.hash), self.keeping.touched(event)
        return replace(self, head=head, keys=keys, commands=commands, keeping=keeping)


def _party(case: Case, event: Event) -> str:
    """Frames name their challenge, every other identity event names its party."""
    party = getattr(event.body, "party", None)
    if party is not None:
        return str(party)
    challenge = getattr(event.body, "challenge", None)
    for name, identity in case.identity.items():
        if identity.challenge is not None and identity.challenge.id == challenge:
            return name
    raise NotFound("no such challenge in this case")


__all__ = [
    "Case",
    "CaseBody",
    "Code",
    "Consent",
    "Done",
    "IdentityBody",
    "Keeping",
    "KeepingBody",
    "Link",
    "Person",
    "ReadingBody",
    "Session",
    "SigningBody",
    "SuitabilityBody",
]
