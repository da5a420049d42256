"""Rules first, then ports, then the ledger: pages, terms, reading aloud, a person's help."""

from evidence.case import Case
from evidence.events import Stamp
from products.commands import EnterPage, HelpCustomer, OpenTerm, PlayAloud
from products.ports import Ports
from products.reading import rules
from products.stored import newer_version


async def enter_page(case: Case, command: EnterPage, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    newest = newer_version(case, stamp.at, ports)
    return await ports.ledger.record(case.id, lambda now: rules.enter_page(now, command, newest, stamp), stamp)


async def open_term(case: Case, command: OpenTerm, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    compiled = ports.catalogue.of(case)
    return await ports.ledger.record(case.id, lambda now: rules.open_term(now, command, compiled, stamp), stamp)


async def play_aloud(case: Case, command: PlayAloud, stamp: Stamp, ports: Ports) -> Case:
    rules.admit(case, command, stamp)
    return await ports.ledger.record(case.id, lambda now: rules.play_aloud(now, command, stamp), stamp)


async def help_customer(case: Case, command: HelpCustomer, stamp: Stamp, ports: Ports) -> Case:
    rules.admit_help(case, command, stamp)
    name = command.about.removeprefix("question:")
    question = next((item for item in ports.catalogue.of(case).product.questions if item.id == name), None)
    return await ports.ledger.record(case.id, lambda now: rules.help_customer(now, command, question, stamp), stamp)
