"""Steps 4 and 13. The case stands in the log the operator signed, and others saw it (docs/BUNDLE.md section 4)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.checkpoint import Checkpoint, Cosignature, NoteKey, from_base64, open_checkpoint, read_proof, split_note
from evidence.errors import NotVerified
from evidence.merkle import leaf_hash, verify_inclusion
from evidence.verify.chain import Chain
from evidence.verify.keys import TrustedKeys
from evidence.verify.lifetimes import term_of
from evidence.verify.records import Record
from evidence.verify.strict import canonical
from evidence.witness.policy import Policy

PROOF = "data/head.tlog-proof"


@dataclass(frozen=True)
class Head:
    """Where the case ends in the log. `note` = the signed checkpoint."""

    index: int
    checkpoint: Checkpoint
    note: bytes
    cosignatures: tuple[Cosignature, ...] = ()


def leaf(line_hash: str) -> bytes:
    """The log entry of an event, as it stands in `tile/entries`."""
    return canonical({"kind": "event", "sha256": line_hash, "v": 1})


def check(chain: Chain, files: Mapping[str, bytes], keys: TrustedKeys) -> Head:
    # 4.1 the checkpoint is the log's own
    with named(PROOF):
        index, hashes, note = read_proof(files[PROOF])
        log = signer(note, keys)
        checkpoint, cosignatures = open_checkpoint(note, log, keys.witnesses)
    # 4.2 the last line of the case is in that log, and with it every line before
    _included(chain.records[-1], index, hashes, checkpoint)
    # 4.3 so are the streams around the case, in the same log at the same moment
    proofs = {path for path in files if path.startswith("data/context/") and path.endswith(".tlog-proof")}
    for stream, records in chain.contexts.items():
        path = f"data/context/{stream}.tlog-proof"
        if path not in files:
            raise NotVerified("a context stream without proof", record=path)
        proofs.discard(path)
        with named(path):
            at, path_hashes, own_note = read_proof(files[path])
        if own_note != note:
            raise NotVerified("proof is under another checkpoint", record=path)
        _included(records[-1], at, path_hashes, checkpoint, path)
    if proofs:
        raise NotVerified("a proof of no stream", record=min(proofs))
    # 4.4 the log's key was taken into service in the log itself; a checkpoint that tells of its end is not its own
    spki = Ed25519PublicKey.from_public_bytes(log.public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if term_of(chain, "checkpoint", spki, PROOF).until is not None:
        raise NotVerified("signed with a log key that was retired before", record=PROOF)
    return Head(index, checkpoint, note, cosignatures)


def signer(note: bytes, keys: TrustedKeys) -> NoteKey:
    """Which of the auditor's log keys the first signature line names. Whether it signed is yet to be seen."""
    checkpoint, lines = split_note(note)
    for key in keys.logs:
        prefix = f"\u2014 {key.name} "
        own = key.name == checkpoint.origin and lines[0].startswith(prefix)
        if own and from_base64(lines[0].removeprefix(prefix))[:4] == key.id:
            return key
    raise NotVerified(f"checkpoint of another log or key: {checkpoint.origin}")


@contextmanager
def named(path: str) -> Iterator[None]:
    """What does not verify in here is found in this file."""
    try:
        yield
    except NotVerified as error:
        raise NotVerified(error.detail, record=path) from None


def _included(record: Record, index: int, hashes: tuple[bytes, ...], checkpoint: Checkpoint, path: str = PROOF) -> None:
    try:
        verify_inclusion(index, checkpoint.size, leaf_hash(leaf(record.hash)), hashes, checkpoint.root)
    except NotVerified as error:
        raise NotVerified(f"{record.name} is not in the log: {error.detail}", record=path) from None


def check_witnessed(head: Head, keys: TrustedKeys) -> str | None:
    """13. The quorum of the auditor's policy saw this tree head. None when it wants nobody, or none of them signed."""
    wanted = counted(keys.policy)
    signed = [item.witness for item in head.cosignatures if item.witness in wanted]
    if not signed:
        return None
    if not keys.policy.reached(signed):
        raise NotVerified(f"{len(signed)} of {len(wanted)} witnesses signed, which is no quorum", record=PROOF)
    return ", ".join(signed)


def counted(policy: Policy) -> frozenset[str]:
    """Key names of the witnesses that the quorum asks for. Others may have signed: they are checked, not counted."""
    waiting, found = [policy.quorum], set[str]()
    while waiting:
        name = waiting.pop()
        if name in policy.groups:
            waiting += policy.groups[name].members
        found |= {witness.key.name for witness in policy.witnesses if witness.name == name}
    return frozenset(found)
