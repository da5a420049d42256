"""The witness over HTTP: one route, small limits, nothing but the standard library."""

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evidence.witness.book import Book
from evidence.witness.protocol import MAX_BODY, PATH, Answer

CONNECTIONS = 64
IDLE_S = 20.0  # a silent connection is closed
ADDRESSES = 10_000  # remembered by the rate limit
_LENGTH = re.compile(r"[0-9]{1,9}")


class Rate:
    """A token bucket for each address: `per_s` on average, ten times that at once."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._buckets: dict[str, tuple[float, float]] = {}
        self._turn = threading.Lock()

    def admits(self, address: str, now: float) -> bool:
        with self._turn:
            if len(self._buckets) >= ADDRESSES and address not in self._buckets:
                self._buckets.clear()  # a flood of addresses: start over rather than grow
            most = self._per_s * 10.0
            tokens, last = self._buckets.get(address, (most, now))
            tokens = min(most, tokens + (now - last) * self._per_s)
            self._buckets[address] = (tokens - 1 if tokens >= 1 else tokens, now)
            return tokens >= 1


class WitnessServer(ThreadingHTTPServer):
    """`serve_forever` in one thread; each connection has its own, at most CONNECTIONS at once."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], book: Book, per_s: int = 20) -> None:
        super().__init__(address, Door)
        self.book = book
        self.rate = Rate(per_s)
        self._places = threading.BoundedSemaphore(CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke off is nobody's news."""


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "witness"
    sys_version = ""
    timeout = IDLE_S
    server: WitnessServer

    def do_POST(self) -> None:
        if self.path != PATH:
            self._say(Answer(404, b"not here\n"), close=True)
            return
        if not self.server.rate.admits(self.client_address[0], time.monotonic()):
            self._say(Answer(429, b"too many\n"), close=True)
            return
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not _LENGTH.fullmatch(length):
            self._say(Answer(411, b"length required\n"), close=True)
            return
        if int(length) > MAX_BODY:
            self._say(Answer(413, b"too large\n"), close=True)
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        try:
            answer = self.server.book.submit(body)
        except OSError:  # the disk: nothing was recorded, so nothing is cosigned
            answer = Answer(500, b"cannot keep the record\n")
        self._say(answer)

    def do_GET(self) -> None:
        self._say(Answer(405 if self.path == PATH else 404, b"POST only\n"))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        """Addresses are not kept."""

    def _say(self, answer: Answer, *, close: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.status == 429:
            self.send_header("Retry-After", "1")
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)
