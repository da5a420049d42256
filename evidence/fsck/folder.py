"""`evidence.fsck.source.Folder` on this machine's disk."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.durable import TEMPORARY
from evidence.errors import ObjectErased, StorageFailed


@dataclass(frozen=True)
class LocalFolder:
    """Blocking: a check has its process for itself. Files that a crash left half written are not seen."""

    root: Path

    async def get(self, key: str) -> bytes:
        try:
            return (self.root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectErased("no such file") from None
        except OSError as error:
            raise StorageFailed(f"{key}: {error.strerror}") from None

    async def has(self, key: str) -> bool:
        return (self.root / key).is_file()

    async def names(self, folder: str) -> Sequence[str]:
        try:
            return sorted(item.name for item in (self.root / folder).iterdir() if not item.name.startswith(TEMPORARY))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StorageFailed(f"{folder}: {error.strerror}") from None

    def walk(self) -> Iterator[tuple[str, int]]:
        if self.root.is_dir():
            yield from self._walk(self.root, "")

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
        with os.scandir(folder) as found:
            for item in found:
                if item.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(item.path), f"{prefix}{item.name}/")
                elif not item.name.startswith(TEMPORARY):
                    try:
                        yield f"{prefix}{item.name}", item.stat().st_size
                    except FileNotFoundError:  # erased, or swept, in this moment
                        continue
