"""What may happen to identity papers: captured, read, confirmed by the customer field by field."""

from collections.abc import Mapping

from evidence.case import Case
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
from evidence.events.identity import ReadField, Score, Verdict
from kyc.commands import CapturePaper
from kyc.errors import PaperMissing
from kyc.rules import DataFact, consented, customer, doubts, held, to_a_reviewer, understood

PAPERS = ("cn_id_front", "cn_id_back")
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


class ReadFact(Frozen, frozen=True, kw_only=True):
    """What was read from a paper."""

    media: Media
    fields: dict[str, ReadField]
    findings: tuple[str, ...]
    scores: tuple[Score, ...]


def admit_paper(case: Case, stamp: Stamp) -> Party:
    """Before any byte of the picture is looked at."""
    party, _ = customer(case, stamp)
    consented(case, "privacy")
    understood(case)
    return party


def capture_paper(case: Case, command: CapturePaper, read: ReadFact, stamp: Stamp) -> tuple[Body, ...]:
    party = admit_paper(case, stamp)
    verdict: Verdict = "pass"
    if read.findings:
        verdict = "fail" if RETAKE & set(read.findings) else "review"
    return (
        PaperCaptured(
            party=party,
            paper=command.paper,
            media=read.media,
            source=command.source,
            withdraws=held(case, party),
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


def admit_confirmation(case: Case, stamp: Stamp) -> Party:
    party = admit_paper(case, stamp)
    papers = case.identity_of(party).papers
    missing = tuple(name for name in PAPERS if name not in papers or papers[name].verdict not in {"pass", "review"})
    if missing:
        raise PaperMissing(papers=missing)
    return party


def confirm(
    case: Case,
    fields: Mapping[str, Commitment],
    corrected: tuple[str, ...],
    passed: bool,
    data: DataFact | None,
    stamp: Stamp,
) -> tuple[Body, ...]:
    """What the customer says of each field. A correction is seen by a person (KYC-11), and so is whoever the
    screening did not let pass."""
    party = admit_confirmation(case, stamp)
    confirmed = PaperConfirmed(party=party, fields=dict(fields), corrected=corrected, withdraws=held(case, party))
    if case.identity_of(party).route == "assisted":
        return (confirmed, *to_a_reviewer(party, data, doubts(corrected, passed)))
    reasons = doubts(corrected, passed)
    return (confirmed, ReviewRequested(party=party, reasons=reasons)) if reasons else (confirmed,)
