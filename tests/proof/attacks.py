"""Every forgery that has a name, for either verifier to find: what strangers do, and what we ourselves could."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import seal
from evidence.checkpoint import Checkpoint, read_proof, sign, write_proof
from evidence.events import line_hash
from evidence.merkle import inclusion, leaf_hash, nodes_of
from evidence.merkle import root as root_of
from evidence.sequencer import leaf
from evidence.verify.container import read
from evidence.verify.keys import SEAL, seal_pem
from evidence.verify.seals import sm3
from evidence.verify.strict import canonical
from tests.proof.paper import p256
from tests.proof.story import ORIGIN, Told
from tests.proof.tampering import Files, lines, rebuilt, rechained

CLOSED = "A" * 43
FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
Events = list[dict[str, Any]]

# --- a stranger, or whoever holds the database ------------------------------------------------------------------------

# File nobody named -> the step that finds it.
STRANGERS = {
    "data/note.txt": 2,
    "README.md": 2,
    "bag-info.txt": 2,
    "keys/other.pem": 2,
    "keys/tsa-independent.pem": 2,
    "data/chain/0009.jsonl": 3,
    "data/context/screen_x.jsonl": 2,
    "data/context/product_x.tlog-proof": 4,
    "data/seals/0009.dsse.json": 5,
    "data/seals/0009.tsr": 6,
    f"data/media/{CLOSED}.jpg": 8,
    "data/product/more.csv": 8,
    "data/models/other.json": 8,
    f"data/context/texts/{hashlib.sha256(b'x').hexdigest()}": 8,
    "data/documents/doc_9.pdf": 9,
    "data/pages/doc_1-02.png": 9,
    "data/openings/withheld.txt": 12,
}


def with_stranger(root: str, files: Files, path: str) -> bytes:
    data = f"{CLOSED}\n".encode() if path.endswith("withheld.txt") else b"x"
    return rebuilt(root, files | {path: data}, account_too=False)


SPELLINGS = [
    (b'"seq":5', b'"seq":5.0'),
    (b'"seq":5', b'"seq": 5'),
    (b'"seq":5', b'"seq":05'),
    (b'"v":1', b'"v":true'),
    (b'"v":1', b'"v":2'),
    (b'"v":1}', b'"v":1,"w":1}'),
    (b'"cmd":"",', b""),
    (b'"cmd":"",', b'"cmd":"","cmd":"",'),
    (b'"role":"customer"', b'"role":"emperor"'),
    (b'"role":"customer"', b'"role":"customer","more":"x"'),
    (b'"type":"code.verified/1"', b'"type":"code.verified/2"'),
    (b"2026-11-21T04", b"2026-11-21T05"),
    (b"2026-11-21T04", b"2026-02-30T04"),
    (b"}", b"} "),
    (b"}", b"}\r"),
]


def respelled(root: str, files: Files, old: bytes, new: bytes) -> bytes:
    """The fifth line says the same, or nearly, in other bytes."""
    path = "data/chain/0001.jsonl"
    split = files[path].splitlines()
    head, found, tail = split[4].rpartition(old)
    assert found
    split[4] = head + new + tail
    return rebuilt(root, files | {path: b"".join(line + b"\n" for line in split)})


Attack = Callable[[Told, Files], Files]


def cut_last_event(told: Told, files: Files) -> Files:
    """Trap 12: a bare hash chain does not notice."""
    tail = files["data/chain/0004.jsonl"].splitlines(keepends=True)
    return files | {"data/chain/0004.jsonl": b"".join(tail[:-1])}


def cut_the_signature_away(told: Told, files: Files) -> Files:
    """Back to before the signature, seals and all: as if the customer had never signed."""
    later = ("data/seals/0002", "data/seals/0003", "data/chain/0003", "data/chain/0004", "data/documents/doc_1.signed")
    found = {path: data for path, data in files.items() if not path.startswith(later)}
    found["data/chain/0002.jsonl"] = b"".join(files["data/chain/0002.jsonl"].splitlines(keepends=True)[:-1])
    values, salts = "data/openings/values.txt", "data/openings/salts.txt"
    found[values] = b"".join(files[values].splitlines(keepends=True)[:-2])
    found[salts] = files[salts].splitlines(keepends=True)[0]
    return {path: data for path, data in found.items() if "/media/" not in path or path.endswith(".jpg")}


def swap_two_events(told: Told, files: Files) -> Files:
    first = lines(files, 1)
    first[7], first[8] = first[8], first[7]
    return rechained(files, [first, *(lines(files, number) for number in (2, 3, 4))])


def swap_two_lines(told: Told, files: Files) -> Files:
    first = files["data/chain/0001.jsonl"].splitlines(keepends=True)
    first[7], first[8] = first[8], first[7]
    return files | {"data/chain/0001.jsonl": b"".join(first)}


def rebuild_the_chain_from_the_middle(told: Told, files: Files) -> Files:
    """Attack 27: whoever holds the database writes another past, and chains it correctly."""
    second = lines(files, 2)
    second[4]["body"]["visible_ms"] = 99_000
    return rechained(files, [lines(files, 1), second, lines(files, 3), lines(files, 4)])


def insert_an_event(told: Told, files: Files) -> Files:
    first = lines(files, 1)
    first.insert(8, first[7])
    return rechained(files, [first, *(lines(files, number) for number in (2, 3, 4))])


def delete_an_event(told: Told, files: Files) -> Files:
    first = lines(files, 1)
    del first[11]
    return rechained(files, [first, *(lines(files, number) for number in (2, 3, 4))])


def rechain_the_tail_alone(told: Told, files: Files) -> Files:
    """The lines after the last seal are bound by the log only."""
    tail = lines(files, 4)
    tail[-1]["at"] = "2026-11-21T04:00:31.000Z"
    line = files["data/chain/0004.jsonl"].splitlines()[-2]
    forged = canonical(tail[-1] | {"prev": line_hash(line)})
    kept = files["data/chain/0004.jsonl"].splitlines(keepends=True)[:-1]
    return files | {"data/chain/0004.jsonl": b"".join(kept) + forged + b"\n"}


def photo(files: Files) -> str:
    return next(path for path in files if path.endswith(".jpg"))


def replace_a_photo(told: Told, files: Files) -> Files:
    return files | {photo(files): files[photo(files)][:-2] + b"\xff\xd9"[::-1]}


def exchange_two_files_of_one_case(told: Told, files: Files) -> Files:
    one, two = (path for path in files if path.startswith("data/media/") and not path.endswith(".jpg"))
    return files | {one: files[two], two: files[one]}


def replace_the_pdf(told: Told, files: Files) -> Files:
    return files | {"data/documents/doc_1.signed.pdf": files["data/documents/doc_1.signed.pdf"] + b"\n"}


def replace_the_signed_pdf_by_the_unsigned(told: Told, files: Files) -> Files:
    """Attack 17: the signature removed."""
    return files | {"data/documents/doc_1.signed.pdf": files["data/documents/doc_1.pdf"]}


def replace_a_page(told: Told, files: Files) -> Files:
    return files | {"data/pages/doc_1-01.png": files["data/pages/doc_1-01.png"] + b"\0"}


def remove_a_disclosure(told: Told, files: Files) -> Files:
    kept = files["data/openings/values.txt"].splitlines(keepends=True)[1:]
    return files | {"data/openings/values.txt": b"".join(kept)}


def change_a_disclosure(told: Told, files: Files) -> Files:
    first, *rest = files["data/openings/values.txt"].splitlines(keepends=True)
    salt, name, _ = json.loads(base64.urlsafe_b64decode(first.strip() + b"=="))
    forged = base64.urlsafe_b64encode(json.dumps([salt, name, "13900139000"]).encode()).rstrip(b"=")
    return files | {"data/openings/values.txt": b"".join((forged + b"\n", *rest))}


def repeat_a_disclosure(told: Told, files: Files) -> Files:
    first = files["data/openings/values.txt"].splitlines(keepends=True)[0]
    return files | {"data/openings/values.txt": first + files["data/openings/values.txt"]}


def remove_a_salt(told: Told, files: Files) -> Files:
    kept = files["data/openings/salts.txt"].splitlines(keepends=True)[1:]
    return files | {"data/openings/salts.txt": b"".join(kept)}


def replace_the_product(told: Told, files: Files) -> Files:
    return files | {"data/product/definition.json": files["data/product/definition.json"].replace(b"1}", b"2}")}


def replace_the_wording(told: Told, files: Files) -> Files:
    return files | {"data/product/source.txt": files["data/product/source.txt"] + "另有规定除外".encode()}


def exchange_two_stamps(told: Told, files: Files) -> Files:
    one, two = "data/seals/0001.tsr", "data/seals/0002.tsr"
    return files | {one: files[two], two: files[one]}


def seal_with_another_key(told: Told, files: Files) -> Files:
    key = FORGER
    envelope = json.loads(files["data/seals/0001.dsse.json"])
    return files | {"data/seals/0001.dsse.json": seal.sign(base64.b64decode(envelope["payload"]), key)}


def seal_and_publish_another_key(told: Told, files: Files) -> Files:
    """Trap 13: the forger puts his own key into the bundle, too."""
    key = FORGER
    envelope = json.loads(files["data/seals/0001.dsse.json"])
    forged = seal.sign(base64.b64decode(envelope["payload"]), key)
    return files | {"data/seals/0001.dsse.json": forged, f"keys/{SEAL}": seal_pem(key.public_key())}


def spell_a_seal_differently(told: Told, files: Files) -> Files:
    """Trap 6: the same signature over the same payload, with white space around it."""
    return files | {"data/seals/0001.dsse.json": files["data/seals/0001.dsse.json"].replace(b'":"', b'": "', 1)}


def sign_a_seal_twice(told: Told, files: Files) -> Files:
    envelope = json.loads(files["data/seals/0001.dsse.json"])
    envelope["signatures"] *= 2
    return files | {"data/seals/0001.dsse.json": canonical(envelope)}


def write_another_log(told: Told, files: Files) -> Files:
    """The forger signs a checkpoint over a tree of his own with a key of his own."""
    key = FORGER
    last = files["data/chain/0004.jsonl"].splitlines()[-1]
    note = sign(Checkpoint(ORIGIN, 1, leaf_hash(leaf(last))), key)
    return files | {"data/head.tlog-proof": write_proof(0, (), note)}


def lengthen_the_proof(told: Told, files: Files) -> Files:
    index, hashes, note = read_proof(files["data/head.tlog-proof"])
    return files | {"data/head.tlog-proof": write_proof(index, (*hashes, b"\0" * 32), note)}


def tell_another_story(told: Told, files: Files) -> Files:
    """Trap 5: an unsigned timeline fooled a reader."""
    text = files["data/timeline.html"].replace("意见：同意".encode(), "意见：不同意".encode())
    assert text != files["data/timeline.html"]
    return files | {"data/timeline.html": text}


def withhold_without_saying(told: Told, files: Files) -> Files:
    found = {path: data for path, data in files.items() if path != photo(files)}
    kept = files["data/openings/salts.txt"].splitlines(keepends=True)[1:]
    return found | {"data/openings/salts.txt": b"".join(kept)}


ATTACKS: dict[Attack, int] = {
    cut_last_event: 4,
    cut_the_signature_away: 4,
    swap_two_events: 4,
    swap_two_lines: 3,
    rebuild_the_chain_from_the_middle: 4,
    insert_an_event: 4,
    delete_an_event: 4,
    rechain_the_tail_alone: 4,
    replace_a_photo: 8,
    exchange_two_files_of_one_case: 8,
    replace_the_pdf: 9,
    replace_the_signed_pdf_by_the_unsigned: 9,
    replace_a_page: 9,
    remove_a_disclosure: 7,
    change_a_disclosure: 7,
    repeat_a_disclosure: 7,
    remove_a_salt: 8,
    withhold_without_saying: 8,
    replace_the_product: 8,
    replace_the_wording: 8,
    exchange_two_stamps: 6,
    seal_with_another_key: 5,
    seal_and_publish_another_key: 2,
    spell_a_seal_differently: 5,
    sign_a_seal_twice: 5,
    write_another_log: 4,
    lengthen_the_proof: 4,
    tell_another_story: 12,
}


# --- the operator himself ---------------------------------------------------------------------------------------------


def by_the_operator(told: Told, root: str, files: Files, second: Events, first: Events | None = None) -> bytes:
    """A forgery by somebody who holds every key of ours: chained, sealed and logged anew. Only the customer's key and
    what the policy demands are beyond him. Time stamps are left out: he could have them made.
    """
    world = told.world
    found = rechained(files, [first or lines(files, 1), second, lines(files, 3), lines(files, 4)])
    found = {path: data for path, data in found.items() if not path.endswith(".tsr")}
    previous = "0" * 64
    for number in (1, 2, 3):
        path, chain_path = f"data/seals/{number:04d}.dsse.json", f"data/chain/{number:04d}.jsonl"
        statement = json.loads(base64.b64decode(json.loads(files[path])["payload"]))
        statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(found[chain_path]).hexdigest()
        _vouch_for_papers(statement, lines(found, number))
        statement["predicate"] |= {"previous": previous}
        statement["predicate"]["sm3"][chain_path] = sm3(found[chain_path])
        statement["predicate"]["outcome"] = _outcome(statement, first)
        origin = (first or lines(files, 1))[0]["body"].get("input_origin", "live")
        if isinstance(origin, str):
            statement["predicate"]["input_origin"] = origin
        found[path] = seal.sign(canonical(statement), world.seal_key)
        previous = hashlib.sha256(found[path]).hexdigest()
        found = _announce(found, number, previous)
    found |= logged(told, found)
    return rebuilt(root, found)


def _vouch_for_papers(statement: dict[str, Any], events: Events) -> None:
    """The hashes that the events name for the signed paper, in both of the seal's places."""
    for event in events:
        if event["type"] == SIGNED and isinstance(event["body"].get("document"), str):
            path = f"data/documents/{event['body']['document']}.signed.pdf"
            for subject in statement["subject"]:
                if subject["name"] == path:
                    subject["digest"]["sha256"] = event["body"]["signed_sha256"]
                    statement["predicate"]["sm3"][path] = event["body"]["signed_sm3"]


def _outcome(statement: dict[str, dict[str, str]], first: Events | None) -> str:
    unread = first is not None and not any("read:c2.5" in str(event["body"]) for event in first[1:])
    return "open" if unread else statement["predicate"]["outcome"]


def _announce(files: Files, number: int, digest: str) -> Files:
    segments = [lines(files, part) for part in (1, 2, 3, 4)]
    for event in (event for segment in segments for event in segment):
        if event["type"] == "evidence.sealed/1" and event["body"]["segment"] == number:
            event["body"]["seal_sha256"] = digest
    return rechained(files, segments)


def logged(told: Told, files: Files, last: str = "data/chain/0004.jsonl") -> Files:
    """A new log of two leaves: the key stream's last line and the case's."""
    paths = {"data/context/key_operator.jsonl": "data/context/key_operator.tlog-proof", last: "data/head.tlog-proof"}
    node = nodes_of([leaf_hash(leaf(files[path].splitlines()[-1])) for path in paths])
    note = sign(Checkpoint(ORIGIN, 2, root_of(2, node)), told.world.log_key)
    return {proof: write_proof(at, inclusion(at, 2, node), note) for at, proof in enumerate(paths.values())}


def found_in(events: Events, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = next(event for event in events if event["type"] == kind)["body"]
    return body


def _set(type_: str, /, **members: Any) -> Callable[[Events, Events], None]:
    def change(first: Events, second: Events) -> None:
        body = found_in(first + second, type_)
        for path, value in members.items():
            *folders, last = path.split("__")
            at: Any = body
            for name in folders:
                at = at[int(name) if name.isdecimal() else name]
            at[last] = value

    return change


def _sign_with_another_key(first: Events, second: Events) -> None:
    act = second[-1]["body"]["act"]
    signature = p256(b"forger").sign(b"x", ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    act["signature"] = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


SIGNED, OPENED, LIVENESS = "esign.document_signed/1", "case.opened/1", "identity.liveness_judged/1"
SESSION, CHALLENGE = "case.session_opened/1", "identity.challenge_issued/1"

# What he writes into the events before chaining, sealing and logging them anew -> the step that finds it at the latest.
BY_THE_OPERATOR: dict[str, tuple[Callable[[Events, Events], None], int]] = {
    "another key's act": (_sign_with_another_key, 10),
    "an act without a nonce": (_set(SIGNED, act__nonce=None), 10),
    "a signed paper without a name": (_set(SIGNED, document=None), 9),
    "a session without an end": (_set(SESSION, expires="later"), 10),
    "a session with a day in no calendar": (_set(SESSION, expires="2026-02-30T00:00:00.000Z"), 10),
    "a session of nobody": (_set(SESSION, party=None), 10),
    "a session without a name": (_set(SESSION, session=None), 10),
    "an erasure that is no object": (_set("privacy.erased/1", fields=["x"]), 7),
    "an erasure of nothing in particular": (_set("privacy.erased/1", fields=[{}]), 7),
    "an erasure that is no list": (_set("privacy.erased/1", fields="x"), 7),
    "a step without a name": (_set(OPENED, policy__steps__0__name=None), 11),
    "a step that is no object": (_set(OPENED, policy__steps=["read"]), 5),
    "needs that are a text": (_set(OPENED, policy__steps__1__needs="quoted"), 11),
    "a gain that is a text": (_set("consent.given/1", satisfies="consent:recording"), 5),
    "a freshness that is a truth": (_set(OPENED, policy__identity_fresh_s=True), 11),
    "a product without names": (_set(OPENED, policy__product__names=None), 12),
    "a product with a number for a name": (_set(OPENED, policy__product__names__en=7), 12),
    "a mode that is no text": (_set(OPENED, mode=None), 5),
    "an origin that is no text": (_set(OPENED, input_origin=None), 5),
    "a file of true bytes": (_set("identity.paper_captured/1", media__bytes=True), 8),
    "a score that is no object": (_set(LIVENESS, scores=[7]), 8),
    "a model without a pack": (_set("identity.faces_compared/1", score__model__pack=None), 8),
    "another model": (_set("identity.faces_compared/1", score__model__manifest="0" * 64), 8),
    "no model": (_set("identity.faces_compared/1", score=None), 8),
    "a certificate without a hash": (_set(SIGNED, certificate__sha256=None), 9),
    "a certificate that is no object": (_set(SIGNED, certificate=None), 9),
    "an end that was nearly seen": (_set("esign.document_shown/1", end_seen=1), 11),
    "a paper of no kind": (_set(SIGNED, kind=None), 11),
    "a capture nobody signed": (_set(LIVENESS, signature=""), 10),
    "a capture in strange DER": (_set(LIVENESS, signature="MAYCAQECAQE"), 10),
    "a capture of somebody else": (_set(LIVENESS, party="insured"), 10),
    "a capture for no challenge": (_set(LIVENESS, challenge="chl_2"), 10),
    "a capture without its frames": (_set(LIVENESS, frames=[]), 10),
    "another nonce asked for": (_set(CHALLENGE, nonce="another"), 10),
    "other actions asked for": (_set(CHALLENGE, actions=["neutral", "turn_right"]), 10),
    "actions that are a text": (_set(CHALLENGE, actions="neutral"), 10),
    "a challenge for another device": (_set(CHALLENGE, thumbprint="A" * 43), 10),
}


def forged_by_the_operator(told: Told, name: str) -> bytes:
    root, files = read(told.bundle)
    first, second = deepcopy(lines(files, 1)), deepcopy(lines(files, 2))
    BY_THE_OPERATOR[name][0](first, second)
    return by_the_operator(told, root, files, second, first)


# --- all of them ------------------------------------------------------------------------------------------------------


def forged(told: Told) -> Iterator[tuple[str, bytes]]:
    """(name, bundle) of everything above."""
    root, files = read(told.bundle)
    for attack in ATTACKS:
        yield attack.__name__, rebuilt(root, attack(told, dict(files)), account_too=attack is not tell_another_story)
    for path in STRANGERS:
        yield f"with {path}", with_stranger(root, files, path)
    for path in files:
        fewer = {name: data for name, data in files.items() if name != path}
        yield f"without {path}", rebuilt(root, fewer)
    for old, new in SPELLINGS:
        yield f"{old!r} spelled {new!r}", respelled(root, files, old, new)
    for name in BY_THE_OPERATOR:
        yield name, forged_by_the_operator(told, name)
