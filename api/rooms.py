"""The domains' ports, built once by the composition root and handed to routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import esign.flow
import evidence.erasure.flow
import kyc.access.flow
import kyc.duties.flow
import kyc.flow
import kyc.screening.flow
import kyc.signals.faces
import kyc.signals.flow
import products.flow
from api.keys import identity_authority, name_lists, risk_rules
from api.settings import Settings
from api.store import Store
from esign.signer import open_authority
from evidence import retention
from evidence.durable import one_at_a_time
from evidence.events import Actor, Stamp
from evidence.ports import Clock, Random, Sender
from kyc import models, notices
from kyc.access.staff import Accounts
from kyc.duties.rules import Limits
from kyc.engine import FaceEngine
from kyc.ocr import Reader
from kyc.pool import Workers
from kyc.signals.gallery import Gallery
from kyc.signals.seen import Seen
from products.opening import publish
from products.versions import Catalogue

SYSTEM = Actor(id="sys_service", role="system")


@dataclass(frozen=True)
class Rooms:
    accounts: Accounts
    access: kyc.access.flow.Ports
    identity: kyc.flow.Ports
    products: products.flow.Ports
    esign: esign.flow.Ports
    erasure: evidence.erasure.flow.Ports
    duties: kyc.duties.flow.Ports
    workers: Workers

    @asynccontextmanager
    async def opened(self, announce: bool = True) -> AsyncIterator[None]:
        """Announce the product versions on sale; at the end let the model threads go."""
        now = self.products.now()
        for compiled in self.products.catalogue.on_sale(now) if announce else ():
            await publish(compiled, Stamp(actor=SYSTEM, at=now), self.products)
        try:
            yield
        finally:
            self.workers.close()
            self.identity.reader.close()


def open_rooms(settings: Settings, store: Store, now: Clock, random: Random, sender: Sender) -> Rooms:
    """Loads the models and answers their golden vectors: PackInvalid when one is not what was measured."""
    ledger, vault = store.ledger, store.vault
    workers = Workers()
    keys = settings.data / "keys"
    screening = kyc.screening.flow.Ports(ledger, vault, now, name_lists(settings))
    searching = frozenset(name.strip() for name in settings.face_search.split(",") if name.strip())
    signals = kyc.signals.flow.Ports(ledger, vault, now, risk_rules(settings), Seen(), Gallery(vault, searching))
    source = identity_authority(settings, now, random)
    with one_at_a_time(keys):
        authority = open_authority(keys / "documents", store.master, store.stamper, now, random)
    return Rooms(
        accounts=Accounts(ledger, vault, now, random),
        access=kyc.access.flow.Ports(ledger, vault, now, random, sender, settings.origin),
        identity=kyc.flow.Ports(
            ledger=ledger,
            vault=vault,
            now=now,
            random=random,
            faces=FaceEngine(models.load(settings.models), workers),
            reader=Reader(),
            screening=screening,
            signals=signals,
            processor=notices.DEMO._replace(
                receiver=source.title if source is not None and "face" in source.checks else None
            ),
            authority=source,
        ),
        products=products.flow.Ports(
            ledger=ledger,
            vault=vault,
            now=now,
            random=random,
            catalogue=Catalogue.load(settings.catalogue),
            dwell_percent=settings.dwell_percent,
            operator=settings.company,
            licence=settings.licence,
            face_search=searching,
        ),
        esign=esign.flow.Ports(
            ledger=ledger,
            vault=vault,
            now=now,
            random=random,
            authority=authority,
        ),
        erasure=evidence.erasure.flow.Ports(
            ledger,
            vault,
            now,
            retention.table(),
            beside=lambda case: [kyc.screening.flow.stream(case, party, screening) for party in case.people],  # type: ignore[arg-type]
            faces=partial(kyc.signals.faces.forget, ports=signals),
        ),
        duties=kyc.duties.flow.Ports(ledger, now, Limits()),
        workers=workers,
    )
