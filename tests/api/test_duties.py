"""Duties around faces over HTTP: admins see, record and fetch the filing; for everybody else there is nothing."""

from collections.abc import Iterator

import httpx
import pytest

from api.sandbox import DEMO_TENANT
from api.store import Store
from bench.client import Agent, ProblemError
from kyc.access.staff import Accounts
from tests.api.service import Service
from tests.evidence.fakes import CountedRandom

ASSESSMENT = {"assessment": "pia-1", "dated": "2026-11-20", "owner": "个人信息保护负责人", "sha256": "ab" * 32}


async def _enrol(service: Service) -> None:
    async with Store.of(service.settings, service.clock).opened() as store:
        accounts = Accounts(store.ledger, store.vault, service.clock, CountedRandom("duties"))
        await accounts.enrol("staff_demo-admin", DEMO_TENANT, "admin", "周管理", "13900000008")


@pytest.fixture
def admin(service: Service) -> Iterator[Agent]:
    service.ask(_enrol(service))
    with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as http:
        found = Agent(http)
        found.sign_in(service.sign_in_token("admin"))
        yield found


def test_an_admin_registers_but_does_not_approve_alone_and_fetches_the_filing(admin: Agent) -> None:  # KYC-15, KYC-16
    assert admin.post("/v1/duties/assessments", ASSESSMENT)["assessed"] is False
    with pytest.raises(ProblemError) as refused:
        admin.post("/v1/duties/approvals", {"assessment": "pia-1"})
    assert refused.value.code == "SECOND_PERSON_NEEDED"
    with pytest.raises(ProblemError) as refused:
        admin.post("/v1/duties/filings", {"reference": "f-1"})
    assert refused.value.code == "NOTHING_TO_FILE"
    state = admin.get("/v1/duties")
    assert (state["warn"], state["limit"], state["filing"]) == (80_000, 100_000, None)
    assert set(admin.get("/v1/duties/filing")) == {"at", "processor", "purpose", "amount", "rules", "assessment"}
    assert admin.fetch("/v1/duties/filing", form="markdown").decode().startswith("# 人脸信息处理备案材料")
    assert admin.fetch("/v1/duties/filing", form="markdown", locale="en").decode().startswith("# Filing on face data")


def test_for_a_reviewer_there_are_no_duties(service: Service, admin: Agent) -> None:
    admin.sign_in(service.sign_in_token("reviewer"))
    for path in ("/v1/duties", "/v1/duties/filing"):
        with pytest.raises(ProblemError) as refused:
            admin.get(path)
        assert refused.value.status == 404
