"""The engine: what is wrong is found at the start, what changes changes under nobody's hands, what is full says so."""

import asyncio
import shutil
import socket
import threading
from pathlib import Path
from typing import ClassVar

import cv2
import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from bench import specimen
from evidence.errors import TooBusy
from kyc import convert, models
from kyc.engine import Eyes, FaceEngine
from kyc.face import Points, similarity
from kyc.fuse import VECTOR, fused
from kyc.intake import Pixels
from kyc.models import PackInvalid
from kyc.networks import Array, Box, Local, Networks
from kyc.pool import Workers

# --- wrong preprocessing ----------------------------------------------------------------------------------------------


class Miswired(Local):
    """A network server, say, that somebody set up with one thing wrong."""

    wrong: ClassVar[str] = ""

    def detect(self, picture: Pixels) -> tuple[Array, Array]:
        return super().detect(self._blue_for_red(picture, "detect"))

    def embed(self, crop: Pixels) -> Array:
        return super().embed(self._blue_for_red(crop, "embed"))

    def screen(self, picture: Pixels, box: Box) -> Array:
        logits = super().screen(self._blue_for_red(picture, "screen"), box)
        return logits[[1, 0, 2]] if self.wrong == "live is 1" else logits

    def shut(self, picture: Pixels, points: Points) -> float:
        found = super().shut(picture, points)
        return 1 - found if self.wrong == "shut is 1" else found

    def _blue_for_red(self, picture: Pixels, where: str) -> Pixels:
        return np.ascontiguousarray(picture[:, :, ::-1]) if self.wrong == where else picture


@pytest.mark.parametrize("wrong", ["detect", "embed", "screen", "live is 1", "shut is 1"])
def test_the_golden_picture_finds_a_network_that_was_set_up_wrongly(pack: models.Pack, wrong: str) -> None:
    networks = type("Wrong", (Miswired,), {"wrong": wrong})(pack)
    with pytest.raises(PackInvalid, match="golden"):
        Eyes(pack, networks)


def test_the_golden_picture_accepts_what_is_right(pack: models.Pack) -> None:
    assert Eyes(pack, Miswired(pack)).pack is pack


# --- packs change while the engine runs -------------------------------------------------------------------------------


class Sceptic(Local):
    """Another pack: everybody looks recaptured, unless it is the golden picture."""

    def screen(self, picture: Pixels, box: Box) -> Array:
        logits = super().screen(picture, box)
        return logits if picture.shape[:2] == (512, 512) else -logits


def networks_of(pack: models.Pack) -> Networks:
    return Sceptic(pack) if pack.manifest.model_id == "sceptic" else Local(pack)


@pytest.fixture
def sceptic(pack: models.Pack) -> models.Pack:
    return msgspec.structs.replace(
        pack, sha256="cd" * 32, manifest=msgspec.structs.replace(pack.manifest, model_id="sceptic")
    )


async def test_a_pack_is_swapped_and_rolled_back_while_decisions_go_on(pack: models.Pack, sceptic: models.Pack) -> None:
    workers = Workers(threads=1)
    engine = FaceEngine(pack, workers, networks_of)
    assert not await engine.roll_back()
    decision = engine.pinned()
    jpeg = specimen.frames(["neutral"], seed=50)[0]
    await engine.swap(sceptic)
    after, during = await engine.look(jpeg), await decision.look(jpeg)
    assert after.face
    assert during.face
    assert after.face.passive < 0.5 < during.face.passive
    assert engine.provenance("passive").manifest == sceptic.sha256
    assert decision.provenance("passive").manifest == pack.sha256
    assert await engine.roll_back()
    assert engine.pack is pack
    assert await engine.roll_back()
    assert engine.pack is sceptic
    workers.close()


async def test_a_pack_that_answers_wrongly_is_not_swapped_in(pack: models.Pack) -> None:
    workers = Workers(threads=1)
    engine = FaceEngine(pack, workers)
    golden = msgspec.structs.replace(pack.manifest.golden, passive_logits=(0.0, 0.0, 0.0))
    wrong = msgspec.structs.replace(pack, manifest=msgspec.structs.replace(pack.manifest, golden=golden))
    with pytest.raises(PackInvalid, match="golden: passive"):
        await engine.swap(wrong)
    assert engine.pack is pack
    assert not await engine.roll_back()
    workers.close()


def test_nothing_is_asked_of_the_network(
    pack: models.Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # KYC-14
    for item in pack.path.iterdir():
        if item.is_file() and not item.name.startswith("."):
            shutil.copy(item, tmp_path)

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refused)
    seen = Eyes(models.load(tmp_path), Local(models.load(tmp_path))).see(specimen.selfie())
    assert seen.faces == 1
    shutil.rmtree(tmp_path)
    with pytest.raises(PackInvalid, match="no model pack"):  # insightface would go and fetch one by name
        models.load(tmp_path)


# --- the pool ---------------------------------------------------------------------------------------------------------


async def test_a_full_queue_refuses_at_once_and_recovers() -> None:
    workers, hold = Workers(threads=1, waiting=1), threading.Event()
    first, second = (asyncio.create_task(workers.run(hold.wait)) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(TooBusy):
        await workers.run(lambda: None)
    assert (workers.load().waiting + workers.load().running, workers.load().refused) == (2, 1)
    hold.set()
    assert [await first, await second] == [True, True]
    assert await workers.run(lambda: "room again") == "room again"
    load = workers.load()
    assert (load.threads, load.waiting, load.running, load.done, load.cancelled) == (1, 0, 0, 3, 0)
    assert load.busy_s > 0
    workers.close()


async def test_who_goes_away_leaves_the_queue() -> None:
    workers, hold, ran = Workers(threads=1, waiting=4), threading.Event(), threading.Event()
    first = asyncio.create_task(workers.run(hold.wait))
    second = asyncio.create_task(workers.run(ran.set))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    hold.set()
    assert await first
    assert not ran.is_set()
    assert workers.load().cancelled == 1
    workers.close()


async def test_what_fails_in_a_worker_fails_in_its_caller_and_frees_its_place() -> None:
    workers = Workers(threads=1, waiting=0)

    def broken() -> None:
        raise ValueError("broken")

    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            await workers.run(broken)
    workers.close()


# --- the same numbers in less time ------------------------------------------------------------------------------------


def network(channels: int) -> onnx.ModelProto:
    """What face networks are made of: convolutions, a normalisation, PRelu, one convolution a channel."""
    chance = np.random.default_rng(channels)

    def weight(name: str, *shape: int, low: float = -1.0) -> onnx.TensorProto:
        return numpy_helper.from_array(chance.uniform(low, 1.0, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["data", "w1"], ["c1"], kernel_shape=[1, 1]),
        helper.make_node("BatchNormalization", ["c1", "gain", "shift", "mean", "variance"], ["n1"], epsilon=1e-3),
        helper.make_node("PRelu", ["n1", "s1"], ["p1"]),
        helper.make_node(
            "Conv", ["p1", "w2", "b2"], ["c2"], kernel_shape=[3, 3], group=channels, pads=[1, 1, 1, 1], strides=[2, 2]
        ),
        helper.make_node("PRelu", ["c2", "s2"], ["p2"]),
        helper.make_node("Conv", ["p2", "w3"], ["c3"], kernel_shape=[1, 1]),
        helper.make_node("PRelu", ["c3", "s3"], ["out"]),
    ]
    weights = [
        *(weight("w1", channels, 3, 1, 1), weight("gain", channels), weight("shift", channels)),
        *(weight("mean", channels), weight("variance", channels, low=0.1), weight("s1", channels, 1, 1)),
        *(weight("w2", channels, 1, 3, 3), weight("b2", channels), weight("s2", channels, 1, 1)),
        *(weight("w3", 5, channels, 1, 1), weight("s3", 5, 1, 1)),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 16, 16])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 5, 8, 8])],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


@pytest.mark.parametrize("channels", [16, 23])
def test_fusing_changes_no_answer_and_leaves_nothing_slow(channels: int) -> None:
    plain = network(channels)
    made = fused(plain)
    assert convert.written(made) == convert.written(fused(plain))
    assert {node.op_type for node in made.graph.node} == {"Conv", "Relu", "Add"}
    groups = [next((item.i for item in node.attribute if item.name == "group"), 1) for node in made.graph.node]
    assert {group for group in groups if group > 5} == {-(-channels // VECTOR) * VECTOR}
    data = np.random.default_rng(1).normal(size=(1, 3, 16, 16)).astype(np.float32)
    one, other = (
        onnxruntime.InferenceSession(convert.written(model), providers=["CPUExecutionProvider"]).run(
            None, {"data": data}
        )[0]
        for model in (plain, made)
    )
    assert np.allclose(one, other, rtol=1e-4, atol=1e-4)


def test_what_others_read_is_left_as_it_is() -> None:
    plain = network(23)
    plain.graph.output.append(helper.make_tensor_value_info("p1", TensorProto.FLOAT, [1, 23, 16, 16]))
    made = fused(plain)
    data = np.random.default_rng(2).normal(size=(1, 3, 16, 16)).astype(np.float32)
    for model in (plain, made):
        model.graph.node[0].name = "first"
    one, other = (
        onnxruntime.InferenceSession(convert.written(model), providers=["CPUExecutionProvider"]).run(
            None, {"data": data}
        )
        for model in (plain, made)
    )
    for wanted, found in zip(one, other, strict=True):
        assert wanted.shape == found.shape
        assert np.allclose(wanted, found, rtol=1e-4, atol=1e-4)


# --- the port ---------------------------------------------------------------------------------------------------------


def test_our_decoding_of_the_detector_finds_what_insightface_finds(pack: models.Pack, faces: FaceEngine) -> None:
    from insightface.app import FaceAnalysis

    analysis = FaceAnalysis(
        name=str(pack.path),
        allowed_modules=["detection"],
        providers=["CPUExecutionProvider"],
        static_shape_sessions=False,
    )
    both = np.hstack([specimen.selfie(), specimen.selfie(specimen.other_person())])
    for picture in (specimen.selfie(), both, np.asarray(cv2.resize(specimen.selfie(), (333, 517)), np.uint8)):
        side = pack.manifest.tasks.detection.side
        share = min(1.0, side / max(picture.shape[:2]))
        size = tuple(-(-int(length * share) // 32) * 32 for length in picture.shape[1::-1])
        wanted, points = analysis.det_model.detect(picture, input_size=size, det_thresh=0.6)
        found, mine = faces.networks.detect(picture)
        assert len(wanted) == len(found) >= 1
        assert np.allclose(wanted, found, atol=0.02)
        assert np.allclose(points, mine, atol=0.02)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # its alignment calls scikit-image in the old way
def test_insightface_alone_loads_the_pack_and_knows_the_person(pack: models.Pack, faces: FaceEngine) -> None:
    """The pack is a V2 package of insightface's own: its pipeline, alignment included, comes to the same embedding."""
    from insightface.app import FaceAnalysis

    analysis = FaceAnalysis(
        name=str(pack.path), allowed_modules=["detection", "recognition"], providers=["CPUExecutionProvider"]
    )
    analysis.prepare(ctx_id=-1, det_thresh=0.6, det_size=(640, 640))
    mine = faces.see(specimen.selfie()).face
    assert mine
    (found,) = analysis.get(specimen.selfie())
    embedding = found.embedding / np.linalg.norm(found.embedding)
    assert similarity(mine.embedding, embedding) > 0.97
