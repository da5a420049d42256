"""What an exhibit is: a bundle, one sentence about it, what an auditor brings, and what he must find."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from evidence import events as happened
from evidence.bundle import Extras
from evidence.custody import stream_of
from evidence.events import Body, Retention
from evidence.keyring import OPERATOR
from evidence.verify.report import Verdict
from tests.museum.stories import (
    Choice,
    Edit,
    another,
    assisted,
    becomes,
    consent_withdrawn,
    declined,
    erased_later,
    exported,
    far_into_the_log,
    opened_only,
    rotated,
    told,
    under_sm4,
)
from tests.museum.worlds import OUTSIDERS, Witness, room
from tests.proof.story import KEYS, Told

Keys = Mapping[str, bytes]
Stage = Mapping[str, Told]


@dataclass(frozen=True)
class Made:
    """`keys`: the auditor's copies by file name. `policy`: his own policy file (docs/BUNDLE.md section 10)."""

    bundle: bytes
    keys: Keys
    policy: bytes | None = None


def quorum(members: str, needed: int | str, *witnesses: Witness) -> bytes:
    """A policy file: these witnesses, `needed` of the `members` must have signed."""
    named = "".join(f"witness w{number} {witness.public.vkey}\n" for number, witness in enumerate(witnesses, 1))
    return f"{named}group outsiders {needed} {members}\nquorum outsiders\n".encode()


@dataclass(frozen=True)
class Exhibit:
    """`first_bad`: (step, record) of the first failure. `reasons`: codes of what is undecided.

    `core`: the first failure for a verifier that evaluates neither time stamps nor PDF signatures, where it differs;
    (0, "") is none.
    """

    name: str
    zh: str
    en: str
    make: Callable[[Stage], Made]
    verdict: Verdict = "TOTAL-FAILED"
    first_bad: tuple[int, str] | None = None
    reasons: tuple[str, ...] = ()
    core: tuple[int, str] | None = None
    trust_bundle_keys: bool = False


PRODUCTION: dict[type[Body], Edit] = {
    happened.CaseOpened: becomes(mode="production"),
    happened.DocumentSigned: lambda body: becomes(certificate=becomes(production=True)(body.certificate))(body),
}


def opening(*classes: Retention) -> Choice:
    def choice(extras: Extras) -> Extras:
        return replace(extras, open=frozenset(classes))

    return choice


async def stage() -> Stage:
    """The stories that exhibits are made from. `demo`: the sandbox. `firm`: time and witnesses are outsiders."""
    firm = room(outside=True)
    found = {"demo": await told(room()), "firm": await told(firm)}
    found["contract only"] = await exported(firm, found["firm"].teller, opening("contract"))
    found["nothing open"] = await exported(firm, found["firm"].teller, opening())
    await found["firm"].teller.export()
    found["firm later"] = await exported(firm, found["firm"].teller)
    found["other case"] = await another(firm)
    alone = room(outside=True, witnesses=())
    found["unwitnessed"] = await told(alone)
    found["own time"] = await told(room(witnesses=OUTSIDERS))
    for name, plot in {
        "opened only": opened_only,
        "declined": declined,
        "consent withdrawn": consent_withdrawn,
        "assisted": assisted,
        "erased": erased_later,
        "far": far_into_the_log,
    }.items():
        found[name] = await told(room(outside=True), plot)
    found["production"] = await told(room(outside=True), edits=PRODUCTION)
    chinese = room(outside=True, suite="chinese")
    tenant = stream_of(OPERATOR)
    found["chinese"] = await told(chinese, under_sm4, choice=lambda extras: replace(extras, context=(KEYS, tenant)))
    found["rotated"] = await told(room(outside=True), rotated)
    found["one witness"] = await told(room(outside=True, witnesses=OUTSIDERS[:1]))
    return found
