"""What is done to the evidence before a tool is asked again. Each is named by what it does; most are in attacks.py."""

import asyncio
import base64
import hashlib
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from evidence import timestamp
from evidence.checkpoint import cosign, read_proof, split_note, write_proof
from evidence.tsa import POLICY, open_tsa
from evidence.verify.strict import canonical
from tests.outside.scene import LOG
from tests.proof import attacks
from tests.proof.paper import authority, sign_pdf
from tests.proof.story import Told
from tests.proof.tampering import Files, lines, rechained

Attack = Callable[[Told, Files], Files]

PROOF = "data/head.tlog-proof"
SIGNED = "data/documents/doc_1.signed.pdf"
SHOWN = "data/documents/doc_1.pdf"
SEAL = "data/seals/0001.dsse.json"


@dataclass(frozen=True)
class Forgery:
    """`fitted`: what nobody signed (manifests, timeline, guide) is made again around the change, as a forger would."""

    name: str
    change: Attack
    fitted: bool = True


# --- bag --------------------------------------------------------------------------------------------------------------


def flip_a_photograph(told: Told, files: Files) -> Files:
    path = attacks.photo(files)
    return files | {path: flipped(files[path])}


def leave_a_file_out(told: Told, files: Files) -> Files:
    return {path: data for path, data in files.items() if path != attacks.photo(files)}


def slip_a_file_in(told: Told, files: Files) -> Files:
    return files | {"data/note.txt": b"not in the list\n"}


# --- chain ------------------------------------------------------------------------------------------------------------


def change_an_event(told: Told, files: Files) -> Files:
    path = "data/chain/0002.jsonl"
    changed = files[path].replace(b"12345", b"99999")
    assert changed != files[path]
    return files | {path: changed}


def spell_an_event_differently(told: Told, files: Files) -> Files:
    """The last line: no other line holds its hash, so only the canonical form can tell."""
    path = sorted(name for name in files if name.startswith("data/chain/"))[-1]
    return files | {path: files[path].removesuffix(b"}\n") + b" }\n"}


def act_says_otherwise(told: Told, files: Files) -> Files:
    """The operator writes another opinion over the customer's, and chains it properly."""
    return _with_act(files, lambda body: body.update(opinion="disagree"))


def act_of_another_key(told: Told, files: Files) -> Files:
    return _with_act(files, lambda body: attacks._sign_with_another_key([], [{"body": body}]))


def act_with_another_nonce(told: Told, files: Files) -> Files:
    return _with_act(files, lambda body: body["act"].update(nonce="A" * 22))


def _with_act(files: Files, change: Callable[[dict[str, Any]], None]) -> Files:
    segments = [lines(files, number) for number in (1, 2, 3, 4)]
    change(attacks.found_in(segments[1], attacks.SIGNED))
    return rechained(files, segments)


# --- seals ------------------------------------------------------------------------------------------------------------


def change_what_a_seal_says(told: Told, files: Files) -> Files:
    envelope = json.loads(files[SEAL])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["mode"] = "production"
    envelope["payload"] = base64.b64encode(canonical(statement)).decode()
    return files | {SEAL: canonical(envelope)}


def flip_a_seals_signature(told: Told, files: Files) -> Files:
    envelope = json.loads(files[SEAL])
    raw = base64.b64decode(envelope["signatures"][0]["sig"])
    envelope["signatures"][0]["sig"] = base64.b64encode(flipped(raw, 9)).decode()
    return files | {SEAL: canonical(envelope)}


# --- log --------------------------------------------------------------------------------------------------------------


def grow_the_checkpoint(told: Told, files: Files) -> Files:
    _, _, note = read_proof(files[PROOF])
    size = split_note(note)[0].size
    return files | {PROOF: files[PROOF].replace(f"\n{size}\n".encode(), f"\n{size + 1}\n".encode())}


def another_root(told: Told, files: Files) -> Files:
    root = base64.b64encode(split_note(read_proof(files[PROOF])[2])[0].root)
    return files | {PROOF: files[PROOF].replace(root, base64.b64encode(flipped(base64.b64decode(root), 3)))}


def flip_the_logs_signature(told: Told, files: Files) -> Files:
    return files | {PROOF: _resigned(files[PROOF], 0, lambda raw: flipped(raw, 40))}


def flip_a_hash_of_the_proof(told: Told, files: Files) -> Files:
    index, hashes, note = read_proof(files[PROOF])
    return files | {PROOF: write_proof(index, (flipped(hashes[0], 5), *hashes[1:]), note)}


def shorten_the_proof(told: Told, files: Files) -> Files:
    index, hashes, note = read_proof(files[PROOF])
    return files | {PROOF: write_proof(index, hashes[:-1], note)}


def another_place_in_the_log(told: Told, files: Files) -> Files:
    index, hashes, note = read_proof(files[PROOF])
    return files | {PROOF: write_proof(index ^ 1, hashes, note)}


def change_a_served_entry(told: Told, files: Files) -> Files:
    path = f"{LOG}tile/entries/000"
    return files | {path: flipped(files[path], len(files[path]) - 10)}


def exchange_two_served_entries(told: Told, files: Files) -> Files:
    path = f"{LOG}tile/entries/000"
    length = 2 + int.from_bytes(files[path][:2], "big")
    one, two, rest = files[path][:length], files[path][length : 2 * length], files[path][2 * length :]
    return files | {path: two + one + rest}


# --- witnesses --------------------------------------------------------------------------------------------------------


def flip_a_cosignature(told: Told, files: Files) -> Files:
    return files | {PROOF: _resigned(files[PROOF], 2, lambda raw: flipped(raw, 40))}


def cosigned_at_another_time(told: Told, files: Files) -> Files:
    return files | {PROOF: _resigned(files[PROOF], 1, lambda raw: flipped(raw, 11))}


def cosigned_by_a_stranger(told: Told, files: Files) -> Files:
    """Under the witness's name, with the stranger's key."""
    head, signatures = split_note(read_proof(files[PROOF])[2])
    name = signatures[1].split(" ")[1]
    forged = cosign(head, name, Ed25519PrivateKey.generate(), 1_795_000_000).decode().rstrip("\n")
    return files | {PROOF: files[PROOF].replace(signatures[1].encode(), forged.encode())}


def cut_the_witnesses_away(told: Told, files: Files) -> Files:
    index, hashes, note = read_proof(files[PROOF])
    _, signatures = split_note(note)
    alone = note.partition(b"\n\n")[0] + b"\n\n" + signatures[0].encode() + b"\n"
    return files | {PROOF: write_proof(index, hashes, alone)}


def _resigned(proof: bytes, line: int, change: Callable[[bytes], bytes]) -> bytes:
    signature = split_note(read_proof(proof)[2])[1][line].rpartition(" ")[2]
    changed = base64.b64encode(change(base64.b64decode(signature))).decode()
    return proof.replace(signature.encode(), changed.encode())


# --- time -------------------------------------------------------------------------------------------------------------


def flip_a_stamp(told: Told, files: Files) -> Files:
    """In the signature, which stands last in the token."""
    path = "data/seals/0001.tsr"
    return files | {path: flipped(files[path], len(files[path]) - 20)}


def stamped_by_a_stranger(told: Told, files: Files) -> Files:
    with tempfile.TemporaryDirectory() as folder:
        stranger = open_tsa(Path(folder), b"m" * 32, told.world.clock, told.world.random)
    digest = hashlib.sha256(files[SEAL]).digest()
    return files | {"data/seals/0001.tsr": stranger.answer(timestamp.request(digest, 7, POLICY))}


# --- papers -----------------------------------------------------------------------------------------------------------


def flip_a_signed_byte(told: Told, files: Files) -> Files:
    at = files[SIGNED].index(b"% ") + 3  # the nonce in the page's content
    return files | {SIGNED: flipped(files[SIGNED], at)}


def page_replaced_by_an_update(told: Told, files: Files) -> Files:  # trap 2
    writer = IncrementalPdfFileWriter(io.BytesIO(files[SIGNED]))
    page = writer.find_page_for_modification(0)[0].get_object()  # type: ignore[no-untyped-call]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return files | {SIGNED: out.getvalue()}


def junk_after_the_end(told: Told, files: Files) -> Files:  # trap 3
    return files | {SIGNED: files[SIGNED] + b"junk\n"}


def signed_by_a_stranger(told: Told, files: Files) -> Files:
    """A proper PAdES signature under an authority that the auditor does not know."""
    return files | {
        SIGNED: asyncio.run(sign_pdf(files[SHOWN], authority(), told.world.tsa, {"act": "x"}, told.world.clock()))
    }


# --- disclosures ------------------------------------------------------------------------------------------------------


def another_salt(told: Told, files: Files) -> Files:
    first, *rest = files["data/openings/values.txt"].splitlines(keepends=True)
    salt, name, value = json.loads(base64.urlsafe_b64decode(first.strip() + b"=="))
    salt = ("B" if salt[0] == "A" else "A") + salt[1:]
    forged = base64.urlsafe_b64encode(json.dumps([salt, name, value]).encode()).rstrip(b"=") + b"\n"
    return files | {"data/openings/values.txt": b"".join((forged, *rest))}


def flipped(data: bytes, at: int | None = None) -> bytes:
    """One bit changed, in the middle unless it is said where."""
    changed = bytearray(data)
    changed[len(data) // 2 if at is None else at] ^= 1
    return bytes(changed)
