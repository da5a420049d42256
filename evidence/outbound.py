"""One HTTP POST to somebody outside: no redirects, a limit on what is read, a deadline for the whole of it.

Addresses come from the operator's settings and files, never from a customer. Blocking: call it in a thread.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evidence.ports import Clock

MAX_ANSWER = 64 * 1024
_CHUNK = 8 * 1024


class NoAnswerError(Exception):
    """Nothing that can be used came back: no connection, too slow, too much."""


@dataclass(frozen=True)
class Reply:
    """`kind`: the Content-Type as sent."""

    status: int
    kind: str
    body: bytes


class Rest:
    """After a failure the other side is left alone for a while that doubles, so that a dead peer costs one customer a
    wait, not every one of them.
    """

    def __init__(self, now: Clock, pauses_s: tuple[float, float] = (1.0, 30.0)) -> None:
        """`pauses_s`: the first pause and the longest."""
        self._now = now
        self._pauses = pauses_s
        self._until: datetime | None = None
        self.failures = 0

    @property
    def lasts(self) -> bool:
        return self._until is not None and self._now() < self._until

    def failed(self) -> None:
        self.failures += 1
        pause = min(self._pauses[1], self._pauses[0] * 2.0 ** min(self.failures - 1, 20))
        self._until = self._now() + timedelta(seconds=pause)

    def answered(self) -> None:
        self.failures, self._until = 0, None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def post(
    url: str,
    body: bytes,
    kind: str,
    *,
    timeout_s: float,
    accept: str = "*/*",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Any status is an answer. NoAnswerError when there is none within `timeout_s`."""
    if not url.startswith(("http://", "https://")):
        raise NoAnswerError("not an http or https URL")
    all_headers = {"Content-Type": kind, "Accept": accept, "User-Agent": "jianzheng", **(headers or {})}
    request = urllib.request.Request(url, body, all_headers, method="POST")  # noqa: S310 - checked above
    deadline = time.monotonic() + timeout_s
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        try:
            answer = opener.open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Reply(answer.status, answer.headers.get("Content-Type", ""), _read(answer, deadline))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswerError(type(error).__name__) from None


def _read(answer: Any, deadline: float) -> bytes:
    # A peer that sends a byte now and then never meets the socket's own timeout.
    found = b""
    while chunk := answer.read1(_CHUNK):
        found += chunk
        if len(found) > MAX_ANSWER or time.monotonic() > deadline:
            raise NoAnswerError("too much, or too slow")
    return found
