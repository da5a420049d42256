"""An authority behind a gateway of the deployer's, asked over HTTPS in the shape of docs/AUTHORITY.md.

Nothing is believed but an answer signed by the pinned key, to this very question, of this moment (CONVENTIONS 3, rows
4, 24 and 30). Whatever else comes back, or nothing, is `AuthorityUnavailable`: never a yes, never a no.
"""

import asyncio
import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence import decode, dsse
from evidence.errors import Error
from evidence.events import Frozen, Sha256, instant, parse_instant
from evidence.events.envelope import Instant
from evidence.events.identity import Check
from evidence.outbound import NoAnswerError, Rest, post
from evidence.ports import Clock, Random, new_id
from kyc.authority import REASONS, Answer, Basis, Question
from kyc.errors import AuthorityUnavailable

ANSWER = "application/vnd.jianzheng.authority-answer+json"
TIMEOUT_S = 5.0
WINDOW = timedelta(seconds=300)
REST_S = (1.0, 30.0)  # customers must not queue behind a source that is dead


class SignedAnswer(Frozen, frozen=True, kw_only=True):
    """The payload of the answer's envelope."""

    format: Literal["authority-answer/1"]
    question: str
    question_sha256: Sha256
    at: Instant
    verdict: Literal["pass", "fail", "review"]
    reasons: Annotated[tuple[Literal[REASONS], ...], msgspec.Meta(max_length=8)] = ()  # type: ignore[valid-type]


class HttpAuthority:
    """`name` as sealed; `checks` as the contract with the source allows."""

    basis: Basis = "authority"

    def __init__(
        self,
        name: str,
        title: tuple[str, str],
        url: str,
        secret: bytes,
        key: Ed25519PublicKey,
        checks: frozenset[Check],
        now: Clock,
        random: Random,
    ) -> None:
        self.name = name
        self.title = title
        self.checks = checks
        self._url = url
        self._secret = secret
        self._key = key
        self._now = now
        self._random = random
        self._rest = Rest(now, REST_S)

    async def ask(self, question: Question) -> Answer:
        if question.check not in self.checks:
            raise AuthorityUnavailable(f"{question.check} is not agreed with {self.name}")
        if self._rest.lasts:
            raise AuthorityUnavailable("it failed a moment ago")
        try:
            answer = await asyncio.to_thread(self._ask, question)
        except (NoAnswerError, Error) as error:
            self._rest.failed()
            raise AuthorityUnavailable(type(error).__name__) from None
        self._rest.answered()
        return answer

    def _ask(self, question: Question) -> Answer:
        asked, name = instant(self._now()), new_id("ask", self._random)
        said = {"check": question.check, "name": question.name, "number": question.number}
        said |= {field: value for field in ("phone", "card") if (value := getattr(question, field))}
        if question.face:
            said["face"] = base64.b64encode(question.face).decode()
        body = decode.encode({"format": "authority-question/1", "id": name, "at": asked, **said})
        mac = hmac.new(self._secret, asked.encode() + b"\n" + body, hashlib.sha256).hexdigest()
        headers = {"Question-Time": asked, "Question-Signature": f"v1,{mac}"}
        reply = post(self._url, body, "application/json", timeout_s=TIMEOUT_S, accept=ANSWER, headers=headers)
        if reply.status != 200:
            raise NoAnswerError(f"HTTP {reply.status}")
        signed = decode.decode(dsse.opened(reply.body, ANSWER, self._key), SignedAnswer)
        if signed.question != name or signed.question_sha256 != hashlib.sha256(body).hexdigest():
            raise NoAnswerError("an answer to another question")
        if abs(parse_instant(signed.at) - self._now()) > WINDOW:
            raise NoAnswerError("an answer of another time")
        if (signed.verdict == "pass") == bool(signed.reasons):
            raise NoAnswerError("a verdict that its reasons contradict")
        return Answer(verdict=signed.verdict, reasons=tuple(signed.reasons), signed=reply.body)
