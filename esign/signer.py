"""A key for one signature: made in memory, certified, used once, gone. And the PAdES signature around it.

The customer's act is signed by the customer's own browser key; this key binds that act to the PDF in a form that PDF
readers know. It leaves neither the process nor this module.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from esign import certificates, pdf
from esign.strokes import Strokes
from evidence import decode, timestamp
from evidence.durable import write_durable
from evidence.errors import Unavailable
from evidence.events.signing import Certificate
from evidence.keyfile import open_key
from evidence.ports import Clock, Random
from evidence.timestamp import TimeStamper

ACT_ATTRIBUTE = "2.25.267583091664523829403417598325468391102"
"""OID (a UUID arc, ITU-T X.667) of the signed attribute that ties a PDF signature to the act (ESG-05): one UTF8String
of canonical JSON, commitments and times only, nothing personal."""

Level = Literal["B-B", "B-T", "B-LT", "B-LTA"]


class OneUse:
    """A certified private key that signs once. There is no way to read the key, and none to use it again."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.certificate = certificate
        self._key: ec.EllipticCurvePrivateKey | None = key

    def sign(self, data: bytes) -> bytes:
        """ECDSA P-256 / SHA-256, DER. RuntimeError on a second use."""
        key, self._key = self._key, None
        if key is None:
            raise RuntimeError("this key was used")
        return key.sign(data, ec.ECDSA(hashes.SHA256()))


class Signer(Protocol):
    """Who certifies a signer's key: a file for sandboxes, an HSM or an outside authority behind the same two names."""

    production: bool

    def issue(self, subject: str, at: datetime) -> OneUse:
        """A fresh key and its certificate for one signature by `subject` (the verified name). May block."""
        ...


class FileSigner:
    """The test authority: its key in an encrypted file, every certificate marked `not production`."""

    production = False

    def __init__(self, key: ec.EllipticCurvePrivateKey, root: x509.Certificate, random: Random) -> None:
        self.root = root
        self._key = key
        self._random = random

    def issue(self, subject: str, at: datetime) -> OneUse:
        key = ec.generate_private_key(ec.SECP256R1())
        serial = _serial(self._random)
        certificate = certificates.signer_certificate(subject, key.public_key(), self.root, self._key, serial, at)
        return OneUse(key, certificate)


@dataclass(frozen=True)
class SignedDocument:
    """`bytes` begins with the bytes that were shown. `level` and `time_source` say what time it carries."""

    bytes: bytes
    certificate: Certificate
    level: Level
    time_source: Literal["none", "local", "independent"]


class SigningAuthority:
    """PAdES signatures by one-use keys, with time from a time-stamping authority."""

    def __init__(self, signer: Signer, root: x509.Certificate, stamper: TimeStamper | None) -> None:
        self.root = root
        self._signer = signer
        self._stamper = stamper

    @property
    def root_pem(self) -> bytes:
        """What an auditor takes away to judge signatures by."""
        return self.root.public_bytes(Encoding.PEM)

    @property
    def root_key(self) -> ec.EllipticCurvePublicKey:
        key = self.root.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return key

    @property
    def production(self) -> bool:
        return self._signer.production

    async def sign_document(
        self,
        shown: bytes,
        *,
        field: str,
        subject: str,
        strokes: Strokes,
        attributes: dict[str, str],
        last: bool,
        at: datetime,
    ) -> SignedDocument:
        """Sign `shown` in the prepared `field`. `attributes` go, as canonical JSON, into the signed attributes.

        A time-stamping authority that is silent or lies lowers the level to B-B; it never blocks a signature and never
        passes unnoticed (ESG-10).
        """
        half, container, certificate = await asyncio.to_thread(
            self._sign, shown, field, subject, strokes, attributes, last, at
        )
        level, source = await self._stamp(container)
        return SignedDocument(
            bytes=await asyncio.to_thread(half.finish, container),
            certificate=certificates.facts(certificate, production=self._signer.production),
            level=level,
            time_source=source,
        )

    def _sign(
        self,
        shown: bytes,
        field: str,
        subject: str,
        strokes: Strokes,
        attributes: dict[str, str],
        last: bool,
        at: datetime,
    ) -> tuple[pdf.ToSign, cms.ContentInfo, x509.Certificate]:
        half = pdf.begin(shown, field, strokes, last=last, at=at)
        once = self._signer.issue(subject, at)
        return half, _container(half.digest, attributes, once), once.certificate

    async def _stamp(self, container: cms.ContentInfo) -> tuple[Level, Literal["none", "local", "independent"]]:
        if self._stamper is None:
            return "B-B", "none"
        signer = container["content"]["signer_infos"][0]
        try:
            reply = await self._stamper.stamp(hashlib.sha256(signer["signature"].native).digest())
        except Unavailable:
            return "B-B", "none"
        token = cms.ContentInfo.load(timestamp.token(reply))
        signer["unsigned_attrs"] = cms.CMSAttributes([_attribute("signature_time_stamp_token", token)])
        return "B-T", self._stamper.source


def open_authority(
    folder: Path, master: bytes, stamper: TimeStamper | None, now: Clock, random: Random
) -> SigningAuthority:
    """The test authority kept in `folder`, made on first use: `ca.key.pem` (PKCS#8 under the master key) and
    `ca-root.pem` for auditors. Sandbox only: whoever composes a production service puts another `Signer` here.
    """
    key = open_key(folder / "ca.key.pem", master, lambda: ec.generate_private_key(ec.SECP256R1()))
    path = folder / "ca-root.pem"
    if not path.exists():
        root = certificates.root_certificate(key, _serial(random), now())
        write_durable(path, root.public_bytes(Encoding.PEM))
    root = x509.load_pem_x509_certificate(path.read_bytes())
    if root.public_key() != key.public_key():
        raise ValueError("ca-root.pem does not belong to ca.key.pem")
    return SigningAuthority(FileSigner(key, root, random), root, stamper)


def act_attributes(signed_pdf_container: bytes) -> dict[str, str]:
    """The signed attribute of ours in a CMS container (DER): what `attributes` were given when it was signed."""
    signer = cms.ContentInfo.load(signed_pdf_container)["content"]["signer_infos"][0]
    for attribute in signer["signed_attrs"]:
        if attribute["type"].dotted == ACT_ATTRIBUTE:
            found: dict[str, str] = decode.parse(attribute["values"][0].parse(core.UTF8String).native.encode())
            return found
    return {}


def _container(digest: bytes, attributes: dict[str, str], once: OneUse) -> cms.ContentInfo:
    """CMS SignedData for PAdES baseline (ETSI EN 319 142-1): detached, signing-certificate-v2, no signing-time."""
    certificate = asn1_x509.Certificate.load(once.certificate.public_bytes(Encoding.DER))
    hashing = algos.DigestAlgorithm({"algorithm": "sha256"})
    signing = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    binding = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(certificate.dump()).digest()}]})
    protection = cms.CMSAlgorithmProtection({"digest_algorithm": hashing, "signature_algorithm": signing})
    signed = cms.CMSAttributes(
        [
            _attribute("content_type", "data"),
            _attribute("message_digest", digest),
            _attribute("signing_certificate_v2", binding),
            _attribute("cms_algorithm_protection", protection),
            _attribute(ACT_ATTRIBUTE, core.Any(core.UTF8String(decode.encode(attributes).decode()))),
        ]
    )
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": hashing,
            "signature_algorithm": signing,
            "signed_attrs": signed,
            "signature": once.sign(signed.dump()),
        }
    )
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [hashing],
            "encap_content_info": {"content_type": "data"},
            "certificates": [certificate],
            "signer_infos": [signer],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": content})


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _serial(random: Random) -> int:
    return int.from_bytes(b"\x01" + random(15), "big")
