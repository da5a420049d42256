"""The papers this house can read: their proportions, how each is parsed, and which make one identity document."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from evidence.events.identity import PaperKind
from kyc import document as resident
from kyc.papers import agree, bankcard, passport, permits
from kyc.papers.lines import Field, Line, Reading
from kyc.papers.straighten import BOOKLET, CARD

Place = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the straightened paper."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`portrait`: where no text is. `strips`: rows to read again, whole, when a field was not found.

    `read` is None for a picture of which only quality is said. `grey`: such papers may well have no colour.
    """

    read: Callable[[Sequence[Line]], Reading] | None
    settle: Callable[[dict[str, Field]], Reading] = Reading
    proportion: float = CARD
    portrait: Place | None = None
    strips: tuple[Place, ...] = ()
    grey: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """What identifies a person: every side of it, and every field that the person confirms."""

    sides: tuple[PaperKind, ...]
    fields: tuple[str, ...]
    mistakes: Callable[[dict[str, str]], tuple[str, ...]]
    agree: Callable[[Mapping[str, str]], tuple[str, ...]] | None = None
    authority: bool = False  # name and number can be asked of the authority; else a person looks at it

    @property
    def portrait(self) -> PaperKind:
        return self.sides[0]


# GA 490-2013: rows of the resident identity card.
_FRONT_ROWS = (
    (0.05, 0.09, 0.64, 0.19),
    (0.05, 0.215, 0.64, 0.305),
    (0.05, 0.335, 0.64, 0.42),
    (0.05, 0.82, 0.97, 0.91),
)
_BACK_ROWS = ((0.16, 0.69, 0.97, 0.78), (0.16, 0.82, 0.97, 0.91))
_RIGHT = (0.645, 0.1, 1.0, 0.78)

KINDS: dict[PaperKind, Kind] = {
    "cn_id_front": Kind(resident.read_front, resident.settle_front, portrait=_RIGHT, strips=_FRONT_ROWS),
    "cn_id_back": Kind(resident.read_back, resident.settle_back, strips=_BACK_ROWS),
    "passport": Kind(passport.read, proportion=BOOKLET),
    "hk_mo_permit": Kind(permits.read_hk_mo),
    "tw_permit": Kind(permits.read_tw),
    "hmt_residence_front": Kind(permits.read_residence_front, permits.settle_residence, portrait=_RIGHT),
    "hmt_residence_back": Kind(permits.read_residence_back),
    "foreign_pr": Kind(permits.read_foreign),
    "bank_card": Kind(bankcard.read, grey=True),
    "image": Kind(None, grey=True),
}

DOCUMENTS: dict[str, Document] = {
    "cn_id": Document(
        sides=("cn_id_front", "cn_id_back"),
        fields=resident.FIELDS,
        mistakes=resident.mistakes,
        agree=agree.resident,
        authority=True,
    ),
    "hmt_residence": Document(
        sides=("hmt_residence_front", "hmt_residence_back"),
        fields=permits.RESIDENCE_FRONT + permits.RESIDENCE_BACK,
        mistakes=partial(
            permits.mistakes,
            wanted=permits.RESIDENCE_FRONT + permits.RESIDENCE_BACK,
            number=re.compile(r"8[123]0000\d{11}[\dX]"),
        ),
        agree=agree.residence,
        authority=True,
    ),
    "hk_mo_permit": Document(
        sides=("hk_mo_permit",),
        fields=permits.TRAVEL,
        mistakes=partial(permits.mistakes, wanted=permits.TRAVEL, number=re.compile(r"[HM]\d{8}")),
    ),
    "tw_permit": Document(
        sides=("tw_permit",),
        fields=permits.TRAVEL,
        mistakes=partial(permits.mistakes, wanted=permits.TRAVEL, number=re.compile(r"\d{8}")),
    ),
    "passport": Document(sides=("passport",), fields=passport.FIELDS, mistakes=passport.mistakes),
    "foreign_pr": Document(
        sides=("foreign_pr",),
        fields=permits.FOREIGN,
        mistakes=partial(permits.mistakes, wanted=permits.FOREIGN, number=re.compile(r"9\d{16}[\dX]")),
    ),
}
DEFAULT = ("cn_id",)  # where the policy names none
PORTRAITS = frozenset(document.portrait for document in DOCUMENTS.values())
