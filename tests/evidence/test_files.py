"""Objects in a folder: the contract, hostile keys, and a disk that refuses."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from evidence.durable import TEMPORARY, write_durable
from evidence.errors import ObjectCorrupt, ObjectErased, StorageFailed
from evidence.files import FileObjects
from evidence.vault import Objects
from tests.evidence.fakes import MemoryObjects

KEY = "case_a/biometric/-Zx_0123456789012345678901234567890123456789"


@pytest.fixture(params=["memory", "files"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    return MemoryObjects() if request.param == "memory" else FileObjects(tmp_path / "objects")


async def test_bytes_come_back_and_the_same_may_be_put_again(objects: Objects) -> None:
    data = bytes(range(256)) * 5000
    await objects.put(KEY, data)
    await objects.put(KEY, data)
    assert await objects.get(KEY) == data


async def test_other_bytes_under_a_key_are_refused_and_change_nothing(objects: Objects) -> None:
    await objects.put(KEY, b"one")
    with pytest.raises(ObjectCorrupt):
        await objects.put(KEY, b"two")
    assert await objects.get(KEY) == b"one"


async def test_of_many_that_put_other_bytes_at_once_exactly_one_wins(objects: Objects) -> None:
    results = await asyncio.gather(*(objects.put(KEY, bytes([n])) for n in range(8)), return_exceptions=True)
    winners = [n for n, result in enumerate(results) if result is None]
    assert len(winners) == 1
    assert await objects.get(KEY) == bytes(winners)
    assert await objects.keys("") == [KEY]


async def test_what_was_deleted_or_never_there_is_erased(objects: Objects) -> None:
    await objects.put(KEY, b"one")
    assert await objects.delete([KEY, "case_a/biometric/never"]) == 1
    assert await objects.delete([KEY]) == 0
    with pytest.raises(ObjectErased):
        await objects.get(KEY)


async def test_keys_are_listed_by_any_prefix_in_order(objects: Objects) -> None:
    for key in ("case_a/identity/x", "case_a/biometric/b", "case_a/biometric/a", "case_ab/biometric/c"):
        await objects.put(key, b"")
    assert await objects.keys("case_a/biometric/") == ["case_a/biometric/a", "case_a/biometric/b"]
    assert await objects.keys("case_a/b") == ["case_a/biometric/a", "case_a/biometric/b"]
    assert await objects.keys("case_a") == [
        "case_a/biometric/a",
        "case_a/biometric/b",
        "case_a/identity/x",
        "case_ab/biometric/c",
    ]
    assert await objects.keys("case_z/") == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "a/.hidden",
        "a\\b",
        "a/b\n",
        "a/\x00",
        "名",
        "a/" + "x" * 201,
    ],
)
async def test_a_key_that_could_leave_the_folder_is_refused(objects: Objects, key: str) -> None:
    with pytest.raises(ValueError, match="object key"):
        await objects.put(key, b"")
    with pytest.raises(ValueError, match="object key"):
        await objects.get(key)


async def test_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    await FileObjects(tmp_path / "objects").put(KEY, b"face")
    for path in (tmp_path / "objects").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


async def test_what_a_crash_left_half_written_is_no_object_and_is_swept(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)
    await objects.put(KEY, b"whole")
    (tmp_path / "case_a" / "biometric" / f"{TEMPORARY}x").write_bytes(b"ha")
    assert await objects.keys("") == [KEY]
    assert await objects.sweep() == 1
    assert await objects.get(KEY) == b"whole"


async def test_a_disk_that_refuses_is_a_storage_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left"):
        await FileObjects(tmp_path).put(KEY, b"whole")
    monkeypatch.undo()
    assert await FileObjects(tmp_path).keys("") == []
    assert await FileObjects(tmp_path).sweep() == 0


def test_a_file_that_exists_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    write_durable(path, b"1")
    with pytest.raises(FileExistsError):
        write_durable(path, b"2", replace=False)
    assert path.read_bytes() == b"1"
    write_durable(path, b"2")
    assert path.read_bytes() == b"2"
    assert [item.name for item in tmp_path.iterdir()] == ["checkpoint"]
