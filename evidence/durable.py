"""Files that are really on the disk when a call returns: temporary file, fsync, link or rename, fsync of the folder.

Object-store libraries leave these steps out for local folders, and no kill test can see it: the page cache survives
the process, not the power.
"""

import contextlib
import os
import tempfile
from pathlib import Path

TEMPORARY = ".tmp-"  # prefix of files that are not whole yet


def write_durable(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Whole or not at all, and durable on return. Blocking: call it in a thread.

    With `replace=False` an existing file stays as it is: FileExistsError. Files are readable by their owner only.
    """
    _make_folder(path.parent)
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


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    # A folder whose own name was never synced vanishes with everything in it.
    sync_folder(folder.parent)
