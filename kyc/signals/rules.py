"""Facts to outcome: pure, explainable, the same for the same facts and rules (API-12).

Rules are data (`risk-rules/1`), known by the hash of their file; the version in force can change while the service
runs, and every version that decided stands in the log in full.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from evidence import decode
from evidence.errors import Error
from evidence.events import Frozen, Sha256
from evidence.events.risk import Outcome, RiskRule
from kyc.signals.errors import RulesInvalid

FACTS: dict[str, str] = {
    "persons_per_device": "persons, this one too, confirmed with this browser key today",
    "persons_per_phone": "persons, this one too, confirmed over this phone number today",
    "persons_per_network": "persons, this one too, confirmed from this network address today",
    "agent_network": "1: a member of staff signed in from this network address in the last 32 hours",
    "agent_browser": "1: and with the very same browser description",
    "faces_alike": "kept faces of other persons, by number, that are as alike as the bar (at most ten are counted)",
    "face_search_refused": "1: looking for the face under other numbers was not agreed to",
    "place_mocked": "1: the phone said that the fix is made up",
    "place_zero": "1: latitude and longitude 0, which is where broken receivers are",
    "place_speed_kmh": "fastest way between two fixes of the case, kilometres an hour",
}
PLACES = frozenset(name for name in FACTS if name.startswith("place_"))
FACES = frozenset(("faces_alike", "face_search_refused"))
STRICTNESS: tuple[Outcome, ...] = ("allow", "step_up", "manual", "deny")
LATE = "FACTS_LATE"


class RulesFile(Frozen, frozen=True, kw_only=True):
    """What the file says."""

    format: Literal["risk-rules/1"]
    version: str
    rules: tuple[RiskRule, ...]


class Rules(Frozen, frozen=True, kw_only=True):
    """As loaded: `sha256` over the file's bytes names the version."""

    version: str
    sha256: Sha256
    rules: tuple[RiskRule, ...]


class Decision(Frozen, frozen=True, kw_only=True):
    outcome: Outcome
    reasons: tuple[str, ...] = ()


def load(data: bytes) -> Rules:
    """RulesInvalid says what is wrong: an unknown fact, a rule without a condition, or one that would hold somebody up
    for a place alone, which proves nothing (CONVENTIONS 3, row 11), or refuse somebody by a face (KYC-18).
    """
    try:
        said = decode.convert(decode.parse(data), RulesFile)
    except Error as error:
        raise RulesInvalid(f"{error.code}: {error}") from None
    for rule in said.rules:
        facts = {condition.fact for condition in rule.when}
        if not facts or facts - FACTS.keys():
            raise RulesInvalid(f"rule {rule.reason}: unknown fact, or none")
        if facts <= PLACES and rule.then != "allow":
            raise RulesInvalid(f"rule {rule.reason}: a place alone may only be noted")
        if facts & FACES and rule.then == "deny":
            raise RulesInvalid(f"rule {rule.reason}: a face never refuses anybody, a person looks")
    return Rules(version=said.version, sha256=hashlib.sha256(data).hexdigest(), rules=said.rules)


def decide(facts: Mapping[str, int], rules: Iterable[RiskRule], late: bool = False) -> Decision:
    """The strictest rule that holds. A fact nobody knows holds nothing; `late` facts are at least a step up."""
    held = [rule for rule in rules if all(facts.get(one.fact, 0) > one.over for one in rule.when)]
    outcomes: list[Outcome] = [rule.then for rule in held]
    reasons = tuple(dict.fromkeys(rule.reason for rule in held))
    if late:
        outcomes.append("step_up")
        reasons = (*reasons, LATE)
    return Decision(outcome=max(outcomes, key=STRICTNESS.index, default="allow"), reasons=reasons)
