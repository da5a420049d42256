"""The museum as an auditor has it: read from tests/vectors, not made."""

import json
from dataclasses import dataclass
from typing import Any

from tests.museum.collection import FOLDER, INDEX


@dataclass(frozen=True)
class Hung:
    """One entry of the index, with its files read."""

    name: str
    bundle: bytes
    keys: dict[str, bytes]
    policy: bytes | None
    trust: bool
    expected: dict[str, Any]
    expected_core: dict[str, Any]


def index() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / INDEX).read_text("utf-8"))["bundles"]
    return found


def hall() -> dict[str, Hung]:
    return {entry["name"]: _hung(entry) for entry in index()}


def _hung(entry: dict[str, Any]) -> Hung:
    return Hung(
        entry["name"],
        (FOLDER / entry["file"]).read_bytes(),
        {name: (FOLDER / path).read_bytes() for name, path in entry["keys"].items()},
        (FOLDER / entry["policy"]).read_bytes() if "policy" in entry else None,
        entry["trust_bundle_keys"],
        entry["expected"],
        entry["expected_core"],
    )
