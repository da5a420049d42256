"""Events of what the law asks of whoever processes faces: assessments and filings, in the tenant's stream."""

from typing import Annotated, ClassVar, Literal

import msgspec

from evidence.events.envelope import Body, Sha256

Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class AssessmentRegistered(Body, frozen=True, kw_only=True):
    """An impact assessment of face processing (影响评估, PIPL art. 55-56): counts once a second person agreed.

    `owner`: the post that answers for it, not a person's name.
    """

    TYPE: ClassVar[str] = "duty.assessment_registered/1"
    tenant: str
    assessment: str
    dated: Day
    owner: str
    sha256: Sha256  # of the document, which stays with its owner for three years at least


class AssessmentApproved(Body, frozen=True, kw_only=True):
    """By another person than the one who registered it."""

    TYPE: ClassVar[str] = "duty.assessment_approved/1"
    assessment: str


class AssessmentOutdated(Body, frozen=True, kw_only=True):
    """What was assessed is no longer what is done: no new face is processed until a new assessment counts (KYC-16)."""

    TYPE: ClassVar[str] = "duty.assessment_outdated/1"
    assessment: str
    cause: Literal["purpose_changed", "method_changed", "incident"]


class FilingOpened(Body, frozen=True, kw_only=True):
    """Faces of this many persons are stored: the processor has to file (人脸识别技术应用安全管理办法 art. 15).

    `due`: thirty working days on, counted by weekends alone; public holidays only make it later.
    """

    TYPE: ClassVar[str] = "duty.filing_opened/1"
    tenant: str
    persons: int
    limit: int
    due: Day


class FilingDone(Body, frozen=True, kw_only=True):
    TYPE: ClassVar[str] = "duty.filing_done/1"
    reference: str
