"""One frozen line for every event type: `python -m tests.evidence.museum` adds the types that have none yet.

A line that stands here is never written again: whatever changes in the code, it must go on being read, and its body
must be written as the same bytes. A new shape is a new version of the type, with a line of its own. Until the first
release shapes may still move: `--again` writes all lines anew.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from evidence.decode import encode, parse
from evidence.events import BODIES, GENESIS, Body

FOLDER = Path(__file__).parent / "vectors"

# By pattern of the field: text that keeps it.
_PATTERNS = {
    r"^[0-9a-f]{64}$": "5e" * 32,
    r"^[A-Za-z0-9_-]{43}$": "Zm9v_-" * 7 + "A",
    r"^\d{4}-\d\d-\d\d$": "2026-11-21",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$": "2026-11-21T19:19:00.123Z",
}
# Which stream an event belongs to, by the first word of its type; a case unless named here.
_STREAMS = {
    "staff": "staff",
    "product": "product",
    "key": "key",
    "audit": "audit",
    "tenant": "tenant",
    "screening": "screen",
    "risk": "risk",
    "duty": "tenant",
    "model": "model",
}


def path_of(event_type: str) -> Path:
    """`vectors/esign.jsonl` for `esign.document_signed/1`."""
    return FOLDER / f"{event_type.partition('.')[0]}.jsonl"


def lines() -> dict[str, bytes]:
    """Every frozen line by its type."""
    return {
        parse(line)["type"]: line
        for path in sorted(FOLDER.glob("*.jsonl"))
        for line in path.read_bytes().removesuffix(b"\n").split(b"\n")
    }


def sample(event_type: str) -> bytes:
    """The first event of a stream, every field of its body filled in."""
    body = _value(inspect.type_info(BODIES[event_type]))
    domain = event_type.partition(".")[0]
    return encode(
        {
            "actor": {"id": "cus_k3x7", "role": "customer", "session": "ses_m2p9"},
            "at": "2026-11-21T19:19:00.123Z",
            "body": body,
            "cmd": "a1" * 32 + "." + "b2" * 32,
            "prev": GENESIS,
            "seq": 1,
            "stream": f"{_STREAMS.get(domain, 'case')}_k3x7",
            "type": event_type,
            "v": 1,
        }
    )


def _told(field: inspect.Field) -> bool:
    """Whether the field can stand in a line at all: one that can only have its default is left out of it."""
    return not (isinstance(field.type, inspect.LiteralType) and field.type.values == (field.default,))


def _value(info: inspect.Type, default: object = None) -> Any:
    """One value of a type, the same in every run, and not the default, which would be left out of the line."""
    match info:
        case inspect.StructType(fields=fields):
            return {field.encode_name: _value(field.type, field.default) for field in fields if _told(field)}
        case inspect.StrType(pattern=pattern):
            return "文 text" if pattern is None else _PATTERNS[pattern]
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 7
        case inspect.LiteralType(values=values):
            return next(value for value in sorted(values, key=str) if value != default)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return [_value(item)]
        case inspect.TupleType(item_types=items):
            return [_value(item) for item in items]
        case inspect.DictType(value_type=item):
            return {"name": _value(item)}
        case inspect.UnionType(types=types):
            return _value(next(item for item in types if not isinstance(item, inspect.NoneType)))
        case other:
            raise TypeError(f"no sample for {other}")


def decoded(line: bytes) -> tuple[Body, dict[str, Any]]:
    """The body of a line by today's code, and the plain line."""
    plain = parse(line)
    return msgspec.convert(plain["body"], BODIES[plain["type"]]), plain


def write(say: Callable[[str], object], *, again: bool = False) -> None:
    held = {} if again else lines()
    new = [event_type for event_type in BODIES if event_type not in held]
    held |= {event_type: sample(event_type) for event_type in new}
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.jsonl"):
        path.unlink()
    for event_type in sorted(held):
        with path_of(event_type).open("ab") as file:
            file.write(held[event_type] + b"\n")
    say(f"{len(new)} written, {len(held) - len(new)} left as they were\n")


if __name__ == "__main__":
    write(sys.stdout.write, again="--again" in sys.argv[1:])
