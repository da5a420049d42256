"""Verifies evidence offline: without our server, our database, or the code that wrote it (docs/BUNDLE.md)."""

from evidence.verify.bundle import verify_bundle
from evidence.verify.keys import TrustedKeys
from evidence.verify.pdf import verify_pdf
from evidence.verify.report import Reason, Report, Step

__all__ = ["Reason", "Report", "Step", "TrustedKeys", "verify_bundle", "verify_pdf"]
