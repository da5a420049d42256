"""Judges that are not ours: the commands that stand in the bundle's own AUDIT.md, bagit, and pyHanko's command line."""

import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTION = re.compile(r"^## (\d+)\. [^·\n]*· ([^\n]+)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)
NEEDED = {"2": "jq", "3": "openssl", "4": "xxd", "9": "pdfsig"}


@dataclass(frozen=True)
class Judgement:
    """`state`: accepted, rejected, or not run because the tool is not on this machine."""

    what: str
    state: str
    seconds: float
    detail: str = ""


def judge(bundle: bytes) -> Iterator[Judgement]:
    """Unpack the bundle into a temporary folder and let each tool say what it thinks."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            archive.extractall(folder)
            root = Path(folder) / archive.namelist()[0].split("/")[0]
        yield from _audit(root)
        bagit = "import bagit, sys; bagit.Bag(sys.argv[1]).validate()"
        yield _run("bagit: the whole bag", [sys.executable, "-W", "ignore", "-c", bagit, str(root)], root)
        for pdf in sorted(root.glob("data/documents/*.signed.pdf")):
            roots = ("document-ca.pem", "tsa-root.pem", "tsa-independent.pem")
            trust = [f"--trust={path}" for name in roots if (path := root / "keys" / name).exists()]
            command = [str(Path(sys.executable).parent / "pyhanko"), "sign", "validate", "--trust-replace"]
            yield _run("pyHanko: the signed paper", [*command, *trust, str(pdf)], root)


def _audit(root: Path) -> Iterator[Judgement]:
    text = (root / "AUDIT.md").read_text("utf-8")
    before, *_ = text.partition("\n## ")
    shell = "".join(BLOCK.findall(before))
    for number, title, section in SECTION.findall(text):
        commands = "".join(BLOCK.findall(section))
        if not commands:
            continue
        name = f"AUDIT.md {number}: {title.strip()}"
        tool = NEEDED.get(number, "bash")
        if shutil.which(tool) is None:
            yield Judgement(name, "not run", 0, f"{tool} is not installed")
            continue
        # Later sections use what earlier ones left in $W, so each runs after all of those before it.
        yield _run(name, ["bash", "-c", shell + commands], root)
        if number in ("2", "4"):
            shell += commands


def _run(what: str, command: list[str], root: Path) -> Judgement:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)
    state = "accepted" if done.returncode == 0 else "rejected"
    said = (done.stdout + done.stderr).strip().splitlines()
    return Judgement(what, state, time.perf_counter() - began, said[-1] if said and state == "rejected" else "")
