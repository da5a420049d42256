"""Old events stay readable for ever: one frozen line for each type (EVIDENCE-FORMAT section 1)."""

import hashlib
import json
import subprocess

import msgspec
import pytest
import rfc8785

from evidence.decode import encode, parse
from evidence.errors import ChainBroken
from evidence.events import BODIES, Body, Head, Stamp, parse_instant, read_line, write_line
from tests.evidence import museum
from tests.outside import need

LINES = museum.lines()


def test_every_type_has_its_line_and_every_line_its_type() -> None:
    missing = BODIES.keys() - LINES.keys()
    assert not missing, f"run `python -m tests.evidence.museum` for {sorted(missing)}"
    gone = LINES.keys() - BODIES.keys()
    assert not gone, f"a type once written must be read for ever: {sorted(gone)}"


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_a_frozen_line_is_read_and_written_again_as_the_same_bytes(line: bytes) -> None:  # EVD-01
    event = read_line(line, Head(), BODIES)
    assert event.hash == hashlib.sha256(line).hexdigest()
    stamp = Stamp(actor=event.actor, at=parse_instant(event.at), cmd=event.cmd)
    assert write_line(event.stream, Head(), stamp, event.body) == line


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_a_frozen_line_is_canonical_for_others_too(line: bytes) -> None:
    plain = json.loads(line)
    assert rfc8785.dumps(plain) == line
    assert json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == line


def test_jq_writes_the_same_lines() -> None:
    need("jq")
    for path in sorted(museum.FOLDER.glob("*.jsonl")):
        run = subprocess.run(["jq", "-cS", ".", path], capture_output=True, check=True)
        assert run.stdout == path.read_bytes()


@pytest.mark.parametrize("event_type", sorted(BODIES))
def test_a_field_nobody_declared_breaks_the_record(event_type: str) -> None:
    plain = parse(LINES[event_type])
    plain["body"]["approved_by"] = "nobody"
    with pytest.raises(ChainBroken, match="NOT_VALID"):
        read_line(encode(plain), Head(), BODIES)


def test_a_line_may_not_be_written_in_any_other_way() -> None:
    line = LINES["case.link_sent/1"]
    plain = json.loads(line)
    for other in (line + b" ", line + b"\n", json.dumps(plain).encode(), line.replace(b'"v":1', b'"v":1.0')):
        with pytest.raises(ChainBroken):
            read_line(other, Head(), BODIES)
    for change in ({"v": 2}, {"seq": 2}, {"prev": "00" * 31}, {"prev": "11" * 32}, {"type": "case.link_sent/2"}):
        with pytest.raises(ChainBroken):
            read_line(encode(plain | change), Head(), BODIES)
    for missing in plain:
        with pytest.raises(ChainBroken):
            read_line(encode({key: value for key, value in plain.items() if key != missing}), Head(), BODIES)


def test_every_event_names_itself_once_and_in_the_past() -> None:
    assert all(name == body.TYPE for name, body in BODIES.items())

    def leaves(kind: type[Body]) -> set[type[Body]]:
        return {kind} if not kind.__subclasses__() else set().union(*map(leaves, kind.__subclasses__()))

    ours = {body for body in leaves(Body) if body.__module__.startswith("evidence.")}
    assert ours == set(BODIES.values())  # no event outside the closed union
    assert all(issubclass(body, msgspec.Struct) and body.__struct_config__.frozen for body in ours)
