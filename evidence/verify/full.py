"""What needs the `full` extra: time tokens (rfc3161-client, asn1crypto) and PAdES (pyHanko). Loaded on demand.

pyHanko alone says "valid" of a PDF without signatures and of one with junk after its end; both are failures here.
"""

import asyncio
import hashlib
import io
import logging
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel, SignatureStatus
from pyhanko_certvalidator import ValidationContext

from evidence import timestamp
from evidence.errors import NotVerified

ACT_ATTRIBUTE = "2.25.267583091664523829403417598325468391102"  # docs/BUNDLE.md section 7
CLOCKS = timedelta(seconds=60)  # between the event's time and the certificate's first second

T = TypeVar("T")

# pyHanko reports every oddity of a hostile file; what counts is in the result.
_SILENT = ("pyhanko", "pyhanko_certvalidator")


@dataclass(frozen=True)
class Signature:
    """One valid PAdES signature. `stamped_by` = SHA-256 of the root its time token leads to. `act` = the bytes of our
    signed attribute, None unless there is exactly one."""

    field: str
    certificate_sha256: str
    subject: str
    at: datetime | None
    stamped_by: str | None
    act: bytes | None


def stamped_at(reply: bytes, data: bytes, roots: Sequence[x509.Certificate], policies: Sequence[str] = ()) -> str:
    """The time a verified RFC 3161 reply gives for `data`. `policies`: the accepted ones (dotted); empty: any."""
    try:
        return timestamp.verify(reply, hashlib.sha256(data).digest(), roots, policies=policies).at
    except timestamp.TimeStampRejected as error:
        raise NotVerified(error.detail) from None


def signatures(
    pdf: bytes, roots: Sequence[x509.Certificate], tsa_roots: Sequence[x509.Certificate], moment: datetime | None
) -> list[Signature]:
    """Every signature of a PDF, all of them valid and the file not changed after the last; at least one.

    Certificates are judged at `moment`, or, without one, at the time each signature claims; never at today's date,
    because a one-use certificate is meant to have expired. NotVerified otherwise.
    """
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        embedded = list(reader.embedded_signatures)
        own = [item for item in embedded if item.sig_object_type == "/Sig"]
        if not own:
            raise NotVerified("the PDF has no signature")
        if len(own) + sum(item.sig_object_type == "/DocTimeStamp" for item in embedded) != len(embedded):
            raise NotVerified("a signature of an unknown kind")
        found = [_signature(item, roots, tsa_roots, moment, last=item is own[-1]) for item in own]
        for item in embedded:
            if item.sig_object_type == "/DocTimeStamp":
                _document_time(item, tsa_roots, moment or found[-1].at)
        _nothing_after(embedded[-1])
    except (NotVerified, MemoryError):
        raise
    except Exception as error:  # parsers of a hostile file fail in ways that nobody lists (zlib.error was one)
        raise NotVerified(f"PDF cannot be read: {type(error).__name__}") from None
    return found


def _signature(
    item: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
    tsa_roots: Sequence[x509.Certificate],
    moment: datetime | None,
    last: bool,
) -> Signature:
    at = moment or item.self_reported_timestamp
    status = _run(
        async_validate_pdf_signature(
            item,
            signer_validation_context=_context(roots, at),
            ts_validation_context=_context(tsa_roots, at),
        )
    )
    name = str(item.field_name)
    if not (status.intact and status.valid):
        raise NotVerified(f"signature {name} does not match the file")
    if not status.trusted:
        raise NotVerified(f"signature {name}: certificate is not trusted")
    if not status.bottom_line:
        raise NotVerified(f"signature {name}: the file was changed, or its time stamp does not hold")
    if last and status.modification_level not in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES):
        raise NotVerified(f"the file was changed after signature {name}")
    time = status.timestamp_validity
    certificate = item.signer_cert
    return Signature(
        field=name,
        certificate_sha256=hashlib.sha256(certificate.dump()).hexdigest(),
        subject=str(certificate.subject.human_friendly),
        at=time.timestamp if time is not None else item.self_reported_timestamp,
        stamped_by=_root_of(time) if time is not None else None,
        act=_act(item),
    )


def _root_of(time: SignatureStatus) -> str | None:
    """The bottom line held, so the token is trusted: by which root."""
    path = time.validation_path
    return hashlib.sha256(path.first.dump()).hexdigest() if path is not None else None


def _act(item: EmbeddedPdfSignature) -> bytes | None:
    found = [one for one in item.signer_info["signed_attrs"] if one["type"].dotted == ACT_ATTRIBUTE]
    if len(found) != 1 or len(found[0]["values"]) != 1:
        return None
    value = found[0]["values"][0].parse(core.UTF8String)
    return str(value.native).encode() if isinstance(value, core.UTF8String) else None


def _document_time(item: EmbeddedPdfSignature, tsa_roots: Sequence[x509.Certificate], moment: datetime | None) -> None:
    status = _run(async_validate_pdf_timestamp(item, validation_context=_context(tsa_roots, moment)))
    if not (status.intact and status.valid and status.trusted and status.docmdp_ok is not False):
        raise NotVerified("the document's time stamp does not hold")


def _nothing_after(item: EmbeddedPdfSignature) -> None:
    if item.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        raise NotVerified("bytes after the last signature or time stamp")


def _context(roots: Sequence[x509.Certificate], moment: datetime | None) -> ValidationContext:
    return ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(root.public_bytes(Encoding.DER)) for root in roots],
        moment=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
        time_tolerance=CLOCKS,
    )


def _run(work: Coroutine[Any, Any, T]) -> T:
    """pyHanko is asynchronous; the verifier is not, and may itself run inside somebody's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
