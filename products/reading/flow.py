"""Rules first, then ports, then the ledger: pages, terms, reading aloud, a person's help."""

from typing import Any

import msgspec

from evidence.case import Case
from evidence.events import Stamp
from products.commands import Compare, EnterPage, HelpCustomer, OpenTerm, PlayAloud, ShowChanges
from products.comparing import changes, comparison
from products.errors import NothingChanged, ProductUnknown
from products.ports import Ports
from products.reading import rules
from products.reading.trail import trail
from products.release.flow import all_for_sale
from products.rules import licensed
from products.stored import newer_version


async def enter_page(case: Case, command: EnterPage, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    newest = await newer_version(case, stamp.at, ports)
    return await ports.ledger.record(case.id, lambda now: rules.enter_page(now, command, newest, stamp), stamp)


async def open_term(case: Case, command: OpenTerm, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    return await ports.ledger.record(case.id, lambda now: rules.open_term(now, command, compiled, stamp), stamp)


async def play_aloud(case: Case, command: PlayAloud, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    return await ports.ledger.record(case.id, lambda now: rules.play_aloud(now, command, stamp), stamp)


async def compare(case: Case, command: Compare, stamp: Stamp, ports: Ports) -> Case:
    """NotComparable unless they are two or three products of one kind, on sale."""
    rules.admit(case, command, stamp)
    licensed(case.mode, ports.licence)
    sold = {compiled.product.id: compiled for compiled in await all_for_sale(stamp.at, ports)}
    if not set(command.products) <= sold.keys():
        raise ProductUnknown("not on sale")
    page = comparison([sold[name] for name in command.products], command.locale)
    return await ports.ledger.record(case.id, lambda now: rules.compare(now, command, page, stamp), stamp)


async def show_changes(case: Case, command: ShowChanges, stamp: Stamp, ports: Ports) -> Case:
    """NothingChanged when the version of this case is the one on sale."""
    rules.admit(case, command, stamp)
    pinned = ports.catalogue.of(case)
    newest = next(
        (item for item in await all_for_sale(stamp.at, ports) if item.product.id == pinned.product.id), pinned
    )
    if newest.hashes.full == pinned.hashes.full:
        raise NothingChanged("the same version")
    page = changes(pinned, newest, command.locale)
    return await ports.ledger.record(case.id, lambda now: rules.show_changes(now, command, page, stamp), stamp)


async def help_customer(case: Case, command: HelpCustomer, stamp: Stamp, ports: Ports) -> Case:
    rules.admit_help(case, command, stamp)
    name = command.about.removeprefix("question:")
    question = next((item for item in ports.catalogue.of(case).product.questions if item.id == name), None)
    return await ports.ledger.record(case.id, lambda now: rules.help_customer(now, command, question, stamp), stamp)


async def trail_of(case: Case, ports: Ports) -> dict[str, Any]:
    """The trail of reading as it may be shown: names, times and digests, no value."""
    found: dict[str, Any] = msgspec.to_builtins(trail(await ports.ledger.events(case.id, case.head.seq)))
    return found | {"keys": sorted(found["keys"]), "pages": [{"page": page, "at": at} for page, at in found["pages"]]}
