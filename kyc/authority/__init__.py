"""Outside sources that know whether a name, a number, a phone or a face belong together, behind one port (KYC-08).

No adapter to a particular public-security or carrier service stands in this repository: `http` speaks a documented
shape (docs/AUTHORITY.md) that a deployer's gateway answers with signatures. Without a source the record says that
nobody was asked; it never says `verified by authority`.
"""

from typing import Literal, Protocol

from evidence.events import Frozen
from evidence.events.identity import Check, Verdict

Basis = Literal["authority", "sandbox"]

REASONS = (
    "NAME_NUMBER_MISMATCH",
    "NUMBER_NOT_FOUND",
    "PERSON_DECEASED",
    "PHONE_MISMATCH",
    "CARD_MISMATCH",
    "AUTHORITY_FACE_DIFFERS",
    "AUTHORITY_PORTRAIT_MISSING",
    "AUTHORITY_DOUBT",
)
"""The closed list an answer may give; an answer with another one is no answer."""


class Question(Frozen, frozen=True, kw_only=True):
    """`person`: name and number. `phone`: with the phone the codes went to. `bank_card`: with phone and card number.
    `face`: a JPEG of the live face, and only with a consent to its transfer (KYC-14).
    """

    check: Check
    name: str
    number: str
    phone: str = ""
    card: str = ""
    face: bytes = b""


class Answer(Frozen, frozen=True, kw_only=True):
    """`signed`: the source's own signed words, kept as evidence; empty where it signs nothing (the sandbox)."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    signed: bytes = b""


class Authority(Protocol):
    """`name` is sealed as the source; `basis` says whether it is a real one; `checks`: what it can be asked."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> tuple[str, str]:
        """What people are told it is called, in Chinese and English."""
        ...

    @property
    def basis(self) -> Basis: ...

    @property
    def checks(self) -> frozenset[Check]: ...

    async def ask(self, question: Question) -> Answer:
        """Whether they belong together. AuthorityUnavailable when no usable answer came; never a guess."""
        ...
