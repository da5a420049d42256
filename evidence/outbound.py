"""One HTTP POST to somebody outside: no redirects, a limit on what is read, a deadline for the whole of it.

Addresses come from the operator's settings and files, never from a customer. Blocking: call it in a thread.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
