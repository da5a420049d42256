"""A disk that loses power, and one that fails: what is left is what was really synced.

It watches the system calls under one folder. A file keeps the bytes of its last fsync; a name exists once its folder
was synced after it was given. That is the least POSIX promises; every real file system keeps more. A sync that fails
is final: the kernel marks what it could not write as clean and forgets it, so that the next sync of the same thing
succeeds and writes nothing (the lesson of PostgreSQL's "fsyncgate").
"""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

CALLS = ("replace", "link", "mkdir", "unlink")


class PowerCut(BaseException):
    """The machine stops here."""


class Disk:
    """`root` exists already and is on the disk; what is written below it may not be."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.steps = 0
        self.cut_at = -1  # the step at which the power goes
        self.fail_at = -1  # the step that fails, once
        self.synced_bytes: dict[int, bytes] = {}  # by inode
        self.synced_names: dict[Path, dict[str, int]] = {root: {}}  # folder -> name -> inode
        self._forgotten: set[tuple[Path | None, str, int]] = set()  # folder, name and inode; of a file None and ""
        self._one_by_one = threading.Lock()  # the disk is asked by several threads, and what is kept of it must be true
        self._fsync = os.fsync
        patch.setattr(os, "fsync", self.fsync)
        for name in CALLS:
            patch.setattr(os, name, self._stepping(getattr(os, name)))

    def _stepping(self, call: Callable[..., object]) -> Callable[..., object]:
        def stepped(*args: object, **kwargs: object) -> object:
            with self._one_by_one:
                if self._step():
                    raise OSError(errno.EIO, "Input/output error")
                return call(*args, **kwargs)

        return stepped

    def _step(self) -> bool:
        """True: this one fails."""
        if self.steps == self.cut_at:
            self.steps = -(10**9)
            raise PowerCut
        self.steps += 1
        return self.steps - 1 == self.fail_at

    def fsync(self, descriptor: int) -> None:
        with self._one_by_one:
            self._sync(descriptor)

    def _sync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        fails = self._step()
        if not path.is_relative_to(self.root):
            return
        self._fsync(descriptor)
        if path.is_dir():
            dirty = {entry.name: entry.inode() for entry in os.scandir(path)}
            if fails:
                held = self.synced_names.get(path, {})
                self._forgotten |= {(path, *item) for item in dirty.items() if held.get(item[0]) != item[1]}
            else:
                self.synced_names[path] = {
                    name: inode for name, inode in dirty.items() if (path, name, inode) not in self._forgotten
                }
        else:
            inode = os.fstat(descriptor).st_ino
            if fails:
                self._forgotten.add((None, "", inode))
            elif (None, "", inode) not in self._forgotten:
                self.synced_bytes[inode] = path.read_bytes()
        if fails:
            raise OSError(errno.EIO, "Input/output error")

    def after_the_cut(self, folder: Path | None = None) -> dict[str, bytes]:
        """Relative path -> bytes, of every file that can still be reached."""
        folder = folder or self.root
        left: dict[str, bytes] = {}
        for name, inode in self.synced_names.get(folder, {}).items():
            path = folder / name
            if path in self.synced_names or path.is_dir():
                left |= self.after_the_cut(path)
            else:
                left[path.relative_to(self.root).as_posix()] = self.synced_bytes.get(inode, b"")
        return left

    def restart(self, into: Path) -> None:
        """What was left, in a new folder."""
        for name, data in self.after_the_cut().items():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes(data)
