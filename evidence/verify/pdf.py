"""A signed PDF alone, without its bundle: what can be said of it, and no more (ESG-09)."""

from cryptography.hazmat.primitives.serialization import Encoding

from evidence.errors import NotVerified
from evidence.verify.keys import DOCUMENT_CA, TSA_INDEPENDENT, TSA_LOCAL, TrustedKeys
from evidence.verify.report import Reason, Report, Step
from evidence.verify.strict import sha256
from evidence.verify.time import NotEvaluatedError, load_full

MAX_BYTES = 64 * 1024 * 1024


def verify_pdf(data: bytes, keys: TrustedKeys) -> Report:
    """Signatures and their time. Never TOTAL-PASSED with a certificate of a test authority. Blocking."""
    # 1. it is a PDF at all
    if not data.startswith(b"%PDF-") or len(data) > MAX_BYTES:
        return Report((Step(1, "container", "failed", "not a PDF"),), (Reason(1, "NOT_A_BUNDLE"),), first_bad=(1, ""))
    steps = [Step(1, "container", "passed", f"{len(data)} bytes")]
    # 9. at least one signature, all valid, nothing after the last
    try:
        times = [*keys.roots(TSA_INDEPENDENT), *keys.roots(TSA_LOCAL)]
        roots = keys.roots(DOCUMENT_CA)
        if not roots:
            return Report((*steps, Step(9, "documents", "indeterminate", "no root")), (Reason(9, "NO_TRUSTED_KEY"),))
        found = load_full().signatures(data, roots, times, None)
    except NotEvaluatedError:
        step = Step(9, "documents", "indeterminate", "the full extra is not installed")
        return Report((*steps, step), (Reason(9, "SIGNATURE_NOT_EVALUATED"),))
    except NotVerified as error:
        failed = Step(9, "documents", "failed", error.detail)
        return Report((*steps, failed), (Reason(9, "DOCUMENT_INVALID"),), first_bad=(9, error.detail))
    names = "; ".join(f"{item.subject}, {item.at}" for item in found)
    steps.append(Step(9, "documents", "passed", f"{len(found)} signatures: {names}"))
    reasons = []
    # 6. when: only an independent authority can say
    independent = {sha256(root.public_bytes(Encoding.DER)) for root in keys.roots(TSA_INDEPENDENT)}
    if not all(item.stamped_by in independent for item in found):
        reasons.append(Reason(6, "NO_INDEPENDENT_TIME"))
    # A root that calls itself a test authority is one (ESG-08).
    if any("not production" in root.subject.rfc4514_string().lower() for root in roots):
        reasons.append(Reason(9, "TEST_CERTIFICATE"))
    return Report(tuple(steps), tuple(reasons))
