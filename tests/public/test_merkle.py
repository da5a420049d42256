"""The public inclusion proofs before two judges: ours, and the Go checksum database.

Ours also meets the consistency proofs (tests/proof/test_merkle.py); the browser meets them in vitest
(static/test/verifier/log.test.ts). The `subtree…` vectors are of a draft that nothing here uses.
"""

import base64
import json
import subprocess
from typing import Any

from evidence.errors import NotVerified
from evidence.merkle import verify_inclusion
from tests.outside import need, tools
from tests.public import VECTORS, needs


def inclusion() -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted((VECTORS / "merkle/inclusion").rglob("*.json"))]


def ours(case: dict[str, Any]) -> bool:
    leaf, root, *proof = (
        base64.b64decode(text or "") for text in (case["leafHash"], case["root"], *(case["proof"] or []))
    )
    try:
        verify_inclusion(case["leafIdx"], case["treeSize"], leaf, proof, root)
    except NotVerified:
        return False
    return True


@needs("merkle")
def test_the_go_checksum_database_and_we_judge_every_inclusion_proof_alike() -> None:
    need("go")
    cases = inclusion()
    done = subprocess.run(
        [str(tools.go_program()), "vectors"], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    theirs = [line == "true" for line in done.stdout.splitlines()]
    assert theirs == [not case["wantErr"] for case in cases]
    assert [ours(case) for case in cases] == theirs
    assert len(cases) == 98
