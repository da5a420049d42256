"""The tree against the public vectors of transparency-dev, and against itself at every small size."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import NotVerified
from evidence.merkle import (
    EMPTY,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    nodes_of,
    root,
    verify_consistency,
    verify_inclusion,
)
from tests.public import VECTORS, needs


def vectors(kind: str) -> list[Any]:
    return [
        pytest.param(path, id=f"{path.parent.name}/{path.stem}")
        for path in sorted((VECTORS / "merkle" / kind).rglob("*.json"))
    ]


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@needs("merkle")
@pytest.mark.parametrize("path", vectors("inclusion"))
def test_inclusion_proofs_are_judged_as_the_public_vectors_say(path: Path) -> None:  # EVD-04
    case = json.loads(path.read_text())
    proof = [raw(item) for item in case["proof"] or []]
    arguments = (case["leafIdx"], case["treeSize"], raw(case["leafHash"]), proof, raw(case["root"]))
    if case["wantErr"]:
        with pytest.raises(NotVerified):
            verify_inclusion(*arguments)
    else:
        verify_inclusion(*arguments)


@needs("merkle")
@pytest.mark.parametrize("path", vectors("consistency"))
def test_consistency_proofs_are_judged_as_the_public_vectors_say(path: Path) -> None:  # EVD-02
    case = json.loads(path.read_text())
    proof = [raw(item) for item in case["proof"] or []]
    arguments = (case["size1"], case["size2"], raw(case["root1"]), raw(case["root2"]), proof)
    if case["wantErr"]:
        with pytest.raises(NotVerified):
            verify_consistency(*arguments)
    else:
        verify_consistency(*arguments)


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


LEAVES = [leaf_hash(bytes([number])) for number in range(70)]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root(0, nodes_of([])) == EMPTY == by_definition([])


@pytest.mark.parametrize("size", range(1, 70))
def test_roots_and_every_inclusion_proof_hold_at_every_size(size: int) -> None:
    node = nodes_of(LEAVES[:size])
    top = by_definition(LEAVES[:size])
    assert root(size, node) == top
    for index in range(size):
        proof = inclusion(index, size, node)
        assert len(proof) <= (size - 1).bit_length()
        verify_inclusion(index, size, LEAVES[index], proof, top)
        for wrong in (index ^ 1, index + 1, -1):
            with pytest.raises(NotVerified):
                verify_inclusion(wrong, size, LEAVES[index], proof, top if wrong < size else EMPTY)


@pytest.mark.parametrize("new", [1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 69])
def test_a_tree_extends_every_smaller_one_and_no_other(new: int) -> None:
    top = by_definition(LEAVES[:new])
    for old in range(1, new + 1):
        proof = consistency(old, new, nodes_of(LEAVES[:new]))
        before = by_definition(LEAVES[:old])
        verify_consistency(old, new, before, top, proof)
        with pytest.raises(NotVerified):
            verify_consistency(old, new, by_definition([*LEAVES[: old - 1], EMPTY]), top, proof)


def test_no_proof_is_made_for_what_is_not_there() -> None:
    node = nodes_of(LEAVES[:3])
    for outside in (-1, 3):
        with pytest.raises(ValueError, match="outside"):
            inclusion(outside, 3, node)
    with pytest.raises(ValueError, match="order"):
        consistency(4, 3, node)
