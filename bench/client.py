"""A customer and an agent as programs: what the pages do, over HTTP, for the demo, the benchmarks and the tests.

Signs with keys of its own, proves every request (DPoP), retries a lost connection with the same Idempotency-Key.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from evidence import decode


class ProblemError(Exception):
    """The server refused: `code` and the whole problem body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body.get('code')}: {body.get('detail')} {body.get('missing', '')}")
        self.status = status
        self.body = body
        self.code = str(body.get("code"))


class Client:
    """One person's HTTP client. `token` and `key` are set when they got in."""

    def __init__(self, http: httpx.Client, patience_s: float = 30) -> None:
        self.http = http
        self.patience_s = patience_s
        self.token: str | None = None
        self.key: ec.EllipticCurvePrivateKey | None = None
        self.acknowledged: dict[str, int] = {}  # case -> highest event number an answer told of

    # --- requests ------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: str) -> Any:
        return self._send("GET", path, params=query).json()

    def fetch(self, path: str, **query: str) -> bytes:
        return self._send("GET", path, params=query).content

    def post(
        self,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """`key` is the Idempotency-Key: pass one to repeat a request."""
        data = content if content is not None else decode.encode(body if body is not None else {})
        kind = {"Content-Type": "application/json"} if content is None else {}
        head = {**kind, "Idempotency-Key": key or secrets.token_urlsafe(16), **(headers or {})}
        answer = self._send("POST", path, content=data, headers=head).json()
        self._note(answer)
        return answer

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        deadline = time.monotonic() + self.patience_s
        while True:
            headers = {**options.get("headers", {}), **self.credentials(method, path)}
            try:
                response = self.http.request(method, path, **{**options, "headers": headers})
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
                continue
            if response.status_code == 503 and time.monotonic() < deadline:
                time.sleep(0.3)
                continue
            if response.is_error:
                raise ProblemError(response.status_code, response.json())
            return response

    def credentials(self, method: str, path: str) -> dict[str, str]:
        if self.key is None:
            return {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = str(self.http.base_url.join(path)).partition("?")[0]
        claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_urlsafe(16)}
        headers = {}
        if self.token:
            claims["ath"] = b64(hashlib.sha256(self.token.encode()).digest())
            headers["Authorization"] = f"DPoP {self.token}"
        return {**headers, "DPoP": jwt.encode(claims, self.key, "ES256", {"typ": "dpop+jwt", "jwk": self.jwk})}

    def _note(self, answer: Any) -> None:
        view = answer.get("case", answer) if isinstance(answer, dict) else {}
        if isinstance(view, dict) and "head" in view:
            self.acknowledged[view["id"]] = max(view["head"], self.acknowledged.get(view["id"], 0))

    # --- keys ----------------------------------------------------------------------------------------------------

    def make_key(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> dict[str, str]:
        assert self.key is not None
        full = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        return {name: full[name] for name in ("crv", "kty", "x", "y")}

    def sign(self, value: object) -> str:
        """ECDSA P-256 / SHA-256 over canonical JSON, DER, base64url."""
        assert self.key is not None
        return b64(self.key.sign(decode.encode(value), ec.ECDSA(hashes.SHA256())))


class Agent(Client):
    def sign_in(self, token: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.post("/v1/staff/sessions", {"token": token})
        self.token = answer["access_token"]
        return answer

    def open_case(self, product: str, phone: str, **more: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.post("/v1/cases", {"product": product, "phone": phone, **more})
        return answer

    def send_link(self, case_id: str) -> None:
        self.post(f"/v1/cases/{case_id}/links", {"party": "proposer"})


class Customer(Client):
    """Acts on one case. Every act leaves the newest view in `view`."""

    def __init__(self, http: httpx.Client, patience_s: float = 30) -> None:
        super().__init__(http, patience_s)
        self.view: dict[str, Any] = {}

    @property
    def case(self) -> str:
        return str(self.view["id"])

    def act(self, path: str, body: object = None, **options: Any) -> dict[str, Any]:
        self.view = self.post(f"/v1/cases/{self.case}/{path}", body, **options)
        return self.view

    def read(self, path: str, **query: str) -> Any:
        return self.get(f"/v1/cases/{self.case}/{path}", **query)

    # --- getting in ----------------------------------------------------------------------------------------------

    def ask_code(self, link_token: str) -> dict[str, Any]:
        if self.key is None:
            self.make_key()
        answer: dict[str, Any] = self.post("/v1/links/codes", {"token": link_token})
        return answer

    def enter(self, link_token: str, code: str) -> None:
        answer = self.post("/v1/links/sessions", {"token": link_token, "code": code})
        self.token, self.view = answer["access_token"], answer["case"]

    # --- understanding -------------------------------------------------------------------------------------------

    def consent(self, scope: str, decision: str = "given") -> None:
        notice = self.get(f"/v1/notices/{scope}")
        body = {"scope": scope, "text_sha256": notice["text_sha256"]}
        self.act("notices", {**body, "locale": "zh-CN"})
        self.act("consents", {**body, "decision": decision})

    def read_all(self, wait: Callable[[float], None] = time.sleep) -> None:
        """Open every must-read clause in plain words, keep it in view for its floor, and report it."""
        for clause in self.read("reading", locale="zh-CN")["clauses"]:
            if clause["must_read"] and not clause["read"]:
                self.read_clause(clause["id"], wait)

    def read_clause(self, clause: str, wait: Callable[[float], None] = time.sleep) -> None:
        """A page of its own, kept in view for its floor, to its end."""
        asked = [{"clause": clause, "level": "plain"}]
        self.act("screens", {"clauses": asked, "locale": "zh-CN", "layout": "standard"})
        screen = self.read(f"screens/{self.view['reading']['screen']}")
        floor = screen["clauses"][0]["floor_ms"]
        wait(floor / 1000 + 0.01)
        seen = [{"clause": clause, "level": "plain", "visible_ms": floor, "end_seen": True}]
        self.act("reading", {"screen": screen["screen"], "clauses": seen, "client_at": now()})

    def answer_all(self, pick: Callable[[dict[str, Any]], str]) -> None:
        for question in self.read("reading", locale="zh-CN")["questions"]:
            if not question["answered"]:
                self.act("answers", {"question": question["id"], "picked": pick(question)})

    def acknowledge_all(self, only: Collection[str] | None = None) -> None:
        for disclosure in self.read("reading", locale="zh-CN")["disclosures"]:
            if disclosure["done"] or (only is not None and disclosure["id"] not in only):
                continue
            body = {
                "disclosure": disclosure["id"],
                "locale": "zh-CN",
                "text_sha256": disclosure["text_sha256"],
            }
            done: dict[str, Any] = {
                "transcribe": {"typed": disclosure["text"]},
                "hold": {"took_ms": 1_500},
            }.get(disclosure["acknowledge"], {})
            self.act("acknowledgements", {**body, **done})

    # --- identity ------------------------------------------------------------------------------------------------

    def capture_paper(self, paper: str, image: bytes, media_type: str = "image/jpeg") -> None:
        headers = {"Content-Type": media_type, "Capture-Source": "camera"}
        self.act(f"identity/papers/{paper}", content=image, headers=headers)

    def confirm_paper(self) -> dict[str, str]:
        fields = {name: str(field["value"]) for name, field in self.read("identity/papers")["fields"].items()}
        self.act("identity/confirmations", {"fields": fields})
        return fields

    def capture_faces(self, frame_of: Callable[[list[str], list[str]], list[bytes]]) -> None:
        """Take a challenge, make a JPEG for each action in the colour of its step, upload, sign with the device key."""
        challenge = self.challenged()
        frames = frame_of(challenge["actions"], challenge["colours"])
        path = f"identity/challenges/{challenge['id']}"
        for index, frame in enumerate(frames):
            self.act(f"{path}/frames/{index}", content=frame, headers={"Content-Type": "image/jpeg"})
        self.decide(challenge, frames)

    def decide(self, challenge: dict[str, Any], frames: list[bytes]) -> None:
        digests = [hashlib.sha256(frame).hexdigest() for frame in frames]
        # This program's clock: it did not wait for anybody to move, and the policy of its cases says so.
        at = [5 * number + number % 3 for number in range(len(frames))]
        signed = {
            "actions": challenge["actions"],
            "at": at,
            "case": self.case,
            "challenge": challenge["id"],
            "frames": digests,
            "nonce": challenge["nonce"],
            "paper": challenge["paper"],
        }
        path = f"identity/challenges/{challenge['id']}/decisions"
        self.act(path, {"frames": digests, "at": at, "signature": self.sign(signed)})

    def challenged(self) -> dict[str, Any]:
        """A new challenge, with the colours that a screen is to show for it."""
        self.act("identity/challenges", {})
        challenge: dict[str, Any] = self.view["identity"]["challenge"]
        told = self.read(f"identity/challenges/{challenge['id']}/colours")["colours"]
        return challenge | {"colours": [colour["name"] for colour in told]}

    # --- signing -------------------------------------------------------------------------------------------------

    def prepare(self) -> dict[str, Any]:
        self.act("documents", {"kind": "application"})
        return self.document

    @property
    def document(self) -> dict[str, Any]:
        paper: dict[str, Any] = self.view["documents"][-1]
        return paper

    def view_document(self, wait: Callable[[float], None] = time.sleep) -> None:
        for page in self.document["pages"]:
            self.fetch(f"/v1/cases/{self.case}/documents/{self.document['id']}/pages/{page['n']}")
        wait(0.25)
        self.act(f"documents/{self.document['id']}/views", {"visible_ms": 200, "end_seen": True})

    def signature(self, strokes: dict[str, Any], place: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The body of a signature: strokes committed with a salt, the act signed by the device key."""
        salt = secrets.token_bytes(32)
        nonce = b64(secrets.token_bytes(16))
        shown = self.document["sha256"]
        commitment = b64(hashlib.sha256(salt + decode.encode(strokes)).digest())
        act = {"case": self.case, "document": shown, "nonce": nonce, "opinion": "agree", "strokes": commitment}
        return {
            "document": self.document["id"],
            "shown_sha256": shown,
            "opinion": "agree",
            "strokes": strokes,
            "place": place,
            "act": {"nonce": nonce, "strokes_salt": b64(salt), "signature": self.sign(act)},
            **changes,
        }


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
