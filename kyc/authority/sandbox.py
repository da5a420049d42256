"""Made-up people with forced answers, one for each reason code (CONVENTIONS 1, row 24). Refused in production."""

from evidence.events.identity import Check, Verdict
from kyc.authority import Answer, Basis, Question
from kyc.errors import AuthorityUnavailable

FORCED: dict[str, tuple[Check, Verdict, str]] = {
    "999911": ("person", "fail", "NAME_NUMBER_MISMATCH"),
    "999912": ("person", "fail", "NUMBER_NOT_FOUND"),
    "999913": ("person", "fail", "PERSON_DECEASED"),
    "999914": ("phone", "fail", "PHONE_MISMATCH"),
    "999915": ("bank_card", "fail", "CARD_MISMATCH"),
    "999916": ("face", "fail", "AUTHORITY_FACE_DIFFERS"),
    "999917": ("face", "review", "AUTHORITY_PORTRAIT_MISSING"),
    "999918": ("person", "review", "AUTHORITY_DOUBT"),
}
"""The region code of the number forces the answer. 999919: no answer comes."""

SILENT = "999919"


class SandboxAuthority:
    """Answers for specimens only; a number of a real region is not judged at all."""

    name = "sandbox"
    title = ("演示核查源（不向外传送）", "a demonstration source (nothing is sent)")
    basis: Basis = "sandbox"
    checks: frozenset[Check] = frozenset(("person", "phone", "bank_card", "face"))

    async def ask(self, question: Question) -> Answer:
        region = question.number[:6]
        if region == SILENT:
            raise AuthorityUnavailable("forced")
        if not region.startswith("99") or not question.name:
            return Answer(verdict="not_run", reasons=("SPECIMENS_ONLY",))
        check, verdict, reason = FORCED.get(region, (question.check, "pass", ""))
        # What is asked with a phone or a card is asked with name and number too.
        concerned = check == question.check or (check == "person" and question.check != "face")
        return Answer(verdict=verdict, reasons=(reason,)) if reason and concerned else Answer(verdict="pass")
