"""When a key of the operator was in service: its own events in the log say so (attack 29; docs/BUNDLE.md section 4)."""

from dataclasses import dataclass, replace

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.keys import adopted
from evidence.verify.strict import from_base64url, sha256, text


@dataclass(frozen=True)
class Term:
    """In service from `since` to `until` (as events are dated), both included; None: still."""

    purpose: str
    since: str
    until: str | None = None

    def covers(self, at: str) -> bool:
        return self.since <= at and (self.until is None or at <= self.until)


def terms(chain: Chain) -> dict[str, Term]:
    """By public key, as `key.adopted/1` names it. NotVerified for a key that served twice, or left before it came."""
    found: dict[str, Term] = {}
    for stream in sorted(chain.contexts):
        if not stream.startswith("key_"):
            continue
        for record in chain.contexts[stream]:
            if record.type not in ("key.adopted/1", "key.retired/1"):
                continue
            purpose, public = (
                text(record.body.get("purpose"), record.name),
                text(record.body.get("public"), record.name),
            )
            term = found.get(public)
            if record.type == "key.adopted/1":
                if term is not None:
                    raise NotVerified("a key adopted a second time, or for a second purpose", record=record.name)
                found[public] = Term(purpose, record.at)
            elif term is None or term.until is not None or term.purpose != purpose:
                raise NotVerified("a key retired that was not in service", record=record.name)
            else:
                found[public] = replace(term, until=record.at)
    return found


def term_of(chain: Chain, purpose: str, spki: bytes, record: str) -> Term:
    """NotVerified unless the key (SPKI DER) was adopted for this."""
    term = terms(chain).get(adopted(spki))
    if term is None or term.purpose != purpose:
        raise NotVerified(f"no key stream says that this {purpose} key was adopted", record=record)
    return term


def seal_terms(chain: Chain) -> dict[str, Term]:
    """Of the seal keys, by `keyid`."""
    return {sha256(from_base64url(public)): term for public, term in terms(chain).items() if term.purpose == "seal"}
