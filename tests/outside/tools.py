"""How each tool is asked. Nothing here knows our formats better than the tool does: files are cut apart by coreutils.

A tool accepts when it says so and ends with 0. `Said.asked` is false when an earlier, needed step already failed: then
nothing was learnt about this one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from rfc3161_client import VerificationError as TimeRejected
from rfc3161_client import VerifierBuilder, decode_timestamp_response
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import SSlibKey

from bench.outside import BLOCK, SECTION
from tests.outside import missing
from tests.outside.scene import Scene

ROOT = Path(__file__).parents[2]
ORACLE = ROOT / "build/oracle/bin/python"
BINARIES = Path(sys.executable).parent
ASKED = "--- now it is asked ---"
GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
# RFC 9162 section 2.1.3.2 needs one hash function and text; no program that knows signatures is within reach.
HASHES_ONLY = ("sha256sum", "xxd", "base64", "basenc", "sed", "head", "tail", "cut", "tr", "mktemp")


@dataclass(frozen=True)
class Said:
    accepted: bool
    text: str = ""
    asked: bool = True


Tool = Callable[[Scene], Said]


def shell(scene: Scene, script: str, before: str = "", env: Mapping[str, str] | None = None) -> Said:
    """`script` in bash, in the bundle's folder, with `$WORK` to write to; `before` prepares and is no part of it."""
    whole = f"set -euo pipefail\n{before}\necho '{ASKED}'\n{script}"
    bash = shutil.which("bash") or "bash"
    said = subprocess.run(
        [bash, "-c", whole],
        cwd=scene.case,
        env={**os.environ, "LC_ALL": "C", "WORK": str(scene.work), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    text = said.stdout.decode("utf-8", "replace")
    return Said(said.returncode == 0, text, ASKED in text)


# --- the guide inside the bundle --------------------------------------------------------------------------------------


def guide(scene: Scene) -> tuple[str, dict[int, str]]:
    """(set-up, the commands of each numbered section) of `AUDIT.md`, word for word."""
    text = (scene.case / "AUDIT.md").read_text("utf-8")
    sections = {int(number): "".join(BLOCK.findall(section)) for number, _, section in SECTION.findall(text)}
    return "".join(BLOCK.findall(text.partition("\n## ")[0])), sections


def section(number: int, *after: int) -> Tool:
    """One section of the guide, after those whose results it uses."""

    def ask(scene: Scene) -> Said:
        before, sections = guide(scene)
        before += "".join(sections[earlier] for earlier in after)
        return shell(scene, sections[number], before)

    return ask


def inclusion(scene: Scene) -> Said:
    """Section 5 with sha256sum and a few text tools, and nothing else in the PATH."""
    folder = scene.work / "hashes-only"
    folder.mkdir()
    for program in HASHES_ONLY:
        (folder / program).symlink_to(shutil.which(program) or program)
    before, sections = guide(scene)
    split = '\nsed "1,/^$/d" data/head.tlog-proof | sed "/^$/,\\$d" > "$W/body"\n'
    return shell(scene, sections[5], before + split, {"PATH": str(folder)})


def whole_guide(scene: Scene) -> Said:
    """Everything an auditor types, in one shell."""
    before, sections = guide(scene)
    return shell(scene, "".join(sections.values()), before)


# --- bag, seals -------------------------------------------------------------------------------------------------------


def bagit(scene: Scene) -> Said:
    return shell(scene, f'{sys.executable} -W ignore "{BINARIES}/bagit.py" --quiet --validate .')


def securesystemslib(scene: Scene) -> Said:
    public = load_pem_public_key((scene.keys / "seal.pub.pem").read_bytes())
    for path in sorted((scene.case / "data/seals").glob("*.dsse.json")):
        try:
            envelope = Envelope.from_dict(json.loads(path.read_bytes()))
            (keyid,) = envelope.signatures
            verified = envelope.verify([SSlibKey.from_crypto(public, keyid)], 1)
        except (VerificationError, ValueError, KeyError) as error:
            return Said(False, f"{path.name}: {error}")
        if set(verified) != {keyid}:
            return Said(False, path.name)
    return Said(True)


SUBJECTS = """
for seal in data/seals/*.dsse.json; do
  jq -rj .payload "$seal" | base64 -d | jq -r '.subject[] | .digest.sha256 + "  " + .name' \\
    | sha256sum -c --quiet --ignore-missing
done
"""


def subjects(scene: Scene) -> Said:
    return shell(scene, SUBJECTS)


# --- the log ----------------------------------------------------------------------------------------------------------

CHECKPOINT = "sed '1,/^$/d' data/head.tlog-proof > \"$WORK/note\"\n"
LEAF = """
line=$(tail -n 1 "$(ls data/chain/*.jsonl | tail -n 1)" | tr -d '\\n' | sha256sum | cut -c1-64)
printf '{"kind":"event","sha256":"%s","v":1}' "$line" > "$WORK/leaf"
index=$(sed -n 's/^index //p' data/head.tlog-proof | head -n 1)
"""


@cache
def go_program() -> Path:
    """tests/outside/go, built once with Debian's packages alone: no module is fetched."""
    folder = ROOT / "build/outside"
    folder.mkdir(parents=True, exist_ok=True)
    built, made = folder / "sumdb", folder / f"sumdb.{os.getpid()}"  # another test process may be at it too
    env = {**os.environ, **GO, "GOCACHE": str(folder / "cache")}
    command = ["go", "build", "-o", str(made), "tests/outside/go/sumdb.go"]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if said.returncode:
        why = said.stderr.strip().splitlines()[-1]
        missing(f"golang.org/x/mod/sumdb ({why})", "Debian: apt-get install golang-golang-x-mod-dev")
    made.replace(built)
    return built


def note_open(scene: Scene) -> Said:
    return shell(scene, f'"{go_program()}" note keys/log.vkey "$WORK/note"', CHECKPOINT)


def check_record(scene: Scene) -> Said:
    # The note itself is judged first, so that what fails here is the record.
    before = f'{CHECKPOINT}{LEAF}\n"{go_program()}" note keys/log.vkey "$WORK/note"'
    hashes = 'sed "/^$/,\\$d" data/head.tlog-proof | tail -n +3'
    return shell(scene, f'{hashes} | "{go_program()}" record keys/log.vkey "$WORK/note" "$index" "$WORK/leaf"', before)


def pymerkle(scene: Scene) -> Said:
    """The third line of the checkpoint inside the bundle is the root over all entries that are served."""
    if not ORACLE.exists():
        missing("build/oracle (pymerkle)", "make build/oracle/.ready")
    script = f'[ "$({ORACLE} -I {ROOT}/tests/outside/oracle.py "{scene.log}")" = "$(sed -n 3p "$WORK/note")" ]'
    return shell(scene, script, CHECKPOINT)


# --- time -------------------------------------------------------------------------------------------------------------


def rfc3161_client(scene: Scene) -> Said:
    verifier = VerifierBuilder(roots=[load_pem_x509_certificate((scene.keys / "tsa-independent.pem").read_bytes())])
    stamped = {path.with_suffix(".dsse.json"): path for path in sorted((scene.case / "data/seals").glob("*.tsr"))}
    note = scene.work / "note"
    note.write_bytes((scene.case / "data/head.tlog-proof").read_bytes().partition(b"\n\n")[2])
    for data, reply in {**stamped, note: scene.case / "data/checkpoint.tsr"}.items():
        try:
            answer = decode_timestamp_response(reply.read_bytes())
            if not verifier.build().verify_message(answer, data.read_bytes()):
                return Said(False, reply.name)
        except (TimeRejected, ValueError) as error:
            return Said(False, f"{reply.name}: {error}")
    return Said(True)


# --- signed papers ----------------------------------------------------------------------------------------------------


def pyhanko(scene: Scene) -> Said:
    """The exit code alone says nothing: it is 0 for a paper without any signature (trap 1). So one must be told of."""
    said = pyhanko_exit_code("validate")(scene)
    papers = list((scene.case / "data/documents").glob("*.signed.pdf"))
    found = re.findall(r"(?m)^\S+:[0-9a-f]{64}:INTACT:TRUSTED,", said.text)
    return Said(said.accepted and 0 < len(papers) <= len(found), said.text)


def pyhanko_exit_code(command: str) -> Tool:
    """What a script would go by that asks for the exit code only. `validate` or `adesverify`."""
    words = f'{sys.executable} -W ignore "{BINARIES}/pyhanko" sign {command} --no-revocation-check --trust-replace'
    trust = "--trust=keys/document-ca.pem --trust=keys/tsa-independent.pem"
    return lambda scene: shell(scene, f'for pdf in data/documents/*.signed.pdf; do {words} {trust} "$pdf"; done')


PDFSIG = """
mkdir "$WORK/nss"; certutil -N -d "sql:$WORK/nss" --empty-password
certutil -A -d "sql:$WORK/nss" -n ca -t CT,CT,CT -i keys/document-ca.pem
"""


def pdfsig(scene: Scene) -> Said:
    """It ends with 0 whatever it finds, so its words count; an empty field is a `Signature #` to it as well."""
    ask = """
for pdf in data/documents/*.signed.pdf; do
  pdfsig -nssdir "sql:$WORK/nss" "$pdf" > "$WORK/said"; cat "$WORK/said"
  valid=$(grep -c 'Signature is Valid' "$WORK/said"); trusted=$(grep -c 'Certificate is Trusted' "$WORK/said")
  [ "$valid" -ge 1 ] && [ "$valid" = "$(grep -c '^Signature #' "$WORK/said")" ] && [ "$trusted" = "$valid" ]
done
"""
    return shell(scene, ask, PDFSIG)


CMS = """
for pdf in data/documents/*.signed.pdf; do
  read -r _ a b c d < <(grep -aoE '/ByteRange ?\\[[0-9 ]+\\]' "$pdf" | tail -n 1 | tr '[]' '  ')
  [ "$a" = 0 ]
  part() { dd if="$pdf" iflag=skip_bytes,count_bytes skip="$1" count="$2" status=none; }
  { part 0 "$b"; part "$c" "$d"; } > "$WORK/covered"
  part "$((b + 1))" "$((c - b - 2))" | xxd -r -p > "$WORK/cms"
  openssl cms -verify -binary -inform DER -in "$WORK/cms" -content "$WORK/covered" \\
    -CAfile keys/document-ca.pem -purpose any -out /dev/null
done
"""


def openssl_cms(scene: Scene) -> Said:
    return shell(scene, CMS)


# --- small things -----------------------------------------------------------------------------------------------------

VALUE = """
while IFS= read -r disclosure; do
  commitment=$(printf %s "$disclosure" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =)
  grep -q "\\"$commitment\\"" data/chain/*.jsonl
done < data/openings/values.txt
"""


def one_value(scene: Scene) -> Said:
    return shell(scene, VALUE)
