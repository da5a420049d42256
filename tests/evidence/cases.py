"""Small true events for tests of the store: what a case needs to begin, and something that can happen to it often."""

from datetime import datetime

from evidence.events import Actor, Body, CaseOpened, ConsentGiven, Head, NoticeShown, Stamp, line_hash
from evidence.ledger import written
from evidence.policy import Policy, ProductRef, SignaturePlan, Step
from tests.evidence.fakes import NOON

TEXT = "0f" * 32  # the SHA-256 of some notice
CUSTOMER = Actor(id="cus_li", role="customer", session="ses_li")
AGENT = Actor(id="staff_wang", role="agent")


def policy() -> Policy:
    return Policy(
        product=ProductRef(
            id="term_life_demo",
            version=1,
            kind="term_life",
            full="ab" * 32,
            names={"zh-CN": "定期寿险", "en": "Term life"},
        ),
        steps=(
            Step(name="read", yields=("read:c2.5",)),
            Step(name="sign", needs=("read:c2.5",), yields=("signed:proposer:application",)),
        ),
        identity={"proposer": "K3"},
        signatures=(SignaturePlan(party="proposer", document="application"),),
    )


def opened() -> CaseOpened:
    return CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=AGENT.id)


def notice(scope: str = "privacy") -> NoticeShown:
    return NoticeShown(scope=scope, locale="zh-CN", text_sha256=TEXT)


def consent(scope: str = "privacy") -> ConsentGiven:
    return ConsentGiven(scope=scope, text_sha256=TEXT)


def stamp(cmd: str = "", at: datetime = NOON, actor: Actor = CUSTOMER) -> Stamp:
    return Stamp(actor=actor, at=at, cmd=cmd)


def chain(stream: str, *bodies: Body, after: Head | None = None) -> list[bytes]:
    """The exact lines of `bodies`, as the ledger would write them."""
    return [event.line for event in written(stream, after or Head(), bodies, stamp())]


def head(lines: list[bytes]) -> Head:
    return Head(seq=len(lines), hash=line_hash(lines[-1]))
