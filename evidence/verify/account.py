"""Step 12. The human account: `timeline.html` and `AUDIT.md`, made here for the bundle and made again to compare.

An unsigned page fooled a reader once, so nothing is trusted because it stands there: the page is a function of what the
earlier steps checked (docs/BUNDLE.md sections 8 and 9).
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from importlib.resources import files as resources
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.fields import ERASED, MATCH, WITHHELD, Field, withheld
from evidence.verify.log import Head
from evidence.verify.records import Record, instant
from evidence.verify.strict import canonical, mapping, text

TIMELINE, GUIDE = "data/timeline.html", "AUDIT.md"
LOCAL = timedelta(hours=8)  # China has one time zone
NOTHING = "—"

_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")
_PLACE = re.compile(r"\{([A-Za-z0-9_.-]+)(?:\|([a-z0-9_]+))?\}")
_SPECIAL = re.compile("[&<>\"']")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


@cache
def words() -> Mapping[str, Any]:
    """`words.json`: every sentence, label and piece of HTML; both verifiers read it."""
    found: Mapping[str, Any] = json.loads(resources("evidence.verify").joinpath("words.json").read_text("utf-8"))
    return found


def check(chain: Chain, files: Mapping[str, bytes], fields: list[Field], head: Head) -> None:
    # 12.1 what is left closed is declared, no more and no less
    if files.get(WITHHELD, b"") != withheld(fields, chain):
        raise NotVerified("declares other withheld fields than there are", record=WITHHELD)
    # 12.2 the timeline says what the evidence says
    if files[TIMELINE] != timeline(chain, fields, head):
        raise NotVerified("the timeline is not the one the evidence makes", record=TIMELINE)
    # 12.3 so does the guide
    if files[GUIDE] != guide(chain, files, head):
        raise NotVerified("the guide is not the one this bundle makes", record=GUIDE)


def timeline(chain: Chain, fields: Sequence[Field], head: Head) -> bytes:
    html = words()["html"]
    by_event: dict[int, list[Field]] = {}
    for field in fields:
        by_event.setdefault(field.place.seq, []).append(field)
    rows = "".join(_row(record, by_event.get(record.seq, [])) for record in chain.records)
    frozen = mapping(chain.policy.get("product"), "event 1")
    product = text(frozen.get("id"), "event 1")
    names = {lang: text(name, "event 1") for lang, name in mapping(frozen.get("names"), "event 1").items()}
    index = f"{head.index} / {head.checkpoint.size}"
    values = {
        "case": chain.stream,
        "product_zh": names.get("zh-CN", product),
        "product_en": names.get("en", product),
        "mode_zh": _label("mode", chain.mode, "zh"),
        "mode_en": _label("mode", chain.mode, "en"),
        "origin_zh": _label("origin", chain.input_origin, "zh"),
        "origin_en": _label("origin", chain.input_origin, "en"),
        "opened": chain.records[0].at,
        "events": str(len(chain.records)),
        "seals": str(len(chain.segments) - 1),
        "log": head.checkpoint.origin,
        "index": index,
    }
    return fill(html["page"], {name: escape(value) for name, value in values.items()} | {"rows": rows}).encode()


def guide(chain: Chain, files: Mapping[str, bytes], head: Head) -> bytes:
    template = resources("evidence.verify").joinpath("AUDIT.md").read_text("utf-8")
    signed = (
        record.body["document"]
        for record in chain.of("esign.document_signed/1")
        if f"data/documents/{record.body['document']}.signed.pdf" in files
    )
    values = {
        "case": chain.stream,
        "root": chain.stream.replace("_", "-", 1),
        "events": str(len(chain.records)),
        "segments": str(len(chain.segments) - 1),
        "last": f"{len(chain.segments):04d}",
        "index": str(head.index),
        "size": str(head.checkpoint.size),
        "origin": head.checkpoint.origin,
        "document": next(signed, "none"),
    }
    return fill(template, values).encode()


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


def say(sentence: str, lang: str, body: Mapping[str, Any]) -> str:
    """A sentence with the members of `body` it names, escaped."""
    around, slots = _cut(_PLACE, sentence)
    said = around[:1]
    for number, (path, how) in enumerate(slots, 1):
        said += (escape(_said(_find(body, path), how, lang)), around[number])
    return "".join(said)


def _find(body: Any, path: str) -> Any:
    if "." not in path:
        return body.get(path)
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def _said(value: Any, how: str, lang: str) -> str:
    if value is None:
        # An event leaves out what has its usual value; the label of "" says what that is.
        return str(words()["labels"].get(how, {}).get("", {}).get(lang, NOTHING))
    if how == "s" and type(value) is int:
        return f"{value // 1000}.{value % 1000 // 100}"
    if how == "e4" and type(value) is int:
        return f"{'-' if value < 0 else ''}{abs(value) // 10_000}.{abs(value) % 10_000:04d}"
    if isinstance(value, list | dict):
        items = sorted(value) if isinstance(value, dict) else value
        return ("、" if lang == "zh" else ", ").join(_one(item, how, lang) for item in items) or NOTHING
    return _one(value, how, lang)


def _one(value: Any, how: str, lang: str) -> str:
    text = value if isinstance(value, str) else canonical(value).decode()
    return _label(how, text, lang)


def _label(table: str, text: str, lang: str) -> str:
    texts = words()["labels"].get(table)
    found = texts.get(text) if texts else None
    return str(found.get(lang, text)) if found else text


@lru_cache(256)
def _who(role: str, lang: str) -> str:
    return escape(_label("role", role, lang))


def _row(record: Record, fields: list[Field]) -> str:
    html, sentences = words()["html"], words()["events"][record.type]
    shown = "".join(_field(field) for field in fields)
    values = {
        "seq": str(record.seq),
        "at": record.at,
        "local": (instant(record.at) + LOCAL).isoformat(" ")[:19],
        "who_zh": _who(record.actor["role"], "zh"),
        "who_en": _who(record.actor["role"], "en"),
        "zh": say(sentences["zh"], "zh", record.body),
        "en": say(sentences["en"], "en", record.body),
        "more": fill(html["fields"], {"fields": shown}) if shown else "",
    }
    return fill(html["row"], values)


def _field(field: Field) -> str:
    html = words()["html"]
    name = _field_name(field.place.path)
    erased = f" ({field.event})" if field.state == ERASED else ""
    values = {
        "label_zh": escape(_label("field", name, "zh")),
        "label_en": escape(_label("field", name, "en")),
        "path": escape(field.place.path),
        "state_zh": escape(_label("state", field.state, "zh") + erased),
        "state_en": escape(_label("state", field.state, "en") + erased),
        "value": _shown(field) if field.state == MATCH else "",
    }
    return fill(html["field"], values)


def _field_name(path: str) -> str:
    """The last part that says something: `fields.number.value` is a number, `pages.0.media` a page."""
    parts = [part for part in path.split(".") if not part.isdecimal()]
    telling = [part for part in parts if part not in ("value", "media", "commitment")]
    return (telling or parts)[-1]


def _shown(field: Field) -> str:
    html, file = words()["html"], field.place.file
    if file is None:
        text = field.shown if isinstance(field.shown, str) else canonical(field.shown).decode()
        return fill(html["value"], {"text": escape(text)})
    kind = "image" if file.startswith("data/pages/") else "link"
    return fill(html[kind], {"href": escape(file.removeprefix("data/")), "name": escape(file.split("/")[-1])})
