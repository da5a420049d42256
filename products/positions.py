"""Strict YAML: plain values with the line each came from.

Ordinary YAML corrupts products: 1.10 becomes 1.1, `no` False, 012 ten, 22:30 a number. Here only integers, null, true
and false are typed, everything else is text; duplicate keys, aliases, tags and empty values are refused.
"""

import re
from typing import Any, TypeVar

import msgspec
import yaml

from evidence.errors import NotCanonical
from products.errors import DefinitionInvalid
from products.findings import Finding

MAX_BYTES = 1_000_000

T = TypeVar("T")


class _Strict(yaml.SafeLoader):
    yaml_implicit_resolvers = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if self.check_event(yaml.AliasEvent):
            raise _Problem(line, "aliases are not used here: write the text twice")
        if event.tag is not None:
            raise _Problem(line, f"tag {event.tag} is not used here")
        return super().compose_node(parent, index)


for _tag, _pattern, _first in (
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("null", r"^null$", "n"),
    ("bool", r"^(?:true|false)$", "tf"),
):
    _Strict.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


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
        loader = _Strict(data.decode("utf-8"))
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
        if node is None:
            raise _Problem(1, "the file is empty")
        lines: dict[str, int] = {}
        return Positioned(value=_plain(node, "", lines), lines=lines)
    except _Problem as problem:
        raise DefinitionInvalid((_finding("", problem.line, str(problem)),)) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DefinitionInvalid((_finding("", line, error.problem or "not YAML"),)) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DefinitionInvalid((_finding("", 1, f"not YAML: {type(error).__name__}"),)) from None


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


def _plain(node: yaml.Node, path: str, lines: dict[str, int]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    match node:
        case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
            return _mapping(node, path, lines)
        case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
            return [_plain(item, f"{path}[{number}]", lines) for number, item in enumerate(node.value)]
        case yaml.ScalarNode(tag="tag:yaml.org,2002:str"):
            if node.value == "" and node.style is None:
                raise _Problem(line, "empty value: write null or quotes")
            return node.value
        case yaml.ScalarNode(tag="tag:yaml.org,2002:int"):
            return int(node.value)
        case yaml.ScalarNode(tag="tag:yaml.org,2002:bool"):
            return node.value == "true"
        case yaml.ScalarNode(tag="tag:yaml.org,2002:null"):
            return None
        case _:
            raise _Problem(line, f"tag {node.tag} is not used here")


def _mapping(node: yaml.MappingNode, path: str, lines: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not isinstance(key.value, str):
            raise _Problem(line, "a key is a word")
        name: str = key.value
        if name in found:
            raise _Problem(line, f"{name} stands here twice")
        inner = f"{path}.{name}" if path else name
        lines[inner] = line
        found[name] = _plain(value, inner, lines)
    return found


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
