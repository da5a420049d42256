"""Read a product's record, record what happens to its versions, and say what may be sold now."""

import asyncio
from datetime import datetime
from typing import Any

from evidence.errors import NotFound
from evidence.events import Stamp
from products.compiled import Compiled
from products.difference import Difference, difference
from products.errors import ProductUnknown
from products.findings import Finding
from products.lint import lint
from products.ports import Ports
from products.release import rules
from products.release.commands import ApproveProduct, Command, MakeNotice, PublishProduct, WithdrawProduct
from products.release.rules import Content, Releases
from products.versions import is_on_sale

Shown = dict[str, Any]


def stream(product: str) -> str:
    return f"product_{product}"


async def releases(product: str, ports: Ports) -> Releases:
    try:
        return rules.fold(await ports.ledger.events(stream(product)))
    except NotFound:
        return Releases()


async def record(product: str, version: int, command: Command, stamp: Stamp, ports: Ports) -> Releases:
    """ProductUnknown, PublishingRefused or another refusal; the same command again changes nothing."""
    compiled = ports.catalogue.get(product, version)
    held = await releases(product, ports)
    if stamp.cmd and stamp.cmd in held.commands:
        return held
    match command:
        case ApproveProduct():
            bodies = rules.approve(held, compiled, command, await findings(compiled), stamp.actor)
        case PublishProduct():
            bodies = rules.publish(held, compiled, command, await findings(compiled), stamp)
        case WithdrawProduct():
            bodies = rules.withdraw(held, compiled, command, stamp)
        case MakeNotice():
            bodies = rules.make_notice(held, compiled, command, stamp.actor)
    if bodies:
        await ports.ledger.note(stream(product), bodies, stamp)
    return await releases(product, ports)


async def announce(compiled: Compiled, stamp: Stamp, ports: Ports) -> None:
    """For the sandbox: what its catalogue has on sale needs no four people. Once, and never after a withdrawal."""
    held = await releases(compiled.product.id, ports)
    if not held.of(compiled.product.version, compiled.hashes.full).published_at:
        await ports.ledger.note(stream(compiled.product.id), (rules.published(compiled),), stamp)


async def for_sale(product: str, at: datetime, ports: Ports) -> Compiled | None:
    """The newest version of a product that is published, not withdrawn and within its period of sale."""
    held = await releases(product, ports)
    for compiled in ports.catalogue.versions(product):
        content = held.of(compiled.product.version, compiled.hashes.full)
        if content.state == "on_sale" and is_on_sale(compiled, at):
            return compiled
    return None


async def all_for_sale(at: datetime, ports: Ports) -> tuple[Compiled, ...]:
    """One version of each product, in order of id."""
    found = [await for_sale(product, at, ports) for product in ports.catalogue.names()]
    return tuple(compiled for compiled in found if compiled is not None)


async def findings(compiled: Compiled) -> tuple[Finding, ...]:
    """Errors and unwaived warnings; the lint takes its time, so not on the event loop."""
    return await asyncio.to_thread(lint, compiled)


async def shown(product: str, ports: Ports) -> Shown:
    """Every version of a product and where it stands, the newest first."""
    held = await releases(product, ports)
    versions = ports.catalogue.versions(product)
    if not versions:
        raise ProductUnknown("no such product")
    return {
        "product": product,
        "versions": [
            _version(compiled, held.of(compiled.product.version, compiled.hashes.full), held) for compiled in versions
        ],
    }


async def judged(product: str, version: int, ports: Ports) -> Shown:
    """What the lint says of one version, with what to change."""
    compiled = ports.catalogue.get(product, version)
    return {
        "product": product,
        "version": version,
        "full": compiled.hashes.full,
        "findings": [
            {
                "rule": item.rule,
                "severity": item.severity,
                "path": item.path,
                "line": item.line,
                "message": item.message,
                "fix": {"zh-CN": item.fix_zh, "en": item.fix_en},
            }
            for item in await findings(compiled)
        ],
    }


def compared(product: str, older: int, newer: int, ports: Ports) -> Difference:
    return difference(ports.catalogue.get(product, older), ports.catalogue.get(product, newer))


def _version(compiled: Compiled, content: Content, held: Releases) -> Shown:
    product = compiled.product
    return {
        "version": product.version,
        "names": product.names,
        "state": content.state,
        "hashes": compiled.hashes,
        "sale": product.sale,
        "supersedes": product.supersedes,
        "approvals": [{"post": post, "by": by} for post, by in content.approvals.items()],
        "missing": content.missing,
        "published_at": content.published_at or None,
        "withdrawn_at": content.withdrawn_at or None,
        "cause": content.cause or None,
        "notice_due": held.notice_due.get(product.version),
        "notice": held.notices.get(product.version),
        "waivers": product.waivers,
    }
