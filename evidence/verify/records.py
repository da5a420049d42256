"""One event as the verifier holds it, and the table that says what there are (docs/BUNDLE.md section 3)."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files as resources
from typing import Any, NamedTuple

from evidence.errors import NotVerified
from evidence.verify.strict import text

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z", re.ASCII)


@cache
def table() -> Mapping[str, Any]:
    """`fields.json`: the types of events, which end a segment, and where each holds commitments."""
    found: Mapping[str, Any] = json.loads(resources("evidence.verify").joinpath("fields.json").read_text("utf-8"))
    return found


@cache
def types() -> frozenset[str]:
    return frozenset(table()["types"])


class Record(NamedTuple):
    """One event: the line that is hashed, its hash (hex), and its plain values. `name` says which, in reports."""

    stream: str
    seq: int
    at: str
    actor: dict[str, Any]
    type: str
    body: dict[str, Any]
    line: bytes
    hash: str
    name: str


def instant(value: Any, record: str = "") -> datetime:
    """NotVerified for another spelling, and for a day that is in no calendar."""
    try:
        return datetime.fromisoformat(text(value, record, _INSTANT))
    except ValueError:
        raise NotVerified("not a time", record=record) from None
