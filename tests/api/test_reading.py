"""What was read, over HTTP: pages, terms, the voice, comparison, the trail, past pages and handouts."""

import contextlib
from collections.abc import Iterator

import httpx
import pytest

from bench.client import ProblemError, now
from bench.walk import Walk
from tests.api.service import Service


@pytest.fixture(scope="module")
def walked(service: Service) -> Iterator[Walk]:
    walk = Walk(service, seed=9_077)  # type: ignore[arg-type]
    walk.enter()
    walk.understand()
    yield walk
    walk.close()


def test_pages_and_terms_are_told_and_stand_in_the_trail(walked: Walk) -> None:  # EVD-05
    customer = walked.customer
    customer.act("pages", {"page": "read", "client_at": now()})
    view = customer.act("pages", {"page": "disclosures", "client_at": now()})
    customer.act("terms", {"screen": view["reading"]["screen"], "term": "cash_value"})
    trail = customer.read("trail")
    assert [page["page"] for page in trail["pages"]][-2:] == ["read", "disclosures"]
    assert trail["terms"] == {"cash_value": 1}
    assert all(clause["visible_ms"] >= 0 for clause in trail["clauses"])
    assert set(trail["missing"]) == {
        key for step in view["steps"] for key in step["missing"] if step["name"] == "sign"
    } - {
        key for step in view["steps"] if step["name"] == "sign" for key in step["missing"] if key.startswith("signed:")
    }


def test_a_past_page_is_shown_again_and_events_without_one_are_not_found(walked: Walk) -> None:  # PRD-06
    customer = walked.customer
    shown = customer.read("reading", locale="zh-CN")["disclosures"][0]
    found = []
    for seq in range(1, customer.view["head"] + 1):
        with contextlib.suppress(ProblemError):
            found.append(customer.read(f"past/{seq}"))
    assert next(page for page in found if page.get("disclosure") == shown["id"])["text"] == shown["text"]
    assert any("clauses" in page for page in found)
    with pytest.raises(ProblemError) as refused:
        customer.read("past/1")
    assert refused.value.status == 404


def test_nothing_is_compared_with_itself_and_nothing_has_changed(walked: Walk) -> None:
    customer = walked.customer
    for path, body, code in (
        ("comparisons", {"products": ["anju_term_life", "anju_term_life"], "locale": "zh-CN"}, "NOT_COMPARABLE"),
        ("changes", {"locale": "zh-CN"}, "NOTHING_CHANGED"),
        ("risk", {"answers": {}}, "QUESTIONNAIRE_UNKNOWN"),
        ("thinking", {}, "NOTHING_TO_CONFIRM"),
    ):
        with pytest.raises(ProblemError) as refused:
            customer.act(path, body)
        assert refused.value.body["code"] == code


def test_the_products_say_who_sells_and_hand_out_their_document(service: Service) -> None:  # PRD-15, PRD-16
    with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as http:
        assert http.get("/v1/products").json()["operator"]["name"]
        answer = http.get("/v1/products/anju_term_life/handouts/ipid", params={"locale": "zh-CN"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        assert answer.content.startswith(b"%PDF")
        refused = http.get("/v1/products/anju_term_life/handouts/kid")
        assert (refused.status_code, refused.json()["code"]) == (404, "HANDOUT_UNAVAILABLE")
        assert http.get("/v1/products/anju_term_life/handouts/other").status_code in (400, 404)
