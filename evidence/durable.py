"""Files that are really on the disk when a call returns: temporary file, fsync, link or rename, fsync of the folder.

Object-store libraries leave these steps out for local folders, and no kill test can see it: the page cache survives
the process, not the power.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

TEMPORARY = ".tmp-"  # prefix of files that are not whole yet
MANY = 50_000  # folders remembered at once


class Folders:
    """Makes folders, and remembers those whose names are on the disk.

    That a folder is there says nothing: whoever made it may not have come to the step that keeps its name, and without
    the name everything in it is lost with the power. So the first time, the names above are synced whoever made them.
    """

    def __init__(self) -> None:
        self._named: set[Path] = set()

    def make(self, folder: Path) -> None:
        """It is there, and will be after a power cut. Readable by its owner only if it is new."""
        if folder in self._named and folder.is_dir():
            return
        if not folder.is_dir():
            self.make(folder.parent)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
        if _keeps_name(folder):
            sync_folder(folder.parent)
            self.make(folder.parent)
        if len(self._named) >= MANY:
            self._named.clear()
        self._named.add(folder)


def write_durable(path: Path, data: bytes, *, replace: bool = True, folders: Folders | None = None) -> None:
    """Whole or not at all, and durable on return. Blocking: call it in a thread.

    With `replace=False` an existing file stays as it is: FileExistsError. Files are readable by their owner only.
    `folders`: of who writes often, so that names above are not synced every time.
    """
    (folders or Folders()).make(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)  # unlike a rename, a link refuses to replace
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Processes that start together on a new folder make each thing once: the second waits and finds the first's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _keeps_name(folder: Path) -> bool:
    """Whether the name of a folder is kept by a folder that is ours to sync: one that we may open, on the same disk."""
    above = folder.parent
    return above != folder and os.access(above, os.R_OK) and above.stat().st_dev == folder.stat().st_dev
