"""API-22, KYC-17: a person asks over HTTP, gets an answer with reasons, and proof of what was deleted."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from api.store import Store
from bench.client import Agent, Customer, ProblemError
from bench.walk import PHONE, Walk
from evidence.events import ExportRead
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


def test_an_auditor_gets_some_fields_only_and_the_rest_says_that_it_is_withheld(
    walk: Walk, service: Service, desks: dict[str, Agent]
) -> None:  # EVD-13
    auditor, case = desks["auditor"], walk.customer.case
    wanted = {
        "reason": "sample 7 of the yearly audit",
        "open": ["contract", "location"],
        "withhold": ["facts.job", "income", "suitability.income"],
    }
    export = exported(auditor, case, wanted)
    bundle = auditor.fetch(f"/v1/cases/{case}/exports/{export}/file")
    report = verify_bundle(bundle, TrustedKeys.load(service.data / "public-keys"))
    assert report.verdict == "INDETERMINATE"
    states = {(field.place.path, field.state) for field in report.fields}
    assert ("phone", "WITHHELD") in states
    assert ("inputs.sum", "OPENED-MATCH") in states
    assert {state for path, state in states if path == "facts.job"} == {"WITHHELD"}
    assert {state for path, state in states if path == "facts.income"} == {"WITHHELD"}
    assert PHONE.encode() not in bundle


def test_images_of_people_need_a_second_person_and_every_reading_is_sealed(
    walk: Walk, service: Service, desks: dict[str, Agent]
) -> None:  # EVD-13
    auditor, admin, case = desks["auditor"], desks["admin"], walk.customer.case
    auditor.post(f"/v1/cases/{case}/exports", {"reason": "dispute 12"})
    (waiting,) = (item for item in auditor.get(f"/v1/cases/{case}")["exports"] if item["state"] == "awaiting_approval")
    path = f"/v1/cases/{case}/exports/{waiting['id']}"
    with pytest.raises(ProblemError) as early:
        auditor.fetch(f"{path}/file")
    assert (early.value.status, early.value.code) == (409, "APPROVAL_NEEDED")
    assert refused(auditor, f"{path}/approvals", {}).code == "APPROVAL_BY_ANOTHER"
    assert refused(walk.agent, f"{path}/approvals", {}).status == 403
    admin.post(f"{path}/approvals", {})
    built(auditor, case, waiting["id"])
    assert service.ask(readings(service, case, waiting["id"])) == []
    for _ in range(2):
        bundle = auditor.fetch(f"{path}/file")
    with pytest.raises(ProblemError) as selling:
        walk.agent.fetch(f"{path}/file")
    assert selling.value.status == 403
    assert service.ask(readings(service, case, waiting["id"])) == ["staff_demo-auditor"] * 2
    assert verify_bundle(bundle, TrustedKeys.load(service.data / "public-keys")).verdict == "INDETERMINATE"
    # the one the customer made is the customer's: an auditor alone does not get it either
    own = walk.customer.get(f"/v1/cases/{case}")["exports"][0]["id"]
    with pytest.raises(ProblemError) as others:
        auditor.fetch(f"/v1/cases/{case}/exports/{own}/file")
    assert others.value.code == "APPROVAL_NEEDED"


def test_a_bundle_that_is_not_the_one_that_was_built_is_not_handed_out(
    walk: Walk, service: Service, desks: dict[str, Agent]
) -> None:  # convention 19
    auditor, case = desks["auditor"], walk.customer.case
    export = exported(auditor, case, {"reason": "another sample", "open": ["contract"]})
    (kept,) = (service.data / "objects" / case / "kept").glob(export)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ProblemError) as altered:
        auditor.fetch(f"/v1/cases/{case}/exports/{export}/file")
    assert (altered.value.status, altered.value.code) == (409, "EXPORT_ALTERED")
    alarms = httpx.get(f"{service.url}/readyz", trust_env=False).json()["alarms"]
    assert export in alarms["contents"]
    assert service.ask(readings(service, case, export)) == []
    kept.write_bytes(whole)
    assert auditor.fetch(f"/v1/cases/{case}/exports/{export}/file")


def exported(actor: Agent, case: str, body: dict[str, Any]) -> str:
    export: str = actor.post(f"/v1/cases/{case}/exports", body)["exports"][-1]["id"]
    built(actor, case, export)
    return export


def built(actor: Agent, case: str, export: str) -> None:
    deadline = time.monotonic() + 60
    while (state := actor.get(f"/v1/cases/{case}/exports/{export}")["state"]) == "queued":
        assert time.monotonic() < deadline, "it was not built"
        time.sleep(0.1)
    assert state == "succeeded"


async def readings(service: Service, case: str, export: str) -> list[str]:
    """Who got it, in order, by the chain."""
    async with Store.of(service.settings, service.clock).opened() as store:
        events = await store.ledger.events(case)
    return [e.actor.id for e in events if isinstance(e.body, ExportRead) and e.body.export == export]


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
    walk.export()  # the one before went with the first class that was erased
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
