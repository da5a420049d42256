"""Strict YAML: plain values with the line each came from.

Ordinary YAML corrupts products: 1.10 becomes 1.1, `no` False, 012 ten, 22:30 a number. Here only integers, null, true
and false are typed, everything else is text; duplicate keys, anchors, aliases, tags and empty values are refused.
The values are built from parser events, so that libyaml can do the reading and nothing of YAML's own typing runs.
"""

import re
from typing import Any, TypeVar

import msgspec
import yaml

from evidence.errors import NotCanonical
from products.errors import DefinitionInvalid
from products.findings import Finding

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_DIGITS = 15  # of an integer: what every reader of JSON keeps exactly

T = TypeVar("T")

_INTEGER = re.compile(r"^-?(?:0|[1-9][0-9]*)$")
_WORDS = {"null": None, "true": True, "false": False}
_PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _Problem(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Positioned(msgspec.Struct, frozen=True, kw_only=True):
    """Plain values, and the line of every path such as `clauses[3].plain.en`."""

    value: Any
    lines: dict[str, int]


def read_yaml(data: bytes) -> Positioned:
    """Plain values of one YAML document. DefinitionInvalid names the line of whatever is not strict."""
    try:
        if len(data) > MAX_BYTES:
            raise _Problem(1, f"{len(data)} bytes, at most {MAX_BYTES}")
        parser = _PARSER(data.decode("utf-8"))
        try:
            return _Document(parser).read()
        finally:
            parser.dispose()
    except _Problem as problem:
        raise DefinitionInvalid((_finding("", problem.line, str(problem)),)) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DefinitionInvalid((_finding("", line, error.problem or "not YAML"),)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionInvalid((_finding("", 1, f"not YAML: {type(error).__name__}"),)) from None


class _Document:
    """One document, read event by event."""

    def __init__(self, parser: Any) -> None:
        self.next = parser.get_event
        self.lines: dict[str, int] = {}

    def read(self) -> Positioned:
        self.next()  # the stream starts
        if isinstance(self.next(), yaml.StreamEndEvent):
            raise _Problem(1, "the file is empty")
        event = self.next()
        self.lines[""] = event.start_mark.line + 1
        value = self._value(event, "", 0)
        self.next()  # the document ends
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _Problem(event.start_mark.line + 1, "one document a file")
        return Positioned(value=value, lines=self.lines)

    def _value(self, event: Any, path: str, depth: int) -> Any:
        line = _strict(event)
        if depth > MAX_DEPTH:
            raise _Problem(line, f"nested deeper than {MAX_DEPTH}")
        match event:
            case yaml.ScalarEvent():
                return _scalar(event, line)
            case yaml.SequenceStartEvent():
                return self._sequence(path, depth)
            case _:
                return self._mapping(path, depth)

    def _sequence(self, path: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            inner = f"{path}[{len(found)}]"
            self.lines[inner] = event.start_mark.line + 1
            found.append(self._value(event, inner, depth + 1))
        return found

    def _mapping(self, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            line = _strict(event)
            name = _scalar(event, line) if isinstance(event, yaml.ScalarEvent) else None
            if not isinstance(name, str):
                raise _Problem(line, "a key is a word")
            if name in found:
                raise _Problem(line, f"{name} stands here twice")
            inner = f"{path}.{name}" if path else name
            self.lines[inner] = line
            found[name] = self._value(self.next(), inner, depth + 1)
        return found


def _strict(event: Any) -> int:
    """The line of an event that is neither an alias nor anchored nor tagged."""
    line: int = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _Problem(line, "anchors and aliases are not used here: write the text twice")
    if event.tag is not None:
        raise _Problem(line, f"tag {event.tag} is not used here")
    return line


def _scalar(event: Any, line: int) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted, or a block of text
        return text
    if text == "":
        raise _Problem(line, "empty value: write null or quotes")
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        if len(text.lstrip("-")) > MAX_DIGITS:
            raise _Problem(line, f"more than {MAX_DIGITS} digits: put quotes around it")
        return int(text)
    return text


def typed(source: Positioned, to: type[T]) -> T:
    """`source` as a strict struct; DefinitionInvalid with the line of the first field that does not fit."""
    try:
        return msgspec.convert(source.value, to)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        pattern = where.rpartition("`$")[2].rstrip("`").lstrip(".")
        path = _resolve(source.value, to, str(error), pattern)
        unknown = re.match(r"Object contains unknown field `([^`]+)`", what)
        if unknown:
            path = f"{path}.{unknown[1]}" if path else unknown[1]
        raise DefinitionInvalid((_finding(path, line_of(source.lines, path), what),)) from None
    except NotCanonical as error:
        raise DefinitionInvalid((_finding("", 1, str(error)),)) from None


def line_of(lines: dict[str, int], path: str) -> int:
    """The line of `path`, or of the nearest thing around it."""
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path, 1)


def _finding(path: str, line: int, message: str) -> Finding:
    return Finding(rule="L00", path=path, line=line, message=message)


def _resolve(value: Any, to: type[Any], message: str, pattern: str) -> str:
    """msgspec writes `[...]` for a key of a mapping: find which by trying each entry alone."""
    if "[...]" not in pattern:
        return pattern
    head, tail = pattern.split("[...]", 1)
    around = _at(value, head)
    for key in list(around):
        alone = _with(value, head, {key: around[key]})
        try:
            msgspec.convert(alone, to)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return _resolve(alone, to, message, f"{head}.{key}{tail}")
    return head


_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _parts(path: str) -> list[str | int]:
    # Clause ids and names never hold dots where a mapping key is expected, so a dot always separates.
    return [int(number) if number else word for word, number in _PART.findall(path)]


def _at(value: Any, path: str) -> Any:
    for part in _parts(path):
        value = value[part]
    return value


def _with(value: Any, path: str, inner: Any) -> Any:
    parts = _parts(path)
    if not parts:
        return inner
    return _replaced(value, parts, inner)


def _replaced(value: Any, parts: list[str | int], inner: Any) -> Any:
    first, rest = parts[0], parts[1:]
    below = inner if not rest else _replaced(value[first], rest, inner)
    if isinstance(first, int):
        return [below if number == first else item for number, item in enumerate(value)]
    return {key: below if key == first else item for key, item in value.items()}
