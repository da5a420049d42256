"""Other values and other spellings of a JSON text: each one something that a lenient reader might take for the same."""

import json
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Plain = Any


def edits(value: Plain) -> Iterator[tuple[str, Plain]]:
    """(what was done, the whole value after it), for every place in it."""
    for path, found in _walk(value):
        name = "/".join(map(str, path)) or "whole"
        for how, other in _others(found):
            yield f"{name} {how}", _put(value, path, other)
        if path and isinstance(path[-1], str):
            yield f"{name} gone", _take(value, path)
            yield f"{name} renamed", _put(_take(value, path), (*path[:-1], f"{path[-1]}_"), found)
            yield f"{name} capital", _put(_take(value, path), (*path[:-1], path[-1].capitalize()), found)
        elif path:
            yield f"{name} gone", _take(value, path)


def _walk(value: Plain, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Plain]]:
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, (*path, number))


def _others(found: Plain) -> Iterator[tuple[str, Plain]]:
    if isinstance(found, bool):
        yield "the other", not found
        yield "as a number", int(found)
        yield "as a text", str(found).lower()
    elif isinstance(found, int):
        yield "one more", found + 1
        yield "one less", found - 1
        yield "negative", -found - 1
        yield "as a text", str(found)
        yield "as a float", float(found)
        yield "huge", found + 2**53
        yield "as a truth", bool(found)
    elif isinstance(found, str):
        yield "with a space", f"{found} "
        yield "after a space", f" {found}"
        yield "empty", ""
        yield "cut", found[:-1]
        yield "twice", found * 2
        yield "in the other case", found.swapcase()
        yield "decomposed", unicodedata.normalize("NFD", found + "\u00e9")
        yield "with a zero", f"{found}\x00"
        yield "with a mark of order", f"\ufeff{found}"
        if found.isdecimal():
            yield "as a number", int(found)
    elif isinstance(found, list):
        yield "backwards", found[::-1]
        yield "one more", [*found, found[-1] if found else ""]
        yield "none", []
        yield "as an object", {str(number): item for number, item in enumerate(found)}
    elif isinstance(found, dict):
        yield "one member more", found | {"more": ""}
        yield "none", {}
        yield "as a list", list(found.values())
    yield "null", None


def spellings(value: Plain) -> Iterator[tuple[str, bytes]]:
    """The same value, written otherwise."""
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    yield "spread out", json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
    yield "indented", json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()
    yield "after a mark of order", b"\xef\xbb\xbf" + plain.encode()
    yield "before a line feed", plain.encode() + b"\n"
    yield "before a space", plain.encode() + b" "
    yield "before a zero", plain.encode() + b"\0"
    yield "in UTF-16", plain.encode("utf-16")
    yield "twice", plain.encode() * 2
    yield (
        "with another unordered",
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace(",", " ,", 1).encode(),
    )
    if isinstance(value, dict):
        backwards = dict(sorted(value.items(), reverse=True))
        yield "keys backwards", json.dumps(backwards, ensure_ascii=False, separators=(",", ":")).encode()
        for key in value:
            member = json.dumps({key: value[key]}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))[1:-1]
            yield f"{key} twice", plain.replace("{", "{" + member + ",", 1).encode()
            yield f"{key} twice at the end", (plain[:-1] + "," + member + "}").encode()
            escaped = "".join(f"\\u{ord(char):04x}" for char in key)
            yield f"{key} escaped", plain.replace(f'"{key}"', f'"{escaped}"', 1).encode()


def _put(value: Plain, path: tuple[str | int, ...], other: Plain) -> Plain:
    if not path:
        return other
    made = deepcopy(value)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = other
    return made


def _take(value: Plain, path: tuple[str | int, ...]) -> Plain:
    made = deepcopy(value)
    at = made
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return made
