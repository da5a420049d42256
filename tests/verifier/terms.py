"""Keys, suites and time: bundles as somebody with the operator's keys would make them, good and bad, each with a name.

A bundle of the told story is changed, sealed, logged and stamped anew. What fails fails at a named step in both
verifiers; what passes shows that the workshop is not clumsy.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence import seal, timestamp
from evidence.checkpoint import Checkpoint, NoteKey, cosign, read_proof, sign, write_proof
from evidence.events import GENESIS, line_hash
from evidence.merkle import inclusion, leaf_hash, nodes_of
from evidence.merkle import root as root_of
from evidence.sequencer import leaf
from evidence.tsa import POLICY, LocalTsa
from evidence.verify.container import read
from evidence.verify.keys import DOCUMENT_CA, LOG, SEAL, TSA_INDEPENDENT, TSA_LOCAL, WITNESSES, log_vkey_file, seal_pem
from evidence.verify.seals import sm3
from evidence.verify.strict import canonical, to_base64url
from tests.evidence.fakes import CountedRandom, FixedClock
from tests.proof.story import KEYS, ORIGIN, Told
from tests.proof.tampering import Files, lines, rebuilt, rechained

KEY_STREAM, KEY_PROOF = f"data/context/{KEYS}.jsonl", f"data/context/{KEYS}.tlog-proof"
HEAD = "data/head.tlog-proof"
EARLY, LATE = "2026-11-21T03:00:00.000Z", "2026-11-21T20:00:00.000Z"
SEALS = (1, 2, 3)

A, B, LOG_A, LOG_B = (
    Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    for name in ("seal a", "seal b", "log a", "log b")
)
WITNESS = {name: Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()) for name in "xyz"}


def spki(key: Ed25519PrivateKey) -> str:
    return to_base64url(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def adopted(key: Ed25519PrivateKey, purpose: str, at: str = EARLY) -> dict[str, Any]:
    body = {"algorithm": "ed25519", "key": f"{purpose}-1", "protection": "file", "public": spki(key)}
    return {"type": "key.adopted/1", "at": at, "body": body | {"purpose": purpose}}


def retired(key: Ed25519PrivateKey, purpose: str, at: str) -> dict[str, Any]:
    body = {"key": f"{purpose}-1", "public": spki(key), "purpose": purpose, "reason": "rotated"}
    return {"type": "key.retired/1", "at": at, "body": body}


Statement = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What to make anew, and how. `service`: the events of the key stream. `log`: who signs the checkpoint; `sealer`:
    who seals, by segment; `change`: what the seals say; `stamped`: when, by segment, 0 for the checkpoint; `tsa`: by
    whom; `cosigners`: whose witness signatures stand under the checkpoint.
    """

    service: tuple[dict[str, Any], ...] = (adopted(LOG_A, "checkpoint"), adopted(A, "seal"))
    log: Ed25519PrivateKey = LOG_A
    sealer: Mapping[int, Ed25519PrivateKey] = field(default_factory=dict)
    change: Callable[[int, Statement], None] = lambda number, statement: None
    stamped: Mapping[int, datetime] = field(default_factory=dict)
    tsa: LocalTsa | None = None
    cosigners: str = ""
    product_stream: tuple[dict[str, Any], ...] = ()
    old_proof: bool = False


@dataclass(frozen=True)
class Case:
    """`keys`: the auditor's copies. `step` None: nothing fails. `says`: a code that must be among the reasons."""

    name: str
    bundle: bytes
    keys: dict[str, bytes]
    step: int | None = None
    policy: bytes | None = None
    says: str | None = None


# --- the workshop -----------------------------------------------------------------------------------------------------


def made(told: Told, plan: Plan, keys: Mapping[str, bytes]) -> bytes:
    root, files = read(told.bundle)
    found = {path: data for path, data in files.items() if not path.endswith(".tsr")}
    found |= {f"keys/{name}": data for name, data in keys.items() if f"keys/{name}" in found}
    found[KEY_STREAM] = _stream(KEYS, plan.service)
    if plan.product_stream:
        found["data/context/product_x.jsonl"] = _stream("product_x", plan.product_stream)
    previous = GENESIS
    for number in SEALS:
        path, chain = f"data/seals/{number:04d}.dsse.json", f"data/chain/{number:04d}.jsonl"
        statement = json.loads(base64.b64decode(json.loads(files[path])["payload"]))
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(found[chain]).hexdigest()
        statement["predicate"]["previous"] = previous
        statement["predicate"]["sm3"][chain] = sm3(found[chain])
        plan.change(number, statement)
        found[path] = seal.sign(canonical(statement), plan.sealer.get(number, A))
        previous = hashlib.sha256(found[path]).hexdigest()
        found = _announced(found, number, previous)
    found |= _logged(found, plan)
    for number, at in plan.stamped.items():
        path = f"data/seals/{number:04d}.dsse.json" if number else ""
        data = found[path] if number else read_proof(found[HEAD])[2]
        name = path.replace(".dsse.json", ".tsr") or "data/checkpoint.tsr"
        found[name] = _stamp(plan.tsa or told.world.tsa, told.world.clock, data, at)
    return rebuilt(root, found)


def _stream(name: str, events: tuple[dict[str, Any], ...]) -> bytes:
    written, prev = b"", GENESIS
    for seq, event in enumerate(events, 1):
        actor = {"id": "sys_keys", "role": "system"}
        line = canonical({"actor": actor, "cmd": "", "prev": prev, "seq": seq, "stream": name, "v": 1} | event)
        prev, written = line_hash(line), written + line + b"\n"
    return written


def _announced(files: Files, number: int, digest: str) -> Files:
    segments = [lines(files, part) for part in (1, 2, 3, 4)]
    for event in (event for segment in segments for event in segment):
        if event["type"] == "evidence.sealed/1" and event["body"]["segment"] == number:
            event["body"]["seal_sha256"] = digest
    return rechained(files, segments)


def _logged(files: Files, plan: Plan) -> Files:
    """A log of the streams' last lines. An old proof is one of a tree in which the case had not come so far."""
    ends = {KEY_STREAM: KEY_PROOF, "data/chain/0004.jsonl": HEAD}
    if plan.product_stream:
        ends["data/context/product_x.jsonl"] = "data/context/product_x.tlog-proof"
    last = {path: files[path].splitlines()[-1] for path in ends}
    if plan.old_proof:
        last["data/chain/0004.jsonl"] = files["data/chain/0003.jsonl"].splitlines()[-1]
    node = nodes_of([leaf_hash(leaf(line)) for line in last.values()])
    checkpoint = Checkpoint(ORIGIN, len(last), root_of(len(last), node))
    note = sign(checkpoint, plan.log)
    for name in plan.cosigners:
        note += cosign(checkpoint, f"witness.test/{name}", WITNESS[name], 1_800_000_000)
    return {proof: write_proof(at, inclusion(at, len(last), node), note) for at, proof in enumerate(ends.values())}


def _stamp(tsa: LocalTsa, clock: FixedClock, data: bytes, at: datetime) -> bytes:
    before, clock.at = clock.at, at
    try:
        return tsa.answer(timestamp.request(hashlib.sha256(data).digest(), 7, POLICY))
    finally:
        clock.at = before


def time_authority(
    clock: FixedClock, usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING, days: int = 3650
) -> LocalTsa:
    """Of somebody else: a root, and one certificate for `usage` that is valid for `days` from the story's day on."""
    start = datetime(2026, 11, 21, tzinfo=UTC)
    root_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Time root", "Time"))
    key, root_key = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
    builder = x509.CertificateBuilder().issuer_name(root_name).not_valid_before(start)
    root = (
        builder.subject_name(root_name)
        .public_key(root_key.public_key())
        .serial_number(1)
        .not_valid_after(start + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    certificate = (
        builder.subject_name(name)
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    return LocalTsa(key, certificate, root, clock, CountedRandom("outside"))


# --- what the seals say -----------------------------------------------------------------------------------------------


def _algorithm(**changes: str) -> Callable[[int, Statement], None]:
    def change(_: int, statement: Statement) -> None:
        statement["predicate"]["algorithms"] |= changes

    return change


def _without_sm3(_: int, statement: Statement) -> None:
    del statement["predicate"]["sm3"]


def _sm3_of_less(number: int, statement: Statement) -> None:
    del statement["predicate"]["sm3"][f"data/chain/{number:04d}.jsonl"]


def _sm3_in_the_subject(_: int, statement: Statement) -> None:
    statement["subject"][0]["digest"]["sm3"] = "0" * 64


def _sha1_in_the_subject(_: int, statement: Statement) -> None:
    statement["subject"][0]["digest"] = {"sha1": "0" * 40}


def _after_another(number: int, statement: Statement) -> None:
    if number == 3:
        statement["predicate"]["previous"] = GENESIS


SAID: dict[str, Callable[[int, Statement], None]] = {
    "a chain by a weaker hash": _algorithm(chain="sha1"),
    "commitments without salt": _algorithm(commitment="sha256"),
    "a log by another tree": _algorithm(log="rfc9162-sha512"),
    "a seal of an unknown suite": _algorithm(seal="sm2-sm3"),
    "a suite more than there is": _algorithm(backup="none"),
    "a seal without SM3": _without_sm3,
    "a segment without SM3": _sm3_of_less,
    "SM3 where other readers trip over it": _sm3_in_the_subject,
    "subjects by SHA-1": _sha1_in_the_subject,
    "a seal after another than the one before": _after_another,
}


# --- terms of keys ----------------------------------------------------------------------------------------------------

LOG_IN, A_IN = adopted(LOG_A, "checkpoint"), adopted(A, "seal")
TURN = "2026-11-21T04:00:27.000Z"  # after the announcement of the first seal, before that of the second
B_SEALS = {2: B, 3: B}

# name -> (the keys' events, who seals which, who signs the log, step that fails)
SERVED: dict[str, tuple[tuple[dict[str, Any], ...], Mapping[int, Ed25519PrivateKey], Ed25519PrivateKey, int | None]] = {
    "seals by the one key": ((LOG_IN, A_IN), {}, LOG_A, None),
    "a rotation with an overlap": (
        (LOG_IN, A_IN, adopted(B, "seal"), retired(A, "seal", TURN)),
        B_SEALS,
        LOG_A,
        None,
    ),
    "a log key that followed another": (
        (LOG_IN, A_IN, adopted(LOG_B, "checkpoint"), retired(LOG_A, "checkpoint", EARLY)),
        {},
        LOG_B,
        None,
    ),
    "a seal by a key that was retired": ((LOG_IN, A_IN, retired(A, "seal", EARLY)), {}, LOG_A, 5),
    "a seal by the old key after the rotation": (
        (LOG_IN, A_IN, adopted(B, "seal"), retired(A, "seal", TURN)),
        {2: B},
        LOG_A,
        5,
    ),
    "a seal by a key that came later": ((LOG_IN, adopted(A, "seal", LATE)), {}, LOG_A, 5),
    "a seal by a key nobody adopted": ((LOG_IN, A_IN), {3: B}, LOG_A, 5),
    "a seal by the key of the log": ((LOG_IN, A_IN), {3: LOG_A}, LOG_A, 5),
    "a checkpoint that tells of its own key's end": (
        (LOG_IN, A_IN, adopted(LOG_B, "checkpoint"), retired(LOG_A, "checkpoint", LATE)),
        {},
        LOG_A,
        4,
    ),
    "a checkpoint by a key nobody adopted": ((LOG_IN, A_IN), {}, LOG_B, 4),
    "one key for two purposes": ((LOG_IN, A_IN, adopted(A, "checkpoint")), {}, LOG_A, 4),
    "a key adopted again": ((LOG_IN, A_IN, retired(A, "seal", TURN), adopted(A, "seal", LATE)), {}, LOG_A, 4),
    "a key retired twice": ((LOG_IN, A_IN, retired(A, "seal", LATE), retired(A, "seal", LATE)), {}, LOG_A, 4),
    "a key retired that never served": ((LOG_IN, A_IN, retired(B, "seal", LATE)), {}, LOG_A, 4),
    "a key retired as another": ((LOG_IN, A_IN, retired(A, "checkpoint", LATE)), {}, LOG_A, 4),
    "a retirement of nobody": ((LOG_IN, A_IN, {"type": "key.retired/1", "at": LATE, "body": {}}), {}, LOG_A, 4),
}


def copies(told: Told) -> dict[str, bytes]:
    """What an auditor holds who kept pace with every rotation."""
    logs = b"".join(_vkey(key) for key in (LOG_A, LOG_B))
    seals = b"".join(seal_pem(key.public_key()) for key in (A, B, LOG_A))
    return {LOG: logs, SEAL: seals, DOCUMENT_CA: told.world.papers.pem, TSA_LOCAL: told.keys[TSA_LOCAL]}


def _vkey(key: Ed25519PrivateKey) -> bytes:
    return log_vkey_file(NoteKey(ORIGIN, key.public_key().public_bytes_raw()))


def before(keys: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same from before any rotation."""
    return dict(keys) | {LOG: _vkey(LOG_A), SEAL: seal_pem(A.public_key())}


def witness_key(name: str) -> NoteKey:
    return NoteKey(f"witness.test/{name}", WITNESS[name].public_key().public_bytes_raw(), b"\x04")


def policy_of(told: Told, quorum: str, *more: str, witnesses: str = "xyz") -> bytes:
    """The auditor's policy: this log, these witnesses, two of the first two of them; and keys, as `more` says."""
    log = NoteKey(ORIGIN, LOG_A.public_key().public_bytes_raw())
    named = [f"witness {name} {witness_key(name).vkey}" for name in witnesses]
    groups = ["group both all x y", "group some 2 both z"] if witnesses == "xyz" else []
    return "\n".join([f"log {log.vkey}", *named, *groups, f"quorum {quorum}", *more, ""]).encode()


def our_lines(told: Told) -> tuple[str, ...]:
    ca = x509.load_pem_x509_certificate(told.world.papers.pem).public_bytes(Encoding.DER)
    root = told.world.tsa.root.public_bytes(Encoding.DER)
    der = A.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    values = {"seal": der, "document-ca": ca, "tsa-root": root}
    return tuple(f"# jianzheng {name} {base64.b64encode(value).decode()}" for name, value in values.items())


def cases(told: Told) -> Iterator[Case]:
    """Every one of them, for both verifiers."""
    keys = copies(told)
    for name, (service, sealer, log, step) in SERVED.items():
        yield Case(name, made(told, Plan(service=service, sealer=sealer, log=log), keys), keys, step)
    for name, change in SAID.items():
        yield Case(name, made(told, Plan(change=change), keys), keys, 5)
    elsewhere = Plan(service=(LOG_IN,), product_stream=(A_IN,))
    yield Case("a key adopted where no keys are kept", made(told, elsewhere, keys), keys, 5)
    yield Case("an old proof under a new seal", made(told, Plan(old_proof=True), keys), keys, 4)
    first = before(keys)
    yield Case("a bundle from before the rotation", made(told, Plan(), first), keys)
    swapped = first | {SEAL: seal_pem(B.public_key()) + seal_pem(A.public_key())}
    yield Case("keys in another order than the auditor's", made(told, Plan(), swapped), keys, 2)
    twice = first | {SEAL: seal_pem(A.public_key()) * 2}
    yield Case("a key twice in a file", made(told, Plan(), twice), keys, 2)
    yield from _witnessed(told, keys)


def _witnessed(told: Told, keys: dict[str, bytes]) -> Iterator[Case]:
    for name, cosigners, quorum, step, says in (
        ("the quorum saw it", "xy", "both", None, None),
        ("more than the quorum saw it", "xyz", "both", None, None),
        ("a group within a group saw it", "xyz", "some", None, None),
        ("one of two saw it", "x", "both", 13, "WITNESS_INVALID"),
        ("a quorum of another group", "xy", "some", 13, "WITNESS_INVALID"),
        ("nobody saw it", "", "both", None, "NO_WITNESS"),
        ("only one who does not count saw it", "z", "both", None, "NO_WITNESS"),
        ("an auditor who asks for nobody", "xyz", "none", None, "NO_WITNESS"),
    ):
        bundle = made(told, Plan(cosigners=cosigners), before(keys))
        policy = policy_of(told, quorum, *our_lines(told))
        yield Case(name, bundle, {}, step, policy, says)
    bundle = made(told, Plan(cosigners="xy"), before(keys))
    unknown = policy_of(told, "x", *our_lines(told), witnesses="x")
    yield Case("a witness that the auditor does not know", bundle, {}, 4, unknown)
    own = keys | {WITNESSES: "".join(f"{witness_key(name).vkey}\n" for name in "xy").encode()}
    yield Case("one of the auditor's witnesses, without a policy", made(told, Plan(cosigners="y"), keys), own)
    yield Case("a policy beside the keys", bundle, keys, None, policy_of(told, "both"))


def timed(told: Told) -> Iterator[Case]:
    """What only a verifier that can read time stamps can say."""
    clock, keys = told.world.clock, copies(told)
    at = datetime(2026, 11, 21, 4, 0, 40, tzinfo=UTC)
    stamps = {0: at, 1: at, 2: at, 3: at}
    good, short, other = (
        time_authority(clock),
        time_authority(clock, days=1),
        time_authority(clock, ExtendedKeyUsageOID.SERVER_AUTH),
    )
    for name, tsa, step, policy in (
        ("time from outside", good, None, None),
        ("a certificate for time that ran out since", short, None, None),
        ("time by a certificate for servers", other, 6, None),
        ("time under a policy that the auditor accepts", good, None, POLICY),
        ("time under a policy that he does not", good, 6, "1.2.3.4"),
    ):
        root = {TSA_INDEPENDENT: tsa.root.public_bytes(Encoding.PEM)}
        bundle = made(told, Plan(tsa=tsa, stamped=stamps), before(keys))
        words = None if policy is None else policy_of(told, "none", f"# jianzheng tsa-policy {policy}")
        yield Case(name, bundle, keys | root, step, words)
    turned = (LOG_IN, A_IN, adopted(B, "seal"), retired(A, "seal", TURN))
    early = stamps | {1: datetime(2026, 11, 21, 4, 0, 26, tzinfo=UTC)}
    root = {TSA_INDEPENDENT: good.root.public_bytes(Encoding.PEM)}
    for name, when, says in (
        ("a seal stamped before its key was retired", early, None),
        ("a seal stamped only after its key was retired", stamps, "KEY_RETIRED"),
    ):
        bundle = made(told, Plan(service=turned, sealer=B_SEALS, tsa=good, stamped=when), keys)
        yield Case(name, bundle, keys | root, None, None, says)
