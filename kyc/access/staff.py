"""People with accounts. In the sandbox they sign in by a one-use link that the operator's console prints."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.errors import HeadMoved, NotFound
from evidence.events import (
    Body,
    Frozen,
    Role,
    StaffBrowserUsed,
    StaffEnrolled,
    StaffSignedIn,
    Stamp,
    instant,
    parse_instant,
)
from evidence.events.envelope import Actor
from evidence.ledger import Ledger
from evidence.log import Claim
from evidence.ports import Clock, Random, new_id
from evidence.vault import Vault, b64
from kyc.access import own
from kyc.access.commands import SignIn
from kyc.access.errors import SignInLinkInvalid, SignInLinkUsed

SIGN_IN_LINK_LIFE = timedelta(hours=12)
SESSION_LIFE = timedelta(hours=8)
PHONE_KEPT = timedelta(days=3650)


class Staff(Frozen, frozen=True, kw_only=True):
    """An account as its own first event tells it. `name` is opened from the vault for the person's own pages."""

    id: str
    tenant: str
    role: Role
    name: str
    certificate: str | None
    certificate_until: datetime | None
    grade: int


class StaffSession(Frozen, frozen=True, kw_only=True):
    staff: Staff
    session: str
    expires: datetime


@dataclass(frozen=True)
class Accounts:
    """Enrol, sign in, look up."""

    ledger: Ledger
    vault: Vault
    now: Clock
    random: Random

    async def enrol(
        self,
        staff_id: str,
        tenant: str,
        role: Role,
        name: str,
        phone: str | None = None,
        certificate: str | None = None,
        certificate_until: datetime | None = None,
        grade: int = 0,
    ) -> None:
        """Once per id; enrolling again changes nothing."""
        if await self._enrolled(staff_id):
            return
        await self.vault.place(staff_id, tenant)
        hidden = await self.vault.hide(staff_id, "identity", {"name": name} | ({"phone": phone} if phone else {}))
        body = StaffEnrolled(
            tenant=tenant,
            role=role,
            name=hidden["name"],
            phone=hidden.get("phone"),
            certificate=certificate,
            certificate_until=instant(certificate_until) if certificate_until else None,
            grade=grade,
        )
        system = Stamp(actor=Actor(id="system", role="system"), at=self.now())
        await self.ledger.note(staff_id, (body,), system)
        if phone:
            await self.vault.remember("staff_phone", self._blind(tenant, phone), "", self.now() + PHONE_KEPT)

    async def staff(self, staff_id: str) -> Staff:
        """NotFound when there is no such account."""
        body = await self._enrolled(staff_id)
        if body is None:
            raise NotFound("no such account")
        name = (await self.vault.reveal(staff_id, [body.name])).get(body.name)
        return Staff(
            id=staff_id,
            tenant=body.tenant,
            role=body.role,
            name=str(name.value) if name else "",
            certificate=body.certificate,
            certificate_until=parse_instant(body.certificate_until) if body.certificate_until else None,
            grade=body.grade,
        )

    async def is_staff_phone(self, tenant: str, phone: str) -> bool:
        """A customer's phone known as any agent's is refused (DESIGN 5)."""
        return await self.vault.matches("staff_phone", self._blind(tenant, phone), "", self.now())

    async def sign_in_link(self, staff_id: str) -> str:
        """A one-use token for the account's page, for the operator's console only."""
        secret = b64(self.random(32))
        await self.vault.remember("staff_link", f"{staff_id}/{secret[:8]}", secret, self.now() + SIGN_IN_LINK_LIFE)
        return f"{staff_id}.{secret}"

    async def sign_in(self, command: SignIn, ip: str, agent: str, thumbprint: str = "") -> StaffSession:
        """`thumbprint`: of the key the browser proved, where it has one."""
        staff_id, _, secret = command.token.partition(".")
        if not await self.vault.matches("staff_link", f"{staff_id}/{secret[:8]}", secret, self.now()):
            raise SignInLinkInvalid("unknown, used or expired")
        staff = await self.staff(staff_id)
        hidden = await self.vault.hide(staff_id, "identity", {"ip": ip, "user_agent": agent[:400]})
        session = new_id("ses", self.random)
        expires = self.now() + SESSION_LIFE
        signed_in: Body = StaffSignedIn(
            session=session,
            method="console_link",
            ip=hidden["ip"],
            agent=hidden["user_agent"],
            expires=instant(expires),
        )
        stamp = Stamp(actor=Actor(id=staff_id, role=staff.role, session=session), at=self.now())
        used = Claim(
            tenant=staff.tenant,
            kind="staff_link",
            digest=self.vault.blind(staff.tenant, "staff_link", secret.encode()),
            taken=SignInLinkUsed,
        )
        browser = own.digest(self.vault, staff.tenant, thumbprint)
        seen = (StaffBrowserUsed(session=session, browser=browser),) if thumbprint else ()
        # Remembered first: a browser that is known too early harms nobody, one known too late would let them through.
        await own.remember(self.vault, self.now, staff.tenant, thumbprint, ip, agent, SESSION_LIFE)
        await self.ledger.note(staff_id, (signed_in, *seen), stamp, (used,))
        await self.vault.forget("staff_link", f"{staff_id}/{secret[:8]}")
        return StaffSession(staff=staff, session=session, expires=expires)

    async def _enrolled(self, staff_id: str) -> StaffEnrolled | None:
        if not staff_id.startswith("staff_"):
            return None
        try:
            first = (await self.ledger.events(staff_id, 1))[0].body
        except (NotFound, HeadMoved):
            return None
        return first if isinstance(first, StaffEnrolled) else None

    def _blind(self, tenant: str, phone: str) -> str:
        return self.vault.blind(tenant, "staff_phone", phone.encode())
