"""What a reader sees of a clause, as bytes that can be made again and proven.

The layout (standard or elder) is not in the bytes: the same texts have the same hash however large they are drawn.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

import msgspec

from evidence import decode
from evidence.events import Frozen, Locale
from evidence.events.reading import Level
from products.compiled import Compiled, own_texts
from products.definition import Clause, Text
from products.formula import Value
from products.template import han, names_in, parse_template, say, words

HAN_PER_S = 8
WORDS_PER_S = 5
SLOWEST = (8, 3)  # a declared dwell may slow the floor down to 8/3 of it: three Han characters a second

_encode_sorted = msgspec.json.Encoder(order="sorted").encode

_LABELS: dict[str, dict[Locale, str]] = {
    "what": {"zh-CN": "是什么", "en": "What it is"},
    "covers": {"zh-CN": "包括什么", "en": "What it covers"},
    "effect": {"zh-CN": "对您有什么后果", "en": "What it means for you"},
    "formal": {"zh-CN": "条款原文", "en": "Original terms (the Chinese text prevails)"},
}


class Span(Frozen, frozen=True, kw_only=True):
    """`term`: a glossary id. `number`: the name of the value the text stands for."""

    text: str
    term: str | None = None
    number: str | None = None


class Block(Frozen, frozen=True, kw_only=True):
    kind: Literal["p", "alert", "formal", "explain"]
    spans: tuple[Span, ...]
    label: str | None = None


@dataclass(frozen=True)
class Composed:
    """A clause as a person sees it, before it is bytes."""

    title: str
    blocks: tuple[Block, ...]
    floor_ms: int


@dataclass(frozen=True)
class Rendered:
    """`bytes`: canonical JSON of a `Page`."""

    bytes: bytes
    sha256: str
    floor_ms: int


class Page(Frozen, frozen=True, kw_only=True):
    """The content of `Rendered.bytes`, for reading them back."""

    v: int
    product: str
    clause: str
    level: Level
    locale: Locale
    title: str
    blocks: tuple[Block, ...]
    nonce: str | None = None


def render(
    compiled: Compiled,
    clause_id: str,
    level: Level,
    locale: Locale,
    values: Mapping[str, Value] | None = None,
    nonce: str | None = None,
) -> Rendered:
    """Pure. `values` and a random 256-bit `nonce` are given exactly when the level shows personal numbers.

    The nonce keeps the plain hash of a personal page from being guessed; pages without personal numbers must not have
    one, so that anyone can make them again from the product alone.
    """
    if shows_personal(compiled, compiled.clause(clause_id), level) != (nonce is not None):
        raise ValueError(f"{clause_id} at {level}: a nonce belongs to personal pages, and only to them")
    shown = compose(compiled, clause_id, level, locale, values)
    page = Page(
        v=1,
        product=compiled.hashes.full,
        clause=clause_id,
        level=level,
        locale=locale,
        title=shown.title,
        blocks=shown.blocks,
        nonce=nonce,
    )
    data = written(page)
    return Rendered(bytes=data, sha256=hashlib.sha256(data).hexdigest(), floor_ms=shown.floor_ms)


def written(page: Page) -> bytes:
    """Canonical bytes. Keys are ASCII and the only number is the version, so just odd characters need the long way."""
    data = _encode_sorted(page)
    odd = b"\x7f" in data or b"\\" in data.replace(b"\\n", b"")
    return decode.encode(page) if odd else data


def compose(
    compiled: Compiled, clause_id: str, level: Level, locale: Locale, values: Mapping[str, Value] | None = None
) -> Composed:
    clause = compiled.clause(clause_id)
    page = _Writer(compiled, locale, {**compiled.params, **(values or {})})
    title, blocks = page.text(clause.title or clause.one, clause), page.blocks(clause, level)
    declared = 0 if level == "one" else clause.dwell_s
    return Composed(title=title, blocks=blocks, floor_ms=floor_ms(title, blocks, declared))


def aloud(page: Page) -> str:
    """What a voice reads of a page: its title, then each block with its label, in the very words that are shown."""
    lines = [page.title]
    for block in page.blocks:
        said = "".join(span.text for span in block.spans)
        lines.append("\n".join(part for part in (block.label, said) if part))
    return "\n".join(lines)


def shows_personal(compiled: Compiled, clause: Clause, level: Level) -> bool:
    """Whether what is shown at this level uses the customer's own inputs."""
    return any(
        names_in(template) & compiled.personal_names for text in _shown(clause, level) for template in text.values()
    )


def floor_ms(title: str, blocks: tuple[Block, ...], declared_s: int) -> int:
    """Least visible time: ceil(Han / 8 + English words / 5) seconds. A declared time may raise it, never lower it."""
    text = " ".join((title, *(span.text for block in blocks for span in block.spans)))
    exact = Decimal(han(text)) / HAN_PER_S + Decimal(words(text)) / WORDS_PER_S
    floor = _ceil(exact)
    most = _ceil(exact * SLOWEST[0] / SLOWEST[1])
    return 1000 * max(floor, min(declared_s, most))


def sentence(
    compiled: Compiled,
    text: Text,
    locale: Locale,
    values: Mapping[str, Value] | None = None,
    clause: Clause | None = None,
) -> str:
    """One authored text filled in, without links: summary lines, questions, disclosures, the list of clauses."""
    return _Writer(compiled, locale, {**compiled.params, **(values or {})}).text(text, clause)


def show_value(compiled: Compiled, name: str, value: Value, locale: Locale, form: str = "plain") -> str:
    """A value of the product as a person reads it: choices by their label, money in yuan."""
    if isinstance(value, Decimal):
        unit = compiled.units.get(name, "")
        return say(value, unit if form == "plain" and unit in ("money", "percent") else form, locale)
    item = compiled.product.inputs.get(name)
    for choice in item.choices if item else ():
        if choice.value == value:
            return choice.label[locale]
    return str(value)


class _Writer:
    def __init__(self, compiled: Compiled, locale: Locale, values: Mapping[str, Value]) -> None:
        self.compiled = compiled
        self.locale = locale
        self.values = values

    def text(self, text: Text, clause: Clause | None) -> str:
        return "".join(span.text for span in self.spans(text[self.locale], clause))

    def spans(self, template: str, clause: Clause | None) -> tuple[Span, ...]:
        found: list[Span] = []
        for part in parse_template(template):
            match part.kind:
                case "words":
                    found.append(Span(text=part.text))
                case "term":
                    found.append(Span(text=part.text, term=part.name))
                case "count":
                    found.append(Span(text=str(counted(clause)), number="count"))
                case "value":
                    shown = show_value(self.compiled, part.name, self.values[part.name], self.locale, part.format)
                    found.append(Span(text=shown, number=part.name))
        return tuple(found)

    def blocks(self, clause: Clause, level: Level) -> tuple[Block, ...]:
        match level:
            case "one":
                return (Block(kind="p", spans=self.spans(clause.one[self.locale], clause)),)
            case "formal":
                label = _LABELS["formal"][self.locale]
                return tuple(
                    Block(kind="formal", label=label if first else None, spans=(Span(text=text),))
                    for first, text in self._formal(clause)
                )
            case "plain":
                return self._plain(clause)

    def _plain(self, clause: Clause) -> tuple[Block, ...]:
        kind: Literal["p", "alert"] = "alert" if clause.style == "alert" else "p"
        template = (clause.plain or clause.one)[self.locale]
        blocks = [Block(kind=kind, spans=self.spans(line, clause)) for line in template.split("\n") if line.strip()]
        children = tuple(self._child(child, kind) for child in clause.children)
        explain = clause.explain
        if explain is None:
            return (*blocks, *children)
        blocks.append(self._explained("what", explain.what, clause))
        if isinstance(explain.covers, dict):
            blocks.append(self._explained("covers", explain.covers, clause))
            return (*blocks, self._explained("effect", explain.effect, clause), *children)
        blocks.append(Block(kind="explain", label=_LABELS["covers"][self.locale], spans=()))
        return (*blocks, *children, self._explained("effect", explain.effect, clause))

    def _child(self, child: Clause, kind: Literal["p", "alert"]) -> Block:
        label = self.text(child.title, child) if child.title else None
        return Block(kind=kind, label=label, spans=self.spans((child.plain or child.one)[self.locale], child))

    def _explained(self, part: str, text: Text, clause: Clause) -> Block:
        spans = self.spans(text[self.locale], clause)
        return Block(kind="explain", label=_LABELS[part][self.locale], spans=spans)

    def _formal(self, clause: Clause) -> list[tuple[bool, str]]:
        found = [(True, self.compiled.wording.cut(clause.src))]
        for child in clause.children:
            found += [(False, text) for _, text in self._formal(child)]
        return found


def counted(clause: Clause | None) -> int:
    """`{count(children)}`: the items of the same category as their parent."""
    return sum(child.cat == clause.cat for child in clause.children) if clause else 0


def _shown(clause: Clause, level: Level) -> list[Text]:
    title = [clause.title] if clause.title else [clause.one]
    match level:
        case "one":
            return [*title, clause.one]
        case "formal":
            return title
        case "plain":
            shown = [text for part, text in own_texts(clause) if part != "one" or not clause.plain]
            return [*title, *shown, *(text for child in clause.children for text in _shown(child, "plain"))]


def _ceil(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))
