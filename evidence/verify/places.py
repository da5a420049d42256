"""Where an event holds commitments: `fields.json` applied to its body (docs/BUNDLE.md section 5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from evidence.verify.records import Record, table
from evidence.verify.strict import COMMITMENT, members, text


@dataclass(frozen=True)
class Place:
    """One commitment in one event. `media` is the object around it; `file` where its bytes would be in a bundle."""

    seq: int
    path: str
    commitment: str
    media: dict[str, Any] | None = None
    file: str | None = None
    sha256: str | None = None  # documents and pages: the plain hash in the same event


def follow(body: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """(concrete path, value, object around it) for every place that `path` names. Absent members name nothing."""
    heads: list[tuple[str, Any, Any]] = [("", body, None)]
    for part in path.replace("[]", ".[]").split("."):
        heads = [found for name, value, _ in heads for found in _step(name, value, part)]
    yield from heads


def _step(name: str, value: Any, part: str) -> Iterator[tuple[str, Any, Any]]:
    prefix = f"{name}." if name else ""
    if part == "[]" and isinstance(value, list):
        yield from ((f"{prefix}{number}", item, value) for number, item in enumerate(value))
    elif part == "*" and isinstance(value, dict):
        yield from ((f"{prefix}{key}", value[key], value) for key in sorted(value))
    elif isinstance(value, dict) and value.get(part) is not None:
        yield f"{prefix}{part}", value[part], value


def places(record: Record) -> list[Place]:
    """Every commitment of an event, in chain order."""
    found = [
        Place(record.seq, path, text(value, record.name, COMMITMENT))
        for pattern in table()["values"].get(record.type, ())
        for path, value, _ in follow(record.body, pattern)
    ]
    for pattern in table()["media"].get(record.type, ()):
        plain = pattern in table()["documents"].get(record.type, ())
        for path, value, around in follow(record.body, pattern):
            media = members(value, ("bytes", "commitment", "retention", "type"), record=record.name)
            commitment = text(media["commitment"], record.name, COMMITMENT)
            if plain:
                file, digest = _document(record, path, around)
            else:
                file, digest = media_path(commitment, text(media["type"], record.name)), None
            found.append(Place(record.seq, path, commitment, media, file, digest))
    return found


def media_path(commitment: str, media_type: str) -> str:
    return f"data/media/{commitment}.{table()['extensions'].get(media_type, 'bin')}"


def _document(record: Record, path: str, around: Any) -> tuple[str, str]:
    document = text(record.body.get("document"), record.name)
    if path == "media":
        return f"data/documents/{document}.pdf", text(record.body.get("sha256"), record.name)
    if path == "signed":
        return f"data/documents/{document}.signed.pdf", text(record.body.get("signed_sha256"), record.name)
    number = int(path.split(".")[1]) + 1
    return f"data/pages/{document}-{number:02d}.png", text(around.get("sha256"), record.name)


@cache
def with_places() -> frozenset[str]:
    """The types of events that can hold any."""
    return frozenset((*table()["values"], *table()["media"]))
