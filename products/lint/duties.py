"""What law asks of a product of this kind: notices it must carry, bounds its wording must keep."""

import re
from collections.abc import Iterator
from decimal import Decimal

from products.compiled import Compiled
from products.lint.lists import Bound, Notice, applies, bounds, notices
from products.lint.places import Found, Rules, at_segment, chinese, upward
from products.lint.quotes import facts_of_wording

_HOLLOW = re.compile(r"[xX＊*×_—\-？?]{2,}|待定|示例编号|TBD", re.IGNORECASE)


def notices_are_carried(compiled: Compiled) -> Iterator[Found]:
    """L19: every notice of the table for this kind, and a head that names product, filing and provider (PRD-02)."""
    product = compiled.product
    for notice in notices():
        if applies(notice.kinds, product.kind) and not _carried(compiled, notice):
            yield "clauses", f"nothing for {notice.id} ({notice.source})"
    filing = product.provider.filing_no
    if len(filing.strip()) < 4 or _HOLLOW.search(filing):
        yield "provider.filing_no", "no filing number"
    for path, name in (("names", product.names), ("provider.name", product.provider.name)):
        if any(len(text.strip()) < 4 or _HOLLOW.search(text) for text in name.values()):
            yield path, "not a full name"
    if not product.sale.regions or not product.sale.channels:
        yield "sale", "regions and channels say where it is sold"
    topics = {line.topic for line in product.summary}
    missing = {"purpose", "pays", "not_paid", "price", "early_exit", "claim"} - topics
    if missing:
        yield "summary", f"the card lacks {', '.join(sorted(missing))}"


def _carried(compiled: Compiled, notice: Notice) -> bool:
    if notice.words is not None:
        return re.search(notice.words, compiled.wording.text) is not None
    if notice.shown is not None:
        return any(re.search(notice.shown, template) for _, template in chinese(compiled))
    for placed in compiled.clauses.values():
        clause = placed.clause
        above = list(upward(compiled, clause.id))
        read = any(item.must_read for item in above)
        if clause.cat in notice.cats and (read or not notice.must_read):
            return True
        if clause.cat in notice.flagged and read and any(item.limits_provider for item in above):
            return True
    return False


def law_is_kept(compiled: Compiled) -> Iterator[Found]:
    """L20, PRD-14: the numbers of the wording are within the bounds in force on the first day of sale."""
    product = compiled.product
    stated = facts_of_wording(compiled)
    for bound in bounds():
        if not _in_force(bound, product.sale.from_) or not applies(bound.kinds, product.kind):
            continue
        if bound.channels and not set(bound.channels) & set(product.sale.channels):
            continue
        for fact in stated:
            if fact.topic == bound.topic and not _within(bound, Decimal(fact.value)):
                path = _param_path(compiled, fact.segment, fact.value)
                yield path, f"{fact.words}: {_limits(bound)} ({bound.source})"


def _in_force(bound: Bound, day: str) -> bool:
    return bound.from_ <= day and (bound.to is None or day < bound.to)


def _within(bound: Bound, value: Decimal) -> bool:
    return (bound.min is None or value >= bound.min) and (bound.max is None or value <= bound.max)


def _limits(bound: Bound) -> str:
    low = f"at least {bound.min}" if bound.min is not None else ""
    high = f"at most {bound.max}" if bound.max is not None else ""
    return " and ".join(filter(None, (low, high)))


def _param_path(compiled: Compiled, segment: str, value: str) -> str:
    """The param that carries the number, so that the author sees the line to change."""
    for name, param in compiled.product.params.items():
        if str(param.value) == value and compiled.clause(param.clause).src == segment:
            return f"params.{name}"
    return at_segment(compiled, segment)


RULES: Rules = (
    ("L19", "E", notices_are_carried),
    ("L20", "E", law_is_kept),
)
