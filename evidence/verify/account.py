"""Step 12. The human account: `timeline.html` and `AUDIT.md`, made here for the bundle and made again to compare.

An unsigned page fooled a reader once, so nothing is trusted because it stands there: the page is a function of what the
earlier steps checked (docs/BUNDLE.md sections 8 and 9).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.edition import Edition, edition_of, escape, fill, newest
from evidence.verify.fields import ERASED, MATCH, WITHHELD, Field, withheld
from evidence.verify.log import Head
from evidence.verify.records import Record, instant
from evidence.verify.strict import canonical, mapping, text

TIMELINE, GUIDE = "data/timeline.html", "AUDIT.md"
LOCAL = timedelta(hours=8)  # China has one time zone


def check(chain: Chain, files: Mapping[str, bytes], fields: list[Field], head: Head) -> None:
    # 12.1 what is left closed is declared, no more and no less
    if files.get(WITHHELD, b"") != withheld(fields, chain):
        raise NotVerified("declares other withheld fields than there are", record=WITHHELD)
    # 12.2 the timeline says what the evidence says
    edition = edition_of(files[TIMELINE], record=TIMELINE)
    if files[TIMELINE] != timeline(chain, fields, head, edition):
        raise NotVerified("the timeline is not the one the evidence makes", record=TIMELINE)
    # 12.3 so does the guide
    if files[GUIDE] != guide(chain, files, head, edition):
        raise NotVerified("the guide is not the one this bundle makes", record=GUIDE)


def timeline(chain: Chain, fields: Sequence[Field], head: Head, edition: Edition | None = None) -> bytes:
    """`data/timeline.html` in an edition of the words, the newest by default."""
    said = edition or newest()
    by_event: dict[int, list[Field]] = {}
    for field in fields:
        by_event.setdefault(field.place.seq, []).append(field)
    rows = "".join(_row(record, by_event.get(record.seq, []), said) for record in chain.records)
    frozen = mapping(chain.policy.get("product"), "event 1")
    product = text(frozen.get("id"), "event 1")
    names = {lang: text(name, "event 1") for lang, name in mapping(frozen.get("names"), "event 1").items()}
    index = f"{head.index} / {head.checkpoint.size}"
    values = {
        "case": chain.stream,
        "product_zh": names.get("zh-CN", product),
        "product_en": names.get("en", product),
        "mode_zh": said.label("mode", chain.mode, "zh"),
        "mode_en": said.label("mode", chain.mode, "en"),
        "origin_zh": said.label("origin", chain.input_origin, "zh"),
        "origin_en": said.label("origin", chain.input_origin, "en"),
        "opened": chain.records[0].at,
        "events": str(len(chain.records)),
        "seals": str(len(chain.segments) - 1),
        "log": head.checkpoint.origin,
        "index": index,
    }
    return fill(said.html["page"], {name: escape(value) for name, value in values.items()} | {"rows": rows}).encode()


def guide(chain: Chain, files: Mapping[str, bytes], head: Head, edition: Edition | None = None) -> bytes:
    """`AUDIT.md` in the same edition."""
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
    return fill((edition or newest()).guide, values).encode()


def _row(record: Record, fields: list[Field], said: Edition) -> str:
    html, sentences = said.html, said.sentences[record.type]
    shown = "".join(_field(field, said) for field in fields)
    values = {
        "seq": str(record.seq),
        "at": record.at,
        "local": (instant(record.at) + LOCAL).isoformat(" ")[:19],
        "who_zh": said.role(record.actor["role"], "zh"),
        "who_en": said.role(record.actor["role"], "en"),
        "zh": said.say(sentences["zh"], "zh", record.body),
        "en": said.say(sentences["en"], "en", record.body),
        "more": fill(html["fields"], {"fields": shown}) if shown else "",
    }
    return fill(html["row"], values)


def _field(field: Field, said: Edition) -> str:
    name = _field_name(field.place.path)
    erased = f" ({field.event})" if field.state == ERASED else ""
    values = {
        "label_zh": escape(said.label("field", name, "zh")),
        "label_en": escape(said.label("field", name, "en")),
        "path": escape(field.place.path),
        "state_zh": escape(said.label("state", field.state, "zh") + erased),
        "state_en": escape(said.label("state", field.state, "en") + erased),
        "value": _shown(field, said) if field.state == MATCH else "",
    }
    return fill(said.html["field"], values)


def _field_name(path: str) -> str:
    """The last part that says something: `fields.number.value` is a number, `pages.0.media` a page."""
    parts = [part for part in path.split(".") if not part.isdecimal()]
    telling = [part for part in parts if part not in ("value", "media", "commitment")]
    return (telling or parts)[-1]


def _shown(field: Field, said: Edition) -> str:
    html, file = said.html, field.place.file
    if file is None:
        text = field.shown if isinstance(field.shown, str) else canonical(field.shown).decode()
        return fill(html["value"], {"text": escape(text)})
    kind = "image" if file.startswith("data/pages/") else "link"
    return fill(html[kind], {"href": escape(file.removeprefix("data/")), "name": escape(file.split("/")[-1])})
