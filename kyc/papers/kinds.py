"""The papers this house can read: their proportions, how each is parsed, and which make one identity document."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evidence.events.identity import PaperKind
from kyc import document
from kyc.papers.lines import Field, Line, Reading
from kyc.papers.straighten import CARD

Place = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the straightened paper."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`portrait`: where no text is. `strips`: rows to read again, whole, when a field was not found."""

    read: Callable[[Sequence[Line]], Reading]
    settle: Callable[[dict[str, Field]], Reading] = Reading
    proportion: float = CARD
    portrait: Place | None = None
    strips: tuple[Place, ...] = ()


# GA 490-2013: rows of the resident identity card.
_FRONT_ROWS = (
    (0.05, 0.09, 0.64, 0.19),
    (0.05, 0.215, 0.64, 0.305),
    (0.05, 0.335, 0.64, 0.42),
    (0.05, 0.82, 0.97, 0.91),
)
_BACK_ROWS = ((0.16, 0.69, 0.97, 0.78), (0.16, 0.82, 0.97, 0.91))

KINDS: dict[PaperKind, Kind] = {
    "cn_id_front": Kind(
        document.read_front,
        document.settle_front,
        portrait=(0.645, 0.1, 1.0, 0.78),
        strips=_FRONT_ROWS,
    ),
    "cn_id_back": Kind(document.read_back, document.settle_back, strips=_BACK_ROWS),
}
