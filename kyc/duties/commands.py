"""What an admin may record. Each struct is the HTTP body."""

from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Sha256
from evidence.events.duties import Day

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class RegisterAssessment(Frozen, frozen=True, kw_only=True):
    """`owner`: the post that answers for it, e.g. 个人信息保护负责人; no person's name. `sha256`: of the document."""

    assessment: Name
    dated: Day
    owner: Annotated[str, msgspec.Meta(min_length=2, max_length=60)]
    sha256: Sha256


class ApproveAssessment(Frozen, frozen=True, kw_only=True):
    assessment: Name


class OutdateAssessment(Frozen, frozen=True, kw_only=True):
    assessment: Name
    cause: Literal["purpose_changed", "method_changed", "incident"]


class RecordFiling(Frozen, frozen=True, kw_only=True):
    reference: Name
