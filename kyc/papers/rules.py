"""What may happen to identity papers: captured, read, confirmed by the customer field by field."""

from collections.abc import Mapping

from evidence.case import Case
from evidence.case.identity import SUPPORTING
from evidence.events import (
    Body,
    Commitment,
    Frozen,
    Media,
    PaperCaptured,
    PaperConfirmed,
    PaperRead,
    Party,
    ReviewRequested,
    Stamp,
)
from evidence.events.identity import PaperKind, ReadField, Score, Verdict
from kyc.commands import CapturePaper
from kyc.errors import PaperMissing, PaperNotAccepted
from kyc.papers.kinds import DEFAULT, DOCUMENTS, Document
from kyc.rules import DataFact, consented, customer, doubts, held, to_a_reviewer, understood

RETAKE = frozenset(
    (
        "PAPER_NOT_RECOGNISED",
        "WRONG_SIDE",
        "NUMBER_WRONG",
        "CHECK_DIGIT_WRONG",
        "PAPER_CROPPED",
        "PAPER_TOO_FAR",
        "TOO_DARK",
        "BLURRED",
        "GLARE",
        "PHOTOCOPY",
        "PORTRAIT_MISSING",
        "PAPER_EXPIRED",
        "PAPER_NOT_YET_VALID",
        "NUMBER_UNASSIGNED",
    )
)
DISAGREE = (
    "SEX_DIFFERS",
    "BIRTH_DIFFERS",
    "REGION_UNKNOWN",
    "VALIDITY_IMPLAUSIBLE",
    "SIDES_DIFFER",
    "ZONES_DIFFER",
    "SCREEN_RECAPTURE",
)
"""Findings that the customer cannot settle: a person looks (KYC-11)."""


class ReadFact(Frozen, frozen=True, kw_only=True):
    """What was read from a paper."""

    media: Media
    fields: dict[str, ReadField]
    findings: tuple[str, ...]
    scores: tuple[Score, ...]


class ConfirmedFact(Frozen, frozen=True, kw_only=True):
    """What was said, what of it was not so read, and what does not belong together.

    `passed`: screening let the person pass.
    """

    fields: dict[str, Commitment]
    corrected: tuple[str, ...]
    findings: tuple[str, ...]
    passed: bool
    data: DataFact | None


def allowed(case: Case, party: Party) -> tuple[str, ...]:
    """Documents and supporting papers that this party may show, by the policy of the case."""
    return case.policy.papers.get(party) or DEFAULT


def admit_paper(case: Case, paper: PaperKind | None, stamp: Stamp) -> Party:
    """Before any byte of the picture is looked at. `paper`: None where none is shown."""
    party, _ = customer(case, stamp)
    consented(case, "privacy")
    understood(case)
    names = allowed(case, party)
    sides = {side for name in names if name in DOCUMENTS for side in DOCUMENTS[name].sides}
    if paper is not None and paper not in sides | (set(SUPPORTING) & set(names)):
        raise PaperNotAccepted(accepted=tuple(names))
    return party


def capture_paper(case: Case, command: CapturePaper, read: ReadFact, stamp: Stamp) -> tuple[Body, ...]:
    """A new picture of the document ends what was confirmed about the old one; a supporting paper does not."""
    party = admit_paper(case, command.paper, stamp)
    verdict: Verdict = "pass"
    if read.findings:
        verdict = "fail" if RETAKE & set(read.findings) else "review"
    return (
        PaperCaptured(
            party=party,
            paper=command.paper,
            media=read.media,
            source=command.source,
            withdraws=() if command.paper in SUPPORTING else held(case, party),
        ),
        PaperRead(
            party=party,
            paper=command.paper,
            verdict=verdict,
            reasons=read.findings,
            fields=read.fields,
            scores=read.scores,
        ),
    )


def document_of(case: Case, party: Party) -> Document | None:
    """The first document of the policy of which every side was read well enough."""
    papers = case.identity_of(party).papers
    for name in allowed(case, party):
        sides = DOCUMENTS[name].sides if name in DOCUMENTS else ()
        if sides and all(side in papers and papers[side].verdict in {"pass", "review"} for side in sides):
            return DOCUMENTS[name]
    return None


def admit_confirmation(case: Case, stamp: Stamp) -> tuple[Party, Document]:
    party = admit_paper(case, None, stamp)
    document = document_of(case, party)
    if document is None:
        papers = case.identity_of(party).papers
        first = next(DOCUMENTS[name] for name in (*allowed(case, party), *DEFAULT) if name in DOCUMENTS)
        missing = (side for side in first.sides if side not in papers or papers[side].verdict == "fail")
        raise PaperMissing(papers=tuple(missing))
    return party, document


def confirm(case: Case, fact: ConfirmedFact, stamp: Stamp) -> tuple[Body, ...]:
    """What the customer says of each field. A correction is seen by a person (KYC-11), and so is what does not belong
    together, what no authority can be asked about, and whoever the screening did not let pass."""
    party, document = admit_confirmation(case, stamp)
    confirmed = PaperConfirmed(party=party, fields=fact.fields, corrected=fact.corrected, withdraws=held(case, party))
    said = {reason for side in document.sides for reason in case.identity_of(party).papers[side].reasons}
    reasons = (
        *doubts(fact.corrected, fact.passed),
        *(code for code in DISAGREE if code in said or code in fact.findings),
    )
    if case.identity_of(party).route == "assisted":
        return (confirmed, *to_a_reviewer(party, fact.data, reasons))
    if not document.authority:
        reasons = (*reasons, "AUTHORITY_NOT_ASKED")
    return (confirmed, ReviewRequested(party=party, reasons=reasons)) if reasons else (confirmed,)


def readable(fields: Mapping[str, object]) -> tuple[str, ...]:
    """Names in the order of the document they belong to."""
    order = [name for document in DOCUMENTS.values() for name in document.fields]
    return tuple(sorted(fields, key=lambda name: order.index(name) if name in order else len(order)))
