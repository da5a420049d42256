"""The words of the human account, by edition: every sentence, label and piece of HTML; both verifiers read them.

`words.json` and `AUDIT.md` here are the newest edition. A bundle that left the house is judged by the words it was made
with, for as long as anybody keeps it, so an edition that was ever handed out is never edited: it moves to
`editions/<number>/`, and the new one names its number in the head of the page (docs/BUNDLE.md section 8).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files as resources
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.strict import canonical

NOTHING = "—"
FIRST = 1  # the edition of a page that names none

_MARK = re.compile(rb'<meta name="edition" content="([1-9][0-9]{0,3})">')
_HEAD = 200  # bytes of the page that may name its edition: before anything that anybody gave
_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")
_PLACE = re.compile(r"\{([A-Za-z0-9_.-]+)(?:\|([a-z0-9_]+))?\}")
_SPECIAL = re.compile("[&<>\"']")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


@dataclass(frozen=True, eq=False)
class Edition:
    """`sentences`: by event type, then language. `labels`: by table and text. `html`: pieces. `guide`: AUDIT.md."""

    number: int
    sentences: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Mapping[str, Mapping[str, str]]]
    html: Mapping[str, str]
    guide: str

    def label(self, table: str, text: str, lang: str) -> str:
        texts = self.labels.get(table)
        found = texts.get(text) if texts else None
        return found.get(lang, text) if found else text

    @lru_cache(256)  # noqa: B019 - editions live as long as the process
    def role(self, role: str, lang: str) -> str:
        return escape(self.label("role", role, lang))

    def say(self, sentence: str, lang: str, body: Mapping[str, Any]) -> str:
        """A sentence with the members of `body` it names, escaped."""
        around, slots = _cut(_PLACE, sentence)
        said = around[:1]
        for number, (path, how) in enumerate(slots, 1):
            said += (escape(self._said(_find(body, path), how, lang)), around[number])
        return "".join(said)

    def _said(self, value: Any, how: str, lang: str) -> str:
        if value is None:
            # An event leaves out what has its usual value; the label of "" says what that is.
            return self.labels.get(how, {}).get("", {}).get(lang, NOTHING)
        if how == "s" and type(value) is int:
            return f"{value // 1000}.{value % 1000 // 100}"
        if how == "e4" and type(value) is int:
            return f"{'-' if value < 0 else ''}{abs(value) // 10_000}.{abs(value) % 10_000:04d}"
        if isinstance(value, list | dict):
            items = sorted(value) if isinstance(value, dict) else value
            return ("、" if lang == "zh" else ", ").join(self._one(item, how, lang) for item in items) or NOTHING
        return self._one(value, how, lang)

    def _one(self, value: Any, how: str, lang: str) -> str:
        return self.label(how, value if isinstance(value, str) else canonical(value).decode(), lang)


@cache
def editions() -> Mapping[int, Edition]:
    """Every edition there is, by number."""
    here = resources("evidence.verify")
    older = here.joinpath("editions")
    folders = [here, *(older.iterdir() if older.is_dir() else ())]
    found = [
        _read(*(folder.joinpath(name).read_text("utf-8") for name in ("words.json", "AUDIT.md"))) for folder in folders
    ]
    return {edition.number: edition for edition in found}


@cache
def newest() -> Edition:
    return editions()[max(editions())]


def edition_of(page: bytes, record: str) -> Edition:
    """The edition a page says it is in; whether those are its words is compared. NotVerified for one we do not have."""
    named = _MARK.search(page, 0, _HEAD)
    number = int(named[1]) if named else FIRST
    if number not in editions():
        raise NotVerified(f"is in edition {number} of the words: take a newer verifier", record=record)
    return editions()[number]


def _read(words: str, guide: str) -> Edition:
    found = json.loads(words)
    return Edition(found["edition"], found["events"], found["labels"], found["html"], guide)


@lru_cache(256)
def _cut(pattern: re.Pattern[str], template: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """The template around its slots, and the groups of each slot. There are some hundred templates."""
    parts = [part or "" for part in pattern.split(template)]
    step = pattern.groups + 1
    return parts[::step], list(zip(*(parts[number::step] for number in range(1, step)), strict=True))


def fill(template: str, values: Mapping[str, str]) -> str:
    around, slots = _cut(_SLOT, template)
    filled = [values[name] for (name,) in slots]
    return "".join(text for pair in zip(around, (*filled, ""), strict=True) for text in pair)


def escape(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text)


def _find(body: Any, path: str) -> Any:
    if "." not in path:
        return body.get(path)
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body
