"""Claims checked with tools that are not ours: the table of independent checks (EVD-07)."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import bagit
import pytest
import rfc8785
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import SSlibKey

from tests.outside import need
from tests.proof.story import Told

PROGRAMS = ("bash", "sha256sum", "jq", "openssl", "xxd", "basenc", "pdfsig")


def commands(guide: str) -> list[tuple[str, str]]:
    """(heading, commands) of every block of the guide inside a bundle, word for word."""
    blocks = re.findall(r"```bash\n(.*?)```", guide, re.DOTALL)
    headings = ["set-up", *re.findall(r"^## (\d+)\.", guide, re.MULTILINE)]
    return list(zip(headings, blocks, strict=False))


def follow_the_guide(folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Everything an auditor types, in one shell."""
    script = "\n".join(block for _, block in commands((folder / "AUDIT.md").read_text("utf-8")))
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=False)


@pytest.fixture
def copy(unpacked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(unpacked, tmp_path / unpacked.name))


def test_an_auditor_with_debian_packages_alone_verifies_everything(unpacked: Path) -> None:
    need(*PROGRAMS)
    guide = (unpacked / "AUDIT.md").read_text("utf-8")
    assert [heading for heading, _ in commands(guide)] == ["set-up", *map(str, range(1, 11))]
    done = follow_the_guide(unpacked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize(
    "change",
    [
        "s/12345/99999/ data/chain/0002.jsonl",
        "s/a/b/ data/seals/0001.dsse.json",
        "s/1/2/ data/head.tlog-proof",
        "s/A/B/ data/openings/values.txt",
        "s/A/B/ data/openings/salts.txt",
        "2d data/openings/salts.txt",
        "s/%%EOF/%%EOF / data/documents/doc_1.signed.pdf",
        "$d data/chain/0004.jsonl",
    ],
)
def test_the_same_commands_find_a_change_even_with_a_new_manifest(copy: Path, change: str) -> None:
    """The commands in the guide can fail, and not only at the manifest, which a forger makes anew."""
    need(*PROGRAMS, "sed")
    expression, _, name = change.rpartition(" ")
    before = (copy / name).read_bytes()
    subprocess.run(["sed", "-i", expression, str(copy / name)], check=True)
    if (copy / name).read_bytes() == before:  # this run's random bytes do not hold the letter: change one anyway
        (copy / name).write_bytes(bytes([before[0] ^ 1]) + before[1:])
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        listed = [line.split("  ") for line in (copy / manifest).read_text().splitlines()]
        fresh = [f"{hashlib.sha256((copy / path).read_bytes()).hexdigest()}  {path}\n" for _, path in listed]
        (copy / manifest).write_text("".join(fresh))
    removed = name == "data/openings/salts.txt" and expression == "2d"
    # What a holder leaves out, hashes cannot miss: that is the verifier's part (`MISSING`).
    assert (follow_the_guide(copy).returncode == 0) is removed


def test_bagit_validates_the_folder(unpacked: Path) -> None:
    bag = bagit.Bag(str(unpacked))
    assert bag.validate(processes=1)
    assert bag.version_info == (1, 0)


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


def test_securesystemslib_verifies_the_seals(told: Told, unpacked: Path) -> None:
    public = load_pem_public_key(told.keys["seal.pub.pem"])
    for path in sorted((unpacked / "data/seals").glob("*.json")):
        plain = json.loads(path.read_bytes())
        keyid = plain["signatures"][0]["keyid"]
        key = SSlibKey.from_crypto(public, keyid)
        envelope = Envelope.from_dict(plain)
        assert set(envelope.verify([key], 1)) == {keyid}
        envelope.payload += b" "
        with pytest.raises(VerificationError):
            envelope.verify([key], 1)


def test_one_personal_value_is_checked_with_coreutils(unpacked: Path) -> None:
    need("bash", "openssl", "basenc")
    line = (unpacked / "data/openings/values.txt").read_text().splitlines()[0]
    command = f"printf %s '{line}' | openssl dgst -sha256 -binary | basenc --base64url | tr -d '=\\n'"
    found = subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout.decode()
    chain = (unpacked / "data/chain/0001.jsonl").read_text()
    assert f'"phone":"{found}"' in chain
    assert json.loads(base64.urlsafe_b64decode(line + "=="))[1:] == ["phone", "13800138000"]


def test_openssl_reads_the_time_stamps_over_seals_and_checkpoint(unpacked: Path) -> None:
    need("openssl")
    for stamp in sorted((unpacked / "data/seals").glob("*.tsr")):
        command = ["openssl", "ts", "-verify", "-in", str(stamp), "-CAfile", str(unpacked / "keys/tsa-root.pem")]
        data = ["-data", str(stamp.with_suffix("")) + ".dsse.json"]
        done = subprocess.run([*command, *data], capture_output=True, check=False)
        assert b"Verification: OK" in done.stdout + done.stderr


def test_the_guide_in_the_documentation_is_the_one_that_goes_into_bundles() -> None:
    root = Path(__file__).parents[2]
    assert (root / "docs/AUDIT.md").read_bytes() == (root / "evidence/verify/AUDIT.md").read_bytes()
