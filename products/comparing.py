"""Products side by side, and one product's versions one after the other: pages that follow from the versions alone."""

import hashlib
from collections.abc import Sequence
from typing import Literal

from evidence import decode
from evidence.errors import NotValid
from evidence.events import Frozen, Locale
from products.compiled import Compiled
from products.definition import Text
from products.difference import Change, difference
from products.errors import NotComparable
from products.render import sentence
from products.template import names_in

TOPICS = ("purpose", "pays", "not_paid", "waiting", "price", "early_exit", "claim")
MOST = 3
_MISSING: Text = {"zh-CN": "未约定", "en": "not agreed"}
_ROWS: dict[str, Text] = {
    "provider": {"zh-CN": "由谁提供", "en": "Provider"},
    "filing": {"zh-CN": "备案编号", "en": "Filing number"},
    "purpose": {"zh-CN": "做什么用", "en": "What for"},
    "pays": {"zh-CN": "什么时候赔付", "en": "When it pays"},
    "not_paid": {"zh-CN": "什么不赔", "en": "What is not paid"},
    "waiting": {"zh-CN": "等多久", "en": "Waiting"},
    "price": {"zh-CN": "多少钱", "en": "Price"},
    "early_exit": {"zh-CN": "中途退出", "en": "Leaving early"},
    "claim": {"zh-CN": "怎么申请", "en": "How to claim"},
    "limits": {"zh-CN": "减轻我们责任的条款", "en": "Clauses that limit what we owe"},
    "cooling_off": {"zh-CN": "犹豫期", "en": "Cooling-off period"},
}


class Row(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """`cells` in the order of the products; never blank. `differs`: not all the same."""

    name: str
    label: str
    cells: tuple[str, ...]
    differs: bool


class Comparison(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """`v` of the page; `products`: `full` of each."""

    v: Literal[1] = 1
    locale: Locale
    products: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[Row, ...]


class Changed(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """One clause: plain words and filed words, before and after; None where there was or is none."""

    clause: str
    title: str
    changes: tuple[Change, ...]
    plain: tuple[str | None, str | None]
    formal: tuple[str | None, str | None]


class Changes(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """`numbers`: label (the quoted words' clause), old and new value of each number of the contract that moved."""

    v: Literal[1] = 1
    locale: Locale
    older: str
    newer: str
    name: str
    versions: tuple[int, int]
    numbers: tuple[tuple[str, str | None, str | None], ...]
    clauses: tuple[Changed, ...]
    requote: bool
    read_again: tuple[str, ...]


def leaf_bytes(page: Comparison | Changes) -> bytes:
    return decode.encode(page)


def leaf_sha256(page: Comparison | Changes) -> str:
    return hashlib.sha256(leaf_bytes(page)).hexdigest()


# --- side by side ----------------------------------------------------------------------------------------------------


def comparison(products: Sequence[Compiled], locale: Locale) -> Comparison:
    """Two or three different products of one kind (PRODUCT-FORMAT section 4, 18). NotComparable otherwise."""
    if not 2 <= len(products) <= MOST or len({item.product.id for item in products}) != len(products):
        raise NotComparable("two or three different products")
    if len({item.product.kind for item in products}) > 1:
        raise NotComparable("products of different kinds")
    if any(locale not in item.product.languages.offered for item in products):
        raise NotValid("not every product is offered in this language", field="locale")
    columns = [_card(item, locale) for item in products]
    return Comparison(
        locale=locale,
        products=tuple(item.hashes.full for item in products),
        names=tuple(item.product.names[locale] for item in products),
        rows=tuple(_row(name, locale, columns) for name in _ROWS),
    )


def _row(name: str, locale: Locale, columns: Sequence[dict[str, str]]) -> Row:
    cells = tuple(column.get(name) or _MISSING[locale] for column in columns)
    return Row(name=name, label=_ROWS[name][locale], cells=cells, differs=len(set(cells)) > 1)


def _card(compiled: Compiled, locale: Locale) -> dict[str, str]:
    product = compiled.product
    card: dict[str, str] = {line.topic: sentence(compiled, line.text, locale) for line in product.summary}
    hesitation = product.journey.hesitation
    if hesitation is not None:
        days = f"{compiled.params[hesitation]:f}"
        card["cooling_off"] = f"{days}天" if locale == "zh-CN" else f"{days} days"
    limits = sum(placed.clause.limits_provider for placed in compiled.clauses.values())
    return card | {
        "provider": product.provider.name[locale],
        "filing": product.provider.filing_no,
        "limits": f"{limits}条" if locale == "zh-CN" else str(limits),
    }


# --- one after the other ---------------------------------------------------------------------------------------------


def changes(older: Compiled, newer: Compiled, locale: Locale) -> Changes:
    """What another version says differently, for a reader: no personal numbers, so anyone can make the page again."""
    found = difference(older, newer)
    return Changes(
        locale=locale,
        older=older.hashes.full,
        newer=newer.hashes.full,
        name=newer.product.names[locale],
        versions=(older.product.version, newer.product.version),
        numbers=_numbers(older, newer),
        clauses=tuple(
            Changed(
                clause=item.clause,
                title=_said(newer, item.clause, "title", locale) or _said(older, item.clause, "title", locale) or "",
                changes=item.changes,
                plain=(_said(older, item.clause, "plain", locale), _said(newer, item.clause, "plain", locale)),
                formal=(_formal(older, item.clause), _formal(newer, item.clause)),
            )
            for item in found.clauses
        ),
        requote=found.requote,
        read_again=found.read_again,
    )


def _numbers(older: Compiled, newer: Compiled) -> tuple[tuple[str, str | None, str | None], ...]:
    names = {**older.product.params, **newer.product.params}
    pairs = ((name, _value(older, name), _value(newer, name)) for name in names)
    return tuple((names[name].clause, before, after) for name, before, after in pairs if before != after)


def _value(compiled: Compiled, name: str) -> str | None:
    param = compiled.product.params.get(name)
    return None if param is None else f"{param.value} {param.unit}"


def _said(compiled: Compiled, name: str, part: Literal["title", "plain"], locale: Locale) -> str | None:
    placed = compiled.clauses.get(name)
    if placed is None:
        return None
    clause = placed.clause
    text = (clause.title or clause.one) if part == "title" else (clause.plain or clause.one)
    if names_in(text[locale]) & compiled.personal_names:
        return None
    return sentence(compiled, text, locale, clause=clause)


def _formal(compiled: Compiled, name: str) -> str | None:
    placed = compiled.clauses.get(name)
    return None if placed is None else compiled.wording.cut(placed.clause.src)
