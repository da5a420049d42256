"""The newest checkpoint where everybody reads it, beside the tiles.

Tiles themselves are create-only objects: `evidence.files.FileObjects` on the log's folder keeps them.
"""

import asyncio
from pathlib import Path

from evidence.durable import write_durable
from evidence.errors import StorageFailed


class PublicNote:
    """One file, replaced whole, served as it is."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def load(self) -> bytes | None:
        return await asyncio.to_thread(self._load)

    async def publish(self, note: bytes) -> None:
        await asyncio.to_thread(self._publish, note)

    def _load(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"cannot read the checkpoint: {error.strerror}") from None

    def _publish(self, note: bytes) -> None:
        try:
            write_durable(self._path, note)
        except OSError as error:
            raise StorageFailed(f"cannot publish the checkpoint: {error.strerror}") from None
