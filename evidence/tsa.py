"""A time-stamping authority of our own, for sandboxes: it shows the whole path, and proves nothing to anyone outside.

What it stamps is marked `local`; production refuses it (a time vouched for by the operator is no outside time).
"""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence import timestamp
from evidence.durable import write_durable
from evidence.keyfile import password, save_key
from evidence.ports import Clock, Random
from evidence.timestamp import TimeSource, TimeStampRejected, TimeStampUnavailable

POLICY = "2.25.210934823910402389471209385712039485710"  # a UUID arc (ITU-T X.667): nobody's registered policy
YEARS = 20
SKEW = timedelta(seconds=2)  # genTime is in whole seconds


class LocalTsa:
    """`TimeStamper` on an RSA key of ours (RSA: the readers of tokens all know it). One embedded certificate: replies
    with two in the wrong order are refused by some clients.
    """

    source: TimeSource = "local"

    def __init__(
        self, key: rsa.RSAPrivateKey, certificate: x509.Certificate, root: x509.Certificate, now: Clock, random: Random
    ) -> None:
        self.root = root
        self._key = key
        self._certificate = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
        self._now = now
        self._random = random

    async def stamp(self, digest: bytes) -> bytes:
        return await asyncio.to_thread(self._stamp, digest)

    def _stamp(self, digest: bytes) -> bytes:
        # Our own authority goes through the same checks as a foreign one, so the checks cannot rot.
        nonce = int.from_bytes(b"\x01" + self._random(7), "big")
        at = self._now()
        reply = self.answer(timestamp.request(digest, nonce, POLICY))
        try:
            timestamp.verify(
                reply, digest, (self.root,), nonce=nonce, policies=(POLICY,), window=(at - SKEW, self._now() + SKEW)
            )
        except TimeStampRejected as error:
            raise TimeStampUnavailable(error.detail) from error
        return reply

    def answer(self, request: bytes) -> bytes:
        """DER TimeStampResp to a DER TimeStampReq over SHA-256 (RFC 3161 section 2.4.2)."""
        asked = tsp.TimeStampReq.load(request, strict=True)
        at = self._now().astimezone(UTC).replace(microsecond=0)
        fields: dict[str, Any] = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": asked["message_imprint"],
            "serial_number": int.from_bytes(b"\x01" + self._random(15), "big"),
            "gen_time": at,
            "accuracy": {"seconds": 1},
        }
        if asked["nonce"].native is not None:
            fields["nonce"] = asked["nonce"].native
        info = tsp.TSTInfo(fields).dump()
        token = cms.ContentInfo({"content_type": "signed_data", "content": self._signed(info)})
        status = tsp.PKIStatusInfo({"status": "granted"})
        return bytes(tsp.TimeStampResp({"status": status, "time_stamp_token": token}).dump())

    def _signed(self, info: bytes) -> cms.SignedData:
        algorithm = algos.DigestAlgorithm({"algorithm": "sha256"})
        binding = tsp.SigningCertificateV2({"certs": [{"cert_hash": sha256(self._certificate.dump()).digest()}]})
        attributes = cms.CMSAttributes(
            [
                _attribute("content_type", "tst_info"),
                _attribute("signing_certificate_v2", binding),
                _attribute("message_digest", sha256(info).digest()),
            ]
        )
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    {
                        "issuer_and_serial_number": {
                            "issuer": self._certificate.issuer,
                            "serial_number": self._certificate.serial_number,
                        }
                    }
                ),
                "digest_algorithm": algorithm,
                "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
                "signed_attrs": attributes,
                "signature": self._key.sign(attributes.dump(), padding.PKCS1v15(), hashes.SHA256()),
            }
        )
        return cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [algorithm],
                "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(info)},
                "certificates": [self._certificate],
                "signer_infos": [signer],
            }
        )


def open_tsa(folder: Path, master: bytes, now: Clock, random: Random) -> LocalTsa:
    """The authority kept in `folder`, made on first use: `tsa.key.pem` (PKCS#8, encrypted under the master key),
    `tsa.pem`, and `tsa-root.pem`, which an auditor takes away. The root's key is made, used once and forgotten.
    """
    # The root is written last: while it is missing, a start that was cut off leaves nothing that counts.
    if not (folder / "tsa-root.pem").exists():
        key, certificate, root = _create(now())
        (folder / "tsa.key.pem").unlink(missing_ok=True)
        save_key(folder / "tsa.key.pem", master, key)
        write_durable(folder / "tsa.pem", certificate.public_bytes(Encoding.PEM))
        write_durable(folder / "tsa-root.pem", root.public_bytes(Encoding.PEM))
    certificate = x509.load_pem_x509_certificate((folder / "tsa.pem").read_bytes())
    root = x509.load_pem_x509_certificate((folder / "tsa-root.pem").read_bytes())
    found = load_pem_private_key((folder / "tsa.key.pem").read_bytes(), password(master))
    if not isinstance(found, rsa.RSAPrivateKey) or found.public_key() != certificate.public_key():
        raise ValueError("tsa.key.pem does not belong to tsa.pem")
    return LocalTsa(found, certificate, root, now, random)


def _create(at: datetime) -> tuple[rsa.RSAPrivateKey, x509.Certificate, x509.Certificate]:
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Jianzheng sandbox time root (not production)")
    start, end = at - timedelta(minutes=5), at + timedelta(days=365 * YEARS)
    root = (
        x509.CertificateBuilder(root_name, root_name, root_key.public_key(), x509.random_serial_number(), start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(crl_sign=True, key_cert_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    key = rsa.generate_private_key(65537, 3072)
    name = _name("Jianzheng sandbox TSA (not production)")
    certificate = (
        x509.CertificateBuilder(root_name, name, key.public_key(), x509.random_serial_number(), start, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return key, certificate, root


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Jianzheng"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})
