"""The record of a product's versions, folded from its stream, and what may happen to them next: pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Literal, get_args

from msgspec.structs import replace

from evidence.errors import NotAllowed
from evidence.events import (
    Actor,
    Body,
    Event,
    Frozen,
    ProductApproved,
    ProductNoticeMade,
    ProductPublished,
    ProductWithdrawn,
    Stamp,
    parse_instant,
)
from evidence.events.releases import Post
from evidence.workdays import HERE, working_day
from products.compiled import Compiled
from products.findings import Finding
from products.release.commands import ApproveProduct, MakeNotice, PublishProduct, WithdrawProduct
from products.release.errors import (
    AnotherPersonNeeded,
    AuthorFirst,
    ContentChanged,
    NotPublished,
    PostTaken,
    PublishingRefused,
)

POSTS: tuple[Post, ...] = get_args(Post)
NOTICE_DAYS = 10  # working days: 人身保险产品信息披露管理办法 art. 16, 19 (PRD-07)

State = Literal["draft", "reviewed", "approved", "on_sale", "withdrawn"]


class Content(Frozen, frozen=True, kw_only=True):
    """One exact content of a version. `approvals`: capacity to the person's account."""

    approvals: dict[Post, str] = {}
    published_at: str = ""
    withdrawn_at: str = ""
    cause: str = ""

    @property
    def missing(self) -> tuple[Post, ...]:
        return tuple(post for post in POSTS if post not in self.approvals)

    @property
    def state(self) -> State:
        if self.withdrawn_at:
            return "withdrawn"
        if self.published_at:
            return "on_sale"
        if not self.missing:
            return "approved"
        return "reviewed" if "author" in self.approvals else "draft"


class Releases(Frozen, frozen=True, kw_only=True):
    """By version and hash: a draft may change and starts again; what was published never does."""

    contents: dict[tuple[int, str], Content] = {}
    notices: dict[int, str] = {}  # version -> reference of the last notice
    notice_due: dict[int, str] = {}  # version -> day
    commands: frozenset[str] = frozenset()

    def of(self, version: int, full: str) -> Content:
        return self.contents.get((version, full), Content())

    def published(self, version: int) -> str | None:
        """The content ever published under this version."""
        return next(
            (full for (known, full), item in self.contents.items() if known == version and item.published_at), None
        )

    @property
    def newest(self) -> int:
        """The highest version ever published; 0 before the first."""
        return max((version for (version, _), item in self.contents.items() if item.published_at), default=0)


def fold(events: Iterable[Event]) -> Releases:
    """An approval by a person who already holds another post for that content counts for nothing."""
    held = Releases()
    for event in events:
        match event.body:
            case ProductApproved() as body:
                content = held.of(body.version, body.full)
                if body.post in content.missing and event.actor.id not in content.approvals.values():
                    approvals = {**content.approvals, body.post: event.actor.id}
                    held = _with(held, body.version, body.full, replace(content, approvals=approvals))
            case ProductPublished() as body:
                content = held.of(body.version, body.full)
                if 0 < held.newest < body.version:  # what changed is told too
                    due = notice_day(parse_instant(event.at).astimezone(HERE).date())
                    held = replace(held, notice_due={**held.notice_due, body.version: due})
                held = _with(held, body.version, body.full, replace(content, published_at=event.at))
            case ProductWithdrawn() as body:
                content = replace(held.of(body.version, body.full), withdrawn_at=event.at, cause=body.cause)
                held = _with(held, body.version, body.full, content)
                held = replace(held, notice_due={**held.notice_due, body.version: body.notice_due})
            case ProductNoticeMade() as body:
                left = {version: day for version, day in held.notice_due.items() if version != body.version}
                held = replace(held, notices={**held.notices, body.version: body.reference}, notice_due=left)
            case _:
                continue
        if event.cmd:
            held = replace(held, commands=held.commands | {event.cmd})
    return held


def approve(
    held: Releases, compiled: Compiled, command: ApproveProduct, findings: tuple[Finding, ...], actor: Actor
) -> tuple[Body, ...]:
    """The author stands for a text without findings; then three other people for law, numbers and conduct."""
    _admit(compiled, command.full, actor)
    content = held.of(compiled.product.version, command.full)
    if command.post in content.approvals:
        if content.approvals[command.post] == actor.id:
            return ()
        raise PostTaken(command.post)
    if actor.id in content.approvals.values():
        raise AnotherPersonNeeded(command.post)
    if command.post != "author" and "author" not in content.approvals:
        raise AuthorFirst(command.post)
    reasons = (*_immutable(held, compiled), *map(_reason, findings))
    if reasons:
        raise PublishingRefused(reasons)
    product = compiled.product
    return (ProductApproved(product=product.id, version=product.version, full=command.full, post=command.post),)


def publish(
    held: Releases, compiled: Compiled, command: PublishProduct, findings: tuple[Finding, ...], stamp: Stamp
) -> tuple[Body, ...]:
    """PublishingRefused lists every reason at once (PRD-02); publishing what is on sale changes nothing."""
    _admit(compiled, command.full, stamp.actor)
    content = held.of(compiled.product.version, command.full)
    if content.state == "on_sale":
        return ()
    reasons = (
        *_immutable(held, compiled),
        *map(_reason, findings),
        *(f"{post} has not approved" for post in content.missing),
        *_sequence(held, compiled),
        *_period(compiled, stamp.at),
        *(("it was withdrawn: write a new version",) if content.withdrawn_at else ()),
    )
    if reasons:
        raise PublishingRefused(reasons)
    return (published(compiled),)


def published(compiled: Compiled) -> ProductPublished:
    product, hashes = compiled.product, compiled.hashes
    return ProductPublished(
        product=product.id,
        version=product.version,
        full=hashes.full,
        formal=hashes.formal,
        numbers=hashes.numbers,
        plain=hashes.plain,
        rules=hashes.rules,
    )


def withdraw(held: Releases, compiled: Compiled, command: WithdrawProduct, stamp: Stamp) -> tuple[Body, ...]:
    """No new sale from this event on (PRD-07). What is open goes on or stops by its own journey."""
    _admit(compiled, command.full, stamp.actor)
    product = compiled.product
    content = held.of(product.version, command.full)
    if not content.published_at:
        raise NotPublished(f"{product.id} version {product.version}")
    if content.withdrawn_at:
        return ()
    today = stamp.at.astimezone(_zone(compiled)).date()
    return (
        ProductWithdrawn(
            product=product.id,
            version=product.version,
            full=command.full,
            cause=command.cause,
            notice_due=notice_day(today),
        ),
    )


def make_notice(held: Releases, compiled: Compiled, command: MakeNotice, actor: Actor) -> tuple[Body, ...]:
    if actor.role != "admin":
        raise NotAllowed("admins only")
    product = compiled.product
    if held.published(product.version) is None:
        raise NotPublished(f"{product.id} version {product.version}")
    return (ProductNoticeMade(product=product.id, version=product.version, reference=command.reference),)


def notice_day(today: date) -> str:
    return working_day(today, NOTICE_DAYS).isoformat()


def overdue(held: Releases, today: date) -> tuple[int, ...]:
    """Versions whose notice is late."""
    return tuple(version for version, day in sorted(held.notice_due.items()) if date.fromisoformat(day) < today)


def _admit(compiled: Compiled, full: str, actor: Actor) -> None:
    if actor.role != "admin":
        raise NotAllowed("admins only")
    if full != compiled.hashes.full:
        raise ContentChanged(f"{compiled.product.id} version {compiled.product.version}")


def _immutable(held: Releases, compiled: Compiled) -> tuple[str, ...]:
    """PRD-06: a version number stands for one content for ever."""
    before = held.published(compiled.product.version)
    if before is None or before == compiled.hashes.full:
        return ()
    return (f"version {compiled.product.version} was published with other content: give it a higher number",)


def _sequence(held: Releases, compiled: Compiled) -> tuple[str, ...]:
    product = compiled.product
    before = max(
        (version for (version, _), item in held.contents.items() if item.published_at and version != product.version),
        default=0,
    )
    reasons = []
    if before > product.version:
        reasons.append(f"version {before} is newer")
    if before and before < product.version and product.supersedes != before:
        reasons.append(f"supersedes must name version {before}")
    if not before and product.supersedes is not None:
        reasons.append(f"supersedes names version {product.supersedes}, which was never published")
    if product.status not in ("approved", "on_sale"):
        reasons.append(f"the definition says {product.status}")
    return tuple(reasons)


def _period(compiled: Compiled, at: datetime) -> tuple[str, ...]:
    sale = compiled.product.sale
    if sale.to is None:
        return ()
    end = datetime.fromisoformat(f"{sale.to}T00:00:00{sale.zone}")
    return (f"its sale ended on {sale.to}",) if at >= end else ()


def _reason(finding: Finding) -> str:
    return f"{finding}. {finding.fix_en} {finding.fix_zh}"


def _zone(compiled: Compiled) -> timezone:
    sign, hours, minutes = compiled.product.sale.zone[0], *compiled.product.sale.zone[1:].split(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def _with(held: Releases, version: int, full: str, content: Content) -> Releases:
    return replace(held, contents={**held.contents, (version, full): content})
