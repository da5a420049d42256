"""What stands between a stranger and the desk."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from api import errors as table
from api.app import create_app
from bench.client import Agent, Customer, ProblemError
from bench.walk import Walk
from evidence.errors import Error
from tests.api.service import Service

BAD_BODIES = {
    "duplicate keys": b'{"inputs":{},"inputs":{}}',
    "lone surrogate": b'{"inputs":{"age":"\\ud800"}}',
    "infinity by size": b'{"inputs":{"age":1e400}}',
    "not a number": b'{"inputs":{"age":NaN}}',
    "over 2^53": b'{"inputs":{"age":9007199254740993}}',
    "a float": b'{"inputs":{"age":30.5}}',
    "10,000 deep": b'{"inputs":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "NUL": b'{"inputs":{"age":"\\u0000"}}',
    "byte order mark": b'\xef\xbb\xbf{"inputs":{}}',
    "bad UTF-8": b'{"inputs":{"age":"\xff"}}',
    "two values": b"{}{}",
    "nothing JSON": b"hello",
}


@pytest.fixture(scope="module")
def walked(service: Service) -> Iterator[Walk]:
    """One case with a customer inside, shared by this module."""
    walk = Walk(service, seed=9_001)  # type: ignore[arg-type]
    walk.enter()
    walk.understand()
    yield walk
    walk.close()


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_body_that_is_not_strict_json_never_reaches_a_command(walked: Walk, name: str) -> None:  # attack 26
    head = walked.customer.get(f"/v1/cases/{walked.customer.case}")["head"]
    with pytest.raises(ProblemError) as caught:
        walked.customer.act("quotes", content=BAD_BODIES[name], headers={"Content-Type": "application/json"})
    assert caught.value.status == 400
    assert walked.customer.get(f"/v1/cases/{walked.customer.case}")["head"] == head


def test_a_body_over_the_limit_is_413(walked: Walk) -> None:
    body = b'{"inputs":{"age":"' + b"9" * 300_000 + b'"}}'
    with pytest.raises(ProblemError) as caught:
        walked.customer.act("quotes", content=body, headers={"Content-Type": "application/json"})
    assert caught.value.status == 413


@pytest.mark.parametrize("field", ["status", "tenant_id", "prev", "seq", "face"])
def test_fields_that_are_not_asked_for_are_refused(walked: Walk, field: str) -> None:  # attacks 4 and 13
    with pytest.raises(ProblemError) as caught:
        walked.customer.act("quotes", {"inputs": {"age": 30}, field: "pass"})
    assert caught.value.status == 422
    assert caught.value.body["errors"]


def test_numbers_are_not_guessed_from_text(walked: Walk) -> None:
    with pytest.raises(ProblemError) as caught:
        walked.customer.act("documents/doc_x/views", {"visible_ms": "1000", "end_seen": "true"})
    assert caught.value.code == "NOT_VALID"


def test_every_error_has_one_status() -> None:
    for kind in _leaves(Error):
        assert table.status_of(kind.__new__(kind)) in range(400, 600)
        assert kind.code.isupper()
        assert kind.zh
        assert kind.en
    assert len({kind.code for kind in _leaves(Error)}) == len(list(_leaves(Error)))


def _leaves(kind: type[Error]) -> Iterator[type[Error]]:
    for child in kind.__subclasses__():
        if child.code:
            yield child
        yield from _leaves(child)


def test_another_case_is_as_absent_as_no_case_for_every_route_and_role(service: Service, walked: Walk) -> None:
    """Attack 12: every route that names a case, asked by everybody it does not concern."""
    stranger = Walk(service, seed=9_002)  # type: ignore[arg-type]
    stranger.enter()
    other_agent = Agent(httpx.Client(base_url=service.url, timeout=30, trust_env=False))
    other_agent.sign_in(service.ask(service._link("staff_other-agent")))
    missing = "case_" + "a" * 26
    tried = 0
    for method, path in _case_routes(service):
        for who in (stranger.customer, other_agent):
            answers = []
            for case in (walked.customer.case, missing):
                url = path.replace("{case_id}", case)
                with pytest.raises(ProblemError) as caught:
                    _ask(who, method, url)
                answers.append((caught.value.status, {**caught.value.body, "request_id": ""}))
            assert answers[0] == answers[1], (method, path)
            assert answers[0][0] in (404, 403, 422, 400), (method, path, answers[0])
            tried += 1
    assert tried > 40
    stranger.close()
    other_agent.http.close()


def _case_routes(service: Service) -> list[tuple[str, str]]:
    schema = service.app.openapi_schema.to_schema()
    filled = {"{screen}": "scr_x", "{paper}": "cn_id_front", "{index}": "0", "{number}": "1"}
    filled |= {"{sha256}": "00" * 32, "{seq}": "1"}
    found = []
    for path, verbs in schema["paths"].items():
        if "{case_id}" not in path:
            continue
        for name, value in filled.items():
            path = path.replace(name, value)  # noqa: PLW2901
        path = path.replace("{challenge}", "chl_" + "a" * 26).replace("{document}", "doc_x")  # noqa: PLW2901
        path = path.replace("{export}", "exp_x")  # noqa: PLW2901
        found += [(verb.upper(), path) for verb in verbs if verb in ("get", "post")]
    return found


BODIES: dict[str, Any] = {
    "links": {"party": "proposer"},
    "pairings": {"party": "proposer"},
    "notices": {"scope": "face", "locale": "zh-CN", "text_sha256": "0" * 64},
    "consents": {"scope": "face", "decision": "given", "text_sha256": "0" * 64},
    "quotes": {"inputs": {"age": 30}},
    "screens": {"clauses": [{"clause": "c1.1", "level": "plain"}], "locale": "zh-CN", "layout": "standard"},
    "pages": {"page": "read", "client_at": "2026-11-21T04:00:00.000Z"},
    "terms": {"screen": "scr_x", "term": "cash_value"},
    "comparisons": {"products": ["anju_term_life", "card_loss"], "locale": "zh-CN"},
    "changes": {"locale": "zh-CN"},
    "needs": {"facts": {}},
    "risk": {"answers": {}},
    "health": {"version": 1, "answers": {}},
    "help": {"about": "suitability", "outcome": "go_on"},
    "codes": {"purpose": "sign"},
    "exports": {"reason": "because"},
}


def _ask(who: Customer | Agent, method: str, url: str) -> None:
    if method == "GET":
        if url.endswith("/live"):
            who.fetch(url)
        else:
            who.get(url)
    else:
        who.post(url, BODIES.get(url.rsplit("/", 1)[-1], {}))


def test_a_credential_of_another_kind_or_none_is_401(walked: Walk) -> None:  # attack 25
    http = walked.customer.http
    url = f"/v1/cases/{walked.customer.case}"
    token = str(walked.customer.token)
    for headers in (
        {},
        {"Authorization": f"Bearer {token}"},  # a bound token without its proof
        {"Authorization": f"DPoP {token}"},
        {"Authorization": "Bearer " + _unsigned(token)},
        {"Authorization": "Bearer nonsense"},
    ):
        answer = http.get(url, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"


def _unsigned(token: str) -> str:
    import base64

    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def test_a_proof_is_good_for_one_request_only(walked: Walk) -> None:
    customer = walked.customer
    url = f"/v1/cases/{customer.case}"
    headers = customer.credentials("GET", url)
    assert customer.http.get(url, headers=headers).status_code == 200
    again = customer.http.get(url, headers=headers)
    assert (again.status_code, again.json()["code"]) == (401, "PROOF_INVALID")
    elsewhere = customer.http.get(f"{url}/quote", headers=customer.credentials("GET", url))
    assert elsewhere.json()["code"] == "PROOF_INVALID"


def test_a_post_without_an_idempotency_key_is_refused(walked: Walk) -> None:
    url = f"/v1/cases/{walked.customer.case}/quotes"
    answer = walked.customer.http.post(url, content=b'{"inputs":{}}', headers=walked.customer.credentials("POST", url))
    assert answer.json()["code"] == "IDEMPOTENCY_KEY_MISSING"


def test_pages_and_answers_carry_the_security_headers(service: Service) -> None:
    answer = httpx.get(f"{service.url}/healthz", trust_env=False)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_an_unknown_path_and_a_wrong_method_have_the_one_problem_shape(service: Service) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/v1/cases", 405)):
        answer = httpx.request(method, service.url + path, trust_env=False)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "code", "retryable", "request_id", "message"} <= set(answer.json())


def test_ready_tells_of_the_followers(service: Service) -> None:
    report = httpx.get(f"{service.url}/readyz", trust_env=False).json()
    assert report["ready"] is True
    assert {"proof", "live"} <= set(report["followers"])


def test_the_log_is_served_as_files_and_nothing_else_is(service: Service, walked: Walk) -> None:
    assert walked.customer.case
    note = httpx.get(f"{service.url}/log/checkpoint", trust_env=False)
    assert note.text.startswith("jianzheng.local/log\n")
    for path in ("/log/../jianzheng.db", "/log/tile/0/../../../keys/master.key", "/log/%2e%2e/jianzheng.db"):
        assert httpx.get(service.url + path, trust_env=False).status_code == 404


def test_too_many_tries_at_the_door_are_429(tmp_path_factory: pytest.TempPathFactory) -> None:
    tight = Service(tmp_path_factory.mktemp("tight"), entries_per_minute=5)
    try:
        codes = [
            httpx.post(
                f"{tight.url}/v1/staff/sessions",
                content=b'{"token":"staff_demo-agent.00000000000000000000"}',
                headers={"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(8)},
                trust_env=False,
            ).status_code
            for _ in range(7)
        ]
    finally:
        tight.stop()
    assert codes[:5] == [401] * 5
    assert codes[5:] == [429] * 2


def test_production_refuses_every_stand_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    from api.keys import SetupRefused
    from api.settings import Settings

    settings = Settings(data=tmp_path_factory.mktemp("production"), mode="production", master_key="00" * 32)
    with pytest.raises(SetupRefused) as caught:
        create_app(settings)
    for word in ("JIANZHENG_TSA_URL", "witness", "certificate authority", "message channel"):
        assert word in str(caught.value)


def test_what_a_route_needs_is_resolved_without_a_group_of_tasks(service: Service) -> None:
    models = [
        model
        for route in service.app.routes
        if isinstance(route, HTTPRoute)
        for _, model in route.route_handler_map.values()
    ]
    assert sum(len(model.dependency_batches) for model in models) > 100
    assert {len(batch) for model in models for batch in model.dependency_batches} == {1}
