"""Another pack while the service runs: sealed, taken up by every process, refused when it is not what was chosen."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client import REGISTRY

from api.health import Health
from api.metrics import watch_models
from api.packs import ALARM, PackChanger
from evidence.events import ModelPackChosen
from evidence.log import Entry
from kyc import choosing, models
from kyc.choosing import STREAM, Ports
from kyc.engine import FaceEngine
from kyc.models import PackInvalid
from kyc.pool import Workers
from tests.evidence.fakes import FixedClock, StoryLedger


@pytest.fixture
def other(pack: models.Pack, tmp_path: Path) -> Path:
    """The same networks under another name and another bar."""
    folder = tmp_path / "other"
    shutil.copytree(pack.path, folder)
    said = msgspec.json.decode((folder / "manifest.json").read_bytes())
    said["model_id"] = "other"
    said["tasks"]["recognition"]["accept"] = 0.5
    (folder / "manifest.json").write_bytes(msgspec.json.encode(said))
    return folder


@pytest.fixture
def ports(pack: models.Pack, story_ledger: StoryLedger, clock: FixedClock) -> Ports:
    return Ports(story_ledger, clock, pack.path)


@pytest.fixture
def engine(pack: models.Pack) -> Iterator[FaceEngine]:
    workers = Workers(threads=1)
    yield FaceEngine(pack, workers)
    workers.close()


async def heard(changer: PackChanger, ports: Ports) -> None:
    """As a process that follows the log."""
    events = await ports.ledger.events(STREAM)
    changer.watch.learn([Entry(position=one.seq, stream=STREAM, seq=one.seq, line=one.line) for one in events])
    await changer.look()


async def test_a_chosen_pack_is_sealed_used_and_taken_back(
    pack: models.Pack, other: Path, ports: Ports, engine: FaceEngine, clock: FixedClock
) -> None:
    changer = PackChanger(engine, Health(clock))
    assert await choosing.back("nothing was chosen yet", ports) is None
    chosen = await choosing.choose(other, "new bars", ports)
    assert chosen is not None
    assert (chosen.pack, chosen.before, chosen.reason) == ("other", pack.sha256, "new bars")
    assert await choosing.choose(other, "again", ports) is None
    await heard(changer, ports)
    assert engine.pack.manifest.model_id == "other"
    assert engine.provenance("recognition").manifest == chosen.manifest
    await choosing.back("too many reviews", ports)
    await heard(changer, ports)
    assert engine.pack.sha256 == pack.sha256
    events = await ports.ledger.events(STREAM)
    assert [event.body.pack for event in events if isinstance(event.body, ModelPackChosen)] == [
        "other",
        pack.manifest.model_id,
    ]


async def test_a_pack_that_does_not_answer_as_it_must_is_never_sealed(other: Path, ports: Ports) -> None:
    said = msgspec.json.decode((other / "manifest.json").read_bytes())
    said["golden"]["passive_logits"] = [0.0, 0.0, 0.0]
    (other / "manifest.json").write_bytes(msgspec.json.encode(said))
    with pytest.raises(PackInvalid, match="golden"):
        await choosing.choose(other, "why not", ports)
    assert await choosing.back("nothing stands there", ports) is None


async def test_a_folder_that_changed_since_is_not_used_and_an_alarm_says_so(
    pack: models.Pack, other: Path, ports: Ports, engine: FaceEngine, clock: FixedClock
) -> None:
    health = Health(clock)
    changer = PackChanger(engine, health)
    await choosing.choose(other, "new bars", ports)
    (other / "manifest.json").write_bytes((other / "manifest.json").read_bytes() + b"\n")
    await heard(changer, ports)
    assert engine.pack.sha256 == pack.sha256
    assert list(health.alarms) == [ALARM]
    assert health.sound
    (other / "manifest.json").unlink()
    await changer.look()  # not tried again until something else is chosen
    await choosing.choose(pack.path, "back to what works", ports)
    await heard(changer, ports)
    assert engine.pack.sha256 == pack.sha256


async def test_the_load_of_the_threads_is_told_when_asked() -> None:
    workers = Workers(threads=2)
    watch_models(workers.load)
    before = REGISTRY.get_sample_value("jianzheng_model_tasks", {"state": "done"})
    await workers.run(lambda: None)
    assert before == 0
    assert REGISTRY.get_sample_value("jianzheng_model_tasks", {"state": "done"}) == 1
    assert REGISTRY.get_sample_value("jianzheng_model_threads") == 2
    workers.close()
