"""Step 2. Which files may be inside, which must, and the bag around them (BagIt, RFC 8493)."""

import re
from collections.abc import Mapping

from evidence.errors import NotVerified
from evidence.verify.keys import IN_BUNDLES, LOG, SEAL, TrustedKeys, units
from evidence.verify.strict import sha256

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAGS = "manifest-sha256.txt", "tagmanifest-sha256.txt"

_ALLOWED = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"bagit\.txt|manifest-sha256\.txt|tagmanifest-sha256\.txt|AUDIT\.md",
        r"data/chain/\d{4}\.jsonl",
        r"data/seals/\d{4}\.(dsse\.json|tsr)",
        r"data/head\.tlog-proof|data/checkpoint\.tsr|data/timeline\.html",
        r"data/documents/doc_[a-z0-9_.-]+(\.signed)?\.pdf",
        r"data/pages/doc_[a-z0-9_.-]+-\d{2,3}\.png",
        r"data/product/[A-Za-z0-9._/-]+",
        r"data/models/[A-Za-z0-9_.-]+\.json",
        r"data/context/(key|product|staff|tenant)_[a-z0-9_.-]+\.(jsonl|tlog-proof)",
        r"data/context/texts/[0-9a-f]{64}",
        r"data/openings/(values|salts|withheld)\.txt",
        r"data/media/[A-Za-z0-9_-]{43}\.(jpg|png|pdf|json|bin)",
        "|".join(f"keys/{re.escape(name)}" for name in IN_BUNDLES),
    )
)
_REQUIRED = (
    "bagit.txt",
    MANIFEST,
    TAGS,
    "AUDIT.md",
    "data/chain/0001.jsonl",
    "data/chain/0002.jsonl",
    "data/seals/0001.dsse.json",
    "data/head.tlog-proof",
    "data/product/definition.json",
    "data/timeline.html",
    f"keys/{LOG}",
    f"keys/{SEAL}",
)


def check(files: Mapping[str, bytes], keys: TrustedKeys) -> None:
    # 2.1 only files that something binds, none of them empty
    for path, data in files.items():
        if not any(pattern.fullmatch(path) for pattern in _ALLOWED):
            raise NotVerified("a file that does not belong into a bundle", record=path)
        if not data:
            raise NotVerified("an empty file", record=path)
    # 2.2 everything that must be there
    missing = [path for path in _REQUIRED if path not in files]
    if not any(path.startswith("data/context/key_") for path in files):
        missing.append("data/context/key_….jsonl")
    if missing:
        raise NotVerified("a required file is missing", record=missing[0])
    # 2.3 the bag files, made again
    for path, expected in bag_files(files).items():
        if files[path] != expected:
            raise NotVerified("manifest or bag file differs from the content", record=_differing(path, files, expected))
    # 2.4 the keys for convenience are the auditor's own
    if keys.files:
        for name in IN_BUNDLES:
            inside = units(name, files.get(f"keys/{name}", b""))
            own = iter(units(name, keys.files.get(name, b"")))
            # He may know more of them than there were then, and knows them in the same order.
            if f"keys/{name}" in files and not all(key in own for key in inside):
                raise NotVerified("a key that is not the auditor's copy", record=f"keys/{name}")


def bag_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`bagit.txt` and the two manifests for the other files."""
    found = {"bagit.txt": BAGIT}
    found[MANIFEST] = _manifest({path: data for path, data in files.items() if path.startswith("data/")})
    tags = {path: data for path, data in files.items() if not path.startswith("data/") and path not in (MANIFEST, TAGS)}
    found[TAGS] = _manifest(tags | found)
    return found


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{sha256(files[path])}  {path}\n" for path in sorted(files)).encode()


def _differing(path: str, files: Mapping[str, bytes], expected: bytes) -> str:
    """The first file whose line is wrong; the manifest itself when the fault is its form."""
    found = files[path].split(b"\n")
    for line in expected.split(b"\n"):
        if line and line not in found:
            return line[66:].decode("ascii", "replace") or path
    return path
