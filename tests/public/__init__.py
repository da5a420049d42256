"""Public test vectors, beside the project and not in it: tests that need them skip and say so where they are missing.

What else reads them: tests/proof/test_merkle.py (our tree), and static/test/verifier/ for what the browser does (the
tree, Ed25519 by two libraries, P-256, canonical JSON).
"""

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[3] / "shared/data/vectors"


def needs(folder: str) -> pytest.MarkDecorator:
    found = VECTORS / folder
    return pytest.mark.skipif(not found.is_dir(), reason=f"NOT TESTED against the public vectors: no {found}")


def wycheproof(name: str) -> list[dict[str, Any]]:
    """The test groups of `<name>_test.json`; none where the folder is missing."""
    path = VECTORS / "wycheproof" / f"{name}_test.json"
    groups: list[dict[str, Any]] = json.loads(path.read_bytes())["testGroups"] if path.is_file() else []
    return groups
