"""Claims checked with tools that are not ours: the table of independent checks (EVD-07), and what each tool refuses."""

import json
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio
import rfc8785

from evidence.verify import TrustedKeys, verify_bundle
from evidence.verify.container import read
from tests.outside import need, tools
from tests.outside.forgeries import Forgery
from tests.outside.rows import ROWS, Row
from tests.outside.scene import LOG, Evidence, Scene, laid_out, made_to_fit, witnessed
from tests.proof import attacks
from tests.proof.story import Told

ROOT = Path(__file__).parents[2]
DEBIAN = ("bash", "sha256sum", "jq", "openssl", "xxd", "basenc", "pdfsig")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return await witnessed(tmp_path_factory.mktemp("world"))


@pytest.fixture
def scene(evidence: Evidence, tmp_path: Path) -> Scene:
    return laid_out(evidence, tmp_path)


def after(forgery: Forgery, evidence: Evidence, folder: Path) -> Scene:
    changed = forgery.change(evidence.told, dict(evidence.files))
    assert changed != evidence.files
    return laid_out(evidence, folder, made_to_fit(evidence, changed) if forgery.fitted else changed)


def each(kind: str) -> Iterator[object]:
    for row in ROWS:
        for forgery in getattr(row, kind):
            yield pytest.param(row, forgery, id=f"{row.name}: {forgery.name}")


# --- the table --------------------------------------------------------------------------------------------------------


def test_our_own_verifier_passes_it_totally_so_every_row_applies(evidence: Evidence) -> None:
    report = verify_bundle(evidence.told.bundle, TrustedKeys.of(evidence.keys))
    assert report.verdict == "TOTAL-PASSED", report.plain()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_tool_that_is_not_ours_accepts_the_evidence(row: Row, scene: Scene) -> None:
    need(*row.programs)
    said = row.ask(scene)
    assert said.accepted, said.text


@pytest.mark.parametrize(("row", "forgery"), list(each("refuses")))
def test_the_same_tool_refuses_a_forgery(row: Row, forgery: Forgery, evidence: Evidence, tmp_path: Path) -> None:
    need(*row.programs)
    said = row.ask(after(forgery, evidence, tmp_path))
    assert said.asked, f"an earlier step failed: {said.text}"
    assert not said.accepted, said.text


@pytest.mark.parametrize(("row", "forgery"), list(each("blind")))
def test_what_a_tool_cannot_see_is_known(row: Row, forgery: Forgery, evidence: Evidence, tmp_path: Path) -> None:
    """Traps 2, 3, 5 and 12: a tool that learns to see it moves its line in the table."""
    need(*row.programs)
    said = row.ask(after(forgery, evidence, tmp_path))
    assert said.accepted, said.text


def test_what_one_tool_cannot_see_another_refuses() -> None:
    seen = {forgery.change for row in ROWS for forgery in row.refuses}
    assert [forgery.name for row in ROWS for forgery in row.blind if forgery.change not in seen] == []


# --- the guide inside the bundle --------------------------------------------------------------------------------------


def test_an_auditor_with_debian_packages_alone_verifies_everything(scene: Scene) -> None:
    need(*DEBIAN)
    assert list(tools.guide(scene)[1]) == list(range(1, 12))
    said = tools.whole_guide(scene)
    assert said.accepted, said.text
    assert said.text == f"{tools.ASKED}\n"


def test_the_guide_serves_a_sandbox_without_witnesses_and_outside_time(told: Told, tmp_path: Path) -> None:
    need(*DEBIAN)
    root, files = read(told.bundle)
    said = tools.whole_guide(laid_out(Evidence(told, told.keys, dict(files), root), tmp_path))
    assert said.accepted, said.text


@pytest.mark.slow
def test_the_guide_finds_every_forgery_that_some_tool_finds(evidence: Evidence, tmp_path: Path) -> None:
    """The commands can fail, and not only at the manifest, which a forger makes anew."""
    need(*DEBIAN)
    forgeries = {forgery.name: forgery for row in ROWS for forgery in row.refuses if forgery.fitted}
    assert len(forgeries) > 30
    unseen = []
    for number, (name, forgery) in enumerate(forgeries.items()):
        served = forgery.change(evidence.told, dict(evidence.files))
        inside = {path for path in served if not path.startswith(LOG)}
        if all(served[path] == evidence.files.get(path) for path in inside):
            continue  # a change of the served log: the bundle is as it was
        if tools.whole_guide(after(forgery, evidence, tmp_path / str(number))).accepted:
            unseen.append(name)
    assert unseen == []


def test_what_a_holder_leaves_out_hashes_cannot_miss(evidence: Evidence, tmp_path: Path) -> None:
    """That is the verifier's part: `MISSING`."""
    need(*DEBIAN)
    left_out = Forgery("a disclosure left out", attacks.remove_a_disclosure)
    assert tools.whole_guide(after(left_out, evidence, tmp_path)).accepted


def test_the_guide_in_the_documentation_is_the_one_that_goes_into_bundles() -> None:
    assert (ROOT / "docs/AUDIT.md").read_bytes() == (ROOT / "evidence/verify/AUDIT.md").read_bytes()


# --- more readers -----------------------------------------------------------------------------------------------------


def test_any_unzip_program_gives_the_same_files(told: Told, unpacked: Path, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(told.bundle)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            assert archive.read(name) == (unpacked.parent / name).read_bytes()


def test_another_implementation_of_jcs_writes_the_same_lines(unpacked: Path) -> None:
    for path in sorted((unpacked / "data/chain").iterdir()):
        for line in path.read_bytes().splitlines():
            assert rfc8785.dumps(json.loads(line)) == line


def test_the_oracle_under_the_gpl_is_in_nobody_elses_environment() -> None:
    assert find_spec("pymerkle") is None
    for lock in ("dev", "run"):
        assert "pymerkle" not in (ROOT / f"requirements/{lock}.lock").read_text("ascii")
    rooms = ("api", "kyc", "esign", "products", "evidence", "bench")
    naming = [path for room in rooms for path in (ROOT / room).rglob("*.py") if "pymerkle" in path.read_text("utf-8")]
    assert naming == []
