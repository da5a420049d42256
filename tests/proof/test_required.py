"""What the law wants to find in each record, looked for in a whole bundle (EVD-01, EVD-04, EVD-12)."""

import hashlib
import json
from typing import Any, get_args, get_type_hints

import pytest
import rfc8785
from msgspec.structs import fields

from api.settings import Settings
from evidence.checkpoint import from_base64, read_proof, split_note
from evidence.events import BODIES, GENESIS, Media
from evidence.events.identity import PaperCaptured
from evidence.verify import log
from evidence.verify.chain import read as read_chain
from evidence.verify.container import read
from evidence.verify.places import Place
from tests.proof.story import Told

ENVELOPE = {"actor", "at", "body", "cmd", "prev", "seq", "stream", "type", "v"}


@pytest.fixture
def contents(told: Told) -> dict[str, bytes]:
    return dict(read(told.bundle)[1])


def lines(contents: dict[str, bytes]) -> list[bytes]:
    return b"".join(data for path, data in sorted(contents.items()) if path.startswith("data/chain/")).splitlines()


def bodies(contents: dict[str, bytes], kind: str) -> list[dict[str, Any]]:
    return [event["body"] for event in map(json.loads, lines(contents)) if event["type"] == kind]


def test_every_record_says_which_when_who_and_what_came_before(contents: dict[str, bytes]) -> None:  # EVD-01
    before, found = GENESIS, lines(contents)
    for number, line in enumerate(found, 1):
        event = json.loads(line)
        assert event.keys() == ENVELOPE
        assert rfc8785.dumps(event) == line
        assert (event["seq"], event["prev"]) == (number, before)
        assert event["stream"] == json.loads(found[0])["stream"]
        assert event["actor"]["id"]
        assert event["actor"]["role"]
        before = hashlib.sha256(line).hexdigest()


def test_device_place_document_and_identity_are_in_the_records_they_belong_to(contents: dict[str, bytes]) -> None:
    # EVD-01: the rest of the list
    (session,) = bodies(contents, "case.session_opened/1")
    assert {"thumbprint", "ip", "agent", "factors"} <= session.keys()
    acts = [event for event in map(json.loads, lines(contents)) if event["actor"]["role"] == "customer"]
    later = acts[[event["type"] for event in acts].index("case.session_opened/1") :]
    assert {event["actor"]["session"] for event in later} == {session["session"]}
    (signed,) = bodies(contents, "esign.document_signed/1")
    assert signed["place"]["state"] in ("consented", "refused", "unavailable")
    assert {"shown_sha256", "signed_sha256", "signed_sm3", "act", "certificate", "level"} <= signed.keys()
    (prepared,) = bodies(contents, "esign.document_prepared/1")
    assert prepared["template"] == "application/1"
    assert len(prepared["pages"]) > 0
    (verified,) = bodies(contents, "identity.verified/1")
    assert (verified["strength"], verified["session"]) == ("K3", session["session"])
    for path in (name for name in contents if name.startswith("data/seals/") and name.endswith(".json")):
        predicate = json.loads(from_base64(json.loads(contents[path])["payload"]))["predicate"]
        assert predicate["algorithms"]["chain"] == "sha256"
        assert len(predicate["sm3"]) > 0


def test_the_log_is_anchored_at_least_every_ten_minutes_and_a_proof_is_short(contents: dict[str, bytes]) -> None:
    # EVD-04
    assert 0 < Settings().stamp_every_s <= 600
    assert 0 < Settings().witness_every_s <= 600
    index, hashes, note = read_proof(contents[log.PROOF])
    size = split_note(note)[0].size
    assert index < size
    assert len(hashes) <= (size - 1).bit_length()


def test_every_file_says_where_it_came_from_and_what_it_was_there(told: Told, contents: dict[str, bytes]) -> None:
    # EVD-12: source, tool, operator and hash at origin, before anything is chained
    events = {event["seq"]: event for event in map(json.loads, lines(contents))}
    places: list[Place] = list(read_chain(told.stream.replace("_", "-", 1), contents).places)
    shown = [place for place in places if place.media is not None]
    assert {events[place.seq]["type"] for place in shown} == {
        "identity.paper_captured/1",
        "identity.frame_captured/1",
        "esign.document_prepared/1",
        "esign.document_signed/1",
    }
    for place in shown:
        event = events[place.seq]
        assert event["actor"]["session"] == "ses_1", "who, in whose session, with which device key"
        match event["type"]:
            case "identity.paper_captured/1":
                assert event["body"]["source"] in ("camera", "gallery")
            case "identity.frame_captured/1":
                (challenge,) = bodies(contents, "identity.challenge_issued/1")
                assert event["body"]["challenge"] == challenge["challenge"]
                (judged,) = bodies(contents, "identity.liveness_judged/1")
                assert judged["signature"], "the device signed what it captured"
                assert judged["frames"] == [place.commitment]
            case "esign.document_prepared/1":
                assert event["body"]["template_sha256"]
            case "esign.document_signed/1":
                assert event["body"]["act"]["signature"], "the customer's own key signed strokes and document"


def test_an_imported_paper_is_marked_and_no_capture_is_without_its_source() -> None:  # EVD-12
    (source,) = (field for field in fields(PaperCaptured) if field.name == "source")
    assert source.required
    assert set(get_args(get_type_hints(PaperCaptured)["source"])) == {"camera", "gallery"}
    captures = {name for name, body in BODIES.items() if _holds_media(body) and ".paper_" in name}
    assert captures == {"identity.paper_captured/1"}, "a new way to bring a paper in says where it came from too"


def _holds_media(body: type) -> bool:
    return any(Media in (hint, *get_args(hint)) for hint in get_type_hints(body).values())
