"""The one door for JSON: what must not come in (CONVENTIONS row 26), and the exact bytes that go out."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evidence import decode
from evidence.errors import BodyTooLarge, Malformed, NotCanonical, NotJson, NotValid
from evidence.events import Frozen
from tests.public.documents import documents, spoiled

HOSTILE = {
    "duplicate keys": (b'{"a":1,"a":2}', NotJson),
    "duplicate keys, one escaped": (b'{"a":1,"\\u0061":2}', NotJson),
    "duplicate keys, deep inside": (b'[{"x":{"a":1,"a":1}}]', NotJson),
    "lone high surrogate": (b'{"name":"\\ud800"}', NotCanonical),
    "lone low surrogate": (b'{"name":"\\udc00x"}', NotCanonical),
    "surrogates the wrong way round": (b'"\\udc00\\ud800"', NotCanonical),
    "surrogate in a key": (b'{"\\ud800":1}', NotCanonical),
    "1e400": (b'{"n":1e400}', NotCanonical),
    "-1e400": (b'{"n":-1e400}', NotCanonical),
    "a float": (b'{"n":1.5}', NotCanonical),
    "a whole float": (b'{"n":1.0}', NotCanonical),
    "an exponent": (b'{"n":1e2}', NotCanonical),
    "2^53": (b'{"n":9007199254740992}', NotCanonical),
    "2^53+1": (b'{"n":9007199254740993}', NotCanonical),
    "-2^53": (b'{"n":-9007199254740992}', NotCanonical),
    "5,000 digits": (b'{"n":' + b"9" * 5000 + b"}", NotJson),
    "arrays 10,000 deep": (b"[" * 10_000 + b"]" * 10_000, NotJson),
    "objects 10,000 deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, NotJson),
    "33 deep": (b"[" * 33 + b"]" * 33, NotJson),
    "deep behind a string that looks like an end": (b'["]]]]",' * 40 + b"1" + b"]" * 40, NotJson),
    "NUL in a text": (b'{"name":"a\\u0000b"}', NotCanonical),
    "NUL as a byte": (b'{"name":"a\x00b"}', NotJson),
    "U+007F": (b'{"name":"a\x7fb"}', NotCanonical),
    "line feed in a text": (b'{"name":"a\nb"}', NotJson),
    "byte order mark": (b'\xef\xbb\xbf{"a":1}', NotJson),
    "UTF-16": ('{"a":1}'.encode("utf-16"), NotJson),
    "NaN": (b'{"n":NaN}', NotJson),
    "Infinity": (b'{"n":-Infinity}', NotJson),
    "bad UTF-8": (b'{"name":"\xff"}', NotJson),
    "overlong UTF-8": (b'{"name":"\xc0\xaf"}', NotJson),
    "a surrogate in UTF-8": (b'{"name":"\xed\xa0\x80"}', NotJson),
    "a key that is not ASCII": ('{"姓名":1}'.encode(), NotCanonical),
    "bytes behind the end": (b'{"a":1}x', NotJson),
    "two values": (b"{} {}", NotJson),
    "nothing": (b"", NotJson),
    "a comma too many": (b"[1,]", NotJson),
    "a comment": (b"/**/1", NotJson),
    "half a string": (b'{"a":"', NotJson),
    "a leading zero": (b'{"n":01}', NotJson),
    "a plus": (b'{"n":+1}', NotJson),
}


@pytest.mark.parametrize(("data", "error"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_bytes_are_refused_at_the_door(data: bytes, error: type[Malformed]) -> None:
    with pytest.raises(error):
        decode.parse(data)
    with pytest.raises(error):
        decode.decode(data, dict[str, Any])


def test_a_body_over_the_limit_is_not_even_looked_at() -> None:
    decode.parse(b'"' + b"x" * (decode.MAX_BYTES - 2) + b'"')
    with pytest.raises(BodyTooLarge):
        decode.parse(b'"' + b"x" * (decode.MAX_BYTES - 1) + b'"')
    with pytest.raises(BodyTooLarge):
        decode.parse(b"[" * 50_000_000)


@pytest.mark.parametrize("piece", [b'\\"', b'"', b'"\\', b'["', b'"[\\"'])
def test_a_string_that_never_ends_takes_no_longer_than_one_that_does(piece: bytes) -> None:
    """Looking for brackets was quadratic here: 256 KB held the event loop for minutes. Now the test just ends."""
    data = b'"' + piece * ((decode.MAX_BYTES - 2) // len(piece))
    with pytest.raises(NotJson):
        decode.parse(data)


def test_what_is_allowed_comes_in() -> None:
    data = b' {"a": [9007199254740991, -9007199254740991, -0, true, null], "b": "\\ud83d\\ude02 \xe6\x9d\x8e\\u4e00"}\n'
    assert decode.parse(data) == {"a": [2**53 - 1, 1 - 2**53, 0, True, None], "b": "😂 李一"}
    assert decode.parse(b"[" * 32 + b"]" * 32)


class Form(Frozen, frozen=True, kw_only=True):
    name: str
    ages: tuple[int, ...] = ()


def test_a_field_that_breaks_its_type_is_named() -> None:
    assert decode.decode(b'{"name":"\xe6\x9d\x8e","ages":[1]}', Form) == Form(name="李", ages=(1,))
    for data, field in ((b'{"name":1}', "$.name"), (b'{"name":"x","ages":[1,"2"]}', "$.ages[1]"), (b"[]", "$")):
        with pytest.raises(NotValid) as refused:
            decode.decode(data, Form)
        assert refused.value.facts["field"] == field


def test_an_unknown_field_is_refused() -> None:  # row 13: mass assignment
    with pytest.raises(NotValid):
        decode.decode(b'{"name":"x","status":"approved"}', Form)


# --- the bytes that go out --------------------------------------------------------------------------------------------


@given(documents)
def test_our_bytes_are_those_of_rfc_8785(value: Any) -> None:
    line = decode.encode(value)
    assert line == rfc8785.dumps(value)
    assert decode.parse(line) == value
    assert decode.encode(decode.parse(line)) == line


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode) | documents.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_a_value_or_a_named_error(data: bytes) -> None:
    try:
        value = decode.parse(data)
    except Malformed:
        return
    assert decode.parse(decode.encode(value)) == value


def said(parse: Callable[[bytes], Any], data: bytes) -> Any:
    """A value, told apart from an equal one of another type; or the error."""
    try:
        return repr(parse(data))
    except Malformed as error:
        return type(error)


compact = documents.map(lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


@given(compact | spoiled().map(lambda found: found[1].replace(b" ", b"")) | st.binary(max_size=40))
def test_the_short_way_in_lets_in_what_the_long_way_does(data: bytes) -> None:
    assert said(decode.parse, data) == said(decode._parsed_whole, data)


def test_a_body_as_a_browser_writes_it_takes_the_short_way() -> None:
    data = (
        b'{"screen":"scr_1","clauses":[{"clause":"c2.5","level":"plain","visible_ms":12000,"end_seen":true}],'
        b'"client_at":"2026-11-21T04:00:01.000Z"}'
    )
    assert not decode._is_doubtful(data)
    assert decode._encode_as_is(decode._decode_plain(data)) == data


@given(documents | st.recursive(st.floats() | st.binary() | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_the_short_way_out_refuses_what_the_check_does(value: Any) -> None:
    plain = msgspec.to_builtins(value)
    try:
        decode._check(plain, 0)
    except NotCanonical:
        with pytest.raises(NotCanonical):
            decode.encode(value)
    else:
        assert decode.encode(value) == rfc8785.dumps(plain)


@pytest.mark.parametrize("bad", [1.0, 2**53, "\x7f", "\x00", "\ud800", {"名": 1}, {1: 2}, {"a": [float("nan")]}])
def test_what_other_tools_would_write_differently_is_never_written(bad: Any) -> None:
    with pytest.raises(NotCanonical):
        decode.encode(bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e300, -0.0, 2**70, -(2**53), {"x": {"é": None}}])
def test_nothing_slips_out_as_something_else(bad: Any) -> None:
    for value in (bad, [bad], {"a": bad}, {"a": [1, bad]}):
        with pytest.raises(NotCanonical):
            decode.encode(value)


def test_a_struct_leaves_out_its_defaults_and_sorts_its_fields() -> None:
    assert decode.encode(Form(name="z")) == b'{"name":"z"}'
    assert decode.encode(Form(name="z", ages=(2,))) == b'{"ages":[2],"name":"z"}'


def test_msgspec_alone_would_have_let_these_in() -> None:
    """Why there is a door at all (EVIDENCE-FORMAT trap 11)."""
    assert msgspec.json.decode(b'{"a":1,"a":2}') == {"a": 2}
    assert msgspec.json.decode(b"9007199254740993") == 2**53 + 1
    with pytest.raises(RecursionError):
        msgspec.json.decode(b"[" * 100_000 + b"]" * 100_000)
