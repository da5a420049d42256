"""Outside sources that know whether a name and a number belong together, behind one port (KYC-08).

There is no adapter to a public-security source in this repository. Without one the record says that nobody was asked;
it never says `verified by authority`. The sandbox adapter answers for specimens only and is refused in production.
"""

from typing import Literal, Protocol

from evidence.events import Frozen
from evidence.events.identity import Verdict
from kyc.errors import AuthorityUnavailable


class Answer(Frozen, frozen=True, kw_only=True):
    verdict: Verdict
    reasons: tuple[str, ...] = ()


class Authority(Protocol):
    """`name` is sealed as the source; `basis` says whether it is a real one."""

    @property
    def name(self) -> str: ...

    @property
    def basis(self) -> Literal["authority", "sandbox"]: ...

    async def check(self, name: str, number: str) -> Answer:
        """Whether they belong together. AuthorityUnavailable when no answer came; never a guess."""
        ...


FORCED: dict[str, tuple[Verdict, str]] = {
    "999911": ("fail", "NAME_NUMBER_MISMATCH"),
    "999912": ("fail", "NUMBER_NOT_FOUND"),
    "999913": ("fail", "PERSON_DECEASED"),
}
"""Made-up people: the region code of the number forces the answer (CONVENTIONS 1, row 24). 999919: no answer comes."""

SILENT = "999919"


class SandboxAuthority:
    """Made-up people with forced results; a number of a real region is not judged at all."""

    name = "sandbox"
    basis: Literal["authority", "sandbox"] = "sandbox"

    async def check(self, name: str, number: str) -> Answer:
        region = number[:6]
        if region == SILENT:
            raise AuthorityUnavailable("forced")
        if not region.startswith("99") or not name:
            return Answer(verdict="not_run", reasons=("SPECIMENS_ONLY",))
        verdict, reason = FORCED.get(region, ("pass", ""))
        return Answer(verdict=verdict, reasons=(reason,) if reason else ())
