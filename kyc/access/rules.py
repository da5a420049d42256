"""Who is let in, decided from the case alone."""

from datetime import datetime, timedelta

from evidence.case import Case, Code, Link, Session
from evidence.errors import CaseClosed, NotAllowed
from evidence.events import (
    Body,
    CodeFailed,
    CodeSent,
    CodeVerified,
    Commitment,
    LinkSent,
    Party,
    SessionOpened,
    Stamp,
    instant,
    parse_instant,
)
from kyc.access.commands import Channel, Newcomer, Purpose
from kyc.access.errors import (
    CodeExpired,
    CodeLocked,
    CodeNotSent,
    CodeTooSoon,
    CodeWrong,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    PartyUnknown,
)

RESEND_AFTER = timedelta(seconds=30)
PAIRING_LIFE = timedelta(minutes=5)  # API-05: minutes long


def link_life(case: Case, channel: Channel) -> timedelta:
    return PAIRING_LIFE if channel == "pairing" else timedelta(seconds=case.policy.link_ttl_s)


def admit_link(case: Case, party: Party, stamp: Stamp) -> None:
    """Only the opener may have a link sent, only while the case is open, only to a named party."""
    if stamp.actor.role != "agent" or stamp.actor.id != case.opener:
        raise NotAllowed("only the opener sends links")
    if case.state != "open":
        raise CaseClosed(case.state)
    if party not in case.people:
        raise PartyUnknown(party)


def send_link(case: Case, party: Party, link: str, channel: Channel, stamp: Stamp) -> tuple[Body, ...]:
    admit_link(case, party, stamp)
    expires = instant(stamp.at + link_life(case, channel))
    customer = case.people[party].customer
    return (LinkSent(link=link, party=party, customer=customer, channel=channel, expires=expires),)


def usable_link(case: Case, link_id: str, thumbprint: str, at: datetime) -> Link:
    """The link, if this browser key may use it now. Opening never uses it up; binding it to a key does (API-04)."""
    link = case.links.get(link_id)
    if link is None:
        raise LinkUnknown("no such link in this case")
    if link.thumbprint is not None and link.thumbprint != thumbprint:
        raise LinkUsed("bound to another key")
    if link.thumbprint is None and at > parse_instant(link.expires):
        raise LinkExpired(link.expires)
    return link


def send_code(
    case: Case, purpose: Purpose, party: Party, code: str, link: str | None, stamp: Stamp
) -> tuple[Body, ...]:
    last = case.codes.get(f"{purpose}:{party}")
    if last and stamp.at < parse_instant(last.sent_at) + RESEND_AFTER and not last.verified_at:
        raise CodeTooSoon(last.sent_at)
    expires = instant(stamp.at + timedelta(seconds=case.policy.code_ttl_s))
    return (CodeSent(code=code, purpose=purpose, party=party, channel="sms", expires=expires, link=link),)


def open_code(case: Case, purpose: Purpose, party: Party, link: str | None, at: datetime) -> Code:
    """The code that may be tried now."""
    code = case.codes.get(f"{purpose}:{party}")
    if code is None or code.verified_at is not None or code.link != link:
        raise CodeNotSent(purpose)
    if at > parse_instant(code.expires):
        raise CodeExpired(code.expires)
    if code.tries >= case.policy.code_tries:
        raise CodeLocked(f"{code.tries} tries")
    return code


def check_code(
    case: Case, purpose: Purpose, party: Party, link: str | None, right: bool, stamp: Stamp
) -> tuple[Body, ...]:
    """A try counts, right or wrong; asked again after a lost race, so parallel guesses gain nothing."""
    code = open_code(case, purpose, party, link, stamp.at)
    if not right:
        return (CodeFailed(code=code.id, tries_left=case.policy.code_tries - code.tries - 1),)
    satisfies = (f"code:sign:{party}",) if purpose == "sign" else ()
    return (CodeVerified(code=code.id, purpose=purpose, party=party, satisfies=satisfies),)


def wrong_code(case: Case, purpose: Purpose, party: Party) -> CodeWrong:
    return CodeWrong(tries_left=case.policy.code_tries - case.codes[f"{purpose}:{party}"].tries)


def open_session(
    case: Case,
    link_id: str,
    session: str,
    browser: Newcomer,
    ip: Commitment,
    agent: Commitment,
    stamp: Stamp,
) -> tuple[Body, ...]:
    """Link and code proved. Link and code over one channel are one factor and recorded as such."""
    link = usable_link(case, link_id, browser.thumbprint, stamp.at)
    factors = (f"link:{link.channel}", "code:sms")
    opened = SessionOpened(
        session=session,
        link=link_id,
        customer=link.customer,
        party=link.party,
        key=browser.key,
        thumbprint=browser.thumbprint,
        ip=ip,
        agent=agent,
        factors=factors,
        independent_factors=len({factor.split(":")[1] for factor in factors}),
        expires=instant(stamp.at + timedelta(seconds=case.policy.session_ttl_s)),
    )
    return (opened,)


def customer_session(case: Case, stamp: Stamp) -> Session:
    """The live session behind a customer's command."""
    session = case.sessions.get(stamp.actor.session or "")
    if stamp.actor.role != "customer" or session is None:
        raise NotAllowed("customer only")
    return session
