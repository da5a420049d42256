"""The whole way, and every way off it: refused with a clear problem, recorded, nothing lost."""

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bench import specimen
from bench.client import Agent, Customer, ProblemError
from bench.server import CODE, LINK
from bench.walk import PERSON, PHONE, PLACE, PRODUCT, Walk, handwriting
from evidence.verify import TrustedKeys, verify_bundle
from tests.api.service import Service


def refused(code: str, act: Any, *arguments: Any, **options: Any) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        act(*arguments, **options)
    problem = caught.value
    assert problem.code == code
    assert set(problem.body["message"]) == {"zh-CN", "en"}
    assert all(problem.body["message"].values())
    assert problem.body["request_id"].startswith("req_")
    return problem


def sealed_refusals(walk: Walk) -> dict[str, int]:
    view: dict[str, Any] = walk.customer.get(f"/v1/cases/{walk.customer.case}")
    return dict(view["refusals"])


def test_a_whole_journey_ends_in_a_bundle_that_lacks_only_independent_time_and_witness(
    service: Service, walk: Walk
) -> None:
    bundle = walk.all()
    keys = TrustedKeys.load(service.data / "public-keys")
    report = verify_bundle(bundle, keys)
    assert report.verdict == "INDETERMINATE"
    assert {reason.code for reason in report.reasons} == {"NO_INDEPENDENT_TIME", "NO_WITNESS"}
    assert {step.name for step in report.steps if step.state != "passed"} == {"time", "witness"}
    assert walk.customer.view["state"] == "completed"
    # anybody may ask the service too, without a login, and gets the same words
    asked = httpx.post(f"{service.url}/v1/verifications", content=bundle, trust_env=False, timeout=60).json()
    assert asked == report.plain()
    broken = bytearray(bundle)
    broken[len(broken) // 2] ^= 1
    asked = httpx.post(f"{service.url}/v1/verifications", content=bytes(broken), trust_env=False, timeout=60).json()
    assert asked["verdict"] == "TOTAL-FAILED"
    # every answer's event is in the bundle's chain or after it, and none is missing from the case
    assert (
        walk.customer.acknowledged[walk.customer.case] <= walk.customer.get(f"/v1/cases/{walk.customer.case}")["head"]
    )


def test_the_agent_sees_progress_and_nothing_personal(walk: Walk) -> None:
    walk.enter()
    walk.understand()
    seen = walk.agent.get(f"/v1/cases/{walk.customer.case}")
    text = str(seen)
    assert seen["steps"][0] == {"name": "quote", "state": "done", "missing": []}
    for secret in (PERSON.name, PHONE, PERSON.number, "500000"):
        assert secret not in text
    assert "reading" not in seen
    assert "identity" not in seen


def test_an_unread_must_read_clause_stops_identity_and_names_itself(walk: Walk) -> None:  # attack 9
    walk.enter()
    inputs = {"age": 30, "sex": "male", "sum": "500000", "term": 20, "pay_years": 10}
    walk.customer.act("quotes", {"inputs": inputs})
    problem = refused("STEPS_MISSING", walk.customer.capture_paper, "cn_id_front", specimen.front())
    assert any(key.startswith("read:") for key in problem.body["missing"])
    assert sealed_refusals(walk)["STEPS_MISSING"] == 1


def test_a_clause_in_view_for_a_fifth_of_a_second_is_not_read(walk: Walk) -> None:  # attack 9
    walk.enter()
    inputs = {"age": 30, "sex": "male", "sum": "500000", "term": 20, "pay_years": 10}
    walk.customer.act("quotes", {"inputs": inputs})
    walk.customer.read_all(wait=lambda seconds: None)  # the phone claims the full time; the server's clock does not
    outline = walk.customer.read("reading", locale="zh-CN")
    assert outline["progress"]["read"] < outline["progress"]["of"]


def test_another_persons_face_does_not_match_the_card(walk: Walk) -> None:  # attack 3, KYC-08
    walk.enter()
    walk.understand()
    front = specimen.front(portrait=specimen.other_person())
    customer = walk.customer
    customer.capture_paper("cn_id_front", front)
    customer.capture_paper("cn_id_back", specimen.back())
    customer.confirm_paper()
    customer.consent("face")
    customer.act("identity/routes", {"party": "proposer", "route": "face"})
    customer.capture_faces(lambda actions, colours: specimen.frames(actions, seed=walk.seed, colours=colours))
    assert customer.view["identity"]["comparisons"]["live_to_document"] == "fail"
    assert customer.view["identity"]["verified"] is None
    assert customer.view["identity"]["attempts_left"] == 2


def test_printed_looking_frames_are_screened_out(walk: Walk) -> None:  # attack 5
    _to_faces(walk)
    walk.customer.capture_faces(
        lambda actions, _: [specimen.printed(frame) for frame in specimen.frames(actions, seed=walk.seed)]
    )
    assert walk.customer.view["identity"]["attempts"][0]["verdict"] != "pass"
    assert walk.customer.view["identity"]["verified"] is None


def test_frames_of_an_earlier_capture_are_refused(walk: Walk) -> None:  # attack 1
    _to_faces(walk)
    kept: list[bytes] = []

    def first(actions: list[str], _: list[str]) -> list[bytes]:
        kept[:] = [specimen.printed(frame) for frame in specimen.frames(actions, seed=walk.seed)]
        return kept

    walk.customer.capture_faces(first)
    refused("FRAME_REPLAYED", walk.customer.capture_faces, lambda *_: kept)
    assert sealed_refusals(walk)["FRAME_REPLAYED"] == 1


def test_a_challenge_answered_after_its_minute_is_refused(service: Service, walk: Walk) -> None:  # KYC-04
    _to_faces(walk)
    walk.customer.act("identity/challenges", {})
    challenge = walk.customer.view["identity"]["challenge"]
    frames = specimen.frames(challenge["actions"], seed=walk.seed)
    path = f"identity/challenges/{challenge['id']}"
    for index, frame in enumerate(frames):
        walk.customer.act(f"{path}/frames/{index}", content=frame, headers={"Content-Type": "image/jpeg"})
    service.clock.move(seconds=61)
    refused("CHALLENGE_EXPIRED", walk.customer.decide, challenge, frames)


def test_a_challenge_signed_by_another_key_is_refused(walk: Walk) -> None:  # attack 1
    _to_faces(walk)
    customer = walk.customer
    customer.act("identity/challenges", {})
    challenge = customer.view["identity"]["challenge"]
    frames = specimen.frames(challenge["actions"], seed=walk.seed)
    path = f"identity/challenges/{challenge['id']}"
    for index, frame in enumerate(frames):
        customer.act(f"{path}/frames/{index}", content=frame, headers={"Content-Type": "image/jpeg"})
    stranger = Customer(customer.http)
    stranger.make_key()
    digests = [hashlib.sha256(frame).hexdigest() for frame in frames]
    at = list(range(0, 7 * len(digests), 7))
    body = {"frames": digests, "at": at, "signature": stranger.sign({"case": customer.case})}
    refused("FRAMES_UNSIGNED", customer.act, f"{path}/decisions", body)


def test_a_wrong_code_is_counted_and_five_lock(walk: Walk) -> None:  # API-04
    walk.agent.sign_in(walk.server.sign_in_token("agent"))
    case = walk.agent.open_case(PRODUCT, PHONE, input_origin="synthetic")
    before = len(walk.server.lines)
    walk.agent.send_link(case["id"])
    link = walk.server.message(LINK, before)
    walk.customer.ask_code(link)
    right = walk.server.message(CODE, before)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1, 0):
        problem = refused("CODE_WRONG", walk.customer.enter, link, wrong)
        assert problem.body["facts"]["tries_left"] == left
    refused("CODE_LOCKED", walk.customer.enter, link, right)
    seen = walk.agent.get(f"/v1/cases/{case['id']}")
    assert seen["refusals"]["CODE_WRONG"] >= 1
    assert right not in str(seen)


def test_a_link_opened_on_another_phone_is_gone_and_the_same_phone_resumes(service: Service, walk: Walk) -> None:
    walk.agent.sign_in(walk.server.sign_in_token("agent"))  # attack 6
    case = walk.agent.open_case(PRODUCT, PHONE, input_origin="synthetic")
    before = len(walk.server.lines)
    walk.agent.send_link(case["id"])
    link = walk.server.message(LINK, before)
    walk.customer.ask_code(link)
    walk.customer.enter(link, walk.server.message(CODE, before))
    other = Customer(walk.customer.http)
    problem = refused("LINK_USED", other.ask_code, link)
    assert problem.status == 410
    service.clock.move(seconds=31)
    before = len(walk.server.lines)
    walk.customer.token = None
    walk.customer.ask_code(link)
    walk.customer.enter(link, walk.server.message(CODE, before))
    assert walk.customer.view["id"] == case["id"]


def test_a_document_other_than_the_one_shown_cannot_be_signed(walk: Walk) -> None:  # attack 15
    _to_signature(walk)
    body = walk.customer.signature(handwriting(walk.seed), PLACE, shown_sha256="0" * 64)
    refused("DOCUMENT_CHANGED", walk.customer.act, "signatures", body)
    assert sealed_refusals(walk)["DOCUMENT_CHANGED"] == 1


def test_the_same_key_with_another_body_is_refused_and_with_the_same_body_answered_alike(walk: Walk) -> None:
    walk.enter()  # attack 14
    inputs = {"age": 30, "sex": "male", "sum": "500000", "term": 20, "pay_years": 10}
    key = secrets.token_urlsafe(8)
    first = walk.customer.act("quotes", {"inputs": inputs}, key=key)
    walk.customer.act("quotes", {"inputs": {**inputs, "age": 31}})
    assert walk.customer.act("quotes", {"inputs": inputs}, key=key) == first  # the view as of that event
    problem = refused("IDEMPOTENCY_KEY_REUSED", walk.customer.act, "quotes", {"inputs": {**inputs, "age": 40}}, key=key)
    assert problem.status == 422


def test_two_tabs_that_sign_at_once_sign_once(walk: Walk) -> None:  # attack 14
    _to_signature(walk)
    customer = walk.customer
    bodies = [customer.signature(handwriting(walk.seed + tab), PLACE) for tab in (5000, 6000)]

    def tab(body: dict[str, Any]) -> str:
        mine = Customer(customer.http)
        mine.key, mine.token, mine.view = customer.key, customer.token, customer.view
        try:
            mine.act("signatures", body)
        except ProblemError as problem:
            return problem.code
        return "signed"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(tab, bodies))
    assert answers.count("signed") == 1
    case = customer.get(f"/v1/cases/{customer.case}")
    assert [paper["signed_at"] is not None for paper in case["documents"]] == [True]


def test_a_customer_who_does_not_agree_ends_the_case_without_penalty(walk: Walk) -> None:  # ESG-07
    _to_signature(walk)
    view = walk.customer.act(
        "signatures",
        {
            "document": walk.customer.document["id"],
            "shown_sha256": walk.customer.document["sha256"],
            "opinion": "disagree",
            "comment": "我再想想",
        },
    )
    assert view["state"] == "declined"


def test_the_way_without_a_face_reaches_the_same_result_and_its_bundle_verifies(service: Service, walk: Walk) -> None:
    walk.enter()  # KYC-03
    walk.understand()
    customer = walk.customer
    customer.capture_paper("cn_id_front", specimen.front())
    customer.capture_paper("cn_id_back", specimen.back())
    customer.confirm_paper()
    customer.act("identity/routes", {"party": "proposer", "route": "assisted"})
    reviewer = Agent(customer.http)
    reviewer.sign_in(walk.server.sign_in_token("reviewer"))
    decision = {"party": "proposer", "decision": "accept", "reason": "seen_by_video"}
    reviewer.post(f"/v1/cases/{customer.case}/identity/reviews", decision)
    customer.view = customer.get(f"/v1/cases/{customer.case}")
    assert customer.view["identity"]["verified"]["route"] == "assisted"
    walk.sign()
    walk.export()
    report = verify_bundle(walk.bundle, TrustedKeys.load(service.data / "public-keys"))
    assert {step.name for step in report.steps if step.state != "passed"} == {"time", "witness"}


def _to_faces(walk: Walk) -> None:
    walk.enter()
    walk.understand()
    customer = walk.customer
    customer.capture_paper("cn_id_front", specimen.front())
    customer.capture_paper("cn_id_back", specimen.back())
    customer.confirm_paper()
    customer.consent("face")
    customer.act("identity/routes", {"party": "proposer", "route": "face"})


def _to_signature(walk: Walk) -> None:
    walk.enter()
    walk.understand()
    walk.identify()
    customer = walk.customer
    customer.prepare()
    customer.view_document()
    before = len(walk.server.lines)
    customer.act("codes", {"purpose": "sign"})
    customer.act("codes/checks", {"purpose": "sign", "code": walk.server.message(CODE, before)})
    customer.consent("location")
