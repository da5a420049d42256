"""The first event of a case: for which exact product version, by whom, for whom."""

import base64

from msgspec.structs import replace

from evidence import decode
from evidence.case import Case
from evidence.errors import HeadMoved, NotAllowed, NotFound
from evidence.events import Body, CaseOpened, Commitment, Frozen, Mode, PartyNamed, Stamp, instant
from evidence.log import Claim
from evidence.ports import new_id
from products.commands import OpenCase
from products.compiled import Compiled
from products.errors import (
    CertificateInvalid,
    ExternalIdTaken,
    GradeTooLow,
    PhoneOfStaff,
    ProductNotOnSale,
    SyntheticRefused,
)
from products.journey import to_policy
from products.ports import Ports
from products.release import flow as release


class Opener(Frozen, frozen=True, kw_only=True):
    """Facts of the account that opens a case, and of the phone it names. `create_key`: the idempotency key."""

    staff: str
    tenant: str
    certificate: str | None = None
    certificate_until: str | None = None
    grade: int = 0
    phone_is_staff: bool = False
    create_key: str = ""


async def open_case(command: OpenCase, stamp: Stamp, opener: Opener, mode: Mode, ports: Ports) -> Case:
    """A new case, its policy frozen; the same create key answers with the same case.

    The id follows from the keyed digest of the create key, so a repeat finds the case without an index, and the
    stream itself is what makes the key unique.
    """
    check_opener(command, stamp, opener, mode)
    ports.catalogue.get(command.product)  # ProductUnknown
    compiled = await release.for_sale(command.product, stamp.at, ports)
    if compiled is None:
        raise ProductNotOnSale(f"{command.product} is not published and on sale")
    if compiled.product.grade > 0:
        check_certificate(compiled, opener, stamp)
    case_id, cmd = await _identify(command, opener, ports)
    dwell = ports.dwell_percent if mode == "sandbox" else 100
    another = command.insured is not None
    policy = to_policy(compiled, dwell_percent=dwell, insured_is_another=another)
    hidden = await _hide_party(case_id, command, ports)
    bodies: tuple[Body, ...] = (
        CaseOpened(
            tenant=opener.tenant,
            mode=mode,
            input_origin=command.input_origin,
            policy=replace(policy, face_search=opener.tenant in ports.face_search),
            opener=opener.staff,
            certificate=opener.certificate,
            external_id=hidden.get("external_id"),
        ),
        PartyNamed(
            party="proposer",
            customer=new_id("cus", ports.random),
            phone=hidden["phone"],
            name=hidden.get("name"),
        ),
        *await _name_insured(case_id, command, ports),
    )
    try:
        return await ports.ledger.open(
            case_id, bodies, Stamp(actor=stamp.actor, at=stamp.at, cmd=cmd), _claims(command, opener, ports)
        )
    except (HeadMoved, ExternalIdTaken):
        before = await _opened_before(case_id, cmd, ports)
        if before is None:
            raise
        return before


def check_opener(command: OpenCase, stamp: Stamp, opener: Opener, mode: Mode) -> None:
    """Only an agent, only as themselves, never with made-up input in production, never for a colleague's phone."""
    if stamp.actor.role != "agent" or stamp.actor.id != opener.staff:
        raise NotAllowed("agents open cases")
    if mode == "production" and command.input_origin == "synthetic":
        raise SyntheticRefused("synthetic input in production")
    if opener.phone_is_staff:
        raise PhoneOfStaff("the phone is known as a member of staff's")


def check_certificate(compiled: Compiled, opener: Opener, stamp: Stamp) -> None:
    """API-06: a valid practising certificate, and a grade that covers the product's."""
    until = opener.certificate_until
    if opener.certificate is None or until is None or until <= instant(stamp.at):
        raise CertificateInvalid("missing or expired")
    if opener.grade < compiled.product.grade:
        raise GradeTooLow(f"grade {opener.grade}, {compiled.product.grade} needed")


async def publish(compiled: Compiled, stamp: Stamp, ports: Ports) -> None:
    """Seal that this exact version may be sold from now on; once, however often it is asked."""
    await release.announce(compiled, stamp, ports)


def product_stream(compiled: Compiled) -> str:
    return release.stream(compiled.product.id)


async def _identify(command: OpenCase, opener: Opener, ports: Ports) -> tuple[str, str]:
    """Case id and `cmd` of a creation. The id outlives erasure and tells nothing; `cmd` dies with the case's key."""
    if not opener.create_key:
        case_id = new_id("case", ports.random)
        await ports.vault.place(case_id, opener.tenant)
        return case_id, ""
    scope = f"{opener.staff}\0{opener.create_key}".encode()
    seed = bytes.fromhex(ports.vault.blind(opener.tenant, "create", scope))
    case_id = f"case_{base64.b32encode(seed[:16]).decode().rstrip('=').lower()}"
    await ports.vault.place(case_id, opener.tenant)
    by_key = await ports.vault.mac(case_id, b"key\0" + scope)
    by_body = await ports.vault.mac(case_id, b"body\0OpenCase\0" + decode.encode(command))
    return case_id, f"{by_key}.{by_body}"


async def _opened_before(case_id: str, cmd: str, ports: Ports) -> Case | None:
    if not cmd:
        return None
    try:
        case = await ports.ledger.case(case_id)
    except NotFound:
        return None
    return await ports.ledger.answered(case, cmd)


async def _hide_party(case_id: str, command: OpenCase, ports: Ports) -> dict[str, Commitment]:
    person = {"phone": command.phone, "name": command.name}
    hidden = await ports.vault.hide(case_id, "identity", {name: value for name, value in person.items() if value})
    if command.external_id is not None:
        hidden |= await ports.vault.hide(case_id, "contract", {"external_id": command.external_id})
    return hidden


async def _name_insured(case_id: str, command: OpenCase, ports: Ports) -> tuple[PartyNamed, ...]:
    if command.insured is None:
        return ()
    person = {"phone": command.insured.phone, "name": command.insured.name}
    hidden = await ports.vault.hide(case_id, "identity", {name: value for name, value in person.items() if value})
    customer = new_id("cus", ports.random)
    return (PartyNamed(party="insured", customer=customer, phone=hidden["phone"], name=hidden.get("name")),)


def _claims(command: OpenCase, opener: Opener, ports: Ports) -> tuple[Claim, ...]:
    if command.external_id is None:
        return ()
    digest = ports.vault.blind(opener.tenant, "external_id", command.external_id.encode())
    return (Claim(tenant=opener.tenant, kind="external_id", digest=digest, taken=ExternalIdTaken),)
