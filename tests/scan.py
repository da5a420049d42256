"""Looks for personal data in files the way a thief would: as text in several encodings, as base64, as hex."""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
PIECE = 24  # bytes of a photograph that are enough to recognise it


def needles(secrets: Mapping[str, str | bytes]) -> dict[bytes, str]:
    """Every form a value may stand in -> its name."""
    found: dict[bytes, str] = {}
    for name, secret in secrets.items():
        plain = {secret.encode(code) for code in ENCODINGS} if isinstance(secret, str) else pieces(secret)
        for raw in plain:
            found[raw] = name
            found[raw.hex().encode()] = name
            # Three alignments, without the ends that depend on what stands around.
            for shift in range(3):
                for encode in (base64.b64encode, base64.urlsafe_b64encode):
                    core = encode(bytes(shift) + raw)[4:-4]
                    if len(core) >= 12:
                        found[core] = name
            found[raw.decode("utf-8", "ignore").encode("unicode_escape")] = name
    return {needle: name for needle, name in found.items() if len(needle) >= 6}


def pieces(data: bytes) -> set[bytes]:
    """Some stretches from the middle of a file."""
    return {data[at : at + PIECE] for at in (len(data) // 4, len(data) // 2, 3 * len(data) // 4)}


def search(folders: Iterable[Path], secrets: Mapping[str, str | bytes]) -> list[tuple[str, str]]:
    """(file, name of the secret) for every hit."""
    wanted = needles(secrets)
    hits: list[tuple[str, str]] = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not path.is_file():
                continue
            data = path.read_bytes()
            hits += [(str(path), name) for needle, name in wanted.items() if needle in data]
    return sorted(set(hits))
