"""Takes a licensed insightface package, by the path of its folder, into a pack of ours.

    python -m kyc.licensed PACKAGE INTO [--accept A --review R --far-target-e6 F --measured-on TEXT]

The package keeps its own folder inside the pack, because its licence names that folder. It brings detection and
recognition; the passive screen and the rest stay those of the open pack. Without thresholds nothing is accepted
unseen: every match goes to a person until `python -m kyc.calibrate` has measured where to put the bars.
"""

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
from insightface.app import FaceAnalysis
from insightface.model_zoo.package_manifest import has_model_package_manifest, load_model_package

from kyc.engine import Eyes
from kyc.intake import decode
from kyc.models import (
    Detection,
    Golden,
    Manifest,
    MeanStd,
    Pack,
    PackInvalid,
    Preprocessing,
    Recognition,
    Source,
    load,
    permitted,
)
from kyc.networks import Local, session_options

NOBODY = 1.01  # a similarity that no two faces reach
REVIEW = 0.30
UNMEASURED = "not calibrated: every match is looked at by a person"


class Bars(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the calibration put the bars of the match, and on what."""

    accept: float = NOBODY
    review: float = REVIEW
    far_target_e6: int = 0
    measured_on: str = UNMEASURED


def adopt(package: Path, into: Path, open_pack: Pack, bars: Bars) -> Pack:
    """Write the pack and load it. PackInvalid unless the package's licence permits commercial use today."""
    holder = permitted(package)
    into.mkdir(parents=True, exist_ok=True)
    inside = into / package.name
    if inside.resolve() != package.resolve():
        shutil.copytree(package, inside, dirs_exist_ok=True)
    for item in open_pack.path.iterdir():
        if item.suffix in {".onnx", ".png"} and not item.name.startswith(("detect.", "match.")):
            shutil.copy(item, into / item.name)
    manifest = _manifest(inside, holder, open_pack, bars)
    golden = _golden(
        _written(manifest, into)
    )  # until it is answered anew, the open pack's answer: nothing starts on it
    pack = _written(msgspec.structs.replace(manifest, golden=golden), into)
    Eyes(pack, Local(pack))
    return pack


def _written(manifest: Manifest, into: Path) -> Pack:
    part = into / ".manifest.json"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    part.replace(into / "manifest.json")
    return load(into)


def _manifest(inside: Path, holder: str, open_pack: Pack, bars: Bars) -> Manifest:
    detector, recogniser, version = _models(inside)

    def file(model: Any, what: str) -> dict[str, Any]:
        path = Path(model.model_file)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return {
            "file": f"{inside.name}/{path.relative_to(inside.resolve())}",
            "sha256": sha256,
            "licence": f"insightface MODEL.LICENSE {holder}",
            "source": Source(package=f"insightface:{inside.name}", file=path.name, sha256=sha256),
            "preprocessing_version": f"insightface-{version}-{what}-1",
            "preprocessing": _preprocessing(model),
        }

    own = open_pack.manifest
    shape = tuple(recogniser.input_size)
    tasks = msgspec.structs.replace(
        own.tasks,
        detection=Detection(**file(detector, "scrfd"), side=own.tasks.detection.side, floor=own.tasks.detection.floor),
        recognition=Recognition(
            **file(recogniser, "arcface-5pt"),
            input_size=(shape[0], shape[1]),
            embedding_dimension=int(recogniser.output_shape[-1]),
            accept=bars.accept,
            review=bars.review,
            far_target_e6=bars.far_target_e6,
            measured_on=bars.measured_on,
        ),
    )
    return Manifest(
        manifest_version=2,
        model_id=f"licensed-{inside.name}",
        license=f"{inside.name}/MODEL.LICENSE",
        terms="insightface",
        tasks=tasks,
        golden=own.golden,
    )


def _models(inside: Path) -> tuple[Any, Any, str]:
    """insightface's own routing decides which file does what, and with which preprocessing."""
    analysis = FaceAnalysis(
        name=str(inside),
        allowed_modules=["detection", "recognition"],
        providers=["CPUExecutionProvider"],
        sess_options=session_options(),
        static_shape_sessions=False,
    )
    if "recognition" not in analysis.models:
        raise PackInvalid(f"{inside.name}: no recognition model")
    detector, recogniser = analysis.det_model, analysis.models["recognition"]
    if tuple(recogniser.input_size) != (112, 112):
        raise PackInvalid(f"{inside.name}: a crop of {recogniser.input_size}, only 112 x 112 can be aligned")
    version = load_model_package(inside).model_id if has_model_package_manifest(inside) else inside.name
    return detector, recogniser, version


def _preprocessing(model: Any) -> Preprocessing:
    if getattr(model, "preprocessing", None) == "embedded":
        return "embedded"
    return MeanStd(mean=float(model.input_mean), std=float(model.input_std))


def _golden(pack: Pack) -> Golden:
    """What this package answers today: a later change of files, preprocessing or machine is found against it."""
    golden, networks = pack.manifest.golden, Local(pack)
    picture = decode((pack.path / golden.file).read_bytes())
    face = Eyes(pack, networks, prove=False).see(picture).face
    if face is None:
        raise PackInvalid("golden: no face found")
    left, top, right, bottom = (round(edge, 2) for edge in face.box)
    return msgspec.structs.replace(
        golden,
        box=(left, top, right, bottom),
        points=tuple(tuple(round(float(value), 2) for value in point) for point in face.points),
        passive_logits=tuple(round(float(value), 2) for value in networks.screen(picture, face.box)),
        embedding_e4=tuple(round(float(value) * 10_000) for value in face.embedding),
        shut=round(face.quality.shut, 2) if pack.manifest.tasks.eyes else None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m kyc.licensed", description="take a licensed package into a pack")
    parser.add_argument("package", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("--open-pack", type=Path, default=os.environ.get("JIANZHENG_MODELS", "build/models"))
    parser.add_argument("--accept", type=float, default=NOBODY)
    parser.add_argument("--review", type=float, default=REVIEW)
    parser.add_argument("--far-target-e6", type=int, default=0)
    parser.add_argument("--measured-on", default=UNMEASURED)
    given = parser.parse_args()
    bars = Bars(
        accept=given.accept, review=given.review, far_target_e6=given.far_target_e6, measured_on=given.measured_on
    )
    try:
        pack = adopt(given.package, given.into, load(given.open_pack), bars)
    except (OSError, PackInvalid) as error:
        sys.exit(f"kyc.licensed: {error}")
    print(f"{pack.manifest.model_id}: complete in {given.into}; match bars {bars.accept} / {bars.review}")  # noqa: T201


if __name__ == "__main__":
    main()
