"""Steps 4 and 13. The case stands in the log the operator signed, and others saw it (docs/BUNDLE.md section 4)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.checkpoint import Checkpoint, Cosignature, open_checkpoint, read_proof
from evidence.errors import NotVerified
from evidence.merkle import leaf_hash, verify_inclusion
from evidence.verify.chain import Chain
from evidence.verify.keys import TrustedKeys, adopted
from evidence.verify.records import Record
from evidence.verify.strict import canonical

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
    log = keys.log
    assert log is not None
    # 4.1 the checkpoint is the log's own
    with named(PROOF):
        index, hashes, note = read_proof(files[PROOF])
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
    # 4.4 the log's key was taken into service in the log itself
    spki = Ed25519PublicKey.from_public_bytes(log.public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    check_adopted(chain, "checkpoint", spki)
    return Head(index, checkpoint, note, cosignatures)


@contextmanager
def named(path: str) -> Iterator[None]:
    """What does not verify in here is found in this file."""
    try:
        yield
    except NotVerified as error:
        raise NotVerified(error.detail, record=path) from None


def check_adopted(chain: Chain, purpose: str, spki: bytes) -> None:
    for record in chain.context("key.adopted/1"):
        if record.body.get("purpose") == purpose and record.body.get("public") == adopted(spki):
            return
    raise NotVerified(f"no key stream says that this {purpose} key was adopted")


def _included(record: Record, index: int, hashes: tuple[bytes, ...], checkpoint: Checkpoint, path: str = PROOF) -> None:
    try:
        verify_inclusion(index, checkpoint.size, leaf_hash(leaf(record.hash)), hashes, checkpoint.root)
    except NotVerified as error:
        raise NotVerified(f"{record.name} is not in the log: {error.detail}", record=path) from None


def check_witnessed(head: Head, keys: TrustedKeys) -> str | None:
    """13. The quorum of the auditor's policy saw this tree head. None when there is no policy or nobody signed."""
    if not keys.quorum or not head.cosignatures:
        return None
    if len(head.cosignatures) < keys.quorum:
        raise NotVerified(f"{len(head.cosignatures)} of {keys.quorum} witnesses signed", record=PROOF)
    return ", ".join(item.witness for item in head.cosignatures)
