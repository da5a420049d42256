"""A signer's certificate, a small PDF, and its PAdES signature: real ones, made without the signing room.

Nothing here asks for the time or for chance: the same secret, nonce and moment make the same bytes.
"""

import hashlib
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from evidence import decode
from evidence.tsa import LocalTsa
from evidence.verify.full import ACT_ATTRIBUTE

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Authority:
    """A test certificate authority and one signer's certificate of it."""

    root: x509.Certificate
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()


def p256(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The key that this secret makes."""
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(secret).digest(), "big") >> 1, ec.SECP256R1())


def authority(secret: bytes | None = None) -> Authority:
    """`secret` None: keys of its own, never seen before."""
    found = os.urandom(32) if secret is None else secret
    root_key, key = p256(found + b"/root"), p256(found + b"/signer")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA (not production)")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cus_li")])
    builder = x509.CertificateBuilder().not_valid_before(START).not_valid_after(END)
    root = (
        builder.subject_name(name)
        .issuer_name(name)
        .public_key(root_key.public_key())
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    certificate = (
        builder.subject_name(subject)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(2)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return Authority(root, certificate, key)


def blank_pdf(nonce: str) -> bytes:
    """One page with one empty signature field; `nonce` makes its hash unguessable."""
    writer: Any = PdfFileWriter(stream_xrefs=False)  # type: ignore[no-untyped-call]
    writer._document_id = _id_of(nonce.encode())
    writer._update_meta = _tell_no_date
    content = RawContent(f"% {nonce}\n".encode(), box=BoxConstraints(200, 100))
    stream = generic.StreamObject(stream_data=content.render())
    page: Any = PageObject  # pyHanko has no types here
    writer.insert_page(page(contents=writer.add_object(stream), media_box=(0, 0, 200, 100)))
    append_signature_field(writer, SigFieldSpec("proposer", box=(10, 10, 90, 40)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _id_of(content: bytes) -> generic.ArrayObject:
    digest = hashlib.sha256(content).digest()
    return generic.ArrayObject([generic.ByteStringObject(digest[:16]), generic.ByteStringObject(digest[16:])])


def _tell_no_date() -> None:
    """pyHanko would write when the file was changed last."""


class _WithAct(signers.SimpleSigner):
    """Puts one more attribute among the signed ones, and signs by RFC 6979."""

    act: bytes

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        key = load_der_private_key(self.signing_key.dump(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert digest_algorithm == "sha256"
        return key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def _signed_attr_providers(self, *args: Any, **options: Any) -> Any:
        return [*super()._signed_attr_providers(*args, **options), _Act(self.act)]


class _Act:
    def __init__(self, value: bytes) -> None:
        self._value = value

    async def get_attribute(self, dry_run: bool = False) -> cms.CMSAttribute:
        value = core.Any(core.UTF8String(self._value.decode()))
        return cms.CMSAttribute({"type": ACT_ATTRIBUTE, "values": [value]})


class _AtMoment(signers.PdfSigner):
    moment: datetime

    def init_signing_session(self, *args: Any, **options: Any) -> Any:
        session = super().init_signing_session(*args, **options)
        session.system_time = self.moment
        return session


async def sign_pdf(
    pdf: bytes, who: Authority, tsa: LocalTsa | None, act: dict[str, str], at: datetime, reserved: int | None = None
) -> bytes:
    """The same bytes and an incremental update with a PAdES B-T signature, without `tsa` B-B; `act` in its signed
    attributes. `reserved`: hex digits kept free for the signature, without it what pyHanko thinks best.
    """
    private = who.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = _WithAct(
        signing_cert=asn1_x509.Certificate.load(who.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    signer.act = decode.encode(act)
    meta = signers.PdfSignatureMetadata(field_name="proposer", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    work = _AtMoment(meta, signer, timestamper=_Stamper(tsa) if tsa else None)
    work.moment = at
    update: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    update._update_meta = _tell_no_date
    update._document_id = generic.ArrayObject([update._document_id[0], _id_of(pdf)[1]])
    out = await work.async_sign_pdf(update, bytes_reserved=reserved)
    return bytes(out.getvalue())


class _Stamper(TimeStamper):
    def __init__(self, tsa: LocalTsa) -> None:
        super().__init__(include_nonce=False)  # type: ignore[no-untyped-call]
        self._tsa = tsa

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._tsa.answer(req.dump()))


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
