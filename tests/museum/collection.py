"""The files of tests/vectors: bundles, the keys that their auditors bring, and the index that says what must be found.

Verdict, first bad record and reasons are stated by hand with each exhibit; the states of all thirteen steps are what
the verifier says, and are written only when that agrees.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unittest import mock

from evidence.verify import TrustedKeys, read_policy, verify_bundle
from evidence.verify.report import Report
from tests.museum.controls import CONTROLS
from tests.museum.early import EARLY
from tests.museum.exhibits import Exhibit, Keys, Made, Stage, stage
from tests.museum.late import LATE

FOLDER = Path(__file__).parents[1] / "vectors"
INDEX = "index.json"
EXHIBITS: tuple[Exhibit, ...] = (*CONTROLS, *EARLY, *LATE)
NOTHING = (0, "")


def collection() -> dict[str, bytes]:
    """Every file by its path under tests/vectors."""
    return hung(asyncio.run(stage()), EXHIBITS)


def hung(stories: Stage, exhibits: Sequence[Exhibit]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    rings: dict[str, bytes] = {}  # key files that are there already
    entries = []
    for exhibit in exhibits:
        made = exhibit.make(stories)
        entry: dict[str, Any] = {
            "name": exhibit.name,
            "file": f"{exhibit.name}.zip",
            "zh": exhibit.zh,
            "en": exhibit.en,
        }
        files[entry["file"]] = made.bundle
        entry["keys"] = _ring(made.keys, exhibit.name, rings)
        if made.policy is not None:
            entry["policy"] = f"keys/{exhibit.name}/policy.txt"
            rings[entry["policy"]] = made.policy
        entry["trust_bundle_keys"] = exhibit.trust_bundle_keys
        entry["expected"] = expected(exhibit, made)
        entry["expected_core"] = expected(exhibit, made, core=True)
        entries.append(entry)
    files[INDEX] = (json.dumps({"bundles": entries}, ensure_ascii=False, indent=1) + "\n").encode()
    return files | rings


def _ring(keys: Keys, exhibit: str, rings: dict[str, bytes]) -> dict[str, str]:
    """Where each key file is kept; the same bytes under a name are kept once."""
    found = {}
    for name, data in keys.items():
        path = next((path for path, known in rings.items() if path.endswith(f"/{name}") and known == data), None)
        found[name] = path or f"keys/{exhibit}/{name}"
        rings[found[name]] = data
    return found


def trusted(made: Made) -> TrustedKeys:
    return TrustedKeys.of(made.keys) if made.policy is None else read_policy(made.policy, made.keys)


def judged(made: Made, *, trust: bool, core: bool = False) -> Report:
    """`core`: without the libraries for time stamps and PDF signatures."""
    if not core:
        return verify_bundle(made.bundle, trusted(made), trust_bundle_keys=trust)
    with mock.patch.dict(sys.modules, {"evidence.verify.full": None}):
        return verify_bundle(made.bundle, trusted(made), trust_bundle_keys=trust)


def expected(exhibit: Exhibit, made: Made, *, core: bool = False) -> dict[str, Any]:
    """What the index says of an exhibit. ValueError when the verifier does not say what the exhibit states."""
    report = judged(made, trust=exhibit.trust_bundle_keys, core=core)
    stated = exhibit.core if core and exhibit.core is not None else exhibit.first_bad or NOTHING
    found = report.first_bad or NOTHING
    agree = found[0] == stated[0] and fnmatchcase(found[1], stated[1])
    if not core:
        codes = tuple(reason.code for reason in report.reasons)
        agree = (
            agree and report.verdict == exhibit.verdict and (exhibit.first_bad is not None or codes == exhibit.reasons)
        )
    if not agree or (core and stated != NOTHING) != (core and report.verdict == "TOTAL-FAILED"):
        raise ValueError(f"{exhibit.name}: stated {stated}, found {found}: {report.verdict} {report.reasons}")
    return summary(report.plain())


def summary(plain: dict[str, Any]) -> dict[str, Any]:
    """What any verifier's report is compared by."""
    return {
        "verdict": plain["verdict"],
        "first_bad": plain["first_bad"],
        "steps": [step["state"] for step in plain["steps"]],
        "reasons": [[reason["step"], reason["code"]] for reason in plain["reasons"]],
    }
