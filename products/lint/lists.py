"""The lint's data files, read once: word lists, legal bounds, mandatory notices, topics of the wording."""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from evidence.events import Frozen

CN = "零一二三四五六七八九十百千万亿两"
NUMERAL = rf"\d+(?:\.\d+)?|[{CN}]+"


class Topic(Frozen, frozen=True, kw_only=True):
    unit: str
    patterns: tuple[str, ...]


class Bound(Frozen, frozen=True, kw_only=True):
    """A legal bound. In force on `[from, to)`; `channels`: only for products sold there."""

    id: str
    topic: str
    kinds: tuple[str, ...]
    source: str
    from_: str = msgspec.field(name="from")
    to: str | None = None
    min: int | None = None
    max: int | None = None
    channels: tuple[str, ...] = ()


class Notice(Frozen, frozen=True, kw_only=True):
    """Something a definition of these kinds must carry; exactly one of cats, flagged, words, shown."""

    id: str
    kinds: tuple[str, ...]
    source: str
    cats: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    must_read: bool = False
    words: str | None = None
    shown: str | None = None


class Modality(Frozen, frozen=True, kw_only=True):
    source: str
    plain: str


class Refusal(Frozen, frozen=True, kw_only=True):
    source: str
    plain: str
    pays: str


class Words(Frozen, frozen=True, kw_only=True):
    lessens: str
    promises: tuple[str, ...]
    denials: str
    insurance_promises: tuple[str, ...]
    refusal: Refusal
    modality: dict[str, Any]
    terms: dict[str, tuple[str, ...]]
    synonyms: dict[str, tuple[str, ...]]
    damage: dict[str, str]


@cache
def words() -> Words:
    return msgspec.convert(_read("words.toml"), Words)


@cache
def bounds() -> tuple[Bound, ...]:
    return msgspec.convert(_read("law.toml")["bound"], tuple[Bound, ...])


@cache
def notices() -> tuple[Notice, ...]:
    return msgspec.convert(_read("notices.toml")["notice"], tuple[Notice, ...])


@cache
def topics() -> dict[str, tuple[str, tuple[re.Pattern[str], ...]]]:
    """Unit and patterns of each topic; the group `n` of a pattern is the number."""
    found = msgspec.convert(_read("topics.toml"), dict[str, Topic])
    number = rf"(?P<n>{NUMERAL})"
    return {
        name: (topic.unit, tuple(re.compile(_once(pattern, number)) for pattern in topic.patterns))
        for name, topic in found.items()
    }


def applies(kinds: tuple[str, ...], kind: str) -> bool:
    return any(kind.startswith(prefix) for prefix in kinds)


def _once(pattern: str, number: str) -> str:
    """A group name may stand once in a pattern, so a second `{n}` (an alternative) gets a name of its own."""
    first, *more = pattern.split("{n}")
    return first + "".join(
        (number if at == 0 else number.replace("?P<n>", "?P<m>")) + part for at, part in enumerate(more)
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))
