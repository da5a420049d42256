"""Texts with holes: `{name}`, `{name, money}`, `{count(children)}` and `[words](glossary_id)`."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from evidence.events import Frozen

FORMATS = ("plain", "money", "percent")

_HOLE = re.compile(
    r"\{(?P<name>[a-z][a-z0-9_]*)(?:, ?(?P<format>[a-z]+))?\}"
    r"|(?P<count>\{count\(children\)\})"
    r"|\[(?P<words>[^\[\]{}]+)\]\((?P<term>[a-z][a-z0-9_]*)\)"
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")


class Part(Frozen, frozen=True, kw_only=True):
    """`text` for words and terms; `name` for a value or a term's id."""

    kind: Literal["words", "value", "count", "term"]
    text: str = ""
    name: str = ""
    format: str = "plain"


@lru_cache(maxsize=4096)
def parse_template(template: str) -> tuple[Part, ...]:
    """The parts of a text. ValueError names a stray bracket or an unknown format."""
    parts: list[Part] = []
    at = 0
    for match in _HOLE.finditer(template):
        parts += _words(template[at : match.start()])
        if match["name"]:
            if match["format"] and match["format"] not in FORMATS:
                raise ValueError(f"unknown format {match['format']}")
            parts.append(Part(kind="value", name=match["name"], format=match["format"] or "plain"))
        elif match["count"]:
            parts.append(Part(kind="count"))
        else:
            parts.append(Part(kind="term", text=match["words"], name=match["term"]))
        at = match.end()
    return (*parts, *_words(template[at:]))


@lru_cache(maxsize=4096)
def names_in(template: str) -> frozenset[str]:
    return frozenset(part.name for part in parse_template(template) if part.kind == "value")


def terms_in(template: str) -> frozenset[str]:
    return frozenset(part.name for part in parse_template(template) if part.kind == "term")


def words_in(template: str) -> str:
    """All that an author typed, the holes left out: where no digit may stand."""
    return "\0".join(part.text for part in parse_template(template) if part.text)


def say(value: Decimal | str, form: str, locale: str) -> str:
    """A value as a person reads it. Money in yuan with two places and thousands separated."""
    if isinstance(value, str):
        return value
    match form:
        case "money":
            return f"{value:,.2f}元" if locale == "zh-CN" else f"CNY {value:,.2f}"
        case "percent":
            return f"{value:f}%"
        case _:
            return f"{value:,f}"


def han(text: str) -> int:
    return len(_HAN.findall(text))


def words(text: str) -> int:
    return len(_WORD.findall(text))


def _words(text: str) -> list[Part]:
    if re.search(r"[\[\]{}]", text):
        raise ValueError(f"stray bracket in {text.strip()[:20]!r}")
    return [Part(kind="words", text=text)] if text else []
