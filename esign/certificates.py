"""The test authority of documents, and one certificate a signer and a document: names, bounds, what they may be used
for. Self-signed and called `not production` in its own name, so every reader sees what it is (ESG-08).
"""

import hashlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from evidence.events import instant
from evidence.events.signing import Certificate

ROOT_YEARS = 20
LEAF_HOURS = 24  # one use, one document: long enough for a slow time-stamping authority, short enough to need no CRL
LONGEST_NAME = 64  # ub-common-name (X.520)


def root_certificate(key: ec.EllipticCurvePrivateKey, serial: int, at: datetime) -> x509.Certificate:
    """The authority's own certificate; it may issue signers' certificates and nothing below them."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Jianzheng"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Jianzheng sandbox document CA (not production)"),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at - timedelta(minutes=5))
        .not_valid_after(at + timedelta(days=365 * ROOT_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def signer_certificate(
    subject: str,
    public: ec.EllipticCurvePublicKey,
    root: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    serial: int,
    at: datetime,
) -> x509.Certificate:
    """For one signature: `subject` is the signer's name (cut at 64 characters), valid from `at` for a day; `root` and
    `key` are the authority's.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:LONGEST_NAME])])
    start = at.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(root.subject)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(hours=LEAF_HOURS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def facts(certificate: x509.Certificate, *, production: bool) -> Certificate:
    """What the event says of a certificate. The subject is a person's name and stays in the PDF."""
    return Certificate(
        serial=f"{certificate.serial_number:x}",
        sha256=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=instant(certificate.not_valid_before_utc),
        not_after=instant(certificate.not_valid_after_utc),
        production=production,
    )


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
