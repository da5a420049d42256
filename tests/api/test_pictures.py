"""Pictures of papers over HTTP: nobody sees one alone, and what is seen carries nothing but pixels."""

from collections.abc import Iterator

import httpx
import pytest

from bench import specimen
from bench.client import Agent, ProblemError
from bench.walk import Walk
from kyc import intake
from tests.api.service import Service


@pytest.fixture
def staff(service: Service) -> Iterator[dict[str, Agent]]:
    made = {}
    for who in ("reviewer", "auditor"):
        made[who] = Agent(httpx.Client(base_url=service.url, timeout=30, trust_env=False))
        made[who].sign_in(service.sign_in_token(who))
    yield made
    for one in made.values():
        one.http.close()


def test_a_reviewer_sees_a_picture_once_another_agreed(
    walk: Walk, staff: dict[str, Agent]
) -> None:  # EVD-13, KYC-13, rows 21 and 22
    reviewer, auditor, customer = staff["reviewer"], staff["auditor"], walk.customer
    walk.enter()
    walk.understand()
    customer.capture_paper("cn_id_front", specimen.front())
    path = f"/v1/cases/{customer.case}/identity"
    with pytest.raises(ProblemError) as seller:
        walk.agent.post(f"{path}/pictures", {"party": "proposer", "reason": "curious"})
    assert seller.value.status == 403
    reviewer.post(f"{path}/pictures", {"party": "proposer", "reason": "review of the identity"})
    (asked,) = reviewer.get(f"/v1/cases/{customer.case}")["identities"]["proposer"]["pictures"]
    assert asked["approved"] is False
    where = f"{path}/papers/cn_id_front/picture"
    query = {"ask": asked["id"], "party": "proposer"}
    with pytest.raises(ProblemError) as early:
        reviewer.fetch(where, **query)
    assert (early.value.status, early.value.code) == (409, "PICTURE_NOT_APPROVED")
    auditor.post(f"{path}/pictures/{asked['id']}/approvals", {"party": "proposer"})
    answer = reviewer.http.get(where, params=query, headers=reviewer.credentials("GET", where))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert intake.decode(answer.content).shape == intake.decode(specimen.front()).shape
    (read,) = auditor.get(f"/v1/cases/{customer.case}")["identities"]["proposer"]["pictures"]
    assert (read["approved"], read["reads"]) == (True, 1)
    assert "pictures" not in customer.get(f"/v1/cases/{customer.case}")["identity"]
