"""Letting people in: remember the secret, seal the event, then tell the person."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from evidence.case import Case, Session
from evidence.events import Actor, Body, Party, Stamp
from evidence.ledger import Ledger
from evidence.ports import Clock, Random, Sender, new_id
from evidence.vault import Vault, b64
from kyc.access import own, rules
from kyc.access.commands import Channel, CheckCode, Newcomer, OpenSession, Purpose, SendCode
from kyc.access.errors import LinkUnknown


@dataclass(frozen=True)
class Ports:
    ledger: Ledger
    vault: Vault
    now: Clock
    random: Random
    sender: Sender
    public_url: str


@dataclass(frozen=True)
class LinkToken:
    """`case.link.secret`: it leads to the case, and only its holder knows the secret (256 bit)."""

    case: str
    link: str
    secret: str

    def __str__(self) -> str:
        return f"{self.case}.{self.link}.{self.secret}"

    @classmethod
    def parse(cls, text: str) -> "LinkToken":
        parts = text.split(".")
        if len(parts) != 3 or not parts[0].startswith("case_") or not parts[1].startswith("lnk_"):
            raise LinkUnknown("not a link token")
        return cls(*parts)


async def send_link(case: Case, party: Party, stamp: Stamp, ports: Ports) -> Case:
    """The link goes to the party's phone; nobody else, the opener least of all, sees it."""
    case, token = await _make_link(case, party, "sms", stamp, ports)
    url = f"{ports.public_url}/c/#{token}"
    await ports.sender.send(
        "sms", await _phone(case, party, ports), f"【见证】请点开链接办理业务，不要转发给他人：{url}"
    )
    return case


async def show_pairing(case: Case, party: Party, stamp: Stamp, ports: Ports) -> tuple[Case, str]:
    """The address for a QR code shown face to face. Worthless without the code sent to the customer's own phone."""
    case, token = await _make_link(case, party, "pairing", stamp, ports)
    return case, f"{ports.public_url}/c/#{token}"


async def link_case(token: LinkToken, ports: Ports) -> Case:
    """The case a proved link leads to. LinkUnknown for a wrong secret, before anything is told about the case."""
    if not await ports.vault.matches("link", token.link, token.secret, ports.now()):
        raise LinkUnknown("no such link")
    return await ports.ledger.case(token.case)


def link_holder(case: Case, token: LinkToken) -> Actor:
    """Whoever holds the link: not yet the customer, so no session."""
    link = case.links.get(token.link)
    if link is None:
        raise LinkUnknown("no such link in this case")
    return Actor(id=link.customer, role="customer")


def newest_session(case: Case, token: LinkToken, browser: Newcomer) -> tuple[str, Session]:
    """The last session this browser opened."""
    party = case.links[token.link].party
    mine = [
        (session_id, session)
        for session_id, session in case.sessions.items()
        if session.party == party and session.thumbprint == browser.thumbprint
    ]
    return mine[-1]


async def request_code(case: Case, token: LinkToken, browser: Newcomer, stamp: Stamp, ports: Ports) -> Case:
    """The holder of a link asks for a code. Never uses the link up."""
    link = rules.usable_link(case, token.link, browser.thumbprint, stamp.at)
    await own.refuse_staff(case, browser.thumbprint, ports.vault, ports.now)
    return await _send_code(case, "enter", link.party, token.link, stamp, ports)


async def open_session(case: Case, command: OpenSession, browser: Newcomer, stamp: Stamp, ports: Ports) -> Case:
    """Link + code + the browser's new key."""
    token = LinkToken.parse(command.token)
    link = rules.usable_link(case, token.link, browser.thumbprint, stamp.at)
    await own.refuse_staff(case, browser.thumbprint, ports.vault, ports.now)
    hidden = await ports.vault.hide(case.id, "identity", {"ip": browser.ip, "user_agent": browser.agent[:400]})
    session = new_id("ses", ports.random)

    def enter(case: Case) -> tuple[Body, ...]:
        return rules.open_session(case, token.link, session, browser, hidden["ip"], hidden["user_agent"], stamp)

    return await _try_code(case, "enter", link.party, token.link, command.code, stamp, ports, enter)


async def send_code(case: Case, command: SendCode, stamp: Stamp, ports: Ports) -> Case:
    session = rules.customer_session(case, stamp)
    await own.refuse_staff(case, session.thumbprint, ports.vault, ports.now)
    return await _send_code(case, command.purpose, session.party, None, stamp, ports)


async def check_code(case: Case, command: CheckCode, stamp: Stamp, ports: Ports) -> Case:
    session = rules.customer_session(case, stamp)
    await own.refuse_staff(case, session.thumbprint, ports.vault, ports.now)
    return await _try_code(case, command.purpose, session.party, None, command.code, stamp, ports)


async def masked_phone(case: Case, party: Party, ports: Ports) -> str:
    return mask(await _phone(case, party, ports))


def mask(phone: str) -> str:
    """138****5678."""
    return f"{phone[:3]}****{phone[-4:]}"


async def _make_link(case: Case, party: Party, channel: Channel, stamp: Stamp, ports: Ports) -> tuple[Case, LinkToken]:
    rules.admit_link(case, party, stamp)
    token = LinkToken(case=case.id, link=new_id("lnk", ports.random), secret=b64(ports.random(32)))
    # The verifier outlives the link: the bound browser resumes with it until the case is done.
    await ports.vault.remember("link", token.link, token.secret, stamp.at + 30 * rules.link_life(case, "sms"))
    case = await ports.ledger.record(
        case.id, lambda case: rules.send_link(case, party, token.link, channel, stamp), stamp
    )
    sealed = next(reversed(case.links))
    if sealed != token.link:
        # A try of this command whose answer was lost was sealed before, and its secret may have reached nobody: the
        # link that counts gets the secret that is told now.
        token = replace(token, link=sealed)
        await ports.vault.remember("link", token.link, token.secret, stamp.at + 30 * rules.link_life(case, "sms"))
    return case, token


async def _send_code(case: Case, purpose: Purpose, party: Party, link: str | None, stamp: Stamp, ports: Ports) -> Case:
    code = new_id("otp", ports.random)
    digits = f"{int.from_bytes(ports.random(8), 'big') % 1_000_000:06d}"
    rules.send_code(case, purpose, party, code, link, stamp)
    await ports.vault.remember("otp", code, digits, stamp.at + timedelta(seconds=case.policy.code_ttl_s))
    case = await ports.ledger.record(
        case.id, lambda case: rules.send_code(case, purpose, party, code, link, stamp), stamp
    )
    sealed = case.codes[f"{purpose}:{party}"].id
    if sealed != code:  # by a try of this command whose answer was lost: the digits that are told now are the ones
        await ports.vault.remember("otp", sealed, digits, stamp.at + timedelta(seconds=case.policy.code_ttl_s))
    what = "签署" if purpose == "sign" else "登录"
    minutes = case.policy.code_ttl_s // 60
    text = f"【见证】{what}验证码 {digits}，{minutes}分钟内有效。任何人向您索要都不要给。"
    await ports.sender.send("sms", await _phone(case, party, ports), text)
    return case


async def _try_code(
    case: Case,
    purpose: Purpose,
    party: Party,
    link: str | None,
    digits: str,
    stamp: Stamp,
    ports: Ports,
    then: Callable[[Case], tuple[Body, ...]] = lambda _: (),
) -> Case:
    """Seal the try; when it was right, together with what it opens (`then`), so that neither stands alone."""
    code = rules.open_code(case, purpose, party, link, stamp.at)
    right = await ports.vault.matches("otp", code.id, digits, stamp.at)

    def judged(case: Case) -> tuple[Body, ...]:
        tried = rules.check_code(case, purpose, party, link, right, stamp)
        return (*tried, *then(case)) if right else tried

    # A failed try is sealed without the key: the refusal is the answer, and the same key may not turn into a success.
    marked = stamp if right else Stamp(actor=stamp.actor, at=stamp.at)
    case = await ports.ledger.record(case.id, judged, marked)
    if not right:
        raise rules.wrong_code(case, purpose, party)
    await ports.vault.forget("otp", code.id)
    return case


async def _phone(case: Case, party: Party, ports: Ports) -> str:
    commitment = case.people[party].phone
    return str((await ports.vault.reveal(case.id, [commitment]))[commitment].value)
