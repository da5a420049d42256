"""A product's versions over HTTP: admins see, approve, publish and withdraw; for everybody else there is nothing."""

from collections.abc import Iterator

import httpx
import pytest

from api.sandbox import DEMO_TENANT
from api.store import Store
from bench.client import Agent, ProblemError
from kyc.access.staff import Accounts
from tests.api.service import Service
from tests.evidence.fakes import CountedRandom

VERSIONS = "/v1/products/anju_term_life/versions"


async def _enrol(service: Service) -> None:
    async with Store.of(service.settings, service.clock).opened() as store:
        accounts = Accounts(store.ledger, store.vault, service.clock, CountedRandom("releases"))
        await accounts.enrol("staff_demo-admin", DEMO_TENANT, "admin", "周管理", "13900000008")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One of our own: what is withdrawn here stays withdrawn."""
    found = Service(tmp_path_factory.mktemp("releases"))
    yield found
    found.stop()


@pytest.fixture
def admin(service: Service) -> Iterator[Agent]:
    service.ask(_enrol(service))
    with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as http:
        found = Agent(http)
        found.sign_in(service.sign_in_token("admin"))
        yield found


def test_an_admin_sees_each_version_and_what_the_lint_says(admin: Agent) -> None:  # PRD-02, PRD-06
    (version,) = admin.get(VERSIONS)["versions"]
    assert (version["version"], version["state"]) == (1, "on_sale")
    assert version["missing"] == ["author", "legal", "actuary", "compliance"]
    assert set(version["hashes"]) == {"formal", "numbers", "plain", "rules", "full"}
    findings = admin.get(f"{VERSIONS}/1/findings")
    assert (findings["full"], findings["findings"]) == (version["hashes"]["full"], [])
    same = admin.get("/v1/products/anju_term_life/difference", older="1", newer="1")
    assert (same["clauses"], same["read_again"], same["requote"]) == ([], [], False)


def test_one_person_cannot_approve_alone_and_another_content_cannot_be_approved(admin: Agent) -> None:
    (version,) = admin.get(VERSIONS)["versions"]
    full = version["hashes"]["full"]
    for body, code in (
        ({"full": full, "post": "legal"}, "AUTHOR_FIRST"),
        ({"full": "0" * 64, "post": "author"}, "CONTENT_CHANGED"),
    ):
        with pytest.raises(ProblemError) as refused:
            admin.post(f"{VERSIONS}/1/approvals", body)
        assert refused.value.code == code
    (version,) = admin.post(f"{VERSIONS}/1/approvals", {"full": full, "post": "author"})["versions"]
    assert version["missing"] == ["legal", "actuary", "compliance"]
    with pytest.raises(ProblemError) as refused:
        admin.post(f"{VERSIONS}/1/approvals", {"full": full, "post": "actuary"})
    assert refused.value.code == "ANOTHER_PERSON_NEEDED"


def test_what_was_withdrawn_is_offered_to_nobody_and_cannot_be_published_again(admin: Agent) -> None:  # PRD-07
    path = "/v1/products/card_loss/versions"
    (version,) = admin.get(path)["versions"]
    full = version["hashes"]["full"]
    assert "card_loss" in {item["id"] for item in admin.get("/v1/products")["items"]}
    (version,) = admin.post(f"{path}/1/withdrawal", {"full": full, "cause": "stop_sale"})["versions"]
    assert (version["state"], version["cause"]) == ("withdrawn", "stop_sale")
    assert version["notice_due"] > version["withdrawn_at"][:10]
    assert "card_loss" not in {item["id"] for item in admin.get("/v1/products")["items"]}
    with pytest.raises(ProblemError) as refused:
        admin.post(f"{path}/1/publication", {"full": full})
    assert (refused.value.status, refused.value.code) == (422, "PUBLISHING_REFUSED")
    reasons = refused.value.body["facts"]["reasons"]
    assert any("withdrawn" in reason for reason in reasons)
    assert sum("has not approved" in reason for reason in reasons) == 4
    (version,) = admin.post(f"{path}/1/notice", {"reference": "web-2026-118"})["versions"]
    assert (version["notice_due"], version["notice"]) == (None, "web-2026-118")


def test_for_an_agent_and_for_an_unknown_product_there_are_no_versions(service: Service, admin: Agent) -> None:
    with pytest.raises(ProblemError) as refused:
        admin.get("/v1/products/no_such_product/versions")
    assert refused.value.code == "PRODUCT_UNKNOWN"
    admin.sign_in(service.sign_in_token("reviewer"))
    for path in (VERSIONS, f"{VERSIONS}/1/findings"):
        with pytest.raises(ProblemError) as refused:
            admin.get(path)
        assert refused.value.status == 404
    with pytest.raises(ProblemError) as refused:
        admin.get("/v1/products/anju_term_life/difference", older="1", newer="1")
    assert refused.value.status == 404
    with pytest.raises(ProblemError) as refused:
        admin.post(f"{VERSIONS}/1/publication", {"full": "0" * 64})
    assert refused.value.status == 404
