"""Files that are really on the disk when a call returns: temporary file, fsync, link or rename, fsync of the folder.

Object-store libraries leave these steps out for local folders, and no kill test can see it: the page cache survives
the process, not the power.
"""

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from evidence.errors import ObjectCorrupt, ObjectErased, StorageFailed

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_TEMPORARY = ".tmp"


def check_key(key: str) -> str:
    """Slash-separated ASCII names, none of which begins with a dot. ValueError otherwise: keys are made by us."""
    if not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise ValueError("not an object key")
    return key


def write_durable(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Whole or not at all, and durable on return. Blocking: call it in a thread.

    With `replace=False` an existing file stays as it is: FileExistsError.
    """
    _make_folder(path.parent)
    temporary = path.parent / f"{_TEMPORARY}-{secrets.token_hex(8)}"
    try:
        _write_synced(temporary, data)
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)  # unlike a rename, a link refuses to replace
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


class FileObjects:
    """`evidence.vault.Objects` in a local folder. Files are readable by their owner only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, data: bytes) -> None:
        await asyncio.to_thread(self._put, self._path(key), data)

    async def get(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError:
            raise ObjectErased("no such object") from None
        except OSError as error:
            raise StorageFailed(f"cannot read an object: {error.strerror}") from None

    async def delete(self, keys: Iterable[str]) -> int:
        return await asyncio.to_thread(self._delete, [self._path(key) for key in keys])

    async def keys(self, prefix: str) -> list[str]:
        return await asyncio.to_thread(self._keys, prefix)

    async def sweep(self) -> int:
        """Remove temporary files that a crash left behind. Only while nobody writes, i.e. at start."""
        return await asyncio.to_thread(self._sweep)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _put(self, path: Path, data: bytes) -> None:
        try:
            try:
                write_durable(path, data, replace=False)
            except FileExistsError:
                if path.read_bytes() != data:
                    raise ObjectCorrupt("other bytes under this key") from None
                # Another writer made the same file but may not have come to its last step yet.
                _sync_folder(path.parent)
        except OSError as error:
            raise StorageFailed(f"cannot write an object: {error.strerror}") from None

    def _delete(self, paths: list[Path]) -> int:
        folders: set[Path] = set()
        deleted = 0
        try:
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    folders.add(path.parent)
                    deleted += 1
            for folder in folders:
                _sync_folder(folder)
        except OSError as error:
            raise StorageFailed(f"cannot delete an object: {error.strerror}") from None
        return deleted

    def _keys(self, prefix: str) -> list[str]:
        folder = self._root
        if "/" in prefix:
            folder = self._path(prefix.rpartition("/")[0])
        found = (path.relative_to(self._root) for path in folder.rglob("*") if path.is_file())
        names = (path.as_posix() for path in found if not path.name.startswith("."))
        return sorted(name for name in names if name.startswith(prefix))

    def _sweep(self) -> int:
        left = list(self._root.rglob(f"{_TEMPORARY}-*"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    # A folder whose own name was never synced vanishes with everything in it.
    _sync_folder(folder.parent)


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
