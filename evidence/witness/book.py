"""What a witness remembers: one signed checkpoint a log, on the disk before the cosignature leaves.

Whoever loses or restores this folder must retire the key: a witness that forgot could be shown another past.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from evidence.checkpoint import COSIGNATURE, Checkpoint, NoteKey, cosign, split_note
from evidence.durable import write_durable
from evidence.errors import NotVerified
from evidence.merkle import EMPTY
from evidence.witness.protocol import Answer, RefusedError, judge, log_name, read_submission

MAX_DOUBTS = 100  # kept as proof against a log; more say nothing new


class BookUnusableError(Exception):
    """The folder cannot be worked with. The text says what to do."""


class Book:
    """One witness: its key, the logs it watches, the last tree head of each. Threads may call `submit`."""

    def __init__(self, folder: Path, logs: Sequence[NoteKey], now: Callable[[], int], name: str = "") -> None:
        """Makes key and folder on first use. `now`: POSIX seconds. BookUnusableError when another process has it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._now = now
        self._held: int | None = _hold(folder / "lock")
        self._key, self.public = _identity(folder, name)
        self._logs: dict[str, list[NoteKey]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._last = {origin: self._load(origin) for origin in self._logs}
        self._turn = threading.Lock()

    def close(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def last(self, origin: str) -> Checkpoint | None:
        return self._last[origin]

    def submit(self, body: bytes) -> Answer:
        """The answer to `add-checkpoint`. OSError when the disk refuses: then nothing was cosigned."""
        try:
            submission = read_submission(body, self._logs)
        except RefusedError as refusal:
            return refusal.answer
        new = submission.checkpoint
        # Check and record are one step: two requests at once could otherwise roll the record back.
        with self._turn:
            last = self._last[new.origin]
            try:
                judge(submission, last)
            except RefusedError as refusal:
                if refusal.doubt:
                    self._keep_doubt(new, submission.note)
                return refusal.answer
            if new.size == 0 and new.root != EMPTY:
                return Answer(422, b"not the root of the empty tree\n")
            if new != last:
                write_durable(self._path(new.origin), submission.note)
                self._last[new.origin] = new
            return Answer(200, cosign(new, self.public.name, self._key, self._now()))

    def _path(self, origin: str) -> Path:
        return self._folder / "seen" / f"{log_name(origin)}.checkpoint"

    def _load(self, origin: str) -> Checkpoint | None:
        try:
            found, _ = split_note(self._path(origin).read_bytes())
        except FileNotFoundError:
            return None
        except NotVerified:
            raise BookUnusableError(f"{self._path(origin)} is damaged: retire this witness key") from None
        if found.origin != origin:
            raise BookUnusableError(f"{self._path(origin)} is of another log")
        return found

    def _keep_doubt(self, checkpoint: Checkpoint, note: bytes) -> None:
        # Signed by the log and at odds with what it signed before: whoever holds both notes has caught it.
        folder = self._folder / "doubts"
        name = f"{log_name(checkpoint.origin)}-{checkpoint.size}-{checkpoint.root.hex()[:16]}.checkpoint"
        if folder.is_dir() and sum(1 for _ in folder.iterdir()) >= MAX_DOUBTS:
            return
        with contextlib.suppress(FileExistsError):
            write_durable(folder / name, note, replace=False)


def _hold(path: Path) -> int:
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise BookUnusableError(f"{path.parent} is in use by another witness") from None
    return held


def _identity(folder: Path, name: str) -> tuple[Ed25519PrivateKey, NoteKey]:
    """The key comes first: a start that was cut off in between finishes the next time, with the same key."""
    key_file, public_file = folder / "witness.key.pem", folder / "witness.vkey"
    if not key_file.exists():
        if (folder / "seen").exists():
            raise BookUnusableError(f"{key_file} is gone but there is a record: take a new folder")
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durable(key_file, made, replace=False)
    key = load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise BookUnusableError(f"{key_file} is not an Ed25519 key")
    raw = key.public_key().public_bytes_raw()
    try:
        if public_file.exists():
            public = NoteKey.parse(public_file.read_text("ascii").removesuffix("\n"))
        else:
            made_name = NoteKey(name or f"witness/{raw.hex()[:16]}", raw, COSIGNATURE)
            public = NoteKey.parse(made_name.vkey)  # refuses a name that no signature line may carry
            write_durable(public_file, f"{public.vkey}\n".encode())
    except NotVerified:
        raise BookUnusableError("the name may hold letters, digits, . _ / and - only") from None
    if public.public != raw or public.kind != COSIGNATURE or (name and name != public.name):
        raise BookUnusableError(f"{public_file} says {public.vkey}")
    return key, public
