"""Packs: nothing altered, nothing unlicensed, nothing that answers wrongly is ever used."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench import specimen
from kyc import convert, models
from kyc.engine import FaceEngine
from kyc.face import similarity
from kyc.intake import decode
from kyc.models import PackInvalid
from kyc.pool import Workers


@pytest.fixture
def copy(pack: models.Pack, tmp_path: Path) -> Callable[[Callable[[Any], None]], Path]:
    """A copy of the pack whose manifest was changed."""

    def changed(change: Callable[[Any], None]) -> Path:
        for item in pack.path.iterdir():
            if item.suffix in {".onnx", ".png"}:
                (tmp_path / item.name).hardlink_to(item)
        manifest = json.loads((pack.path / "manifest.json").read_bytes())
        change(manifest)
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        return tmp_path

    return changed


def load(folder: Path) -> FaceEngine:
    workers = Workers(threads=1)
    try:
        return FaceEngine(models.load(folder), workers)
    finally:
        workers.close()


@pytest.mark.parametrize(
    ("task", "setting", "value"),
    [
        ("passive", "channels", "RGB"),
        ("passive", "live", 1),
        ("passive", "scale", 1.5),
        ("eyes", "shut", 1),
        ("recognition", "preprocessing", {"mean": 127.5, "std": 127.5}),
        ("detection", "preprocessing", {"mean": 127.5, "std": 128.0}),
    ],
    ids=str,
)
def test_the_golden_picture_finds_wrong_preprocessing(
    copy: Callable[[Callable[[Any], None]], Path], task: str, setting: str, value: object
) -> None:
    def change(manifest: Any) -> None:
        assert manifest["tasks"][task][setting] != value
        manifest["tasks"][task][setting] = value

    folder = copy(change)
    with pytest.raises(PackInvalid, match="golden"):
        load(folder)


def test_an_altered_file_is_refused(copy: Callable[[Callable[[Any], None]], Path]) -> None:
    folder = copy(lambda manifest: None)
    data = bytearray((folder / "passive.onnx").read_bytes())
    data[1000] ^= 1
    (folder / "passive.onnx").unlink()
    (folder / "passive.onnx").write_bytes(data)
    with pytest.raises(PackInvalid, match=r"passive\.onnx: altered"):
        models.load(folder)
    (folder / "passive.onnx").unlink()
    with pytest.raises(PackInvalid, match=r"passive\.onnx: missing"):
        models.load(folder)


def test_a_folder_without_a_pack_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid, match=r"kyc\.models fetch"):
        models.load(tmp_path)


def test_a_pack_whose_licence_forbids_commercial_use_is_refused(copy: Callable[[Callable[[Any], None]], Path]) -> None:
    folder = copy(lambda manifest: manifest.update(terms="insightface"))
    with pytest.raises(PackInvalid, match="commercial use is not permitted"):
        models.load(folder)


def test_a_complete_pack_is_fetched_without_any_command(pack: models.Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a complete pack needs no download")

    monkeypatch.setattr(subprocess, "run", refuse)
    assert models.fetch(pack.path) == pack


def test_the_manifest_of_the_repository_is_the_one_in_use(pack: models.Pack) -> None:
    assert (pack.path / "manifest.json").read_bytes() == models.OPEN_PACK.read_bytes()
    for item in pack.manifest.tasks.all():
        assert item.licence
    assert pack.manifest.tasks.passive.doubt


# --- conversion -------------------------------------------------------------------------------------------------------


def quantised() -> bytes:
    """A small network as OpenCV Zoo ships them: weights in int8 blocks, a stale weight input."""
    chance = np.random.default_rng(1)
    weights = chance.integers(-128, 128, (4, 27)).astype(np.int8)
    scales = chance.uniform(0.01, 0.1, (4, 3)).astype(np.float32)
    zeros = chance.integers(-5, 5, (4, 3)).astype(np.int8)
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["w", "s", "z"], ["flat"], axis=1, block_size=9),
            helper.make_node("Reshape", ["flat", "shape"], ["kernel"]),
            helper.make_node("Conv", ["data", "kernel"], ["out"], kernel_shape=[3, 3]),
        ],
        "small",
        [
            helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 8, 8]),
            helper.make_tensor_value_info("stale", TensorProto.FLOAT, [4, 3, 3, 3]),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 4, 6, 6])],
        [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(scales, "s"),
            numpy_helper.from_array(zeros, "z"),
            numpy_helper.from_array(np.array([4, 3, 3, 3]), "shape"),
        ],
    )
    return bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString())


def test_folding_changes_no_number_and_writes_the_same_bytes_twice() -> None:
    from onnx.reference import ReferenceEvaluator

    source = quantised()
    folded = convert.written(convert.fold(source))
    assert folded == convert.written(convert.fold(source))
    data = np.random.default_rng(2).normal(size=(1, 3, 8, 8)).astype(np.float32)
    stale = np.zeros((4, 3, 3, 3), np.float32)
    (wanted,) = ReferenceEvaluator(onnx.load_model_from_string(source)).run(None, {"data": data, "stale": stale})
    session = onnxruntime.InferenceSession(folded, providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == ["data"]
    (found,) = session.run(None, {"data": data})
    assert np.allclose(found, wanted, rtol=1e-5, atol=1e-5)


# --- the engine -------------------------------------------------------------------------------------------------------


async def test_people_are_told_apart(faces: FaceEngine) -> None:
    mine = faces.see(specimen.selfie()).face
    portrait = faces.see(decode(specimen.front())).face
    other = faces.see(specimen.selfie(specimen.other_person())).face
    assert mine
    assert portrait
    assert other
    accept, review = faces.pack.manifest.tasks.recognition.accept, faces.pack.manifest.tasks.recognition.review
    assert similarity(mine.embedding, portrait.embedding) >= accept
    assert similarity(mine.embedding, other.embedding) < review


async def test_a_picture_without_a_face_has_none(faces: FaceEngine) -> None:
    look = await faces.look(specimen.back())
    assert (look.faces, look.face) == (0, None)


async def test_two_people_side_by_side_are_counted(faces: FaceEngine) -> None:
    both = np.hstack([specimen.selfie(), specimen.selfie(specimen.other_person())])
    assert faces.see(both).faces == 2
