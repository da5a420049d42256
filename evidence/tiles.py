"""Where the log's signed checkpoint is kept: one row that only moves forward, and the public file beside the tiles.

Tiles themselves are create-only objects: `evidence.files.FileObjects` on the log's folder keeps them.
"""

import asyncio
import fcntl
import os
from pathlib import Path

from evidence.durable import write_durable
from evidence.errors import HeadMoved, StorageFailed


class FileCheckpoint:
    """`evidence.sequencer.Checkpoints` in two files: `row`, outside the tile store, and `public`, served as it is.

    A lock on the row makes the swap one step for all processes of this host.
    """

    def __init__(self, row: Path, public: Path) -> None:
        self._row = row
        self._public = public

    async def load(self) -> bytes | None:
        return await asyncio.to_thread(self._load)

    async def swap(self, old: bytes | None, new: bytes) -> None:
        await asyncio.to_thread(self._swap, old, new)

    async def publish(self, note: bytes) -> None:
        await asyncio.to_thread(self._publish, note)

    def _load(self) -> bytes | None:
        try:
            return self._row.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"cannot read the checkpoint: {error.strerror}") from None

    def _swap(self, old: bytes | None, new: bytes) -> None:
        self._row.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._row.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._load() != old:
                raise HeadMoved("another sequencer moved the checkpoint")
            write_durable(self._row, new)
        except OSError as error:
            raise StorageFailed(f"cannot write the checkpoint: {error.strerror}") from None
        finally:
            os.close(lock)

    def _publish(self, note: bytes) -> None:
        try:
            write_durable(self._public, note)
        except OSError as error:
            raise StorageFailed(f"cannot publish the checkpoint: {error.strerror}") from None
