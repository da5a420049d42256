"""PDF signatures in two halves: fields prepared before anybody sees the paper, and the bytes a signature covers.

Everything is an incremental update, so the bytes shown stay a prefix of the bytes signed. The strokes are the
appearance of the signer's own field. The first signature certifies (form filling stays allowed while further ones
follow), the last one locks the paper.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import AppearanceContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest, SignatureObject

from esign.strokes import Strokes, to_path
from evidence.events import Frozen

DIGEST = "sha256"
RESERVED = (
    20 * 1024
)  # hex digits kept free for the CMS container: certificate, attributes and a time stamp of up to 6 KB


class FieldPlace(Frozen, frozen=True, kw_only=True):
    """Where a signature goes: `page` from 0, `box` = left, bottom, right, top in points from the lower left corner.

    `locks`: this is the last of several signatures, and nothing may change after it.
    """

    name: str
    page: int
    box: tuple[float, float, float, float]
    label: str = ""  # what a screen reader says
    locks: bool = False


@dataclass(frozen=True)
class ToSign:
    """A PDF that is final but for the gap its signature goes into."""

    digest: bytes
    _output: io.BytesIO
    _gap: PreparedByteRangeDigest

    def finish(self, container: cms.ContentInfo) -> bytes:
        """The signed PDF. ValueError when the container does not fit its gap."""
        if 2 * len(container.dump()) > self._gap.reserved_region_end - self._gap.reserved_region_start - 2:
            raise ValueError("signature container is larger than its gap")
        self._gap.fill_with_cms(self._output, container)
        return self._output.getvalue()


def prepare_fields(pdf: bytes, fields: Sequence[FieldPlace]) -> bytes:
    """Add empty signature fields, all at once and before the paper is shown: a field added later would be a change."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for field in fields:
        left, bottom, right, top = (round(value) for value in field.box)
        lock = FieldMDPSpec(FieldMDPAction.ALL) if field.locks else None
        spec = SigFieldSpec(
            field.name,
            on_page=field.page,
            box=(left, bottom, right, top),
            field_mdp_spec=lock,
            doc_mdp_update_value=MDPPerm.NO_CHANGES if field.locks else None,
            readable_field_name=field.label or None,
        )
        append_signature_field(writer, spec)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def begin(pdf: bytes, field: str, strokes: Strokes, *, last: bool, at: datetime) -> ToSign:
    """Put the strokes into the field, fix who may change what afterwards, and compute the digest to be signed.

    `pdf` is the paper as shown, or as signed by those before. SigningError when the field is absent or filled,
    ValueError when the paper is locked or the field has another place in the order.
    Blocking, and pure CPU: call it in a thread.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    earlier = list(writer.prev.embedded_signatures)
    if any(item.docmdp_level == MDPPerm.NO_CHANGES for item in earlier):
        raise ValueError("the paper is locked: the last signature was given")
    embedder = PdfCMSEmbedder().write_cms(field_name=field, writer=writer, existing_fields_only=True)
    target = next(embedder).get_object()
    left, bottom, right, top = (float(value) for value in target["/Rect"])
    ink = _Ink(writer, BoxConstraints(width=right - left, height=top - bottom), strokes)
    ink.apply_appearance(target)
    writer.update_container(target)
    writer.register_extension(ESIC_EXTENSION_1)
    placeholder = SignatureObject(
        timestamp=at, reason="同意 / I agree", subfilter=SigSeedSubFilter.PADES, bytes_reserved=RESERVED
    )
    embedder.send(
        SigObjSetup(
            sig_placeholder=placeholder,
            mdp_setup=_rights(target, first=not earlier, last=last),
        )
    )
    gap, output = embedder.send(SigIOSetup(md_algorithm=DIGEST, output=io.BytesIO()))
    return ToSign(digest=gap.document_digest, _output=output, _gap=gap)


def sm3(data: bytes) -> str:
    """SM3 (GB/T 32905), hex."""
    state = hashes.Hash(hashes.SM3())
    state.update(data)
    return state.finalize().hex()


def _rights(field: generic.DictionaryObject, *, first: bool, last: bool) -> SigMDPSetup:
    if first:
        # P=1 on a first signature would make readers refuse a second one (ISO 32000-1, 12.8.2.2).
        return SigMDPSetup(
            md_algorithm=DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES if last else MDPPerm.FILL_FORMS
        )
    lock = FieldMDPSpec.from_pdf_object(field["/Lock"]) if "/Lock" in field else None
    if last != (lock is not None):
        raise ValueError("the field was not prepared for this place in the order of signatures")
    return SigMDPSetup(md_algorithm=DIGEST, field_lock=lock, docmdp_perms=MDPPerm.NO_CHANGES if last else None)


class _Ink(AppearanceContent):
    """A form object that draws strokes as vectors: nothing to embed, and it prints at any size."""

    def __init__(self, writer: BasePdfFileWriter, box: BoxConstraints, strokes: Strokes) -> None:
        super().__init__(writer, box)
        self._strokes = strokes

    def render(self) -> bytes:
        return b"q\n" + to_path(self._strokes, self.box.width, self.box.height) + b"\nQ"
