"""Step 9. The papers as shown and as signed: hashes first, then PAdES (needs the `full` extra)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evidence.errors import NotVerified
from evidence.verify.chain import Chain, Record, instant
from evidence.verify.fields import MISMATCH, MISSING, Field
from evidence.verify.keys import DOCUMENT_CA, TSA_INDEPENDENT, TSA_LOCAL, TrustedKeys
from evidence.verify.seals import sm3
from evidence.verify.strict import HEX64, text
from evidence.verify.time import NotEvaluatedError, load_full


@dataclass(frozen=True)
class Papers:
    """`signed` PDFs were judged; `absent` were signed and are not in the bundle."""

    signed: int
    absent: int
    evaluated: bool
    rooted: bool = True
    test: bool = False

    @property
    def code(self) -> str | None:
        if self.absent:
            return "DOCUMENT_WITHHELD"
        if not self.rooted:
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
    judged = absent = 0
    evaluated, test = True, False
    rooted = bool(keys.roots(DOCUMENT_CA))
    for record in chain.of("esign.document_signed/1"):
        document = text(record.body.get("document"), record.name)
        text(record.body["certificate"]["sha256"], record.name, HEX64)
        path = f"data/documents/{document}.signed.pdf"
        signed, shown = files.get(path), files.get(f"data/documents/{document}.pdf")
        test = test or record.body["certificate"].get("production") is not True
        if signed is None:
            absent += 1
            continue
        if shown is not None and not signed.startswith(shown):
            raise NotVerified("the signed file does not begin with the bytes shown", record=path)
        if not rooted:
            continue
        judged += 1
        try:
            _signatures(record, signed, path, keys)
        except NotEvaluatedError:
            evaluated = False
    return Papers(judged, absent, evaluated, rooted, test)


def _signatures(record: Record, signed: bytes, path: str, keys: TrustedKeys) -> None:
    full = load_full()
    times = [*keys.roots(TSA_INDEPENDENT), *keys.roots(TSA_LOCAL)]
    try:
        found: list[Any] = full.signatures(signed, keys.roots(DOCUMENT_CA), times, instant(record.at))
    except NotVerified as error:
        raise NotVerified(error.detail, record=path) from None
    if found[-1].certificate_sha256 != record.body["certificate"]["sha256"]:
        raise NotVerified("signed with another certificate than the event says", record=path)
