"""One document, one spelling: inside the profile five encoders and the two of our pages write the same bytes; what lies
outside is refused at every door (EVIDENCE-FORMAT section 1).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from evidence import decode
from evidence.errors import Malformed, NotCanonical, NotVerified
from evidence.verify import strict
from tests.evidence.test_decode import HOSTILE
from tests.outside import missing, need
from tests.public import VECTORS, needs
from tests.public.documents import SPOILERS, documents, spoiled

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
BINARIES = Path(sys.executable).parent
MANY = 3_000


def drawn(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """That many examples at once: a process for each would take minutes."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found


def refused(door: Callable[[bytes], Any], data: bytes) -> bool:
    """By name: any other error would be a 500, or a verifier that falls over."""
    try:
        door(data)
    except (Malformed, NotVerified):
        return True
    return False


def lines(command: list[str], given: list[bytes]) -> list[bytes]:
    """One line out for each line in."""
    path = os.pathsep.join((str(BINARIES), os.environ.get("PATH", "")))
    done = subprocess.run(
        command,
        input=b"".join(line + b"\n" for line in given),
        env=os.environ | {"PATH": path},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = done.stdout.split(b"\n")[:-1]
    assert len(found) == len(given)
    return found


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The two canonicalisers of the pages, as modules that Node can load."""
    need("node")
    if not (STATIC / "node_modules/.bin/rolldown").exists():
        missing("static/node_modules", "make setup")
    folder = tmp_path_factory.mktemp("js")
    for source in ("src/canonical.ts", "src/verifier/strict.ts"):
        command = ["node_modules/.bin/rolldown", source, "-f", "esm", "-d", str(folder)]
        subprocess.run(command, cwd=STATIC, check=True, capture_output=True)
    (folder / "package.json").write_text('{"type":"module"}')
    return {"device": folder / "canonical.js", "verifier": folder / "strict.js"}


def node(mode: str, given: list[bytes], ours: dict[str, Path]) -> list[bytes]:
    program = shutil.which("node", path=os.pathsep.join((str(BINARIES), os.environ.get("PATH", "")))) or "node"
    extra = [str(ours[mode])] if mode in ours else []
    return lines([program, str(Path(__file__).with_name("canonical.mjs")), mode, *extra], given)


@pytest.mark.slow
def test_five_encoders_and_the_two_of_our_pages_write_the_same_bytes(ours: dict[str, Path]) -> None:
    need("jq")
    values = list({repr(value): value for value in drawn(documents, MANY + MANY // 4)}.values())
    assert len(values) >= MANY
    given = [json.dumps(value).encode() for value in values]  # escaped and spaced: there is something to do
    expected = [decode.encode(value) for value in values]  # msgspec
    written = {
        "rfc8785": [rfc8785.dumps(value) for value in values],
        "json.dumps": [strict.canonical(value) for value in values],
        "jq -cS": lines(["jq", "-cS", "."], given),
        **{f"Node, {mode}": node(mode, given, ours) for mode in ("plain", "device", "verifier")},
    }
    differing = {
        name: [(mine, theirs) for mine, theirs in zip(expected, found, strict=True) if mine != theirs][:3]
        for name, found in written.items()
        if found != expected
    }
    assert differing == {}
    assert [decode.parse(line) for line in expected] == values
    assert [strict.parse_json(line) for line in expected] == values


@pytest.mark.slow
def test_what_leaves_the_profile_is_refused_at_every_door(ours: dict[str, Path]) -> None:
    cases = drawn(spoiled(), 600)
    assert {name for name, _ in cases} == set(SPOILERS)
    for door in (decode.parse, strict.parse_json, strict.parse_loose):
        assert [case for case in cases if not refused(door, case[1])] == []
    read = node("verifier", [data for _, data in cases], ours)
    assert [case for case, line in zip(cases, read, strict=True) if line != b"refused"] == []


def test_hostile_bytes_are_refused_by_the_verifiers_doors_too(ours: dict[str, Path]) -> None:  # conventions 3, row 26
    assert [name for name, (data, _) in HOSTILE.items() if not refused(strict.parse_json, data)] == []
    on_one_line = {name: data for name, (data, _) in HOSTILE.items() if data and b"\n" not in data}
    read = node("verifier", list(on_one_line.values()), ours)
    assert [name for name, line in zip(on_one_line, read, strict=True) if line != b"refused"] == []


# --- the vectors of RFC 8785 ------------------------------------------------------------------------------------------

INSIDE = {"arrays", "unicode"}  # the others hold floats, keys that are not ASCII, or U+007F
NAMES = ("arrays", "french", "structures", "unicode", "values", "weird")


@needs("jcs")
@pytest.mark.parametrize("name", NAMES)
def test_a_published_document_is_written_as_published_or_refused_at_the_door(name: str, ours: dict[str, Path]) -> None:
    given = (VECTORS / f"jcs/input/{name}.json").read_bytes()
    expected = (VECTORS / f"jcs/output/{name}.json").read_bytes()
    assert bytes.fromhex((VECTORS / f"jcs/outhex/{name}.txt").read_text()) == expected
    assert rfc8785.dumps(json.loads(given)) == expected
    line = json.dumps(json.loads(given)).encode()
    if name in INSIDE:
        assert decode.encode(decode.parse(given)) == expected
        assert strict.canonical(strict.parse_json(expected)) == expected
        assert [node(mode, [line], ours)[0] for mode in ("plain", "device", "verifier")] == [expected] * 3
        return
    assert refused(decode.parse, given)
    with pytest.raises(NotCanonical):
        decode.encode(json.loads(given))
    assert refused(strict.parse_loose, given)
    assert node("plain", [line], ours) == [expected], "Node by itself writes all of RFC 8785"
    assert node("verifier", [line], ours) == [b"refused"]
