"""The short way to read a line accepts exactly what the long way does: the difference would be a forger's."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import ChainBroken
from evidence.events import BODIES, Event, envelope
from evidence.events.envelope import parse_line
from tests.evidence.cases import chain, consent, notice, opened
from tests.evidence.museum import lines

LINES = chain("case_a", opened(), notice(), consent())


def read(line: bytes, parse: Callable[[bytes], Event]) -> Event | None:
    try:
        return parse(line)
    except ChainBroken:
        return None


def long_way(line: bytes) -> Event:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope, "_typed", lambda *_: None)
        return parse_line(line, BODIES, 1)


def agree(line: bytes) -> None:
    assert read(line, lambda it: parse_line(it, BODIES, 1)) == read(line, long_way), line


WORDS = (
    b" ", b"1", b"0", b".0", b"e1", b"-", b'"', b"\\", b"\\u0041", b"\x7f", b"\xc3\xa9", b"\xff", b"\xed\xa0\x80", b",",
    b'"a":1,', b'"\xc3\xa9":1,', b"9007199254740993", b"null", b"true", b"{", b"}", b"[", b"]", b'"type":"x",', b"\n",
)  # fmt: skip


@given(st.sampled_from(LINES), st.data())
def test_a_changed_line_is_read_alike_both_ways(line: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(line)))
    gone = data.draw(st.integers(0, 12))
    agree(line[:at] + data.draw(st.sampled_from((b"", *WORDS))) + line[at + gone :])


@pytest.mark.parametrize("word", WORDS)
def test_every_word_at_every_place_is_read_alike_both_ways(word: bytes) -> None:
    (line,) = LINES[1:2]
    for at in range(len(line)):
        agree(line[:at] + word + line[at:])


def test_every_frozen_line_is_read_alike_both_ways() -> None:
    for line in lines().values():
        agree(line)


def test_every_type_of_event_takes_the_short_way() -> None:
    """A type that leaves open what stands in it would make reading ten times as slow."""
    assert [name for name, body in BODIES.items() if envelope._decoder(body) is None] == []
