"""Over HTTP: a browser of staff is no customer's, and signals are for reviewers only."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bench import specimen
from bench.client import Agent, Customer, ProblemError
from bench.server import LINK
from bench.walk import PHONE, PRODUCT, Walk
from tests.api.service import Service


@pytest.fixture
def reviewer(service: Service) -> Iterator[Agent]:
    found = Agent(httpx.Client(base_url=service.url, timeout=30, trust_env=False))
    found.sign_in(service.sign_in_token("reviewer"))
    yield found
    found.http.close()


def _sign_in_with(walk: Walk, key: ec.EllipticCurvePrivateKey) -> Agent:
    """As the desk's page does: the sign-in proves the browser's key."""
    walk.agent.key = key
    walk.agent.sign_in(walk.server.sign_in_token("agent"))
    walk.agent.key = None  # a bearer token from then on
    return walk.agent


def _refused(walk: Walk, agent: Agent) -> None:
    case = agent.open_case(PRODUCT, PHONE, input_origin="synthetic")
    before = len(walk.server.lines)
    agent.send_link(case["id"])
    link = walk.server.message(LINK, before)
    with pytest.raises(ProblemError) as refused:
        walk.customer.ask_code(link)
    assert (refused.value.status, refused.value.code) == (403, "AGENT_SELF_SIGN")
    assert agent.get(f"/v1/cases/{case['id']}")["refusals"] == {"AGENT_SELF_SIGN": 1}


def test_a_link_does_not_open_in_the_browser_an_agent_signed_in_with(walk: Walk) -> None:
    key = ec.generate_private_key(ec.SECP256R1())  # API-05, attack 7
    agent = _sign_in_with(walk, key)
    walk.customer.key = key
    _refused(walk, agent)
    # Another browser opens it.
    case = agent.open_case(PRODUCT, PHONE, input_origin="synthetic")
    before = len(walk.server.lines)
    agent.send_link(case["id"])
    walk.customer.key = None
    walk.customer.ask_code(walk.server.message(LINK, before))


def test_a_customer_s_browser_stops_being_one_once_an_agent_signs_in_with_it(walk: Walk) -> None:
    walk.enter()  # API-05
    assert walk.customer.key is not None
    _sign_in_with(walk, walk.customer.key)
    with pytest.raises(ProblemError) as refused:
        walk.customer.act("codes", {"purpose": "sign"})
    assert refused.value.code == "AGENT_SELF_SIGN"
    with pytest.raises(ProblemError) as refused:
        walk.customer.act("signatures", {"document": "doc_1", "shown_sha256": "ab" * 32, "opinion": "agree"})
    assert refused.value.code == "AGENT_SELF_SIGN"
    walk.customer.get(f"/v1/cases/{walk.customer.case}")  # reading is not acting


def _confirm(walk: Walk, person: specimen.Person, key: ec.EllipticCurvePrivateKey) -> Customer:
    customer = Customer(walk.customer.http)
    customer.key = key
    walk.customer = customer
    walk.enter()
    walk.understand()
    customer.capture_paper("cn_id_front", specimen.front(person))
    customer.capture_paper("cn_id_back", specimen.back())
    fields = {name: str(field["value"]) for name, field in customer.read("identity/papers")["fields"].items()}
    customer.act("identity/routes", {"party": "proposer", "route": "face"})
    customer.act("identity/confirmations", {"fields": {**fields, **person.fields}})
    return customer


def _waiting(reviewer: Agent, case: str) -> dict[str, str]:
    """The list follows the log, so it may be a moment behind."""
    for _ in range(200):
        for item in reviewer.get("/v1/signals")["items"]:
            if item["case"] == case:
                return dict(item)
        time.sleep(0.05)
    raise AssertionError("no signal of the case waits")


def test_the_fourth_customer_on_one_phone_waits_and_a_reviewer_settles_it(
    walk: Walk, reviewer: Agent
) -> None:  # API-12, attack 8
    key = ec.generate_private_key(ec.SECP256R1())
    for day in (1, 2, 3, 4):
        person = replace(specimen.DEFAULT, birth=specimen.DEFAULT.birth.replace(day=day))
        customer = _confirm(walk, person, key)
    assert "risk" not in str(customer.view).lower()
    waiting = _waiting(reviewer, customer.case)
    for who in (walk.agent, customer):
        with pytest.raises(ProblemError) as listed:
            who.get("/v1/signals")
        with pytest.raises(ProblemError) as read:
            who.post(f"/v1/signals/{waiting['id']}/readings", {"reason": "why"})
        assert {listed.value.status, read.value.status} == {404}
    told = reviewer.post(f"/v1/signals/{waiting['id']}/readings", {"reason": "例行核查"})
    assert "DEVICE_SHARED" in told["decisions"][-1]["reasons"]
    decision = {"decision": "cleared", "reason": "SHARED_PLACE"}
    once = secrets.token_urlsafe(8)
    first = reviewer.post(f"/v1/signals/{waiting['id']}/decisions", decision, key=once)
    assert reviewer.post(f"/v1/signals/{waiting['id']}/decisions", decision, key=once) == first
