"""Over HTTP, where a tenant has it on: one face under two numbers, what each is told, and what is left at the end."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bench import specimen
from bench.client import Agent, Customer
from bench.walk import Walk
from evidence.fsck.__main__ import main as fsck
from tests.api.service import Service


@pytest.fixture(scope="module")
def searching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    found = Service(tmp_path_factory.mktemp("searching") / "data", face_search="demo")
    yield found
    found.stop()


def identified(walk: Walk, day: int, agrees: str) -> Customer:
    """The same face on the card of somebody born on another day."""
    person = replace(specimen.DEFAULT, birth=specimen.DEFAULT.birth.replace(day=day))
    walk.customer = customer = Customer(walk.customer.http)
    walk.enter()
    walk.understand()
    customer.capture_paper("cn_id_front", specimen.front(person))
    customer.capture_paper("cn_id_back", specimen.back())
    fields = {name: str(field["value"]) for name, field in customer.read("identity/papers")["fields"].items()}
    customer.act("identity/confirmations", {"fields": {**fields, **person.fields}})
    customer.consent("face")
    assert customer.view["policy"]["face_search"] is True
    customer.consent("face_search", agrees)
    customer.act("identity/routes", {"party": "proposer", "route": "face"})
    customer.capture_faces(
        lambda actions, colours: specimen.frames(actions, seed=secrets.randbelow(10_000), colours=colours)
    )
    return customer


def waiting(reviewer: Agent, case: str) -> dict[str, Any]:
    for _ in range(200):
        found = [item for item in reviewer.get("/v1/signals")["items"] if item["case"] == case]
        if found:
            return dict(found[0])
        time.sleep(0.05)
    raise AssertionError("no signal of the case waits")


def test_one_face_under_two_numbers_is_for_a_reviewer_and_goes_when_it_is_asked_to(
    searching: Service,
) -> None:  # KYC-17, KYC-18
    walk = Walk(searching)  # type: ignore[arg-type]
    first = identified(walk, 1, "given")
    assert first.view["identity"]["verified"]["route"] == "face"
    refusing = identified(walk, 2, "refused")
    assert refusing.view["identity"]["verified"]["route"] == "face"  # nobody has to agree
    second = identified(walk, 3, "given")
    identity = second.view["identity"]
    assert (identity["attempts"][-1]["verdict"], identity["verified"], identity["review"]) == (
        "pass",
        None,
        "requested",
    )
    assert "alike" not in str(second.view)
    reviewer = Agent(httpx.Client(base_url=searching.url, timeout=30, trust_env=False))
    reviewer.sign_in(searching.sign_in_token("reviewer"))
    signal = waiting(reviewer, second.case)
    told = reviewer.post(f"/v1/signals/{signal['id']}/readings", {"reason": "例行核查"})
    assert [one["case"] for one in told["faces"]] == [first.case]
    reviewer.post(f"/v1/signals/{signal['id']}/decisions", {"decision": "cleared", "reason": "LOOK_ALIKE"})
    accept = {"party": "proposer", "decision": "accept", "reason": "seen_by_video"}
    reviewer.post(f"/v1/cases/{second.case}/identity/reviews", accept)
    assert second.get(f"/v1/cases/{second.case}")["identity"]["verified"]["route"] == "face"

    first.consent("face_search", "withdrawn")
    assert first.view["erasures"][-1]["basis"] == "KYC-17"
    erased = first.view["erasures"][-1]["seq"]
    certificate = json.loads(first.fetch(f"/v1/cases/{first.case}/erasures/{erased}/certificate"))
    assert "单独存放的人脸特征" in base64.b64decode(certificate["payload"]).decode()
    assert list((searching.data / "objects").glob("risk_*/biometric/*")) != []  # the second one's
    second.consent("face", "withdrawn")
    assert list((searching.data / "objects").glob("risk_*/biometric/*")) == []
    reviewer.http.close()
    walk.close()
    assert fsck([str(searching.data), "--processes", "1"]) == 0


def test_readiness_tells_what_is_owed_and_the_metrics_how_busy_the_models_are(searching: Service) -> None:  # KYC-16
    with httpx.Client(base_url=searching.url, timeout=30, trust_env=False) as http:
        for _ in range(600):  # looked at once a minute
            report = http.get("/readyz").json()
            if report["lacks"]:
                break
            time.sleep(0.2)
        assert report["ready"] is True
        assert list(report["lacks"]) == ["face_assessment_demo"]
        metrics = http.get("/metrics").text
    done = next(line for line in metrics.splitlines() if line.startswith('jianzheng_model_tasks{state="done"}'))
    assert float(done.split()[-1]) > 0
