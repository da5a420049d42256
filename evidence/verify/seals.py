"""Step 5. One signed statement a segment, in-toto in DSSE (docs/BUNDLE.md section 3)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash

from evidence.checkpoint import from_base64
from evidence.errors import NotVerified
from evidence.verify.chain import GENESIS, Chain
from evidence.verify.keys import SealKey, TrustedKeys
from evidence.verify.lifetimes import term_of
from evidence.verify.records import Record
from evidence.verify.strict import HEX64, canonical, integer, members, objects, parse_json, sha256, text, texts

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:jianzheng:seal:1"
ALGORITHMS = {
    "canonical": "rfc8785",
    "chain": "sha256",
    "commitment": "sha256-salt32",
    "log": "rfc6962-sha256",
    "seal": "ed25519",
}
_SEAL_FILE = re.compile(r"data/seals/\d{4}\.dsse\.json", re.ASCII)


def sm3(data: bytes) -> str:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()


def path(segment: int) -> str:
    return f"data/seals/{segment:04d}.dsse.json"


def pae(payload: bytes) -> bytes:
    """What is signed: DSSE pre-authentication encoding."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def check(chain: Chain, files: Mapping[str, bytes], keys: TrustedKeys) -> dict[str, str]:
    """Every seal. Answers the SM3 digests they vouch for, by path."""
    # 5.1 one seal for every segment but the last
    sealed = chain.segments[:-1]
    found = sorted(name for name in files if _SEAL_FILE.fullmatch(name))
    if found != [path(number) for number in range(1, len(sealed) + 1)]:
        raise NotVerified("seals and segments do not correspond", record=found[-1] if found else path(1))
    previous, digests = GENESIS, dict[str, str]()
    for number, (first, last) in enumerate(sealed, 1):
        name = path(number)
        # 5.2 signed by a seal key of the auditor's, in the one spelling
        payload, key = open_envelope(files[name], keys.seals, name)
        # 5.3 the statement is the one that the events make
        digests |= _check_statement(payload, chain, number, first, last, previous, files, name)
        previous = sha256(files[name])
        # 5.4 the chain goes on from it
        at = _check_announced(chain, number, first, last, previous)
        # 5.5 the key was in service then, says the log
        if not term_of(chain, "seal", key.spki, name).covers(at):
            raise NotVerified("sealed with a key that was not in service then", record=name)
    return digests


def open_envelope(envelope: bytes, keys: Sequence[SealKey], name: str) -> tuple[bytes, SealKey]:
    """(payload, the one of `keys` that signed it)."""
    outer = members(parse_json(envelope, name), ("payload", "payloadType", "signatures"), record=name)
    signatures = outer["signatures"]
    if outer["payloadType"] != PAYLOAD_TYPE or not isinstance(signatures, list) or len(signatures) != 1:
        raise NotVerified("not one signature over an in-toto statement", record=name)
    signature = members(signatures[0], ("keyid", "sig"), record=name)
    key = next((key for key in keys if key.id == signature["keyid"]), None)
    if key is None:
        raise NotVerified("sealed with a key that is not the auditor's", record=name)
    try:
        payload = from_base64(text(outer["payload"], name))
        key.verify(from_base64(text(signature["sig"], name)), pae(payload))
    except NotVerified as error:
        raise NotVerified(error.detail, record=name) from None
    return payload, key


def sealed_by(envelope: bytes) -> str:
    """The `keyid` that a seal names; empty when it is no seal, which is for step 5 to say."""
    try:
        found = parse_json(envelope)["signatures"][0]["keyid"]
    except (NotVerified, LookupError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def subjects(segment: int, segment_bytes: bytes, records: Sequence[Record]) -> list[dict[str, Any]]:
    """What the seal of a segment vouches for, in order."""
    found = [(f"data/chain/{segment:04d}.jsonl", sha256(segment_bytes))]
    for record in records:
        body, name = record.body, record.name
        if record.type == "esign.document_prepared/1":
            document = text(body.get("document"), name)
            found.append((f"data/documents/{document}.pdf", text(body.get("sha256"), name, HEX64)))
            for number, page in enumerate(objects(body.get("pages", []), name), 1):
                found.append((f"data/pages/{document}-{number:02d}.png", text(page.get("sha256"), name, HEX64)))
        elif record.type == "esign.document_signed/1":
            document = text(body.get("document"), name)
            signed = text(body.get("signed_sha256"), name, HEX64)
            found.append((f"data/documents/{document}.signed.pdf", signed))
    return [{"digest": {"sha256": digest}, "name": name} for name, digest in found]


def held_keys(records: Sequence[Record]) -> set[str]:
    keys: set[str] = set()
    for record in records:
        if "withdraws" in record.body:
            keys.difference_update(texts(record.body["withdraws"], record.name))
        if "satisfies" in record.body:
            keys.update(texts(record.body["satisfies"], record.name))
    return keys


def outcome(chain: Chain, upto: int) -> str:
    records = chain.records[:upto]
    if any(record.type == "esign.signing_declined/1" for record in records):
        return "declined"
    steps = objects(chain.policy.get("steps", []), "event 1")
    wanted = {key for step in steps for key in texts(step.get("yields", []), "event 1")}
    return "completed" if wanted and wanted <= held_keys(records) else "open"


def _check_statement(
    payload: bytes,
    chain: Chain,
    number: int,
    first: int,
    last: int,
    previous: str,
    files: Mapping[str, bytes],
    name: str,
) -> dict[str, str]:
    statement = members(parse_json(payload, name), ("_type", "predicate", "predicateType", "subject"), record=name)
    records = chain.records[first - 1 : last]
    named = subjects(number, files[f"data/chain/{number:04d}.jsonl"], records)
    if statement["subject"] != named:
        raise NotVerified("subjects are not those of the segment", record=name)
    expected = {
        "algorithms": ALGORITHMS,
        "case": chain.stream,
        "first_seq": first,
        "input_origin": chain.input_origin,
        "last_seq": last,
        "milestone": records[-1].type,
        "mode": chain.mode,
        "outcome": outcome(chain, last),
        "previous": previous,
        "segment": number,
        "v": 1,
    }
    predicate = dict(members(statement["predicate"], (*expected, "sm3"), record=name))
    digests = predicate.pop("sm3")
    # As bytes: to Python, `true` equals 1.
    wrong = [key for key, value in expected.items() if canonical(predicate[key]) != canonical(value)]
    if statement["_type"] != STATEMENT or statement["predicateType"] != PREDICATE or wrong:
        raise NotVerified(f"statement differs from the events: {wrong}", record=name)
    return _check_sm3(digests, named, records, files[f"data/chain/{number:04d}.jsonl"], name)


def _check_sm3(
    digests: Any, named: list[dict[str, Any]], records: Sequence[Record], segment_bytes: bytes, name: str
) -> dict[str, str]:
    """The second hash (SM3, GB/T 32905) of the same files. Bytes of documents and pages are compared in step 9."""
    expected = {named[0]["name"]: sm3(segment_bytes)}
    for record in records:
        document = record.body.get("document")
        if record.type == "esign.document_prepared/1":
            expected[f"data/documents/{document}.pdf"] = text(record.body.get("sm3"), name, HEX64)
        elif record.type == "esign.document_signed/1":
            expected[f"data/documents/{document}.signed.pdf"] = text(record.body.get("signed_sm3"), name, HEX64)
    found = members(digests, tuple(expected), tuple(subject["name"] for subject in named), record=name)
    if any(found[item] != digest for item, digest in expected.items()):
        raise NotVerified("SM3 digests differ", record=name)
    return {item: text(digest, name, HEX64) for item, digest in found.items()}


def _check_announced(chain: Chain, number: int, first: int, last: int, digest: str) -> str:
    """When it was announced."""
    found = [
        record for record in chain.of("evidence.sealed/1") if integer(record.body.get("segment"), record.name) == number
    ]
    if len(found) != 1 or found[0].seq <= last:
        raise NotVerified("the chain does not announce this seal once, after its segment", record=path(number))
    body = found[0].body
    numbers = (integer(body.get("first_seq"), found[0].name), integer(body.get("last_seq"), found[0].name))
    if numbers != (first, last) or body.get("seal_sha256") != digest:
        raise NotVerified("the chain announces another seal", record=found[0].name)
    return found[0].at
