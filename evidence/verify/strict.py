"""Reading bytes that an opponent wrote: one spelling of everything, or NotVerified.

A lenient but cryptographically complete reader accepted 620 of 34,405 mutated bundles; each rule here closes some.
"""

import base64
import binascii
import hashlib
import json
import re
from typing import Any

from evidence.errors import NotVerified

MAX_DEPTH = 32
MAX_INT = 2**53 - 1

HEX64 = re.compile(r"[0-9a-f]{64}")
COMMITMENT = re.compile(r"[A-Za-z0-9_-]{43}")
# The closing quote is optional: else a string that never ends is tried again from each quote inside it, for minutes.
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_OUTSIDE = re.compile("[\x00\x7f\ud800-\udfff]")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    """JCS bytes of plain JSON values that keep the profile."""
    return _WRITER.encode(value).encode()


def parse_json(data: bytes, record: str = "") -> Any:
    """Plain JSON values from exact JCS bytes."""
    if _unremarkable(data):
        source = data.decode("ascii")
        try:
            value, _ = _READER.raw_decode(source)
            if _WRITER.encode(value) == source:
                return value
        except (NotVerified, ValueError, RecursionError):
            pass  # the long way says what is wrong with it
    value = parse_loose(data, record)
    if canonical(value) != data:
        raise NotVerified("not canonical JSON", record=record)
    return value


def _unremarkable(data: bytes) -> bool:
    """Whether exact JCS of these bytes cannot leave the profile, so that no value need be looked at by itself.

    ASCII without escapes by number and without U+007F holds no text outside, 32 brackets nest no deeper than 32, and
    `_READER` takes no number that could be too large. (Of two equal keys one is lost: what is written again differs.)
    """
    return (
        data.isascii()
        and b"\\u" not in data
        and b"\x7f" not in data
        and data.count(b"{") + data.count(b"[") <= MAX_DEPTH
    )


def parse_loose(data: bytes, record: str = "") -> Any:
    """Plain JSON values. Spelling may differ from JCS; the values may not leave its profile."""
    _check_depth(data, record)
    try:
        value = json.loads(
            data.decode("utf-8", "strict"),
            object_pairs_hook=_object,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except NotVerified as error:
        raise NotVerified(error.detail, record=record) from None
    except (ValueError, RecursionError) as error:
        raise NotVerified(f"not JSON: {type(error).__name__}", record=record) from None
    _check(value, record)
    return value


def members(value: Any, required: tuple[str, ...], optional: tuple[str, ...] = (), record: str = "") -> dict[str, Any]:
    """The object `value` with exactly these keys."""
    found = mapping(value, record)
    missing = [key for key in required if key not in found]
    unknown = [key for key in found if key not in required and key not in optional]
    if missing or unknown:
        raise NotVerified(f"keys missing {missing}, unknown {unknown}", record=record)
    return found


def text(value: Any, record: str = "", pattern: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise NotVerified("not a text of the right form", record=record)
    return value


def texts(value: Any, record: str = "") -> list[str]:
    if not isinstance(value, list):
        raise NotVerified("not a list", record=record)
    return [text(item, record) for item in value] if value else value


def mapping(value: Any, record: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotVerified("not an object", record=record)
    return value


def objects(value: Any, record: str = "") -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise NotVerified("not a list of objects", record=record)
    return value


def integer(value: Any, record: str = "", least: int = 0) -> int:
    if type(value) is not int or value < least:
        raise NotVerified("not an integer of the right size", record=record)
    return value


def from_base64url(value: Any, length: int | None = None, record: str = "") -> bytes:
    """base64url without padding that round-trips."""
    try:
        raw = base64.urlsafe_b64decode(text(value) + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError, NotVerified):
        raise NotVerified("not base64url", record=record) from None
    if to_base64url(raw) != value or (length is not None and len(raw) != length):
        raise NotVerified("base64url of another length or spelling", record=record)
    return raw


def to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def text_lines(data: bytes, record: str = "") -> list[str]:
    """The lines of an ASCII file in which every line ends in exactly one LF."""
    try:
        whole = data.decode("ascii", "strict")
    except UnicodeDecodeError:
        raise NotVerified("not ASCII", record=record) from None
    if not whole.endswith("\n") or "\r" in whole:
        raise NotVerified("lines must end in LF", record=record)
    return whole[:-1].split("\n")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotVerified("duplicate key")
    return found


def _refuse(name: str) -> Any:
    raise NotVerified(f"{name} is outside the profile")


def _short(digits: str) -> int:
    if len(digits) > 15:  # under 2^53 in any case
        raise NotVerified("an integer to be looked at closely")
    return int(digits)


_READER = json.JSONDecoder(parse_float=_refuse, parse_int=_short, parse_constant=_refuse)
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check_depth(data: bytes, record: str) -> None:
    depth = 0
    for token in _BRACKETS.findall(data):
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NotVerified("nested too deep", record=record)
        elif token in b"]}":
            depth -= 1


def _check(value: Any, record: str) -> None:
    if isinstance(value, str):
        if _OUTSIDE.search(value):
            raise NotVerified("text outside the profile", record=record)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.isascii():
                raise NotVerified("key is not ASCII", record=record)
            _check(key, record)
            _check(item, record)
    elif isinstance(value, list):
        for item in value:
            _check(item, record)
    elif isinstance(value, int) and abs(value) > MAX_INT:
        raise NotVerified("integer outside ±(2^53-1)", record=record)
