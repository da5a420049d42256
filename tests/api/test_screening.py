"""Somebody whose name is listed, over HTTP: stopped, told nothing, decided by a reviewer; and a list that changes."""

import time

import pytest

from bench import specimen
from bench.client import Agent, ProblemError
from bench.walk import Walk
from tests.api.service import Service

LISTED = "阿卜杜拉·演示"


def _confirmed_as(walk: Walk, name: str) -> None:
    walk.enter()
    walk.understand()
    customer = walk.customer
    customer.capture_paper("cn_id_front", specimen.front())
    customer.capture_paper("cn_id_back", specimen.back())
    fields = {key: str(field["value"]) for key, field in customer.read("identity/papers")["fields"].items()}
    customer.act("identity/confirmations", {"fields": {**fields, "name": name}})
    customer.act("identity/routes", {"party": "proposer", "route": "assisted"})


def _waiting(reviewer: Agent, case: str, how_many: int) -> list[dict[str, str]]:
    """The list follows the log, so it may be a moment behind."""
    for _ in range(200):
        found = [item for item in reviewer.get("/v1/screenings")["items"] if item["case"] == case]
        if len(found) == how_many:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{len(found)} screenings of the case wait")


def test_a_listed_name_waits_for_a_reviewer_who_settles_the_hit_first(service: Service, walk: Walk) -> None:  # API-21
    _confirmed_as(walk, LISTED)
    case = walk.customer.case
    assert "screen" not in str(walk.customer.view).lower().replace('"screen"', "").replace("'screen'", "")
    reviewer = Agent(walk.customer.http)
    reviewer.sign_in(service.sign_in_token("reviewer"))
    (waiting,) = _waiting(reviewer, case, 1)
    accept = {"party": "proposer", "decision": "accept", "reason": "papers_agree"}
    with pytest.raises(ProblemError) as refused:
        reviewer.post(f"/v1/cases/{case}/identity/reviews", accept)
    assert refused.value.code == "CHECKS_OPEN"
    hits = reviewer.post(f"/v1/screenings/{waiting['id']}/readings", {"reason": "例行核查"})
    assert hits["hits"][0]["entry"] == "made-up-3"
    assert hits["person"]["name"] == LISTED
    reviewer.post(f"/v1/screenings/{waiting['id']}/decisions", {"decision": "cleared", "reason": "OTHER_NUMBER"})
    _waiting(reviewer, case, 0)
    reviewer.post(f"/v1/cases/{case}/identity/reviews", accept)
    assert walk.customer.get(f"/v1/cases/{case}")["identity"]["verified"]["route"] == "assisted"


def test_nobody_else_learns_that_there_is_a_screening(service: Service, walk: Walk) -> None:
    _confirmed_as(walk, LISTED)
    reviewer = Agent(walk.customer.http)
    reviewer.sign_in(service.sign_in_token("reviewer"))
    (waiting,) = _waiting(reviewer, walk.customer.case, 1)
    name = waiting["id"]
    decision = {"decision": "cleared", "reason": "OTHER_PERSON"}
    for who in (walk.agent, walk.customer):
        with pytest.raises(ProblemError) as listed:
            who.get("/v1/screenings")
        with pytest.raises(ProblemError) as read:
            who.post(f"/v1/screenings/{name}/readings", {"reason": "why"})
        with pytest.raises(ProblemError) as decided:
            who.post(f"/v1/screenings/{name}/decisions", decision)
        assert {refused.value.status for refused in (listed, read, decided)} == {404}
