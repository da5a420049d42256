"""Time from outside: RFC 3161 requests and replies, and the checks without which a reply proves nothing.

A reply is kept as it came (`.tsr`, DER TimeStampResp), so `openssl ts -verify -in F.tsr` reads it; signed PDFs embed
its token. Pure: judged at the token's own time, so old evidence still verifies after the TSA's certificate expired.
Needs the `full` extra (asn1crypto comes with pyHanko).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.errors import Corrupt, Unavailable
from evidence.events import Frozen, Sha256, instant
from evidence.events.envelope import Instant

TimeSource = Literal["local", "independent"]

CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
MAX_CERTIFICATES = 6
DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, IndexError)


class TimeStampUnavailable(
    Unavailable,
    code="TIME_STAMP_UNAVAILABLE",
    zh="时间戳服务暂时没有应答，已记录，稍后会补上。",
    en="The time-stamp service did not answer. This is recorded and will be completed later.",
):
    """No reply, or one that does not check out: a lying TSA is treated as none."""


class TimeStampRejected(
    Corrupt,
    code="TIME_STAMP_REJECTED",
    zh="时间戳校验未通过。",
    en="The time stamp does not verify.",
):
    """`detail` names the first check that failed."""


class TimeStamper(Protocol):
    """A time-stamping authority, asked over SHA-256 digests."""

    source: TimeSource

    async def stamp(self, digest: bytes) -> bytes:
        """DER TimeStampResp over a 32-byte SHA-256 digest, already checked (nonce, imprint, policy, EKU, chain, time
        window). TimeStampUnavailable otherwise; never an unchecked reply.
        """
        ...


class Stamped(Frozen, frozen=True, kw_only=True):
    """What a verified reply says. `at` is the TSA's own time."""

    at: Instant
    digest: Sha256
    serial: str
    policy: str
    certificate_sha256: Sha256


def request(digest: bytes, nonce: int, policy: str | None = None) -> bytes:
    """DER TimeStampReq over a SHA-256 digest; asks for the one certificate a verifier needs."""
    fields: dict[str, Any] = {
        "version": "v1",
        "message_imprint": {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "hashed_message": digest,
        },
        "nonce": nonce,
        "cert_req": True,
    }
    if policy is not None:
        fields["req_policy"] = policy
    return bytes(tsp.TimeStampReq(fields).dump())


def token(reply: bytes) -> bytes:
    """The DER TimeStampToken (CMS ContentInfo) inside a reply, for a signature's unsigned attribute."""
    return bytes(tsp.TimeStampResp.load(reply, strict=True)["time_stamp_token"].dump())


def reply_with(token_der: bytes) -> bytes:
    """The granted reply around a bare token, as a TSA would have sent it: how `verify` reads a token out of a PDF."""
    status = tsp.PKIStatusInfo({"status": "granted"})
    return bytes(
        tsp.TimeStampResp({"status": status, "time_stamp_token": cms.ContentInfo.load(token_der, strict=True)}).dump()
    )


def verify(
    reply: bytes,
    digest: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    policies: Sequence[str] = (),
    window: tuple[datetime, datetime] | None = None,
) -> Stamped:
    """Everything RFC 3161 section 2.3 and 2.4.2 ask for, plus strictness: one signer, exact DER, no idle certificate.

    The embedded certificates must be the signer's and those of its path to one of `roots`, no more and no less (a root
    itself may be among them or not): bytes that nothing checks could be changed unnoticed. `window`: the time must lie
    within (aware datetimes). `nonce` and `policies`: as asked for, when known. Raises TimeStampRejected. Nothing in the
    reply is left that could be changed without a refusal.
    """
    try:
        return _verify(reply, digest, roots, nonce, policies, window)
    except (*_UNREADABLE, x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
        # asn1crypto parses late and complains in many ways; each of them means: not what we accept.
        raise TimeStampRejected(f"does not parse: {type(error).__name__}") from None


def _verify(
    reply: bytes,
    digest: bytes,
    roots: Sequence[x509.Certificate],
    nonce: int | None,
    policies: Sequence[str],
    window: tuple[datetime, datetime] | None,
) -> Stamped:
    # 1. exact DER, nothing before, after or in another spelling
    parsed = _exact(reply)
    # 2. the one shape we accept
    signed, info, certificate, others = _shape(parsed)
    # 3. it speaks of our digest, our question and a policy we know
    imprint = info["message_imprint"]
    if not _plain_sha256(imprint["hash_algorithm"]) or imprint["hashed_message"].native != digest:
        raise TimeStampRejected("imprint is not of this data")
    if nonce is not None and info["nonce"].native != nonce:
        raise TimeStampRejected("nonce is not the one asked for")
    policy = str(info["policy"].dotted)
    if policies and policy not in policies:
        raise TimeStampRejected("policy is not among the accepted ones")
    # 4. the signature holds, and binds this very certificate
    _signature(signed, certificate)
    _bound(signed, certificate, others)
    # 5. the certificate is for time stamping alone, and stood under a trusted root at the token's own time
    at = info["gen_time"].native
    _certificate_for_time(certificate)
    _chain(certificate, others, at, roots)
    # 6. the time itself
    if window is not None and not window[0] <= at <= window[1]:
        raise TimeStampRejected("time is outside the window")
    return Stamped(
        at=instant(at),
        digest=digest.hex(),
        serial=str(info["serial_number"].native),
        policy=policy,
        certificate_sha256=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
    )


def _exact(reply: bytes) -> Any:
    _walk(reply, 0)
    return tsp.TimeStampResp.load(reply, strict=True)


def _walk(data: bytes, depth: int) -> None:
    """DER lengths are definite and minimal and fill their frame exactly (X.690 section 10.1)."""
    at = 0
    while at < len(data):
        header = data[at : at + 2]
        if len(header) < 2 or header[0] & 0x1F == 0x1F or depth > 24:
            raise TimeStampRejected("not exact DER")
        length, start = header[1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            start += size
            length = int.from_bytes(data[at + 2 : start], "big")
            if not 1 <= size <= 3 or length < 0x80 or length >> (8 * (size - 1)) == 0:
                raise TimeStampRejected("not exact DER")
        at = start + length
        if at > len(data):
            raise TimeStampRejected("not exact DER")
        if header[0] & 0x20:
            _walk(data[start:at], depth + 1)


def _shape(parsed: Any) -> tuple[Any, Any, x509.Certificate, list[x509.Certificate]]:
    """(signed data, time-stamp info, the signer's certificate, the other embedded ones)."""
    if parsed["status"].dump() != tsp.PKIStatusInfo({"status": "granted"}).dump():
        raise TimeStampRejected("status is not a plain `granted`")
    content = parsed["time_stamp_token"]
    if content["content_type"].native != "signed_data":
        raise TimeStampRejected("token is not signed data")
    signed = content["content"]
    if signed["encap_content_info"]["content_type"].native != "tst_info":
        raise TimeStampRejected("content is not a time-stamp token")
    if signed["version"].native != "v3" or len(signed["signer_infos"]) != 1:
        raise TimeStampRejected("needs version 3 and one signer")
    if signed["crls"].contents:
        raise TimeStampRejected("CRLs do not belong into a token")
    signer = signed["signer_infos"][0]
    if signer["unsigned_attrs"].contents:
        raise TimeStampRejected("unsigned attributes do not belong into a token")
    digests = [*signed["digest_algorithms"], signer["digest_algorithm"]]
    if len(digests) != 2 or _digest(digests[0]) is not _digest(digests[1]):
        raise TimeStampRejected("two digest algorithms")
    if signer["version"].native != "v1" or not _plain_signature(signer["signature_algorithm"], digests[1]):
        raise TimeStampRejected("signature algorithm is not accepted")
    certificate, others = _certificates(signed["certificates"], signer["sid"].chosen)
    info = signed["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TimeStampRejected("content does not parse")
    return signed, info, certificate, others


def _certificates(embedded: Any, sid: Any) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The one that the signer names, and the rest."""
    if not 1 <= len(embedded) <= MAX_CERTIFICATES or not isinstance(sid, cms.IssuerAndSerialNumber):
        raise TimeStampRejected(f"needs 1 to {MAX_CERTIFICATES} certificates and a signer named by issuer and serial")
    found: list[x509.Certificate] = []
    others: list[x509.Certificate] = []
    for item in embedded:
        if not isinstance(item.chosen, asn1_x509.Certificate):
            raise TimeStampRejected("certificate of another kind")
        if item.chosen.serial_number < 1:  # RFC 5280 section 4.1.2.2; the next step would warn of it
            raise TimeStampRejected("certificate has no positive serial number")
        names_it = (
            sid["issuer"].dump() == item.chosen.issuer.dump()
            and sid["serial_number"].native == item.chosen.serial_number
        )
        (found if names_it else others).append(x509.load_der_x509_certificate(item.chosen.dump()))
    if len(found) != 1 or len(set(others)) != len(others):
        raise TimeStampRejected("signer does not name one certificate, or one is there twice")
    return found[0], others


def _plain_sha256(algorithm: Any) -> bool:
    # RFC 5754: the parameters of SHA-256 are absent or NULL; anything else is a place to hide bytes.
    return bool(algorithm["algorithm"].native == "sha256" and algorithm["parameters"].dump() in (b"", b"\x05\x00"))


def _digest(algorithm: Any) -> type[hashes.HashAlgorithm]:
    """The token's own digest: SHA-256, as we ask for, or a stronger one that the authority prefers."""
    name = algorithm["algorithm"].native
    if name not in DIGESTS or algorithm["parameters"].dump() not in (b"", b"\x05\x00"):
        raise TimeStampRejected("digest algorithm is not accepted")
    return DIGESTS[name]


def _plain_signature(algorithm: Any, digest: Any) -> bool:
    name = digest["algorithm"].native
    names = ("rsassa_pkcs1v15", f"{name}_rsa", f"{name}_ecdsa")
    return bool(algorithm["algorithm"].native in names and algorithm["parameters"].dump() in (b"", b"\x05\x00"))


def _certificate_for_time(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise TimeStampRejected("certificate has no extended key usage") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimeStampRejected("certificate is not for time stamping alone")


def _bound(signed: Any, certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> None:
    # ESSCertIDv2 (RFC 5035): without it a certificate could be swapped for another of the key. The first one is the
    # signer's; an authority may list those of its path after it.
    found: list[tuple[str, bytes]] = []
    for attribute in signed["signer_infos"][0]["signed_attrs"]:
        if attribute["type"].native == "signing_certificate_v2":
            found += [
                (item["hash_algorithm"]["algorithm"].native, item["cert_hash"].native)
                for value in attribute["values"]
                for item in value["certs"]
            ]
    if not found or not _is_hash_of(found[0], certificate):
        raise TimeStampRejected("signed attributes do not bind the certificate")
    if not all(any(_is_hash_of(item, other) for other in others) for item in found[1:]):
        raise TimeStampRejected("signed attributes name a certificate that is not there")


def _is_hash_of(named: tuple[str, bytes], certificate: x509.Certificate) -> bool:
    name, value = named
    return name in DIGESTS and hashlib.new(name, certificate.public_bytes(Encoding.DER)).digest() == value


def _signature(signed: Any, certificate: x509.Certificate) -> None:
    signer = signed["signer_infos"][0]
    attributes = signer["signed_attrs"]
    signed_bytes = b"\x31" + attributes.dump()[1:]  # before anything is read: asn1crypto re-encodes what it has parsed
    by_type: dict[str, list[Any]] = {}
    for attribute in attributes:
        by_type.setdefault(attribute["type"].dotted, []).extend(attribute["values"])
    kinds = by_type.get(CONTENT_TYPE, [])
    digests = by_type.get(MESSAGE_DIGEST, [])
    if [kind.native for kind in kinds] != ["tst_info"] or len(by_type) != len(attributes):
        raise TimeStampRejected("signed attributes do not name the content")
    name = signer["digest_algorithm"]["algorithm"].native
    content = hashlib.new(name, bytes(signed["encap_content_info"]["content"])).digest()
    if [item.native for item in digests] != [content]:
        raise TimeStampRejected("signed attributes are over other content")
    _check(certificate.public_key(), signer["signature"].native, signed_bytes, DIGESTS[name]())


def _check(key: Any, signature: bytes, data: bytes, digest: hashes.HashAlgorithm) -> None:
    try:
        match key:
            case rsa.RSAPublicKey():
                key.verify(signature, data, padding.PKCS1v15(), digest)
            case ec.EllipticCurvePublicKey():
                key.verify(signature, data, ec.ECDSA(digest))
            case _:
                raise TimeStampRejected("key of a kind that is not accepted")
    except InvalidSignature:
        raise TimeStampRejected("signature does not verify") from None


def _chain(
    certificate: x509.Certificate, others: Sequence[x509.Certificate], at: datetime, roots: Sequence[x509.Certificate]
) -> None:
    """From the signer's certificate upwards, by the embedded ones, to a trusted root; every embedded one is used."""
    idle = [other for other in others if other not in roots]  # an embedded root is exactly the auditor's own
    current = certificate
    _valid(current, at)
    for below in range(len(idle) + 1):
        trusted = [root for root in roots if root.subject == current.issuer]
        if trusted:
            _issued(current, trusted, at, below)
            if idle:
                raise TimeStampRejected("a certificate that is not on the path to the trusted root")
            return
        above = [other for other in idle if other.subject == current.issuer]
        if len(above) != 1:
            raise TimeStampRejected("no trusted root issued the certificate")
        current = _issued(current, above, at, below)
        idle.remove(current)
    raise TimeStampRejected("no trusted root issued the certificate")


def _issued(
    certificate: x509.Certificate, issuers: Sequence[x509.Certificate], at: datetime, below: int
) -> x509.Certificate:
    """The one of `issuers` (of one name: roots are renewed) that issued it. `below`: authorities under that one."""
    for issuer in issuers:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        _valid(issuer, at)
        _may_issue(issuer, below)
        return issuer
    raise TimeStampRejected("certificate was not issued by the one that it names")


def _valid(certificate: x509.Certificate, at: datetime) -> None:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise TimeStampRejected("certificate was not valid at that time")


def _may_issue(issuer: x509.Certificate, below: int) -> None:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        raise TimeStampRejected("an issuer is not an authority") from None
    if not constraints.ca or (constraints.path_length is not None and below > constraints.path_length):
        raise TimeStampRejected("an issuer is not an authority, or not over so long a path")
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.key_cert_sign:
        raise TimeStampRejected("an issuer may not sign certificates")
