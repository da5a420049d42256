"""Steps 7 and 8. What the chain only commits to: here, matching, or erased (docs/BUNDLE.md section 5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.places import Place
from evidence.verify.strict import (
    COMMITMENT,
    from_base64url,
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
class Field:
    """How it stands with one place. `shown` is the disclosed value, `event` the erasure."""

    place: Place
    state: str
    event: int | None = None
    shown: Any = None


def chain_order(chain: Chain) -> Callable[[Field], int]:
    """A sort key for fields."""
    order = {(place.seq, place.path): number for number, place in enumerate(chain.places)}
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
    wanted = [place for place in chain.places if place.media is None]
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
    wanted = [place for place in chain.places if place.media is not None and place.sha256 is None]
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
    wanted = [place for place in chain.places if place.sha256 is not None]
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
    order = dict.fromkeys(place.commitment for place in chain.places)
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
