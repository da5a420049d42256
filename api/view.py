"""What an actor may see of a case: one closed list of fields per role. The case itself never leaves."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from evidence.case import Case
from evidence.case.identity import Identity
from evidence.events import Frozen, instant, parse_instant
from kyc.rules import ASK_AGAIN


class StepView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    name: str
    state: Literal["done", "current", "waiting"]
    missing: tuple[str, ...]


class CaseView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """Fields left out are not for this role."""

    id: str
    state: str
    mode: str
    input_origin: str
    opened_at: str
    head: int
    product: dict[str, Any]
    policy: dict[str, Any]
    steps: tuple[StepView, ...]
    parties: dict[str, Any]
    seals: int
    exports: tuple[dict[str, Any], ...]
    erasures: tuple[dict[str, Any], ...]
    refusals: dict[str, int]
    documents: tuple[dict[str, Any], ...]
    party: str | UnsetType = UNSET
    consents: dict[str, Any] | UnsetType = UNSET
    guardians: dict[str, Any] | UnsetType = UNSET
    reading: dict[str, Any] | UnsetType = UNSET
    identity: dict[str, Any] | UnsetType = UNSET
    identities: dict[str, Any] | UnsetType = UNSET
    code: dict[str, Any] | UnsetType | None = UNSET


def view(case: Case, role: str, session: str | None = None) -> CaseView:
    """The answer to every command. `session` is the customer's own."""
    party = case.sessions[session].party if session in case.sessions else None
    shared: dict[str, Any] = {
        "id": case.id,
        "state": case.state,
        "mode": case.mode,
        "input_origin": case.input_origin,
        "opened_at": case.opened_at,
        "head": case.head.seq,
        "product": msgspec.to_builtins(case.policy.product),
        "policy": {
            "hesitation_days": case.policy.hesitation_days,
            "code_ttl_s": case.policy.code_ttl_s,
            "identity_fresh_s": case.policy.identity_fresh_s,
            "challenge_ttl_s": case.policy.challenge_ttl_s,
            "face_search": case.policy.face_search,
        },
        "steps": _steps(case),
        "parties": _parties(case),
        "seals": len(case.seals),
        "exports": tuple(_export(case, export) for export in case.exports),
        "erasures": tuple(
            {"seq": one.seq, "at": one.at, "retention": one.retention, "basis": one.basis, "fields": one.count}
            for one in case.keeping.erasures
        ),
        "refusals": dict(case.refusals),
        "documents": _documents(case, full=role != "agent"),
    }
    if role == "customer" and party is not None:
        return CaseView(
            **shared,
            party=party,
            consents=_consents(case),
            guardians=_guardians(case),
            reading=_reading(case),
            identity=_identity(case, case.identity_of(party)),
            code=_code(case, party),
        )
    if role in ("reviewer", "auditor"):
        identities = {
            name: _identity(case, identity) | _for_staff(identity) for name, identity in case.identity.items()
        }
        return CaseView(
            **shared,
            consents=_consents(case),
            guardians=_guardians(case),
            reading=_reading(case),
            identities=identities,
        )
    return CaseView(**shared)


def _steps(case: Case) -> tuple[StepView, ...]:
    steps: list[StepView] = []
    current = False
    for step in case.policy.steps:
        done = case.done(step.name)
        state: Literal["done", "current", "waiting"] = "done" if done else "waiting" if current else "current"
        current = current or not done
        missing = () if done else tuple(key for key in (*step.needs, *step.yields) if key not in case.keys)
        steps.append(StepView(name=step.name, state=state, missing=missing))
    return tuple(steps)


def _parties(case: Case) -> dict[str, Any]:
    links: dict[str, Any] = {}
    for link in case.links.values():
        links[link.party] = {"channel": link.channel, "expires": link.expires, "opened": link.thumbprint is not None}
    return {party: {"customer": person.customer, "link": links.get(party)} for party, person in case.people.items()}


def _export(case: Case, export: str) -> dict[str, Any]:
    built = case.built.get(export)
    if built is None:
        waiting = "awaiting_approval" if case.asked[export].waits else "queued"
        return {"id": export, "state": "failed" if export in case.failed else waiting}
    return {"id": export, "state": "succeeded", "sha256": built.sha256, "bytes": built.bytes, "verdict": built.verdict}


def _documents(case: Case, full: bool) -> tuple[dict[str, Any], ...]:
    papers = [paper for paper in case.signing.documents.values() if not paper.withdrawn]
    return tuple(
        {
            "id": paper.id,
            "kind": paper.kind,
            "party": paper.party,
            "shown": paper.end_seen,
            "signed_at": paper.signed_at,
            "level": paper.level,
        }
        | (
            {
                "sha256": paper.sha256,
                "signed_sha256": paper.signed_sha256,
                "pages": [
                    {"n": n, "width": page.width, "height": page.height, "sha256": page.sha256}
                    for n, page in enumerate(paper.pages, 1)
                ],
            }
            if full
            else {}
        )
        for paper in papers
    )


def _consents(case: Case) -> dict[str, Any]:
    """`ask_after`: until then nobody asks again by themselves (KYC-02)."""
    return {
        scope: {"decision": consent.decision, "at": consent.at}
        | ({} if consent.decision == "given" else {"ask_after": instant(parse_instant(consent.at) + ASK_AGAIN)})
        for scope, consent in case.consents.items()
    }


def _guardians(case: Case) -> dict[str, Any]:
    """`<child's party>:<scope>` -> what their guardian said."""
    return {
        name: {"guardian": said.guardian, "relation": said.relation, "decision": said.decision, "at": said.at}
        for name, said in case.guardians.items()
    }


def _reading(case: Case) -> dict[str, Any]:
    reading = case.reading
    return {
        "quoted": reading.quoted_at is not None,
        "screen": next(reversed(reading.screens), None),
        "seen": {key: {"visible_ms": seen.visible_ms, "end_seen": seen.end_seen} for key, seen in reading.seen.items()},
        "read": sorted(key.removeprefix("read:") for key in case.keys if key.startswith("read:")),
        "answered": dict(reading.answered),
        "attempts": dict(reading.attempts),
        "acknowledged": sorted(reading.acknowledged),
        "suitability": reading.suitability,
        "leaf": next(reversed(reading.leaves), None),
    }


def _identity(case: Case, identity: Identity) -> dict[str, Any]:
    challenge = identity.challenge
    return {
        "route": identity.route,
        "papers": {
            name: {"verdict": paper.verdict, "reasons": list(paper.reasons), "confirm": list(paper.doubtful)}
            for name, paper in identity.papers.items()
        },
        "confirmed": bool(identity.confirmed),
        "challenge": None
        if challenge is None or challenge.judged
        else {
            "id": challenge.id,
            "nonce": challenge.nonce,
            "actions": list(challenge.actions),
            "paper": challenge.paper,
            "colour": challenge.colour,
            "expires": challenge.expires,
            "frames": sorted(challenge.frames),
        },
        "attempts": [
            {"seq": attempt.seq, "at": attempt.at, "verdict": attempt.verdict, "reasons": list(attempt.reasons)}
            for attempt in identity.attempts
        ],
        "attempts_left": max(0, case.policy.route_tries - identity.tries),
        "comparisons": dict(identity.comparisons),
        "locked": list(identity.locked),
        "review": identity.review,
        "verified": None
        if identity.verified is None
        else {"strength": identity.verified.strength, "route": identity.verified.route, "at": identity.verified.at},
    }


def _for_staff(identity: Identity) -> dict[str, Any]:
    """Why a person has to look, what one decided, and who wants to see pictures."""
    reviewed = None if identity.reviewed is None else msgspec.to_builtins(identity.reviewed)
    return {"doubts": list(identity.doubts), "reviewed": reviewed, "pictures": _asks(identity)}


def _asks(identity: Identity) -> list[dict[str, Any]]:
    """Who of the staff wants to look at the papers, and whether another agreed."""
    return [
        {
            "id": name,
            "by": ask.by,
            "reason": ask.reason,
            "approved": ask.approved_by is not None,
            "approved_by": ask.approved_by,
            "reads": ask.reads,
        }
        for name, ask in identity.asks.items()
    ]


def _code(case: Case, party: str) -> dict[str, Any] | None:
    code = case.codes.get(f"sign:{party}")
    if code is None:
        return None
    return {
        "expires": code.expires,
        "verified": f"code:sign:{party}" in case.keys,
        "tries_left": max(0, case.policy.code_tries - code.tries),
    }
