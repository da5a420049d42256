"""Step 9. The papers as shown and as signed: hashes first, then PAdES (needs the `full` extra)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.chain import Chain
from evidence.verify.fields import MISMATCH, MISSING, Field
from evidence.verify.keys import DOCUMENT_CA, TSA_INDEPENDENT, TSA_LOCAL, TrustedKeys
from evidence.verify.records import Record, instant
from evidence.verify.seals import sm3
from evidence.verify.strict import HEX64, canonical, mapping, text, texts
from evidence.verify.time import NotEvaluatedError, load_full


@dataclass(frozen=True)
class Papers:
    """`signed` PDFs are here; `absent` were signed and are not in the bundle."""

    signed: int
    absent: int
    evaluated: bool
    rooted: bool = True
    test: bool = False

    @property
    def code(self) -> str | None:
        if self.absent:
            return "DOCUMENT_WITHHELD"
        if self.signed and not self.rooted:
            return "NO_TRUSTED_KEY"
        return None if self.evaluated else "SIGNATURE_NOT_EVALUATED"


def check(
    chain: Chain, files: Mapping[str, bytes], fields: list[Field], digests: Mapping[str, str], keys: TrustedKeys
) -> Papers:
    # 9.1 every document and page is the one the events name
    for field in fields:
        if field.state in (MISMATCH, MISSING):
            what = "is missing" if field.state == MISSING else "differs from the event that names it"
            raise NotVerified(f"a document or page {what}", record=str(field.place.file))
    # 9.2 by the second hash, too
    for path, digest in digests.items():
        if path in files and not path.startswith("data/chain/") and sm3(files[path]) != digest:
            raise NotVerified("SM3 differs from the seal", record=path)
    # 9.3 each signed paper begins with the bytes shown, and its signatures hold
    present = absent = 0
    evaluated, test = True, False
    rooted = bool(keys.roots(DOCUMENT_CA))
    for record in chain.of("esign.document_signed/1"):
        document = text(record.body.get("document"), record.name)
        certificate = mapping(record.body.get("certificate"), record.name)
        text(certificate.get("sha256"), record.name, HEX64)
        path = f"data/documents/{document}.signed.pdf"
        signed, shown = files.get(path), files.get(f"data/documents/{document}.pdf")
        test = test or certificate.get("production") is not True
        if signed is None:
            absent += 1
            continue
        if shown is not None and not signed.startswith(shown):
            raise NotVerified("the signed file does not begin with the bytes shown", record=path)
        present += 1
        if not rooted:
            continue
        try:
            _signatures(chain, record, signed, path, keys)
        except NotEvaluatedError:
            evaluated = False
    return Papers(present, absent, evaluated, rooted, test)


def _signatures(chain: Chain, record: Record, signed: bytes, path: str, keys: TrustedKeys) -> None:
    full = load_full()
    times = [*keys.roots(TSA_INDEPENDENT), *keys.roots(TSA_LOCAL)]
    try:
        found: list[Any] = full.signatures(signed, keys.roots(DOCUMENT_CA), times, instant(record.at))
    except NotVerified as error:
        raise NotVerified(error.detail, record=path) from None
    if found[-1].certificate_sha256 != record.body["certificate"]["sha256"]:
        raise NotVerified("signed with another certificate than the event says", record=path)
    # 9.4 what the signature says of the act is what the event says
    if found[-1].act != canonical(act_attributes(chain, record)):
        raise NotVerified("the signature covers another act than the event says", record=path)


def act_attributes(chain: Chain, record: Record) -> dict[str, str]:
    """What the CMS of a paper signed by this event has to say of the act (docs/BUNDLE.md section 7)."""
    body, name = record.body, record.name
    place = mapping(body.get("place"), name)
    return {
        "act": text(mapping(body.get("act"), name).get("signature"), name),
        "at": record.at,
        "case": chain.stream,
        "document": text(body.get("shown_sha256"), name),
        "identity": _identity(chain, record, text(body.get("party"), name)),
        "place": text(place.get("fix") or place.get("state"), name),
        "strokes": text(mapping(body.get("strokes"), name).get("commitment"), name),
    }


def _identity(chain: Chain, record: Record, party: str) -> str:
    """How the party was identified as of the act; empty when it was not, or it was taken back."""
    found = ""
    for item in chain.records[: record.seq - 1]:
        if not item.type.startswith("identity.") or item.body.get("party") != party:
            continue
        if any(key.startswith("identity:") for key in texts(item.body.get("withdraws", []), item.name)):
            found = ""
        if item.type == "identity.verified/1":
            found = f"{item.body.get('strength')} {item.body.get('route')} {item.at}"
    return found
