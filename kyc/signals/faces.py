"""The same face under another identity: looked for where the tenant has it on and the customer agreed (KYC-18).

Nothing follows from a hit but that a person looks. Who did not agree is identified all the same; that they did not is
a fact like others, which our own rules make nothing of.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from evidence.case import Case
from evidence.errors import Error, NotFound, Unavailable
from evidence.events import AlikeFace, Erased, ErasedField, FaceSearched, Media, Party, Stamp
from kyc.signals import record
from kyc.signals.flow import SYSTEM, Ports, may_go_on, seal, stream
from kyc.signals.gallery import SCOPE, Found, Vector, packed, said

BAR = 0.60  # cosine. Not calibrated for searches: docs/SIGNALS.md says what is known of it
SEARCH_S = 3.0  # also for opening what another process kept; then a person looks


async def seen(
    case: Case, party: Party, fields: Mapping[str, str], vector: Vector, model: str, passed: bool, ports: Ports
) -> bool:
    """A live face of `party`, unit length. Whether they may go on without a person.

    `passed`: the face check was; only then is the face kept, and only for a consent of its own.
    """
    if not case.policy.face_search:
        return True
    if not wanted(case) or "number" not in fields:
        await seal(case, party, "seen", {"face_search_refused": 1}, None, False, ports)
        return await may_go_on(case, party, ports)
    person = bytes.fromhex(ports.vault.blind(case.tenant, "face_person", fields["number"].encode()))
    found = None
    with suppress(TimeoutError, Unavailable):
        async with asyncio.timeout(SEARCH_S):
            found = await ports.gallery.search(case.tenant, model, person, vector.astype(np.float32), BAR)
    name = stream(case, party, ports)
    template = await _keep(name, case, packed(person, vector), ports) if passed else None
    body = _searched(case, party, model, found, template)
    try:
        await ports.ledger.note(name, (body,), Stamp(actor=SYSTEM, at=ports.now()))
    except Error:
        if template is not None:  # nothing names it, so nobody would ever erase it
            await ports.vault.destroy(name, (template,))
        raise
    if template is not None:
        await _only(name, template, ports)
        ports.gallery.keep(name, body)
    late = found is None or found.searched < found.known
    await seal(case, party, "seen", {"faces_alike": len(body.alike)}, None, late, ports)
    return not late and await may_go_on(case, party, ports)


async def forget(case: Case, ports: Ports) -> bool:
    """Erase the faces kept of a case whose consent ended: sealed first, then the key destroyed. False when something
    had to be done; safe to repeat."""
    done = True
    for name in due(case, ports):
        ports.gallery.forget(name)
        held = await _held(name, ports)
        if held.kept:
            await _erased(name, held.kept, "KYC-17", ports, whole=True)
        if await ports.vault.keyring.existing(name, "biometric") is not None:
            await ports.vault.destroy_class(name, "biometric")
            done = False
    return done


def due(case: Case, ports: Ports) -> list[str]:
    """Streams of the case's parties in which no face may be kept any more; all of them or none."""
    if not case.policy.face_search:
        return []
    asked = any(
        one.whole and (one.retention == "identity" or (one.retention == "biometric" and said(one.basis)))
        for one in case.keeping.erasures
    )
    return [stream(case, party, ports) for party in case.people if asked or not wanted(case)]  # type: ignore[arg-type]


def wanted(case: Case) -> bool:
    return case.policy.face_search and case.consented("face") and case.consented(SCOPE)


# --- parts ------------------------------------------------------------------------------------------------------------


def _searched(case: Case, party: Party, model: str, found: Found | None, template: Media | None) -> FaceSearched:
    return FaceSearched(
        tenant=case.tenant,
        case=case.id,
        party=party,
        model=model,
        threshold_e4=round(BAR * 10_000),
        known=found.known if found else 0,
        searched=found.searched if found else 0,
        alike=tuple(
            AlikeFace(case=one.kept.case, party=one.kept.party, similarity_e4=round(one.similarity * 10_000))
            for one in (found.alike if found else ())
        ),
        template=template,
    )


async def _keep(name: str, case: Case, data: bytes, ports: Ports) -> Media:
    await ports.vault.place(name, case.tenant)
    return await ports.vault.put(name, "biometric", data, "application/octet-stream")


async def _only(name: str, newest: Media, ports: Ports) -> None:
    """Of one party one face is kept: those before it go."""
    older = tuple(one for one in (await _held(name, ports)).kept if one != newest)
    if older:
        await _erased(name, older, "KYC-13", ports, whole=False)
        await ports.vault.destroy(name, older)


async def _erased(name: str, media: tuple[Media, ...], basis: str, ports: Ports, whole: bool) -> None:
    fields = tuple(ErasedField(name="template", commitment=one.commitment) for one in media)
    body = Erased(basis=basis, retention="biometric", fields=fields, whole=whole)
    await ports.ledger.note(name, (body,), Stamp(actor=SYSTEM, at=ports.now()))


async def _held(name: str, ports: Ports) -> record.Record:
    try:
        return record.fold(await ports.ledger.events(name))
    except NotFound:
        return record.Record()
