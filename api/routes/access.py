"""Getting in: staff sign-in, the customer's link and code."""

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.auth import Gate, Tokens, idempotency_key
from api.desk import Desk
from api.rooms import Rooms
from api.settings import Settings
from api.view import CaseView, view
from evidence.events import Frozen, instant, parse_instant
from kyc.access import flow as access
from kyc.access.commands import OpenSession, RequestCode, SignIn
from kyc.access.flow import LinkToken


class StaffView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    id: str
    role: str
    name: str
    tenant: str
    company: str
    certificate: str | None


class StaffSessionView(Frozen, frozen=True, kw_only=True):
    access_token: str
    expires_at: str
    staff: StaffView


class OpenerView(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """Who sent this: API-06."""

    name: str
    company: str
    certificate: str | None


class CodeView(Frozen, frozen=True, kw_only=True):
    to: str
    expires_at: str
    tries_left: int
    product: dict[str, Any]
    opener: OpenerView
    serial: str


class SessionView(Frozen, frozen=True, kw_only=True):
    access_token: str
    expires_at: str
    case: CaseView


@post("/v1/staff/sessions", status_code=200, security=[])
async def sign_in(
    data: JSONBody[SignIn],
    request: Request[Any, Any, Any],
    gate: NamedDependency[Gate],
    rooms: NamedDependency[Rooms],
    tokens: NamedDependency[Tokens],
    settings: NamedDependency[Settings],
) -> StaffSessionView:
    """Trade a one-use sign-in link for a bearer token. A browser that proves its key is known from then on."""
    ip = request.client.host if request.client else ""
    thumbprint = (await gate.newcomer(request)).thumbprint if "dpop" in request.headers else ""
    session = await rooms.accounts.sign_in(data, ip, request.headers.get("user-agent", ""), thumbprint)
    staff = session.staff
    who = StaffView(
        id=staff.id,
        role=staff.role,
        name=staff.name,
        tenant=staff.tenant,
        company=settings.company,
        certificate=staff.certificate,
    )
    return StaffSessionView(access_token=tokens.for_staff(session), expires_at=instant(session.expires), staff=who)


@post("/v1/links/codes", status_code=200, security=[])
async def request_code(
    data: JSONBody[RequestCode],
    request: Request[Any, Any, Any],
    gate: NamedDependency[Gate],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
    settings: NamedDependency[Settings],
) -> CodeView:
    """Send a code to the phone the link belongs to. Opening a link never uses it up."""
    token, browser = LinkToken.parse(data.token), await gate.newcomer(request)
    case = await access.link_case(token, rooms.access)
    actor = access.link_holder(case, token)
    case = await desk.run(
        actor,
        case,
        idempotency_key(request),
        data,
        lambda case, stamp: access.request_code(case, token, browser, stamp, rooms.access),
    )
    party = case.links[token.link].party
    code, opener = case.codes[f"enter:{party}"], await rooms.accounts.staff(case.opener)
    return CodeView(
        to=await access.masked_phone(case, party, rooms.access),
        expires_at=code.expires,
        tries_left=case.policy.code_tries - code.tries,
        product={"id": case.policy.product.id, "kind": case.policy.product.kind, "names": case.policy.product.names},
        opener=OpenerView(name=opener.name, company=settings.company, certificate=opener.certificate),
        serial=case.id,
    )


@post("/v1/links/sessions", status_code=200, security=[])
async def open_session(
    data: JSONBody[OpenSession],
    request: Request[Any, Any, Any],
    gate: NamedDependency[Gate],
    desk: NamedDependency[Desk],
    rooms: NamedDependency[Rooms],
    tokens: NamedDependency[Tokens],
) -> SessionView:
    """Link + code + the browser's new key. The same key resumes with a new code; another key gets 410."""
    token, browser = LinkToken.parse(data.token), await gate.newcomer(request)
    case = await access.link_case(token, rooms.access)
    case = await desk.run(
        access.link_holder(case, token),
        case,
        idempotency_key(request),
        data,
        lambda case, stamp: access.open_session(case, data, browser, stamp, rooms.access),
    )
    session_id, session = access.newest_session(case, token, browser)
    expires = parse_instant(session.expires)
    signed = tokens.for_customer(session.customer, case.tenant, case.id, session_id, session.thumbprint, expires)
    return SessionView(access_token=signed, expires_at=session.expires, case=view(case, "customer", session_id))


ROUTES = [sign_in, request_code, open_session]
