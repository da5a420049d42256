"""Steps 7 and 8. What the chain only commits to: here, matching, or erased (docs/BUNDLE.md section 5)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.chain import Chain, Record, table
from evidence.verify.strict import (
    COMMITMENT,
    from_base64url,
    members,
    objects,
    parse_loose,
    sha256,
    text,
    text_lines,
    to_base64url,
)

VALUES = "data/openings/values.txt"
SALTS = "data/openings/salts.txt"
WITHHELD = "data/openings/withheld.txt"

MATCH, MISMATCH, CLOSED, ERASED, MISSING = "OPENED-MATCH", "OPENED-MISMATCH", "WITHHELD", "ERASED", "MISSING"


@dataclass(frozen=True)
class Place:
    """One commitment in one event. `media` is the object around it; `file` where its bytes would be in a bundle."""

    seq: int
    path: str
    commitment: str
    media: dict[str, Any] | None = None
    file: str | None = None
    sha256: str | None = None  # documents and pages: the plain hash in the same event


@dataclass(frozen=True)
class Field:
    """How it stands with one place. `shown` is the disclosed value, `event` the erasure."""

    place: Place
    state: str
    event: int | None = None
    shown: Any = None


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


def all_places(chain: Chain) -> list[Place]:
    return [place for record in chain.records for place in places(record)]


def chain_order(chain: Chain) -> Callable[[Field], int]:
    """A sort key for fields."""
    order = {(place.seq, place.path): number for number, place in enumerate(all_places(chain))}
    return lambda field: order[field.place.seq, field.place.path]


def erasures(chain: Chain) -> dict[str, int]:
    """Commitment -> seq of the event that lists it as erased."""
    return {
        text(item.get("commitment"), record.name, COMMITMENT): record.seq
        for record in chain.of("privacy.erased/1")
        for item in objects(record.body.get("fields", []), record.name)
    }


def declared_closed(files: Mapping[str, bytes]) -> set[str]:
    return set(text_lines(files[WITHHELD], WITHHELD)) if WITHHELD in files else set()


# --- step 7: values ---------------------------------------------------------------------------------------------------


def disclosures(chain: Chain, files: Mapping[str, bytes]) -> list[Field]:
    """Every value of the chain with its state. NotVerified when a line belongs to none, repeats or is out of order."""
    erased, closed = erasures(chain), declared_closed(files)
    lines = text_lines(files[VALUES], VALUES) if VALUES in files else []
    wanted = [place for place in all_places(chain) if place.media is None]
    commitments = [to_base64url(bytes.fromhex(sha256(line.encode()))) for line in lines]
    _check_order(commitments, wanted, "a disclosure", VALUES)
    opened = {commitment: number for number, commitment in enumerate(commitments, 1)}
    found = []
    for place in wanted:
        number = opened.get(place.commitment)
        if number is None:
            found.append(_absent(place, erased, closed))
        elif place.commitment in erased:
            found.append(Field(place, MISMATCH, erased[place.commitment]))
        else:
            found.append(Field(place, MATCH, shown=disclosed(lines[number - 1], f"{VALUES} line {number}")))
    return found


def disclosed(line: str, record: str) -> Any:
    """The value inside a disclosure: base64url(JSON [salt, name, value])."""
    parts = parse_loose(from_base64url(line, record=record), record)
    if not (isinstance(parts, list) and len(parts) == 3 and isinstance(parts[1], str)):
        raise NotVerified("a disclosure is not [salt, name, value]", record=record)
    from_base64url(parts[0], 32, record)
    return parts[2]


def _check_order(found: list[str], places: list[Place], what: str, file: str) -> None:
    """Commitments of `places`, none twice, in chain order."""
    order = {item: at for at, item in enumerate(dict.fromkeys(place.commitment for place in places))}
    before = -1
    for number, item in enumerate(found, 1):
        at = order.get(item, -1)
        if at <= before:
            raise NotVerified(
                f"{what} belongs to no commitment, repeats, or is out of order", record=f"{file} line {number}"
            )
        before = at


# --- step 8: files ----------------------------------------------------------------------------------------------------


def media(chain: Chain, files: Mapping[str, bytes]) -> list[Field]:
    """Every file of the chain that is not a document or page, with its state."""
    erased, closed = erasures(chain), declared_closed(files)
    wanted = [place for place in all_places(chain) if place.media is not None and place.sha256 is None]
    salts = _salts(files, wanted)
    known = {place.file for place in wanted}
    for path in files:
        if path.startswith("data/media/") and path not in known:
            raise NotVerified("a file that no event commits to", record=path)
    found = []
    for place in wanted:
        assert place.media is not None
        assert place.file is not None
        data, salt = files.get(place.file), salts.get(place.commitment)
        if data is None and salt is None:
            found.append(_absent(place, erased, closed))
            continue
        matches = (
            data is not None
            and salt is not None
            and place.commitment not in erased
            and sha256(salt + data) == from_base64url(place.commitment).hex()
            and type(place.media["bytes"]) is int
            and place.media["bytes"] == len(data)
        )
        found.append(Field(place, MATCH if matches else MISMATCH))
    return found


def documents(chain: Chain, files: Mapping[str, bytes]) -> list[Field]:
    """Every PDF and page of the chain, checked by the plain hash in its event."""
    erased, closed = erasures(chain), declared_closed(files)
    wanted = [place for place in all_places(chain) if place.sha256 is not None]
    known = {place.file for place in wanted}
    for path in files:
        if path.startswith(("data/documents/", "data/pages/")) and path not in known:
            raise NotVerified("a document or page that no event names", record=path)
    found = []
    for place in wanted:
        assert place.file is not None
        data = files.get(place.file)
        if data is None:
            found.append(_absent(place, erased, closed))
        else:
            matches = sha256(data) == place.sha256 and place.commitment not in erased
            found.append(Field(place, MATCH if matches else MISMATCH))
    return found


def withheld(fields: list[Field], chain: Chain) -> bytes:
    """What `withheld.txt` must be: every commitment that is neither opened nor erased. Empty: the file is absent."""
    closed = {field.place.commitment for field in fields if field.state in (CLOSED, MISSING)}
    order = dict.fromkeys(place.commitment for place in all_places(chain))
    return "".join(f"{item}\n" for item in order if item in closed).encode()


def _absent(place: Place, erased: Mapping[str, int], closed: set[str]) -> Field:
    if place.commitment in erased:
        return Field(place, ERASED, erased[place.commitment])
    return Field(place, CLOSED if place.commitment in closed else MISSING)


def _salts(files: Mapping[str, bytes], places: list[Place]) -> dict[str, bytes]:
    found: list[tuple[str, bytes]] = []
    for number, line in enumerate(text_lines(files[SALTS], SALTS) if SALTS in files else [], 1):
        commitment, _, salt = line.partition(" ")
        found.append((commitment, from_base64url(salt, 32, f"{SALTS} line {number}")))
    _check_order([commitment for commitment, _ in found], places, "a salt", SALTS)
    return dict(found)
