"""The short way of reading a line says exactly what the long way says."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import NotVerified
from evidence.verify import strict
from evidence.verify.container import read
from tests.proof.story import Told

ODD = [
    b'{"a":1,"a":2}',
    b'{"a":1.0}',
    b'{"a":-0}',
    b'{"a":1e3}',
    b'{"a":9007199254740991}',
    b'{"a":9007199254740992}',
    b'{"a":-9007199254740992}',
    b"9007199254740993",
    b"123456789012345678901234567890",
    b'{"a":"\\u0000"}',
    b'{"a":"\\u007f"}',
    b'{"a":"\x7f"}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\\\u0000"}',
    b'{"b":1,"a":2}',
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b' {"a":1}',
    b'{"a":1}\n',
    b'{"a":1}{"b":2}',
    b"\xef\xbb\xbf{}",
    '{"键":1}'.encode(),
    '{"a":"键"}'.encode(),
    b"[" * 32 + b"]" * 32,
    b"[" * 33 + b"]" * 33,
    b"[" * 100_000,
    b'["' + b"[" * 40 + b'"]',
    b'{"a":"\\/"}',
    b'{"10":1,"9":2}',
    b"",
    b'"',
    b'{"__proto__":{"a":1}}',
]


def the_long_way(data: bytes) -> Any:
    value = strict.parse_loose(data)
    if strict.canonical(value) != data:
        raise NotVerified("not canonical JSON")
    return value


def outcome(parse: Any, data: bytes) -> tuple[str, Any]:
    try:
        return "read", parse(data)
    except NotVerified:
        return "refused", None


@pytest.mark.parametrize("data", ODD)
def test_an_odd_line_is_read_or_refused_as_the_long_way_does(data: bytes) -> None:
    assert outcome(strict.parse_json, data) == outcome(the_long_way, data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.text() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.booleans())
def test_any_json_is_read_or_refused_as_the_long_way_does(value: Any, ascii_only: bool, in_order: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, sort_keys=in_order, separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    assert outcome(strict.parse_json, data) == outcome(the_long_way, data)


def test_every_line_with_something_changed_is_read_or_refused_as_the_long_way_does(told: Told) -> None:
    chance = random.Random("lines")
    lines = [
        line for path, data in read(told.bundle)[1].items() if path.endswith(".jsonl") for line in data.splitlines()
    ]
    for line in lines:
        assert outcome(strict.parse_json, line) == outcome(the_long_way, line) == ("read", json.loads(line))
        for _ in range(30):
            changed = bytearray(line)
            changed[chance.randrange(len(changed))] = chance.choice(b'"\\{}[]:,0159eE.-+ \x7f\n\xe9')
            data = bytes(changed)
            assert outcome(strict.parse_json, data) == outcome(the_long_way, data), data


def test_a_string_that_never_ends_is_refused_in_one_pass() -> None:
    """Without its guard the search for brackets tries again from each quote: a process of its own, so as to give up."""
    program = "from evidence.verify.strict import parse_loose; parse_loose(b'\"' + b'\\\\\"' * 200_000)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "NotVerified" in done.stderr
