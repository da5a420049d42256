"""Programs that are not ours (jq, openssl, pdfsig, chromium): tests that need one say so loudly."""

import os
import shutil
from typing import NoReturn

import pytest

PACKAGES = {
    "pdfsig": "poppler-utils",
    "pdftotext": "poppler-utils",
    "pdffonts": "poppler-utils",
    "certutil": "libnss3-tools",
    "go": "golang-go golang-golang-x-mod-dev",
    "sha256sum": "coreutils",
    "basenc": "coreutils",
}


def need(*programs: str) -> None:
    """Skip where a program is missing; on CI, where .ci/run installs them all, fail instead."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        wanted = " ".join(sorted({PACKAGES.get(program, program) for program in absent}))
        missing(", ".join(absent), f"Debian: apt-get install {wanted}")


def missing(what: str, remedy: str) -> NoReturn:
    message = f"not on this machine: {what} ({remedy})"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
