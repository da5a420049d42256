"""Attacks that only the museum needs: on the archive, on time and witnesses, and what an operator can do to papers."""

import asyncio
import io
import zipfile
from datetime import datetime, timedelta
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from evidence.checkpoint import cosign, read_proof, sign, split_note, write_proof
from evidence.timestamp import request
from evidence.verify.account import GUIDE
from evidence.verify.container import read
from evidence.verify.fields import VALUES, WITHHELD
from evidence.verify.log import PROOF
from evidence.verify.seals import sm3
from evidence.verify.strict import canonical, sha256
from evidence.verify.time import CHECKPOINT
from tests.evidence.fakes import FixedClock
from tests.museum.worlds import OUTSIDERS, ed25519, time_authority
from tests.proof.attacks import SIGNED, Events, found_in
from tests.proof.paper import Authority, authority, p256, sign_pdf
from tests.proof.story import Customer, Told
from tests.proof.tampering import Files, lines, rechained

SIGNED_PDF, SHOWN_PDF = "data/documents/doc_1.signed.pdf", "data/documents/doc_1.pdf"

# --- the archive ------------------------------------------------------------------------------------------------------


def flip_a_bit(bundle: bytes) -> bytes:
    """In the middle of a paper, nowhere near a header."""
    at = bundle.index(b"%PDF-") + 100
    return bundle[:at] + bytes([bundle[at] ^ 4]) + bundle[at + 1 :]


def zip_as_others_do(bundle: bytes) -> bytes:
    """The same files with dates: any program opens it, and any number of such archives hold the same."""
    root, files = read(bundle)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(f"{root}/{path}", (2026, 11, 21, 12, 0, 0)), data)
    return out.getvalue()


def one_name_twice(bundle: bytes) -> bytes:
    """One reader takes the first seal of that name, another the last."""
    return bundle.replace(b"/data/seals/0002.dsse.json", b"/data/seals/0001.dsse.json")


def climb_out(bundle: bytes) -> bytes:
    """Unpacked carelessly, a file lands beside the folder instead of in it."""
    return bundle.replace(b"/AUDIT.md", b"/../me.sh")


# --- the list of files ------------------------------------------------------------------------------------------------


def empty_a_file(_: Told, files: Files) -> Files:
    return files | {"data/context/texts/" + sha256(b""): b""}


def leave_the_seals_out(_: Told, files: Files) -> Files:
    return {path: data for path, data in files.items() if not path.startswith("data/seals/")}


# --- the chain --------------------------------------------------------------------------------------------------------


def cut_the_last_line_feed(_: Told, files: Files) -> Files:
    return files | {"data/chain/0004.jsonl": files["data/chain/0004.jsonl"][:-1]}


def nest_deeply(_: Told, files: Files) -> Files:
    line = b"[" * 9_000 + b"]" * 9_000 + b"\n"
    return files | {"data/chain/0004.jsonl": files["data/chain/0004.jsonl"] + line}


def lose_a_segment(_: Told, files: Files) -> Files:
    return {path: data for path, data in files.items() if path != "data/chain/0003.jsonl"}


# --- the log ----------------------------------------------------------------------------------------------------------


def forge_a_witness(told: Told, files: Files) -> Files:
    """A signature line in a witness's name, by a key that is not his."""
    index, hashes, note = read_proof(files[PROOF])
    head, _ = split_note(note)
    forged = sign(head, told.world.log_key) + cosign(head, OUTSIDERS[0].name, ed25519("forger"), 1_795_233_600)
    return _under(files, forged) | {PROOF: write_proof(index, hashes, forged)}


def show_two_heads(told: Told, files: Files) -> Files:
    """The keys' stream is proven under one checkpoint, the case under another: both signed by the log."""
    index, hashes, note = read_proof(files[PROOF])
    head, _ = split_note(note)
    return files | {PROOF: write_proof(index, hashes, sign(head, told.world.log_key))}


def _under(files: Files, note: bytes) -> Files:
    """Every proof of a context under another note."""
    found = dict(files)
    for path in files:
        if path.endswith(".tlog-proof"):
            index, hashes, _ = read_proof(files[path])
            found[path] = write_proof(index, hashes, note)
    return found


# --- time -------------------------------------------------------------------------------------------------------------


def stamp_before_it_happened(_: Told, files: Files) -> Files:
    """An hour before the signature it covers, by the very authority: over the right bytes, at a wrong time."""
    at = datetime.fromisoformat(lines(files, 2)[-1]["at"]) - timedelta(hours=1)
    return _stamped(files, "time.example.org", at)


def stamp_by_an_unknown(_: Told, files: Files) -> Files:
    at = datetime.fromisoformat(lines(files, 2)[-1]["at"]) + timedelta(seconds=1)
    return _stamped(files, "time.forger.example", at)


def _stamped(files: Files, who: str, at: datetime) -> Files:
    digest = bytes.fromhex(sha256(files["data/seals/0002.dsse.json"]))
    return files | {"data/seals/0002.tsr": time_authority(who, FixedClock(at)).answer(request(digest, 1))}


def stamp_another_checkpoint(_: Told, files: Files) -> Files:
    return files | {CHECKPOINT: files["data/seals/0003.tsr"]}


# --- openings ---------------------------------------------------------------------------------------------------------


def declare_closed_what_is_open(_: Told, files: Files) -> Files:
    opened = lines(files, 1)[1]["body"]["phone"]
    return files | {WITHHELD: f"{opened}\n".encode()}


def open_in_another_order(_: Told, files: Files) -> Files:
    one, two, *rest = files[VALUES].splitlines(keepends=True)
    return files | {VALUES: b"".join((two, one, *rest))}


# --- the account ------------------------------------------------------------------------------------------------------


def write_a_guide_that_checks_nothing(_: Told, files: Files) -> Files:
    return files | {GUIDE: files[GUIDE].replace(b"openssl pkeyutl -verify", b"echo openssl pkeyutl -verify")}


# --- the operator and the papers: sealed and logged anew --------------------------------------------------------------


def _paper(files: Files, second: Events, data: bytes) -> None:
    """Another signed PDF, and the event that names its hashes."""
    files[SIGNED_PDF] = data
    found_in(second, SIGNED).update(signed_sha256=sha256(data), signed_sm3=sm3(data))
    commitment = found_in(second, SIGNED)["signed"]["commitment"]
    assert commitment  # its salt stays in the vault: the plain hash in the same event is what binds a paper


def append_to_the_paper(_: Told, files: Files, __: Events, second: Events) -> None:
    """Trap 3."""
    _paper(files, second, files[SIGNED_PDF] + b"% and nothing happened\n%%EOF\n")


def replace_the_page_content(_: Told, files: Files, __: Events, second: Events) -> None:
    """Trap 2: an incremental update after the signature shows another page, and some readers go on saying `valid`."""
    update: Any = IncrementalPdfFileWriter(io.BytesIO(files[SIGNED_PDF]))
    update._update_meta = lambda: None
    update._document_id = generic.ArrayObject([update._document_id[0], generic.ByteStringObject(b"i" * 16)])
    page = update.root["/Pages"]["/Kids"][0].get_object()
    page["/Contents"] = update.add_object(generic.StreamObject(stream_data=b"% 20 years, not 10\n"))
    update.mark_update(page.container_ref if page.container_ref else page)
    out = io.BytesIO()
    update.write(out)
    _paper(files, second, out.getvalue())


def take_the_signature_off(_: Told, files: Files, __: Events, second: Events) -> None:
    """Trap 1 and attack 17: a PDF without any signature, where a signed one should be."""
    _paper(files, second, files[SHOWN_PDF] + b"\n")


def show_another_paper(_: Told, files: Files, __: Events, second: Events) -> None:
    """Attack 15: what was signed does not begin with what was shown."""
    _paper(files, second, files[SIGNED_PDF].replace(b"% ", b"%-", 1))


def sign_under_another_authority(_: Told, files: Files, __: Events, second: Events) -> None:
    """A real signature over the right paper and the right act, by somebody who calls himself an authority."""
    forger = authority(b"forger")
    _paper(files, second, _signed_again(files, second, forger, {}))
    found_in(second, SIGNED)["certificate"]["sha256"] = forger.sha256


def sign_another_act(told: Told, files: Files, _: Events, second: Events) -> None:
    """The operator's own authority signs the paper for another place than the customer's phone told."""
    _paper(files, second, _signed_again(files, second, told.world.papers, {"place": "refused"}))


def _signed_again(files: Files, second: Events, who: Authority, changes: dict[str, str]) -> bytes:
    """As the signing room signs, with something else in the signed attribute."""
    event = second[-1]
    body = event["body"]
    verified = next(item for item in lines(files, 1) if item["type"] == "identity.verified/1")
    act = {
        "act": body["act"]["signature"],
        "at": event["at"],
        "case": event["stream"],
        "document": body["shown_sha256"],
        "identity": f"{verified['body']['strength']} {verified['body']['route']} {verified['at']}",
        "place": body["place"]["fix"],
        "strokes": body["strokes"]["commitment"],
    }
    at = datetime.fromisoformat(event["at"])
    return asyncio.run(sign_pdf(files[SHOWN_PDF], who, None, act | changes, at))


# --- the operator and the act -----------------------------------------------------------------------------------------


def act_with_his_own_key(told: Told, files: Files, _: Events, second: Events) -> None:
    """A key that the operator made: the chain, the seals, the log and the PDF are all his, and the act is not."""
    body = found_in(second, SIGNED)
    message = {
        "case": told.stream,
        "document": body["shown_sha256"],
        "nonce": body["act"]["nonce"],
        "opinion": body["opinion"],
        "strokes": body["strokes"]["commitment"],
    }
    his = Customer(told.stream, p256(b"operator"))
    body["act"]["signature"] = his.sign(canonical(message))
    _paper(files, second, _signed_again(files, second, told.world.papers, {}))


def act_for_the_customer(_: Told, __: Files, ___: Events, second: Events) -> None:
    """Attack 7: the agent's session, where only the customer may act."""
    second[-1]["actor"] = {"id": "staff_wang", "role": "agent", "session": "ses_1"}


def use_a_test_certificate(_: Told, __: Files, ___: Events, second: Events) -> None:
    """ESG-08: in production."""
    found_in(second, SIGNED)["certificate"]["production"] = False


def skip_a_disclosure(_: Told, __: Files, first: Events, ___: Events) -> None:
    """Attack 9."""
    body = found_in(first, "reading.disclosure_acknowledged/1")
    body["satisfies"] = []


def earn_identity_by_reading(_: Told, __: Files, first: Events, ___: Events) -> None:
    found_in(first, "reading.disclosure_acknowledged/1")["satisfies"].append("identity:proposer:K3")


def wait_too_long(_: Told, __: Files, first: Events, ___: Events) -> None:
    """ESG-01: the policy says three seconds."""
    found_in(first, "case.opened/1")["policy"]["identity_fresh_s"] = 3


def not_read_to_its_end(_: Told, __: Files, ___: Events, second: Events) -> None:
    found_in(second, "esign.document_shown/1")["end_seen"] = False


def play_in_production(_: Told, __: Files, first: Events, ___: Events) -> None:
    found_in(first, "case.opened/1")["input_origin"] = "synthetic"


def time_runs_back(_: Told, files: Files) -> Files:
    events = [lines(files, number) for number in (1, 2, 3, 4)]
    events[0][3]["at"] = "2020-01-01T00:00:00.000Z"
    return rechained(files, events)


def open_twice(_: Told, files: Files) -> Files:
    events = [lines(files, number) for number in (1, 2, 3, 4)]
    events[0].insert(1, events[0][0])
    return rechained(files, events)


def unknown_event(_: Told, files: Files) -> Files:
    events = [lines(files, number) for number in (1, 2, 3, 4)]
    events[0][4]["type"] = "case.smoothed/1"
    return rechained(files, events)


def seal_in_the_middle(_: Told, files: Files) -> Files:
    """A milestone inside a segment: part of the chain would never be sealed on its own."""
    events = [lines(files, number) for number in (1, 2, 3, 4)]
    events[0].append(events[1].pop(0))
    return rechained(files, events)
