"""Traps that libraries and tools set (docs/TRAPS.md): those that have no test where the thing itself is tested."""

import ast
import base64
import hashlib
import io
import json
import os
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import typst
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from esign import pdf
from esign.signer import open_authority
from evidence import timestamp
from evidence.tsa import POLICY, open_tsa
from evidence.verify.container import read
from tests.esign.test_signing_pdf import FIRST, MASTER, PAPER, sign
from tests.esign.test_signing_pdf import NOW as SIGNING
from tests.outside import need, tools
from tests.outside.forgeries import Forgery
from tests.outside.rows import ROWS
from tests.outside.scene import Evidence, laid_out
from tests.proof import attacks
from tests.proof.paper import authority
from tests.proof.story import Told
from tests.witness.authority import certificate

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/TRAPS.md"
DATA = b"what is not sealed did not happen"
DIGEST = hashlib.sha256(DATA).digest()


# --- 1 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["adesverify", "validate"])
def test_pyhankos_exit_code_is_content_with_a_paper_that_nobody_signed(
    command: str, told: Told, tmp_path: Path
) -> None:
    root, files = read(told.bundle)
    keys = dict(told.keys) | {"tsa-independent.pem": told.keys["tsa-root.pem"]}
    unsigned = attacks.replace_the_signed_pdf_by_the_unsigned(told, dict(files))
    scene = laid_out(Evidence(told, keys, unsigned, root), tmp_path)
    assert tools.pyhanko_exit_code(command)(scene).accepted
    assert not tools.pyhanko(scene).accepted, "so at least one signature is asked for, too"


# --- 7, 10: time stamps -----------------------------------------------------------------------------------------------

TSA = """[tsa]
default_tsa = it
[it]
serial = serial
default_policy = 1.2.3.4
other_policies = 1.2.3.5
digests = sha256
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", "ts", *words], cwd=folder, capture_output=True, text=True, check=False)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_reply_with_two_certificates_out_of_order_is_read_by_us_and_openssl_but_not_by_rfc3161_client(
    tmp_path: Path,
) -> None:
    """OpenSSL's authority writes them as they come; DER wants a set in order. Ours embeds one, for all."""
    need("openssl")
    at = datetime.now(UTC)
    root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    root = certificate("root", root_key, "root", root_key, ca=True, at=at)
    leaf = certificate("an authority", key, "root", root_key, ca=False, at=at)
    for name, data in {
        "root.pem": root.public_bytes(Encoding.PEM),
        "leaf.pem": leaf.public_bytes(Encoding.PEM),
        "key.pem": pem(key),
        "tsa.cnf": TSA.encode(),
        "serial": b"01\n",
        "data": DATA,
    }.items():
        (tmp_path / name).write_bytes(data)
    assert openssl(tmp_path, "-query", "-data", "data", "-sha256", "-cert", "-out", "question").returncode == 0
    authority = ["-config", "tsa.cnf", "-signer", "leaf.pem", "-inkey", "key.pem", "-chain", "root.pem"]
    assert openssl(tmp_path, "-reply", *authority, "-queryfile", "question", "-out", "reply").returncode == 0
    reply = (tmp_path / "reply").read_bytes()
    assert openssl(tmp_path, "-verify", "-data", "data", "-in", "reply", "-CAfile", "root.pem").returncode == 0
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(reply)
    assert timestamp.verify(reply, DIGEST, (root,)).digest == DIGEST.hex()


def test_our_own_replies_embed_one_certificate(told: Told) -> None:
    replies = [data for path, data in read(told.bundle)[1].items() if path.endswith(".tsr")]
    for reply in replies:
        content = tsp.TimeStampResp.load(reply)["time_stamp_token"]["content"]
        assert len(content["certificates"]) == 1
        assert (
            VerifierBuilder(roots=[told.world.tsa.root])
            .build()
            .verify(
                decode_timestamp_response(reply),
                bytes(content["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"]),
            )
        )
    assert len(replies) > 3


def test_a_stamp_outlives_the_certificate_it_was_made_with(tmp_path: Path) -> None:
    """Thirty years ago, by an authority whose certificate was good for twenty."""
    need("openssl")
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(days=365 * 30)
    tsa = open_tsa(tmp_path, MASTER, lambda: then, os.urandom)
    reply = tsa.answer(timestamp.request(DIGEST, 12345, POLICY))
    assert timestamp.verify(reply, DIGEST, (tsa.root,)).at == then.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "reply").write_bytes(reply)
    words = ["-verify", "-data", "data", "-in", "reply", "-CAfile", "tsa-root.pem"]
    today = openssl(tmp_path, *words)
    assert "certificate has expired" in today.stdout + today.stderr
    assert openssl(tmp_path, *words, "-attime", str(int(then.timestamp()))).returncode == 0, "as the guide asks"


# --- 8: pyHanko's helpers ---------------------------------------------------------------------------------------------


def test_pyhankos_own_time_stamper_knows_rsa_keys_only_so_ours_is_not_built_on_it(told: Told) -> None:
    who = authority()
    private = who.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    dummy = DummyTimeStamper(
        tsa_cert=asn1_x509.Certificate.load(who.certificate.public_bytes(Encoding.DER)),
        tsa_key=asn1_keys.PrivateKeyInfo.load(private),
        certs_to_embed=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    with pytest.raises(NotImplementedError):
        dummy.request_tsa_response(tsp.TimeStampReq.load(timestamp.request(DIGEST, 7)))
    assert isinstance(told.world.tsa.root.public_key(), ec.EllipticCurvePublicKey), "the root may be anything"
    assert isinstance(told.world.tsa._key, rsa.RSAPrivateKey), "readers of tokens all know RSA"


def embedded(data: bytes, folder: Path) -> list[bool]:
    """Of each font, as pdffonts tells, whether it is inside the file."""
    (folder / "paper.pdf").write_bytes(data)
    said = subprocess.run(["pdffonts", str(folder / "paper.pdf")], check=True, capture_output=True, text=True)
    return [inside == "yes" for inside in re.findall(r" (yes|no) +(?:yes|no) +(?:yes|no) ", said.stdout)]


async def test_a_signature_brings_no_font_of_its_own_into_the_paper(tmp_path: Path) -> None:
    """PDF/A wants every font inside; pyHanko's default stamp uses one that is not."""
    need("pdffonts")
    paper = typst.compile(PAPER, format="pdf", ignore_system_fonts=True, timestamp=0, pdf_standards=["a-2b"])
    shown = pdf.prepare_fields(paper, (FIRST,))
    signed = await sign(open_authority(tmp_path, MASTER, None, lambda: SIGNING, os.urandom), shown)
    assert set(embedded(signed.bytes, tmp_path)) == {True}
    who = authority()
    simple = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(who.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(
            who.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    out = await signers.async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(shown)), signers.PdfSignatureMetadata(field_name=FIRST.name), simple
    )
    assert False in embedded(out.getvalue(), tmp_path), "the trap is gone: its stamp embeds its font"


# --- 9: digest sets ---------------------------------------------------------------------------------------------------


def test_a_seals_digest_sets_name_sha256_alone_and_sm3_stands_in_the_predicate(told: Told) -> None:
    seals = [data for path, data in read(told.bundle)[1].items() if path.endswith(".dsse.json")]
    for data in seals:
        statement = json.loads(base64.b64decode(json.loads(data)["payload"]))
        assert {name for subject in statement["subject"] for name in subject["digest"]} == {"sha256"}
        assert set(statement["predicate"]["sm3"]) == {subject["name"] for subject in statement["subject"]}
    assert len(seals) == 3


# --- 14: what the library has and has not -----------------------------------------------------------------------------


def test_cryptography_has_the_chinese_hash_and_cipher_and_ml_dsa_and_has_no_sm2_no_tokens_and_no_cms_verification() -> (
    None
):
    """When one of the latter arrives, what we do ourselves or leave out should be thought over."""
    assert hashes.SM3.digest_size == 32
    assert algorithms.SM4.block_size == 128
    assert mldsa.MLDSA65PrivateKey.generate().sign(b"x")
    assert not [name for name in dir(ec) if "SM2" in name.upper()]
    for absent in ("primitives.asymmetric.sm2", "primitives.pkcs11", "primitives.cms"):
        assert find_spec(f"cryptography.hazmat.{absent}") is None
    assert not [name for name in dir(pkcs7) if "verif" in name.lower()]


# --- the page ---------------------------------------------------------------------------------------------------------


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    text = PAGE.read_text("utf-8").partition(f"## {heading}")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_trap_names_tests_that_are_there() -> None:
    table = rows("Traps")
    assert [int(number) for number, *_ in table] == list(range(1, 16))
    for number, *_, where in table:
        named = re.findall(r"`(tests/[a-z_/0-9]+\.py)::(test_\w+)`", where)
        assert named, number
        for path, test in named:
            assert test in functions_of(ROOT / path), f"trap {number}: {path}::{test}"


def told_of(forgeries: Sequence[Forgery]) -> str:
    return ", ".join(sorted({forgery.change.__name__.replace("_", " ") for forgery in forgeries})) or "–"


def test_the_page_tells_of_every_independent_check_what_it_refuses_and_what_it_cannot_see() -> None:
    expected = [[row.claim, row.tool, told_of(row.refuses), told_of(row.blind)] for row in ROWS]
    assert rows("Independent checks") == expected
