"""Documents inside the profile of our canonical JSON, and what takes one out of it (EVIDENCE-FORMAT section 1)."""

import json
from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x7f"), max_size=20)
keys = st.text(st.characters(max_codepoint=126, exclude_characters="\x00"), max_size=8)
scalars = st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | texts
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)

# What it is -> a value as JSON text. Each is legal JSON that two tools write, or read, differently.
SPOILERS = {
    "a float": "0.1",
    "a float that is whole": "1.0",
    "an exponent": "1e2",
    "a float beyond all": "1e400",
    "2^53": "9007199254740992",
    "-2^53": "-9007199254740992",
    "an integer of thirty digits": "1" * 30,
    "U+007F": '"\x7f"',
    "U+007F, escaped": r'"\u007f"',
    "NUL": r'"\u0000"',
    "a lone high surrogate": r'"x\ud800"',
    "a lone low surrogate": r'"\udfffx"',
    "a key that is not ASCII": '{"é":1}',
    "a key with U+007F": r'{"\u007f":1}',
    "a key twice": '{"a":1,"a":1}',
    "a key twice, once escaped": r'{"a":1,"\u0061":2}',
    "forty deep": "[" * 40 + "]" * 40,
}


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """(what is wrong, a document on one line) with exactly one spoiler somewhere inside."""
    name = draw(st.sampled_from(sorted(SPOILERS)))
    value: Any = "@@"
    for _ in range(draw(st.integers(1, 4))):
        beside = draw(documents)
        value = [beside, value] if draw(st.booleans()) else {"beside": beside, "inside": value}
    head, _, tail = json.dumps(value).rpartition('"@@"')
    return name, (head + SPOILERS[name] + tail).encode()
