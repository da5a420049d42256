"""The thirteen steps, in order. The numbers are those of docs/BUNDLE.md section 7, of the code and of the reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evidence.errors import NotVerified
from evidence.verify import account, acts, bag, chain, container, documents, fields, files, log, policy, seals, time
from evidence.verify.chain import Chain
from evidence.verify.fields import MISMATCH, MISSING, Field
from evidence.verify.keys import IN_BUNDLES, LOG, NOBODY, SEAL, TSA_INDEPENDENT, TSA_LOCAL, TrustedKeys
from evidence.verify.report import FAILED, STEPS, Reason, Report, State, Step

# What a body of the wrong shape raises in code that reads plain values: the operator signed it, so it is a finding.
_MISSHAPEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)

Outcome = tuple[State, str, tuple[str, ...]]
"""State, plain English, reason codes."""


@dataclass
class _Desk:
    """What lies on the verifier's desk; each step adds what it proved."""

    data: bytes
    keys: TrustedKeys
    trust_bundle_keys: bool
    root: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    chain: Chain | None = None
    head: log.Head | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)

    @property
    def read(self) -> Chain:
        assert self.chain is not None
        return self.chain


def verify_bundle(data: bytes, keys: TrustedKeys, *, trust_bundle_keys: bool = False) -> Report:
    """Every step that can be run. Never raises for what is in `data`; blocking, so call it in a thread."""
    desk = _Desk(data, keys, trust_bundle_keys)
    steps: list[Step] = []
    reasons: list[Reason] = []
    first_bad: tuple[int, str] | None = None
    for n, (name, run) in enumerate(zip(STEPS, _RUN, strict=True), 1):
        # Without an archive, a complete bag and a whole chain the other steps have nothing to speak of.
        if any(step.state == "failed" for step in steps[:3]):
            steps.append(Step(n, name, "not_run"))
            continue
        try:
            state, detail, codes = run(desk)
        except NotVerified as error:
            state, detail, codes = "failed", error.detail, (FAILED[n - 1],)
            first_bad = first_bad or (n, str(error.facts.get("record", "")))
        except _MISSHAPEN as error:
            state, detail, codes = "failed", f"an event has another shape: {type(error).__name__}", (FAILED[n - 1],)
            first_bad = first_bad or (n, "")
        steps.append(Step(n, name, state, detail))
        reasons += [Reason(n, code) for code in codes]
    if desk.keys.from_bundle:
        reasons.insert(0, Reason(0, "KEYS_FROM_BUNDLE"))
    return Report(tuple(steps), tuple(reasons), tuple(desk.fields), first_bad, _facts(desk))


def _container(desk: _Desk) -> Outcome:
    desk.root, desk.files = container.read(desk.data)
    return "passed", f"{len(desk.files)} files in {desk.root}", ()


def _bag(desk: _Desk) -> Outcome:
    if desk.trust_bundle_keys:
        own = {name: desk.files[f"keys/{name}"] for name in IN_BUNDLES if f"keys/{name}" in desk.files}
        policy = None if desk.keys.policy is NOBODY else desk.keys.policy
        desk.keys = TrustedKeys.of(own, True, policy, desk.keys.tsa_policies)
    bag.check(desk.files, desk.keys)
    return "passed", "complete, nothing else inside", ()


def _chain(desk: _Desk) -> Outcome:
    desk.chain = chain.read(desk.root, desk.files)
    events, around = len(desk.chain.records), len(desk.chain.contexts)
    return "passed", f"{events} events in {len(desk.chain.segments)} segments, {around} streams around them", ()


def _log(desk: _Desk) -> Outcome:
    if LOG not in desk.keys.files:
        return "indeterminate", "no log key given", ("NO_TRUSTED_KEY",)
    desk.head = log.check(desk.read, desk.files, desk.keys)
    at = desk.head.checkpoint
    return "passed", f"entry {desk.head.index} of {at.size} in {at.origin}", ()


def _seals(desk: _Desk) -> Outcome:
    if SEAL not in desk.keys.files:
        return "indeterminate", "no seal key given", ("NO_TRUSTED_KEY",)
    desk.digests = seals.check(desk.read, desk.files, desk.keys)
    return "passed", f"{len(desk.read.segments) - 1} seals", ()


def _time(desk: _Desk) -> Outcome:
    time.covered(desk.read, desk.files)
    if not (desk.keys.roots(TSA_LOCAL) or desk.keys.roots(TSA_INDEPENDENT)):
        return "indeterminate", "no root of a time authority given", ("NO_TRUSTED_KEY",)
    try:
        found = time.check(desk.read, desk.files, desk.keys)
    except time.NotEvaluatedError:
        return "indeterminate", "the full extra is not installed", ("TIME_NOT_EVALUATED",)
    detail = f"{found.independent} independent and {found.local} of the operator's own, of {found.covered}"
    if found.code:
        return "indeterminate", detail, (found.code,)
    return "passed", detail, ()


def _disclosures(desk: _Desk) -> Outcome:
    found = fields.disclosures(desk.read, desk.files)
    desk.fields += found
    for item in found:
        if item.state in (MISMATCH, MISSING):
            what = "is missing" if item.state == MISSING else "is open although it was erased"
            raise NotVerified(f"{item.place.path} {what}", record=f"event {item.place.seq}")
    return "passed", _count(found), ()


def _files(desk: _Desk) -> Outcome:
    found = fields.media(desk.read, desk.files)
    desk.fields += found
    detail, absent = files.check(desk.read, desk.files, found)
    return ("indeterminate", detail, ("NOTICE_WITHHELD",)) if absent else ("passed", detail, ())


def _documents(desk: _Desk) -> Outcome:
    found = fields.documents(desk.read, desk.files)
    desk.fields += found
    papers = documents.check(desk.read, desk.files, found, desk.digests, desk.keys)
    detail = f"{_count(found)}; {papers.signed} signed" + (", by a test certificate" if papers.test else "")
    if papers.code:
        return "indeterminate", detail, (papers.code,)
    return "passed", detail, ()


def _acts(desk: _Desk) -> Outcome:
    signed, captured = acts.check(desk.read, desk.fields)
    return "passed", f"{signed} acts and {captured} captures signed by the customer's own key", ()


def _policy(desk: _Desk) -> Outcome:
    return "passed", policy.check(desk.read), ()


def _account(desk: _Desk) -> Outcome:
    if LOG not in desk.keys.files:
        return "indeterminate", "names the log's head, which was not judged", ("NO_TRUSTED_KEY",)
    if desk.head is None:
        return "not_run", "names the log's head, which does not hold", ()
    desk.fields.sort(key=fields.chain_order(desk.read))
    account.check(desk.read, desk.files, desk.fields, desk.head)
    return "passed", "timeline and guide made again, equal", ()


def _witness(desk: _Desk) -> Outcome:
    if desk.head is None:
        return "not_run", "no checkpoint to witness", ()
    who = log.check_witnessed(desk.head, desk.keys)
    if who is None:
        return "indeterminate", "no witness of the auditor's policy signed", ("NO_WITNESS",)
    return "passed", who, ()


_RUN: tuple[Callable[[_Desk], Outcome], ...] = (
    _container,
    _bag,
    _chain,
    _log,
    _seals,
    _time,
    _disclosures,
    _files,
    _documents,
    _acts,
    _policy,
    _account,
    _witness,
)


def _count(found: list[Field]) -> str:
    states: dict[str, int] = {}
    for item in found:
        states[item.state] = states.get(item.state, 0) + 1
    return ", ".join(f"{number} {state}" for state, number in sorted(states.items())) or "nothing to open"


def _facts(desk: _Desk) -> dict[str, Any] | None:
    if desk.chain is None:
        return None
    return {
        "id": desk.chain.stream,
        "mode": desk.chain.mode,
        "input_origin": desk.chain.input_origin,
        "events": len(desk.chain.records),
        "seals": len(desk.chain.segments) - 1,
        "log_size": desk.head.checkpoint.size if desk.head else None,
    }
