"""What stands between a socket and a route: the one JSON door, request ids, logs without bodies, security headers."""

import logging
import secrets
import time
from collections.abc import Iterable
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api import metrics
from evidence import decode

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "worker-src 'self'"
)
SECURITY = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(self), geolocation=(self), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}
_SECURITY = tuple((name.encode(), value.encode()) for name, value in SECURITY.items())


class DoorRequest(Request[Any, Any, Any]):
    """JSON enters through `evidence.decode` only: size, depth and duplicate keys are checked before typed decoding,
    and typed decoding is strict (the framework's own would turn "1" into 1)."""

    async def json(self) -> Any:
        plain = decode.parse(await self.body())
        field = self.route_handler.parsed_data_field if hasattr(self.route_handler, "parsed_data_field") else None
        return plain if field is None else decode.convert(plain, field.annotation)


class Wire:
    """ASGI middleware. Logs and counts method, route template, status and duration: never a body, a query or an
    address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = logging.getLogger("jianzheng.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = f"req_{secrets.token_hex(8)}"
        scope.setdefault("state", {})["request_id"] = request_id
        method, route = scope["method"], scope.get("path_template", "")
        began = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message["headers"], request_id)
            await send(message)

        running = metrics.running(method, route)
        running.inc()
        try:
            await self.app(scope, receive, answer)
        finally:
            running.dec()
            seconds = time.perf_counter() - began
            metrics.answered(method, route, status, seconds)
            self._log.info(
                "request",
                extra={
                    "request_id": request_id,
                    "method": method,
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                },
            )


def _completed(headers: Iterable[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    """With the request's id and, where the route did not set its own, the security headers."""
    found = list(headers)
    names = {name for name, _ in found}
    found += [header for header in _SECURITY if header[0] not in names]
    found.append((b"x-request-id", request_id.encode()))
    return found
