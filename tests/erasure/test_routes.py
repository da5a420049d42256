"""API-22, KYC-17: a person asks over HTTP, gets an answer with reasons, and proof of what was deleted."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from api.store import Store
from bench.client import Agent, Customer, ProblemError
from bench.walk import Walk
from evidence.verify import TrustedKeys, verify_bundle
from kyc.access.staff import Accounts
from tests.api.service import Service
from tests.evidence.fakes import CountedRandom


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    found = Service(tmp_path_factory.mktemp("service"))
    found.ask(_enrol_admin(found))
    yield found
    found.stop()


async def _enrol_admin(service: Service) -> None:
    async with Store.of(service.settings, service.clock).opened() as store:
        accounts = Accounts(store.ledger, store.vault, service.clock, CountedRandom("admin"))
        await accounts.enrol("staff_demo-admin", "demo", "admin", "周管理", "13900000008")


@pytest.fixture(scope="module")
def desks(service: Service) -> Iterator[dict[str, Agent]]:
    """Everybody with an account, signed in."""
    with ExitStack() as stack:
        found = {}
        for who in ("auditor", "admin"):
            http = stack.enter_context(httpx.Client(base_url=service.url, timeout=30, trust_env=False))
            found[who] = Agent(http)
            found[who].sign_in(service.sign_in_token(who))
        yield found


@pytest.fixture(scope="module")
def walk(service: Service) -> Iterator[Walk]:
    """One finished case; the tests of this module erase from it, in their order."""
    found = Walk(service, seed=4_401)  # type: ignore[arg-type]
    found.all()
    yield found
    found.close()


def refused(actor: Agent | Customer, path: str, body: dict[str, Any]) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        actor.post(path, body)
    return caught.value


def certificate(actor: Agent | Customer, case: str, seq: int) -> dict[str, Any]:
    envelope = json.loads(actor.fetch(f"/v1/cases/{case}/erasures/{seq}/certificate"))
    found: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    return found


def test_the_frames_of_the_face_check_are_certified_as_deleted(walk: Walk) -> None:  # KYC-13
    view = walk.customer.get(f"/v1/cases/{walk.customer.case}")
    (erased,) = view["erasures"]
    assert (erased["retention"], erased["basis"]) == ("biometric", "KYC-13")
    said = certificate(walk.customer, walk.customer.case, erased["seq"])
    assert said["key_destroyed"] is True
    assert said["fields"] == erased["fields"] > 0


def test_face_consent_is_withdrawn_after_all_is_done_and_the_case_stays_valid(walk: Walk) -> None:  # KYC-17
    customer = walk.customer
    assert customer.get(f"/v1/cases/{customer.case}")["state"] == "completed"
    text = customer.get("/v1/notices/face")["text_sha256"]
    view = customer.act("consents", {"scope": "face", "decision": "withdrawn", "text_sha256": text})
    assert view["consents"]["face"]["decision"] == "withdrawn"
    assert view["state"] == "completed"
    assert view["documents"][0]["signed_at"]
    error = refused(
        customer,
        f"/v1/cases/{customer.case}/consents",
        {"scope": "face", "decision": "given", "text_sha256": text},
    )
    assert error.code == "CASE_CLOSED"


def test_how_long_everything_is_kept_can_be_seen(walk: Walk, desks: dict[str, Agent]) -> None:
    for actor in (walk.customer, walk.agent, desks["auditor"]):
        found = actor.get(f"/v1/cases/{walk.customer.case}/retention")
        classes = {item["retention"]: item for item in found["classes"]}
        assert classes["contract"]["rules"][0]["until"] is None
        assert classes["contract"]["on_request"] == "after"
        assert classes["location"]["on_request"] == "always"
        assert classes["biometric"]["erased_at"]
        assert "第八十七条" in str(classes["contract"]["rules"])


def test_what_the_law_keeps_is_refused_with_the_reason(walk: Walk) -> None:  # EVD-08, API-22
    for retention in ("identity", "contract"):
        error = refused(
            walk.customer,
            f"/v1/cases/{walk.customer.case}/erasures",
            {"retention": retention, "basis": "PIPL-47"},
        )
        assert (error.status, error.code) == (409, "RETENTION_RUNS")
        assert "现在不能删除" in error.body["message"]["zh-CN"]
        assert error.body["facts"]["rule"]


def test_who_sells_may_not_and_who_is_a_stranger_does_not_even_learn_of_the_case(
    walk: Walk, service: Service, desks: dict[str, Agent]
) -> None:
    path = f"/v1/cases/{walk.customer.case}/erasures"
    body = {"retention": "location", "basis": "PIPL-47"}
    assert refused(walk.agent, path, body).status == 403
    assert refused(desks["auditor"], path, body).status == 403
    assert refused(walk.agent, f"/v1/cases/{walk.customer.case}/keeping", {"action": "release"}).status == 403
    other = Walk(service, seed=4_402)  # type: ignore[arg-type]
    other.enter()
    assert refused(other.customer, path, body).status == 404
    assert refused(walk.customer, path, body | {"retention": "everything"}).status == 422
    assert refused(walk.customer, path, body | {"basis": "because"}).code == "BASIS_UNKNOWN"
    other.close()


def test_the_place_goes_at_once_with_a_certificate_and_the_bundle_that_told_it_too(
    walk: Walk, service: Service
) -> None:
    customer, case = walk.customer, walk.customer.case
    export = customer.get(f"/v1/cases/{case}")["exports"][-1]["id"]
    assert customer.fetch(f"/v1/cases/{case}/exports/{export}/file") == walk.bundle
    key = "an erasure, sent twice"
    first = customer.post(f"/v1/cases/{case}/erasures", {"retention": "location", "basis": "PIPL-15"}, key=key)
    again = customer.post(f"/v1/cases/{case}/erasures", {"retention": "location", "basis": "PIPL-15"}, key=key)
    assert again["erasures"] == first["erasures"]
    erased = first["erasures"][-1]
    assert (erased["retention"], erased["basis"]) == ("location", "PIPL-15")
    said = certificate(customer, case, erased["seq"])
    assert (said["case"], said["event"], said["fields"]) == (case, erased["seq"], erased["fields"])
    with pytest.raises(ProblemError) as gone:
        customer.fetch(f"/v1/cases/{case}/exports/{export}/file")
    assert (gone.value.status, gone.value.code) == (410, "OBJECT_ERASED")
    with pytest.raises(ProblemError) as nothing:
        customer.fetch(f"/v1/cases/{case}/erasures/1/certificate")
    assert nothing.value.status == 404
    walk.export()
    report = verify_bundle(walk.bundle, TrustedKeys.load(service.data / "public-keys"))
    assert report.verdict == "INDETERMINATE"
    states = {(field.state, field.event) for field in report.fields if field.place.path == "place.fix"}
    assert states == {("ERASED", erased["seq"])}


def test_after_the_contract_and_its_years_an_admin_erases_the_rest_and_the_bundle_verifies(
    walk: Walk, service: Service, desks: dict[str, Agent]
) -> None:
    admin, case = desks["admin"], walk.customer.case
    ended = {"action": "end_contract", "ended": "1990-01-01T00:00:00.000Z", "period": "over_one_year"}
    admin.post(f"/v1/cases/{case}/keeping", ended)
    admin.post(f"/v1/cases/{case}/keeping", {"action": "hold", "reason": "court"})
    body = {"retention": "identity", "basis": "EVD-08"}
    assert refused(admin, f"/v1/cases/{case}/erasures", body).body["facts"]["rule"] == "hold"
    admin.post(f"/v1/cases/{case}/keeping", {"action": "release"})
    for retention in ("identity", "contract"):
        view = admin.post(f"/v1/cases/{case}/erasures", body | {"retention": retention})
        assert view["erasures"][-1]["retention"] == retention
        assert certificate(admin, case, view["erasures"][-1]["seq"])["basis"] == "EVD-08"
    walk.export()
    report = verify_bundle(walk.bundle, TrustedKeys.load(service.data / "public-keys"))
    assert {step.name for step in report.steps if step.state == "failed"} == set()
    assert {field.state for field in report.fields} <= {"ERASED", "OPENED-MATCH"}
    opened = [field.place.path for field in report.fields if field.state == "OPENED-MATCH"]
    assert opened == []
