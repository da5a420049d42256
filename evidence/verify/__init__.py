"""Verifies evidence offline: without our server, our database, or the code that wrote it (docs/BUNDLE.md)."""

from evidence.verify.bundle import verify_bundle
from evidence.verify.keys import TrustedKeys
from evidence.verify.pdf import verify_pdf
from evidence.verify.report import Reason, Report, Step
from evidence.verify.trust import read as read_policy

__all__ = ["Reason", "Report", "Step", "TrustedKeys", "read_policy", "verify_bundle", "verify_pdf"]
