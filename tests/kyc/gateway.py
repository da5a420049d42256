"""An authority's gateway as docs/AUTHORITY.md describes it, over real HTTP, and every way it can be wrong."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import decode, dsse
from kyc.authority.http import ANSWER

SECRET = bytes(range(32))


class Gateway:
    """`lie` changes the answer before it is signed; `spoil` changes the envelope afterwards."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self.verdict: dict[str, Any] = {"verdict": "pass"}
        self.lie: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.spoil: Callable[[bytes], bytes] = bytes
        self.status = 200
        self.asked: list[dict[str, Any]] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mac = hmac.new(SECRET, self.headers["Question-Time"].encode() + b"\n" + body, hashlib.sha256)
                signed = hmac.compare_digest(self.headers["Question-Signature"], f"v1,{mac.hexdigest()}")
                self.send_response(gateway.status if signed else 401)
                self.end_headers()
                self.wfile.write(gateway.answer(body))

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def answer(self, body: bytes) -> bytes:
        question = json.loads(body)
        self.asked.append(question)
        said = {
            "format": "authority-answer/1",
            "question": question["id"],
            "question_sha256": hashlib.sha256(body).hexdigest(),
            "at": question["at"],
            **self.verdict,
        }
        payload = decode.encode(self.lie(said))
        signature = base64.b64encode(self.key.sign(dsse.pae(ANSWER, payload))).decode()
        envelope = {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": ANSWER,
            "signatures": [{"keyid": "", "sig": signature}],
        }
        return self.spoil(json.dumps(envelope).encode())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
