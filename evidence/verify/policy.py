"""Step 11. Was everything that the frozen policy demands there at the moment of signing? Recomputed from the events."""

from evidence.errors import NotVerified
from evidence.verify.acts import session_named
from evidence.verify.chain import Chain
from evidence.verify.records import Record, instant
from evidence.verify.strict import canonical, integer, mapping, objects, text, texts

FRESH_S = 600

# A key may only be earned where its subject lives: nobody satisfies `identity:…` by acknowledging a disclosure.
DOMAINS = {
    "read": "reading",
    "answered": "reading",
    "disclosed": "reading",
    "quoted": "reading",
    "suitable": "reading",
    "unhurried": "reading",
    "needs": "reading",
    "risk": "reading",
    "health": "reading",
    "rested": "reading",
    "consent": "consent",
    "identity": "identity",
    "code": "code",
    "signed": "esign",
}


def check(chain: Chain) -> str:
    # 11.1 the case froze what it is judged by; play input only in the sandbox
    opened = chain.records[0]
    if chain.mode not in ("sandbox", "production") or chain.input_origin not in ("live", "synthetic"):
        raise NotVerified("unknown mode or origin", record=opened.name)
    if chain.input_origin == "synthetic" and chain.mode != "sandbox":
        raise NotVerified("synthetic input in production", record=opened.name)
    _check_product(chain)
    # 11.2 walk the events, holding keys as they are earned and lost
    needs = _needs(chain)
    held: set[str] = set()
    signed = 0
    for record in chain.records:
        if record.type == "esign.document_signed/1":
            signed += 1
            _check_signing(chain, record, held, needs)
        satisfies = texts(record.body["satisfies"], record.name) if "satisfies" in record.body else []
        for key in satisfies:
            if DOMAINS.get(key.split(":")[0]) != record.type.split(".")[0]:
                raise NotVerified(f"{record.type} may not satisfy {key}", record=record.name)
        if "withdraws" in record.body:
            held.difference_update(texts(record.body["withdraws"], record.name))
        held.update(satisfies)
    return f"{signed} signatures, each with {len(needs)} keys held"


def _needs(chain: Chain) -> list[str]:
    steps = objects(chain.policy.get("steps", []), "event 1")
    named = [(text(step.get("name"), "event 1"), texts(step.get("needs", []), "event 1")) for step in steps]
    return next((needs for name, needs in named if name == "sign"), [])


def _check_signing(chain: Chain, record: Record, held: set[str], needs: list[str]) -> None:
    missing = [key for key in needs if key not in held]
    if missing:
        raise NotVerified(f"signed without {', '.join(missing)}", record=record.name)
    body = record.body
    kind, party = text(body.get("kind"), record.name), text(body.get("party"), record.name)
    document, shown = text(body.get("document"), record.name), text(body.get("shown_sha256"), record.name)
    # 11.3 the paper shown to the end is the paper signed
    prepared = [
        item
        for item in chain.of("esign.document_prepared/1")
        if item.seq < record.seq and (item.body.get("kind"), item.body.get("party")) == (kind, party)
    ]
    if not prepared or prepared[-1].body.get("document") != document:
        raise NotVerified("the signed paper is not the newest prepared one", record=record.name)
    if prepared[-1].body.get("sha256") != shown:
        raise NotVerified("the paper signed is not the paper prepared", record=record.name)
    views = (
        item.body.get("end_seen") is True and item.body.get("sha256") == shown
        for item in chain.of("esign.document_shown/1")
        if prepared[-1].seq < item.seq < record.seq and item.body.get("document") == document
    )
    if not any(views):
        raise NotVerified("signed before it was shown to its end", record=record.name)
    # 11.4 soon after the identity check, on the same device
    _check_identity(chain, record, needs)
    if chain.mode == "production" and body["certificate"]["production"] is not True:
        raise NotVerified("a test certificate in production", record=record.name)


def _check_identity(chain: Chain, record: Record, needs: list[str]) -> None:
    party = record.body["party"]
    if not any(key.startswith(f"identity:{party}:") for key in needs):
        return
    verified = [
        item for item in chain.of("identity.verified/1") if item.seq < record.seq and item.body.get("party") == party
    ]
    if not verified:
        raise NotVerified("signed without an identity check", record=record.name)
    age = (instant(record.at) - instant(verified[-1].at)).total_seconds()
    if age > integer(chain.policy.get("identity_fresh_s", FRESH_S), "event 1"):
        raise NotVerified("the identity check was too old", record=record.name)
    session = session_named(chain, verified[-1].body.get("session"), record)
    act = mapping(record.body.get("act"), record.name)
    if session.body.get("thumbprint") != text(act.get("thumbprint"), record.name):
        raise NotVerified("identified on another device than signed", record=record.name)


def _check_product(chain: Chain) -> None:
    if not any(stream.startswith("product_") for stream in chain.contexts):
        return
    product = mapping(chain.policy.get("product"), "event 1")
    wanted = (product.get("id"), product.get("version"), product.get("full"))
    published = [
        tuple(canonical(item.body.get(name)) for name in ("product", "version", "full"))
        for item in chain.context("product.published/1")
        if item.at <= chain.records[0].at
    ]
    # As bytes: to Python, `true` equals 1.
    if tuple(canonical(value) for value in wanted) not in published:
        raise NotVerified("the product version was not published when the case opened", record="event 1")
