"""Who decides for a child under 14, and what follows: pure.

The guardian is another party of the same case, verified there and of age; that they are the guardian is their own word,
sealed with the relation, and for the person who looks at the case to check.
"""

from evidence.case import Case
from evidence.errors import NotAllowed
from evidence.events import Body, GuardianDecided, Party, RouteChosen, Stamp
from evidence.events.cases import GuardianScope
from kyc.errors import ConsentNotGiven, GuardianNeeded, NoticeChanged, NoticeNotShown, PartyAbsent
from kyc.guardian.commands import DecideAsGuardian
from kyc.guardian.errors import GuardianUnverified
from kyc.rules import customer, doubts, erasure, person, to_a_reviewer

CHILD = 14  # years; PIPL art. 31, KYC-02
OF_AGE = 18  # 民法典 art. 17
NOTICE = "guardian"


def needed(case: Case, party: Party, scope: GuardianScope, age: int) -> None:
    """GuardianNeeded for a child whose guardian did not agree to just this."""
    if age < CHILD and not agreed(case, party, scope):
        raise GuardianNeeded()


def undisputed(case: Case, party: Party, scope: GuardianScope) -> None:
    """GuardianNeeded where a guardian said no: also to what began while they still agreed."""
    if f"{party}:{scope}" in case.guardians and not agreed(case, party, scope):
        raise GuardianNeeded()


def agreed(case: Case, party: Party, scope: GuardianScope) -> bool:
    said = case.guardians.get(f"{party}:{scope}")
    return said is not None and said.decision == "given"


def admit(case: Case, command: DecideAsGuardian, stamp: Stamp) -> Party:
    """Who decides. A withdrawal is possible at any time, the rest while the case is open."""
    party, _ = (person if command.decision == "withdrawn" else customer)(case, stamp)
    if command.party not in case.people:
        raise PartyAbsent("no such party")
    if command.party == party:
        raise NotAllowed("nobody is their own guardian")
    if case.identity_of(party).verified is None:
        raise GuardianUnverified("not verified in this case")
    return party


def decide(case: Case, command: DecideAsGuardian, current: str, age: int, stamp: Stamp) -> tuple[Body, ...]:
    """`age`: of the guardian, today. `current`: hash of the notice as it is now.

    A refusal of the face leads to the equal way without one; a withdrawal also erases what waits for a decision.
    """
    guardian = admit(case, command, stamp)
    if age < OF_AGE:
        raise GuardianUnverified("under age")
    if command.decision == "withdrawn":
        if not agreed(case, command.party, command.scope):
            raise ConsentNotGiven(scope=command.scope)
    elif case.notices.get(NOTICE) != command.text_sha256:
        raise NoticeNotShown(scope=NOTICE)
    elif command.text_sha256 != current:
        raise NoticeChanged(scope=NOTICE)
    said = GuardianDecided(
        party=command.party,
        guardian=guardian,
        scope=command.scope,
        relation=command.relation,
        decision=command.decision,
        text_sha256=command.text_sha256,
    )
    if command.decision == "given":
        return (said,)
    erased = erasure(case, command.party, "KYC-17") if command.scope == "face" else ()
    return (said, *erased, *_without_a_face(case, command))


def _without_a_face(case: Case, command: DecideAsGuardian) -> tuple[Body, ...]:
    child = case.identity_of(command.party)
    if command.scope != "face" or child.route != "face" or child.verified is not None or case.state != "open":
        return ()
    chosen = RouteChosen(party=command.party, route="assisted")
    if not child.confirmed:
        return (chosen,)
    return (chosen, *to_a_reviewer(command.party, None, doubts(child.corrected)))
