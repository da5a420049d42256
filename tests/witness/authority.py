"""A time authority of somebody else's: its own root, an authority between, HTTP in front; it can lie or be silent."""

import hashlib
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.tsa import LocalTsa

Clock = Callable[[], datetime]
FOR_TIME = (ExtendedKeyUsageOID.TIME_STAMPING,)
Spoil = Callable[[bytes], bytes]


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certificate(
    subject: str,
    key: Any,
    issuer: str,
    issuer_key: Any,
    *,
    ca: bool,
    at: datetime,
    path_length: int | None = None,
    usages: tuple[x509.ObjectIdentifier, ...] = FOR_TIME,
    critical: bool = True,
) -> x509.Certificate:
    start, end = at - timedelta(days=1), at + timedelta(days=3650)
    builder = x509.CertificateBuilder(
        name(issuer), name(subject), key.public_key(), x509.random_serial_number(), start, end
    ).add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    if not ca and usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


class Chain:
    """root → middle → signer. `reply` embeds what it is told to."""

    def __init__(self, now: Clock, *, path_length: int | None = None, middle_is_ca: bool = True, **signer: Any) -> None:
        """`signer`: options of its certificate."""
        at = now()
        root_key, middle_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
        key = rsa.generate_private_key(65537, 2048)
        self.root = certificate("root", root_key, "root", root_key, ca=True, at=at, path_length=path_length)
        self.middle = certificate("middle", middle_key, "root", root_key, ca=middle_is_ca, at=at)
        self.signer = certificate("signer", key, "middle", middle_key, ca=False, at=at, **signer)
        self.tsa = LocalTsa(key, self.signer, self.root, now, os.urandom)

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def reply(self, question: bytes, *extra: x509.Certificate) -> bytes:
        """The answer, with certificates beside the signer's: they are not signed, so anybody can put them there."""
        reply = tsp.TimeStampResp.load(self.tsa.answer(question))
        token = reply["time_stamp_token"]
        signed = token["content"]
        embedded = [*signed["certificates"], *(asn1_x509.Certificate.load(c.public_bytes(Encoding.DER)) for c in extra)]
        made = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": signed["digest_algorithms"],
                "encap_content_info": signed["encap_content_info"],
                "certificates": cms.CertificateSet(
                    [
                        cms.CertificateChoices("certificate", c)
                        for c in (getattr(item, "chosen", item) for item in embedded)
                    ]
                ),
                "signer_infos": signed["signer_infos"],
            }
        )
        content = cms.ContentInfo({"content_type": "signed_data", "content": made})
        return bytes(tsp.TimeStampResp({"status": reply["status"], "time_stamp_token": content}).dump())


class Authority:
    """`with Authority(...) as tsa:` answers at `tsa.url`. `down`: HTTP 503. `answer` replaces the honest one."""

    def __init__(self, now: Clock = lambda: datetime.now(UTC)) -> None:
        self.chain = Chain(now)
        self.down = False
        self.asked = 0
        self.answer: Callable[[bytes], bytes] = lambda question: self.chain.reply(question, self.chain.middle)
        self.kind = "application/timestamp-reply"
        authority = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.asked += 1
                question = self.rfile.read(int(self.headers["Content-Length"]))
                body = b"later" if authority.down else authority.answer(question)
                self.send_response(503 if authority.down else 200)
                self.send_header("Content-Type", authority.kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsa"

    def __enter__(self) -> "Authority":
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def requested(question: bytes, **changed: Any) -> bytes:
    """The question as a lying authority reads it: with another nonce or imprint."""
    asked = tsp.TimeStampReq.load(question)
    fields: dict[str, Any] = {
        "version": "v1",
        "message_imprint": asked["message_imprint"],
        "nonce": asked["nonce"].native,
        "cert_req": True,
    }
    if "data" in changed:
        fields["message_imprint"] = {
            "hash_algorithm": {"algorithm": "sha256"},
            "hashed_message": hashlib.sha256(changed["data"]).digest(),
        }
    if "nonce" in changed:
        fields["nonce"] = changed["nonce"]
    return bytes(tsp.TimeStampReq(fields).dump())
