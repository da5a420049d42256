"""The one door for JSON from outside, and the exact bytes of JSON we make.

RFC 8785 in a restricted profile: no floats, integers within ±(2^53-1), ASCII keys, no U+007F, no lone surrogates.
Inside it msgspec, rfc8785, json.dumps, jq and Node write the same bytes; outside it they differ.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from evidence.errors import BodyTooLarge, NotCanonical, NotJson, NotValid

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_INT = 2**53 - 1

# The closing quote is optional: else a string that never ends is tried again from each quote inside it, and 256 KB of
# `"\"\"\"…` take minutes.
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)

# A number that may be outside the profile, in JSON without spaces between tokens: a colon there stands behind a quote,
# which those of a time of day do not.
_ODD_NUMBER = re.compile(rb'[:,\[](?<![^"]:)-?(?:[0-9]{16}|[0-9]+[.eE])')

T = TypeVar("T")
_encode = msgspec.json.Encoder(order="sorted").encode
_encode_as_is = msgspec.json.Encoder().encode
_decode_plain = msgspec.json.Decoder().decode


def encode(value: Any) -> bytes:
    """Canonical bytes of a struct or of plain JSON values that keep the profile; NotCanonical otherwise."""
    plain = msgspec.to_builtins(value)
    try:
        line = _encode(plain)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):  # the check says what is wrong with it
        line = b""
    if not line or b"null" in line or _is_doubtful(line):  # a float that is no number is written as null
        _check(plain, 0)
    return line or _encode(plain)


def digest(value: Any) -> str:
    """SHA-256 (hex) of the canonical bytes. Only for values that hold nothing personal."""
    return hashlib.sha256(encode(value)).hexdigest()


def parse(data: bytes, *, max_bytes: int = MAX_BYTES) -> Any:
    """Plain JSON values, after the checks that must come before any typed decoding.

    Raises BodyTooLarge, NotJson (bad UTF-8, BOM, duplicate keys, NaN, trailing bytes) or NotCanonical.
    """
    if len(data) > max_bytes:
        raise BodyTooLarge(f"{len(data)} bytes, at most {max_bytes}")
    return _parsed_whole(data) if _is_doubtful(data) else _parsed_plain(data)


def _parsed_plain(data: bytes) -> Any:
    """The same for what programs send, ten times faster: encoded again, in the order it came, it is the same bytes, so
    nothing was said twice, left out or written in another way."""
    try:
        value = _decode_plain(data)
        if _encode_as_is(value) == data:
            return value
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    return _parsed_whole(data)


def _parsed_whole(data: bytes) -> Any:
    _check_depth(data)
    try:
        value = json.loads(
            data.decode("utf-8", "strict"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant
        )
    except NotJson:
        raise
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise NotJson(type(error).__name__) from None
    _check(value, 0)
    return value


def decode(data: bytes, to: type[T], *, max_bytes: int = MAX_BYTES) -> T:
    """A typed, strict value from bytes that came from outside. Raises as `parse`, and NotValid with the path."""
    return convert(parse(data, max_bytes=max_bytes), to)


def convert(value: Any, to: type[T]) -> T:
    try:
        return msgspec.convert(value, to)
    except msgspec.ValidationError as error:
        text = str(error)
        what, _, where = text.partition(" - at `")
        raise NotValid(what, field=where.rstrip("`") or "$") from None


def _is_doubtful(data: bytes) -> bool:
    """False only for bytes whose values, if they are JSON without spaces at all, keep the profile."""
    return (
        not data.isascii()
        or b"\\" in data
        or b"\x7f" in data
        or data[:1] in b"-0123456789"  # a number alone; or nothing
        or data.count(b"[") + data.count(b"{") > MAX_DEPTH
        or _ODD_NUMBER.search(data) is not None
    )


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise NotJson("duplicate key")
    return seen


def _no_constant(name: str) -> Any:
    raise NotJson(f"{name} is not JSON")


def _check_depth(data: bytes) -> None:
    # Counting brackets outside strings keeps a 10,000-deep body away from every recursive parser.
    depth = 0
    for token in _BRACKETS.findall(data):
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotJson(f"nested deeper than {MAX_DEPTH}")
        elif token in b"]}":
            depth -= 1


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    match value:
        case bool() | None:
            return
        case int():
            if abs(value) > MAX_INT:
                raise NotCanonical("integer outside ±(2^53-1)")
        case str():
            _check_text(value)
        case Mapping():
            for key, item in value.items():
                if not (isinstance(key, str) and key.isascii()):
                    raise NotCanonical("key is not ASCII")
                _check_text(key)
                _check(item, depth + 1)
        case list() | tuple():
            for item in value:
                _check(item, depth + 1)
        case _:
            raise NotCanonical(f"{type(value).__name__} is not in the profile")


def _check_text(text: str) -> None:
    if "\x7f" in text or "\x00" in text:
        raise NotCanonical("U+007F or NUL in text")
    if not text.isascii() and any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise NotCanonical("lone surrogate in text")
