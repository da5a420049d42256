"""Nobody who sells acts as the customer: browsers of staff are remembered, and refused as a customer's (API-05).

A browser key names a browser profile. Another browser on the same phone, a private window or a wiped profile has
another key; what the network and the browser's description tell of those is a signal for a person (`kyc.signals`).
"""

from datetime import timedelta

from evidence.case import Case
from evidence.events import Stamp
from evidence.ports import Clock
from evidence.vault import Vault
from kyc.access.errors import AgentSelfSign
from kyc.signals.flow import network

SINCE_USED = timedelta(hours=24)
BROWSER = "staff_browser"


def digest(vault: Vault, tenant: str, thumbprint: str) -> str:
    return vault.blind(tenant, BROWSER, thumbprint.encode())


async def remember(
    vault: Vault, now: Clock, tenant: str, thumbprint: str, ip: str, agent: str, used: timedelta
) -> None:
    """A member of staff signed in; `used`: for how long the session may be used without our seeing the browser."""
    until = now() + used + SINCE_USED
    if thumbprint:
        await vault.remember(BROWSER, digest(vault, tenant, thumbprint), "", until)
    where = network(ip)
    if where:
        await vault.remember("agent_network", vault.blind(tenant, "agent_network", where.encode()), "", until)
    if where and agent:
        same = vault.blind(tenant, "agent_browser", f"{where}\0{agent}".encode())
        await vault.remember("agent_browser", same, "", until)


async def refuse_staff(case: Case, thumbprint: str, vault: Vault, now: Clock) -> None:
    """AgentSelfSign when a member of staff used this very browser in the last 24 hours."""
    if await vault.matches(BROWSER, digest(vault, case.tenant, thumbprint), "", now()):
        raise AgentSelfSign()


async def refuse_staff_session(case: Case, stamp: Stamp, vault: Vault, now: Clock) -> None:
    """As `refuse_staff`, for a session that is open already: staff may have signed in with its browser since."""
    session = case.sessions.get(stamp.actor.session or "")
    if session is not None:
        await refuse_staff(case, session.thumbprint, vault, now)
