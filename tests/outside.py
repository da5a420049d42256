"""Programs that are not ours (jq, openssl, pdfsig, chromium): tests that need one say so loudly."""

import os
import shutil

import pytest

PACKAGES = {"pdfsig": "poppler-utils", "pdftotext": "poppler-utils", "pdffonts": "poppler-utils"}


def need(*programs: str) -> None:
    """Skip where a program is missing; on CI, where .ci/run installs them all, fail instead."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    wanted = " ".join(sorted({PACKAGES.get(program, program) for program in missing}))
    message = f"not on this machine: {', '.join(missing)} (Debian: apt-get install {wanted})"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
