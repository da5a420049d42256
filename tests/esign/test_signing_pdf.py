"""A signed PDF, judged by tools that are not ours, and the traps their judgement has (EVIDENCE-FORMAT section 4)."""

import asyncio
import hashlib
import io
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random as Dice

import pypdfium2
import pytest
import typst
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from esign import pdf
from esign.pdf import FieldPlace
from esign.signer import FileSigner, OneUse, SignedDocument, SigningAuthority, act_attributes, open_authority
from evidence.errors import NotVerified
from evidence.timestamp import TimeSource, TimeStampUnavailable
from evidence.tsa import LocalTsa, open_tsa
from evidence.verify import full
from tests.esign.ink import signature
from tests.outside import need

NOW = datetime(2026, 11, 21, 19, 19, tzinfo=UTC)
MASTER = b"m" * 32
PAPER = b"#set page(width: 300pt, height: 200pt)\nA paper to sign."
FIRST = FieldPlace(name="proposer", page=0, box=(40, 40, 140, 90), label="投保人签名")
SECOND = FieldPlace(name="insured", page=0, box=(160, 40, 260, 90), locks=True)
ACT = {"case": "case_x", "strokes": "s" * 43}


class SilentTsa:
    source: TimeSource = "independent"

    async def stamp(self, digest: bytes) -> bytes:
        raise TimeStampUnavailable("no answer")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> LocalTsa:
    return open_tsa(tmp_path_factory.mktemp("tsa"), MASTER, lambda: NOW, os.urandom)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory, tsa: LocalTsa) -> SigningAuthority:
    return open_authority(tmp_path_factory.mktemp("ca"), MASTER, tsa, lambda: NOW, os.urandom)


@pytest.fixture(scope="module")
def paper() -> bytes:
    return typst.compile(PAPER, format="pdf", ignore_system_fonts=True, timestamp=0, pdf_standards=["a-2b"])


@pytest.fixture(scope="module")
def shown(paper: bytes) -> bytes:
    return pdf.prepare_fields(paper, (FIRST,))


@pytest.fixture(scope="module")
def signed(authority: SigningAuthority, shown: bytes) -> SignedDocument:
    return asyncio.run(sign(authority, shown))


async def sign(
    authority: SigningAuthority, shown: bytes, field: str = "proposer", *, last: bool = True, subject: str = "张䶮"
) -> SignedDocument:
    return await authority.sign_document(
        shown, field=field, subject=subject, strokes=signature(), attributes=ACT, last=last, at=NOW
    )


def judged(data: bytes, authority: SigningAuthority, tsa: LocalTsa) -> list[full.Signature]:
    return full.signatures(data, [authority.root], [tsa.root], NOW)


def gap(data: bytes) -> tuple[int, int]:
    """First and last offset of the last /Contents: the bytes its own ByteRange leaves out."""
    found = re.findall(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", data)[-1]
    return int(found[0]), int(found[1])


# --- what holds -------------------------------------------------------------------------------------------------------


def test_the_signed_file_begins_with_the_bytes_shown(shown: bytes, signed: SignedDocument) -> None:  # ESG-02
    assert signed.bytes[: len(shown)] == shown
    assert len(signed.bytes) > len(shown)


def test_it_is_a_baseline_t_signature_with_a_local_time(
    signed: SignedDocument, authority: SigningAuthority, tsa: LocalTsa
) -> None:  # ESG-09, ESG-10
    assert (signed.level, signed.time_source) == ("B-T", "local")
    (found,) = judged(signed.bytes, authority, tsa)
    assert found.stamped_by is not None
    assert found.certificate_sha256 == signed.certificate.sha256
    assert "张䶮" in found.subject


def test_the_certificate_says_that_it_is_no_production_one(
    signed: SignedDocument, authority: SigningAuthority
) -> None:  # ESG-08
    assert not signed.certificate.production
    assert not authority.production
    assert "not production" in signed.certificate.issuer
    assert signed.certificate.not_before == "2026-11-21T19:19:00.000Z"
    assert signed.certificate.not_after == "2026-11-22T19:19:00.000Z"


def test_pyhanko_trusts_it_and_sees_no_change(
    signed: SignedDocument, authority: SigningAuthority, tsa: LocalTsa
) -> None:
    reader = PdfFileReader(io.BytesIO(signed.bytes), strict=True)
    (embedded,) = reader.embedded_signatures
    ours, times = (
        ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(root.public_bytes(Encoding.DER))],
            moment=NOW,
            revocation_mode="soft-fail",
        )
        for root in (authority.root, tsa.root)
    )
    status = validate_pdf_signature(embedded, ours, ts_validation_context=times)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert embedded.docmdp_level == MDPPerm.NO_CHANGES


def test_pdfsig_calls_it_valid_over_the_whole_document(signed: SignedDocument, tmp_path: Path) -> None:
    need("pdfsig")
    said = pdfsig(signed.bytes, tmp_path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said


def test_openssl_verifies_the_container_over_the_byte_range(
    signed: SignedDocument, authority: SigningAuthority, tmp_path: Path
) -> None:
    need("openssl")
    start, end = gap(signed.bytes)
    (tmp_path / "covered").write_bytes(signed.bytes[:start] + signed.bytes[end:])
    (tmp_path / "other").write_bytes(signed.bytes[:start] + signed.bytes[end:] + b"\n")
    (tmp_path / "cms").write_bytes(container(signed.bytes))
    (tmp_path / "root.pem").write_bytes(authority.root_pem)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "cms", "-CAfile", "root.pem"]
    command += ["-purpose", "any", "-attime", str(int(NOW.timestamp()) + 60), "-out", "/dev/null", "-content"]
    good = subprocess.run([*command, "covered"], cwd=tmp_path, capture_output=True, check=False)
    bad = subprocess.run([*command, "other"], cwd=tmp_path, capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    assert bad.returncode != 0


def test_the_signed_attributes_carry_the_act(signed: SignedDocument) -> None:  # ESG-05
    assert act_attributes(container(signed.bytes)) == ACT


def test_the_strokes_are_what_the_field_shows(shown: bytes, signed: SignedDocument) -> None:  # ESG-04
    before, after = picture(shown), picture(signed.bytes)
    inside = (40, 110, 140, 160)  # the field, from the top left corner
    assert min(before.crop(inside).tobytes()) == 255
    assert min(after.crop(inside).tobytes()) < 80
    assert before.crop((0, 0, 300, 100)).tobytes() == after.crop((0, 0, 300, 100)).tobytes()


async def test_two_people_sign_one_paper_and_the_second_locks_it(
    authority: SigningAuthority, tsa: LocalTsa, paper: bytes
) -> None:  # trap 4
    shown = pdf.prepare_fields(paper, (FIRST, SECOND))
    once = await sign(authority, shown, last=False)
    twice = await sign(authority, once.bytes, "insured", subject="李四")
    assert twice.bytes.startswith(once.bytes)
    assert once.bytes.startswith(shown)
    assert [found.field for found in judged(twice.bytes, authority, tsa)] == ["proposer", "insured"]
    with pytest.raises((SigningError, ValueError)):
        await sign(authority, twice.bytes, "insured")


async def test_a_locked_paper_takes_no_further_signature(authority: SigningAuthority, paper: bytes) -> None:  # trap 4
    shown = pdf.prepare_fields(paper, (FIRST, SECOND))
    locked = await sign(authority, shown, last=True)
    with pytest.raises(ValueError, match="locked"):
        await sign(authority, locked.bytes, "insured")


async def test_a_field_is_signed_once_and_only_if_it_was_prepared(
    authority: SigningAuthority, signed: SignedDocument, shown: bytes
) -> None:
    with pytest.raises((SigningError, ValueError)):
        await sign(authority, signed.bytes)
    with pytest.raises(SigningError):
        await sign(authority, shown, "beneficiary")


# --- keys and time ----------------------------------------------------------------------------------------------------


async def test_every_signature_has_a_key_of_its_own(authority: SigningAuthority, shown: bytes) -> None:  # ESG-03
    one, other = await sign(authority, shown), await sign(authority, shown)
    assert one.certificate.serial != other.certificate.serial
    assert one.certificate.sha256 != other.certificate.sha256


def test_a_one_use_key_signs_once(tmp_path: Path) -> None:  # ESG-03
    opened = open_authority(tmp_path, MASTER, None, lambda: NOW, os.urandom)
    signer = opened._signer
    assert isinstance(signer, FileSigner)
    once: OneUse = signer.issue("张三", NOW)
    assert once.sign(b"data")
    with pytest.raises(RuntimeError, match="used"):
        once.sign(b"data")


def test_the_authority_is_made_once_and_opens_only_under_the_master_key(tmp_path: Path) -> None:
    one = open_authority(tmp_path, MASTER, None, lambda: NOW, os.urandom)
    again = open_authority(tmp_path, MASTER, None, lambda: NOW + timedelta(days=9), os.urandom)
    assert one.root_pem == again.root_pem == (tmp_path / "ca-root.pem").read_bytes()
    assert b"ENCRYPTED" in (tmp_path / "ca.key.pem").read_bytes()
    with pytest.raises(ValueError, match=r"(?i)decrypt|password"):
        open_authority(tmp_path, b"x" * 32, None, lambda: NOW, os.urandom)


@pytest.mark.parametrize("stamper", [None, SilentTsa()])
async def test_without_time_the_level_is_lower_and_says_so(
    tmp_path: Path, shown: bytes, stamper: SilentTsa | None
) -> None:  # ESG-10
    alone = open_authority(tmp_path, MASTER, stamper, lambda: NOW, os.urandom)
    signed = await sign(alone, shown)
    assert (signed.level, signed.time_source) == ("B-B", "none")
    (found,) = full.signatures(signed.bytes, [alone.root], [], NOW)
    assert found.stamped_by is None


def test_sm3_is_the_published_one() -> None:  # API-19
    assert pdf.sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


# --- traps ------------------------------------------------------------------------------------------------------------


def test_a_paper_without_a_signature_is_a_failure(
    shown: bytes, authority: SigningAuthority, tsa: LocalTsa
) -> None:  # trap 1; conventions 3, row 17
    with pytest.raises(NotVerified, match="no signature"):
        judged(shown, authority, tsa)


@pytest.mark.parametrize("junk", [b"\n", b"%junk", b"\x00" * 64])
def test_junk_after_the_end_is_found(
    signed: SignedDocument, authority: SigningAuthority, tsa: LocalTsa, junk: bytes
) -> None:  # trap 3
    with pytest.raises(NotVerified):
        judged(signed.bytes + junk, authority, tsa)


def test_a_page_replaced_by_an_update_is_found_though_pdfsig_is_content(
    signed: SignedDocument, authority: SigningAuthority, tsa: LocalTsa, tmp_path: Path
) -> None:  # trap 2; conventions 3, row 16
    writer = IncrementalPdfFileWriter(io.BytesIO(signed.bytes))
    page = writer.find_page_for_modification(0)[0].get_object()  # type: ignore[no-untyped-call]
    other = generic.StreamObject(stream_data=b"BT ET 0 0 100 100 re f")
    page["/Contents"] = writer.add_object(other)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    need("pdfsig")
    assert "Signature is Valid." in pdfsig(out.getvalue(), tmp_path)
    with pytest.raises(NotVerified):
        judged(out.getvalue(), authority, tsa)


def test_no_byte_can_change_unnoticed(
    signed: SignedDocument, authority: SigningAuthority, tsa: LocalTsa
) -> None:  # ESG-03; trap 5: also by someone who recomputes every hash that is not signed
    start, end = gap(signed.bytes)
    dice = Dice(20261121)
    unseen = []
    for _ in range(300):
        at = dice.randrange(len(signed.bytes))
        changed = bytearray(signed.bytes)
        changed[at] ^= 1 << dice.randrange(8)
        assert hashlib.sha256(changed).digest() != hashlib.sha256(signed.bytes).digest()
        try:
            judged(bytes(changed), authority, tsa)
        except NotVerified:
            continue
        unseen.append(at)
    # What a PDF signature cannot cover is its own container and the zeros after it: there the seal's hash sees all.
    assert all(start < at < end - 1 for at in unseen)


async def test_another_signers_strokes_do_not_carry_over(
    signed: SignedDocument, authority: SigningAuthority, tsa: LocalTsa, paper: bytes
) -> None:  # ESG-05: a container pasted into another paper
    other = await sign(authority, pdf.prepare_fields(paper.replace(b"%PDF-1.7", b"%PDF-1.6"), (FIRST,)))
    start, end = gap(signed.bytes)
    there, _ = gap(other.bytes)
    if end - start != gap(other.bytes)[1] - there:
        pytest.fail("the gaps differ in length")
    pasted = other.bytes[:there] + signed.bytes[start:end] + other.bytes[there + end - start :]
    with pytest.raises(NotVerified):
        judged(pasted, authority, tsa)


# --- reading PDFs -----------------------------------------------------------------------------------------------------


def container(data: bytes) -> bytes:
    start, end = gap(data)
    padded = bytes.fromhex(data[start + 1 : end - 1].decode())
    size = 4 + int.from_bytes(padded[2:4], "big")  # 30 82 LL LL
    assert padded[:2] == b"\x30\x82"
    assert not padded[size:].strip(b"\x00")
    return padded[:size]


def pdfsig(data: bytes, folder: Path) -> str:
    (folder / "signed.pdf").write_bytes(data)
    command = ["pdfsig", "-nocert", "signed.pdf"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def picture(data: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    image: Image.Image = document[0].render(scale=1, may_draw_forms=True).to_pil().convert("L")
    document.close()
    return image
