"""Objects in a local folder, create-only and durable."""

import asyncio
import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from evidence.durable import TEMPORARY, Folders, sync_folder, write_durable
from evidence.errors import ObjectCorrupt, ObjectErased, StorageFailed

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def check_key(key: str) -> str:
    """Slash-separated ASCII names, none of which begins with a dot. ValueError otherwise: keys are made by us."""
    if not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise ValueError("not an object key")
    return key


class FileObjects:
    """`evidence.vault.Objects` in a local folder. Blocking work runs in threads."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders = Folders()

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
        """Remove temporary files that a crash left behind; how many. Only while nobody writes, that is at start."""
        return await asyncio.to_thread(self._sweep)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _put(self, path: Path, data: bytes) -> None:
        try:
            try:
                write_durable(path, data, replace=False, folders=self._folders)
            except FileExistsError:
                if path.read_bytes() != data:
                    raise ObjectCorrupt("other bytes under this key") from None
                # Whoever made it may not have come to the last step, or failed there. A sync that failed says nothing
                # when it is repeated (the kernel forgets what it could not write), so the name is given anew.
                write_durable(path, data, folders=self._folders)
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
                sync_folder(folder)
        except OSError as error:
            raise StorageFailed(f"cannot delete an object: {error.strerror}") from None
        return deleted

    def _keys(self, prefix: str) -> list[str]:
        folder = self._path(prefix.rpartition("/")[0]) if "/" in prefix else self._root
        found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(TEMPORARY))
        names = (path.relative_to(self._root).as_posix() for path in found)
        return sorted(name for name in names if name.startswith(prefix))

    def _sweep(self) -> int:
        left = list(self._root.rglob(f"{TEMPORARY}*"))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)
