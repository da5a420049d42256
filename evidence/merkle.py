"""The Merkle tree of RFC 6962 (SHA-256): roots, inclusion and consistency proofs, and their verification.

Pure. Proofs are made from perfect subtrees only, so a store of tiles can answer them: `node(level, index)` is the hash
over the 2^level leaves from index·2^level.
"""

import hashlib
from collections.abc import Callable, Sequence

from evidence.errors import NotVerified

Node = Callable[[int, int], bytes]

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """`node` over leaf hashes held in memory."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def root(size: int, node: Node) -> bytes:
    """MTH of the first `size` leaves (section 2.1)."""
    return EMPTY if size == 0 else _range(0, size, node)


def inclusion(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """PATH(index, D[size]) (section 2.1.1), from the leaf's sibling upwards."""
    if not 0 <= index < size:
        raise ValueError("index is outside the tree")
    return tuple(_path(index, 0, size, node))


def consistency(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """PROOF(old, D[new]) (section 2.1.2). Empty for equal sizes; `old` at least 1."""
    if not 1 <= old <= new:
        raise ValueError("sizes are not in order")
    return tuple(_subproof(old, 0, new, True, node))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> None:
    """RFC 9162 section 2.1.3.2. `leaf` is a leaf hash. NotVerified when it does not reach `expected`."""
    if not 0 <= index < size:
        raise NotVerified("index is outside the tree")
    _check_lengths(leaf, expected, *proof)
    fn, sn, found = index, size - 1, leaf
    for hashed in proof:
        if sn == 0:
            raise NotVerified("proof is too long")
        if fn & 1 or fn == sn:
            found = node_hash(hashed, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, hashed)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise NotVerified("proof is too short")
    if found != expected:
        raise NotVerified("proof does not lead to the root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """RFC 9162 section 2.1.4.2. NotVerified when the tree of size `new` does not extend the one of size `old`."""
    if not 1 <= old <= new:
        raise NotVerified("sizes are not in order, or the empty tree, which says nothing")
    if old == new:
        if proof or old_root != new_root:
            raise NotVerified("equal trees need no proof and equal roots")
        return
    if not proof:
        raise NotVerified("proof is empty")
    _check_lengths(old_root, new_root, *proof)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for hashed in path[1:]:
        if sn == 0:
            raise NotVerified("proof is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(hashed, first), node_hash(hashed, second)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, hashed)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise NotVerified("proof is too short")
    if first != old_root or second != new_root:
        raise NotVerified("the newer tree does not extend the older one")


def _check_lengths(*hashes: bytes) -> None:
    if any(len(hashed) != 32 for hashed in hashes):
        raise NotVerified("not a SHA-256 hash")


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _range(begin: int, end: int, node: Node) -> bytes:
    # `begin` is always aligned so that a power-of-two width is a perfect subtree.
    width = end - begin
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, begin >> level)
    middle = begin + _split(width)
    return node_hash(_range(begin, middle, node), _range(middle, end, node))


def _path(index: int, begin: int, end: int, node: Node) -> list[bytes]:
    if end - begin == 1:
        return []
    middle = begin + _split(end - begin)
    if index < middle:
        return [*_path(index, begin, middle, node), _range(middle, end, node)]
    return [*_path(index, middle, end, node), _range(begin, middle, node)]


def _subproof(old: int, begin: int, end: int, whole: bool, node: Node) -> list[bytes]:
    if old == end - begin:
        return [] if whole else [_range(begin, end, node)]
    k = _split(end - begin)
    if old <= k:
        return [*_subproof(old, begin, begin + k, whole, node), _range(begin + k, end, node)]
    return [*_subproof(old - k, begin + k, end, False, node), _range(begin, begin + k, node)]
