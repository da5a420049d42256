"""What a log and a witness say to each other: C2SP tlog-witness `add-checkpoint`, both sides. Pure.

The witness's whole promise is in `judge`: it cosigns a tree head only if that extends the last one it cosigned.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.checkpoint import MAX_NOTE, Checkpoint, NoteKey, from_base64, read_cosignature, split_note
from evidence.errors import NotVerified
from evidence.merkle import EMPTY, verify_consistency

PATH = "/add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
MAX_PROOF = 63  # lines
MAX_BODY = MAX_NOTE + MAX_PROOF * 45 + 64
_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n")
_LINE = re.compile("\u2014 [^ +\t\n]{1,200} [A-Za-z0-9+/]{8,8000}={0,2}")
MAX_SIGNATURES = 32

Logs = Mapping[str, Sequence[NoteKey]]
"""Origin -> the keys a witness trusts for it."""


@dataclass(frozen=True)
class Submission:
    """A checkpoint whose log signed it, and the claim that it extends the tree of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: bytes  # body and the log's own signature line


@dataclass(frozen=True)
class Answer:
    """Over HTTP. `kind`: media type."""

    status: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class RefusedError(Exception):
    """The witness does not cosign; `answer` says why. `doubt`: validly signed, and not what the log showed before."""

    def __init__(self, answer: Answer, *, doubt: bool = False) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer
        self.doubt = doubt


def write_submission(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof), ""]
    return "".join(f"{line}\n" for line in lines).encode() + note


def read_submission(body: bytes, logs: Logs) -> Submission:
    """RefusedError: 400 for another shape, 404 for a log we do not know, 403 for a signature by none of its keys."""
    head, gap, note = body.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        old = _OLD.fullmatch(lines[0])
        if not gap or old is None or len(lines) - 1 > MAX_PROOF:
            raise NotVerified("not `old <size>`, proof lines, an empty line and a checkpoint")
        proof = tuple(_hash(line) for line in lines[1:])
        checkpoint, signatures = split_note(note)
        if len(signatures) > MAX_SIGNATURES or not all(_LINE.fullmatch(line) for line in signatures):
            raise NotVerified("not signature lines")
    except (NotVerified, UnicodeDecodeError) as error:
        raise RefusedError(_told(400, error.detail if isinstance(error, NotVerified) else "not ASCII")) from None
    if checkpoint.origin not in logs:
        raise RefusedError(_told(404, "unknown log"))
    signed = _own_note(checkpoint, signatures, logs[checkpoint.origin])
    if signed is None:
        raise RefusedError(_told(403, "not signed by a key of this log"))
    if int(old[1]) > checkpoint.size:
        raise RefusedError(_told(400, "old size is larger than the checkpoint"))
    return Submission(int(old[1]), proof, checkpoint, signed)


def judge(submission: Submission, last: Checkpoint | None) -> None:
    """`last`: what this witness cosigned before. RefusedError: 409 (with the size it knows) or 422."""
    known = Checkpoint(submission.checkpoint.origin, 0, EMPTY) if last is None else last
    new = submission.checkpoint
    conflict = Answer(409, f"{known.size}\n".encode(), SIZE_TYPE)
    if submission.old != known.size:
        raise RefusedError(conflict)
    if new.size == known.size and new.root != known.root:
        raise RefusedError(conflict, doubt=True)
    try:
        if known.size in (0, new.size):
            if submission.proof:
                raise NotVerified("a proof where none is needed")
        else:
            verify_consistency(known.size, new.size, known.root, new.root, submission.proof)
    except NotVerified as error:
        raise RefusedError(_told(422, error.detail), doubt=True) from None


def accept(answer: bytes, checkpoint: Checkpoint, witness: NoteKey) -> tuple[bytes, int]:
    """From a witness's 200: (its signature line with LF, its time). Lines by other keys are passed over, as asked.

    NotVerified when there is not exactly one line of this key, or it does not verify.
    """
    if not answer.endswith(b"\n") or len(answer) > MAX_NOTE:
        raise NotVerified("not signature lines")
    try:
        lines = answer.decode("utf-8", "strict")[:-1].split("\n")
    except UnicodeDecodeError:
        raise NotVerified("not UTF-8") from None
    own = [line for line in lines if line.startswith(f"\u2014 {witness.name} ") and _id(line) == witness.id]
    if len(own) != 1:
        raise NotVerified(f"{len(own)} lines of {witness.name}")
    return f"{own[0]}\n".encode(), read_cosignature(own[0], checkpoint, witness).time


def read_size(answer: Answer) -> int | None:
    """The size a 409 tells; None when it tells none."""
    found = _SIZE.fullmatch(answer.body)
    return int(found[1]) if found and answer.kind.partition(";")[0].strip() == SIZE_TYPE else None


def log_name(origin: str) -> str:
    """A file name for a log: its origin may hold slashes."""
    return hashlib.sha256(origin.encode()).hexdigest()[:32]


def _own_note(checkpoint: Checkpoint, signatures: Sequence[str], keys: Sequence[NoteKey]) -> bytes | None:
    """Body and the first line that verifies. Signatures of unknown keys are ignored, as the specification asks."""
    for key in keys:
        for line in signatures:
            if line.startswith(f"\u2014 {key.name} ") and _id(line) == key.id:
                try:
                    key.verify(_raw(line)[4:], checkpoint.body)
                except NotVerified:
                    continue
                return checkpoint.body + f"\n{line}\n".encode()
    return None


def _raw(line: str) -> bytes:
    try:
        return from_base64(line.rpartition(" ")[2])
    except NotVerified:
        return b""


def _id(line: str) -> bytes:
    return _raw(line)[:4]


def _hash(line: str) -> bytes:
    raw = from_base64(line)
    if len(raw) != 32:
        raise NotVerified("not a hash")
    return raw


def _told(status: int, what: str) -> Answer:
    return Answer(status, f"{what}\n".encode())
