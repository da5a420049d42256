"""Power cuts and failing syncs at every step of everything that keeps a file: what was answered is there (trap 15)."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.durable import TEMPORARY, write_durable
from evidence.errors import StorageFailed
from evidence.files import FileObjects
from evidence.keyfile import open_key
from evidence.sequencer import Sequencer
from evidence.tiles import PublicNote
from tests.evidence.disk import Disk, PowerCut
from tests.evidence.fakes import MemoryLog
from tests.proof.story import MemoryCheckpoint
from tests.proof.test_sequencer import expected, filled, grow

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see what is synced")

MASTER = b"m" * 32
KEY = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
MOST = 200  # steps; more would mean that a run never comes through


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A new disk for every step: the first breaks at step 0, the next at step 1, until one comes through whole."""

    def each() -> Iterator[Disk]:
        for number in range(MOST):
            with monkeypatch.context() as patch:
                root = tmp_path / f"run{number}"
                root.mkdir()
                yield Disk(root, patch)
        pytest.fail("never came through")

    return each()


def left(disk: Disk) -> dict[str, bytes]:
    return {name: data for name, data in disk.after_the_cut().items() if TEMPORARY not in name}


# --- one file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replace", [False, True])
def test_after_a_power_cut_at_any_step_a_file_is_whole_or_absent_and_answered_ones_are_there(
    disks: Iterator[Disk], replace: bool
) -> None:
    """Unsynced writes and names are dropped."""
    target, old, new = "a/b/tile", b"old bytes", b"new bytes, longer"
    for cut, disk in enumerate(disks):
        if replace:
            write_durable(disk.root / target, old)
        before, disk.steps, disk.cut_at = disk.after_the_cut(), 0, cut
        assert before == ({target: old} if replace else {})
        try:
            write_durable(disk.root / target, new, replace=replace)
        except PowerCut:
            assert left(disk) in ({}, {target: new}) if not replace else left(disk) in ({target: old}, {target: new})
            continue
        assert left(disk) == {target: new}
        assert cut >= 3  # file, link or rename, folder: fewer steps would mean that one was left out
        return


async def test_an_object_that_was_answered_survives_though_each_try_before_was_killed_elsewhere(
    disks: Iterator[Disk],
) -> None:
    """The process is killed at some step, not the machine; the next one finds folders and names it did not make."""
    for cut, disk in enumerate(disks):
        disk.cut_at = cut
        killed = False
        try:
            await FileObjects(disk.root / "objects").put("case_a/identity/x", b"face")
        except PowerCut:
            killed = True
        disk.steps = 0
        disk.cut_at = -1
        await FileObjects(disk.root / "objects").put("case_a/identity/y", b"card")
        await FileObjects(disk.root / "objects").put("case_a/identity/x", b"face")
        assert left(disk) == {"objects/case_a/identity/x": b"face", "objects/case_a/identity/y": b"card"}
        if not killed:
            return


async def test_an_object_that_was_answered_survives_though_a_sync_failed_before(disks: Iterator[Disk]) -> None:
    """The second try meets folders and names of the first, whose sync failed: syncing those again says nothing."""
    for at, disk in enumerate(disks):
        disk.fail_at = at
        objects = FileObjects(disk.root / "objects")
        failures = 0
        for name in ("x", "y", "x"):
            try:
                await objects.put(f"case_a/identity/{name}", name.encode())
            except StorageFailed:
                failures += 1
                await objects.put(f"case_a/identity/{name}", name.encode())
        assert left(disk) == {"objects/case_a/identity/x": b"x", "objects/case_a/identity/y": b"y"}
        if not failures:
            return


async def test_a_checkpoint_that_was_published_is_there_or_the_one_before(disks: Iterator[Disk]) -> None:
    for cut, disk in enumerate(disks):
        public = PublicNote(disk.root / "log" / "checkpoint")
        await public.publish(b"1")
        disk.steps, disk.cut_at = 0, cut
        try:
            await public.publish(b"2")
        except PowerCut:
            assert left(disk)["log/checkpoint"] in (b"1", b"2")
            continue
        assert left(disk) == {"log/checkpoint": b"2"}
        return


# --- keys -------------------------------------------------------------------------------------------------------------


def opened(disk: Disk) -> bytes:
    return open_key(disk.root / "keys" / "log.pem", MASTER, Ed25519PrivateKey.generate).public_key().public_bytes_raw()


def restarted(disk: Disk, into: Path) -> bytes:
    """The key as the next start finds it, after the power was gone."""
    disk.cut_at = disk.fail_at = -1
    disk.restart(into)
    return open_key(into / "keys" / "log.pem", MASTER, Ed25519PrivateKey.generate).public_key().public_bytes_raw()


@pytest.mark.parametrize("trouble", ["cut_at", "fail_at"])
def test_a_key_that_was_used_once_is_the_key_ever_after(disks: Iterator[Disk], tmp_path: Path, trouble: str) -> None:
    """The start that makes it breaks at any step (killed, or a step fails); the next uses it; then the power goes."""
    for at, disk in enumerate(disks):
        setattr(disk, trouble, at)
        broke = False
        try:
            opened(disk)
        except (PowerCut, OSError):
            broke = True
        disk.steps = 0
        disk.cut_at = disk.fail_at = -1
        used = opened(disk)
        assert restarted(disk, tmp_path / f"after{at}") == used
        if not broke:
            return


# --- the tree ---------------------------------------------------------------------------------------------------------


def sequencer(log: MemoryLog, root: Path, row: MemoryCheckpoint) -> Sequencer:
    return Sequencer(log, FileObjects(root / "log"), row, "jianzheng.test/log", KEY)


@pytest.mark.parametrize("again", [False, True], ids=["power cut", "sync failed, tried again, then power cut"])
async def test_a_tree_whose_tiles_broke_at_any_step_reaches_its_checkpoint_after_the_power_went(
    disks: Iterator[Disk], tmp_path: Path, again: bool
) -> None:
    """The row and the log are kept by the database; the tiles must never be behind them."""
    log = await filled(255)
    for at, disk in enumerate(itertools.islice(disks, 0, MOST)):
        row = MemoryCheckpoint()
        await sequencer(log, disk.root, row).catch_up()
        await grow(log, 258)
        disk.steps = 0
        setattr(disk, "fail_at" if again else "cut_at", at)
        working, broke = sequencer(log, disk.root, row), False
        try:
            await working.catch_up()
        except (PowerCut, StorageFailed):
            broke = True
            if again:
                await working.catch_up()
        disk.cut_at = disk.fail_at = -1
        disk.restart(tmp_path / f"after{at}")
        head = await sequencer(log, tmp_path / f"after{at}", row).catch_up()
        assert (head.size, head.root) == (258, expected(log, 258))
        if not broke:
            return
        log = await filled(255)
