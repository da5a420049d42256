"""Step 1. A zip that can be written in only one way (docs/BUNDLE.md section 1).

In a freely written zip a third of all bits change nothing that a reader sees: each could be changed unnoticed. So we
write every byte ourselves, and read by walking the headers and refusing any other.
"""

import re
import struct
import zlib
from collections.abc import Mapping

from evidence.errors import NotVerified

MAX_BYTES = 200 * 1024 * 1024
MAX_ENTRY = 64 * 1024 * 1024
MAX_FILES = 1_000  # a case with three tries at identity and four papers stays under 200

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_DATE = 0x0021  # 1980-01-01, the earliest a zip can say
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
# On a disk that ignores case one file would replace the other; commitments differ in case by nature.
_ANY_CASE = "data/media/"


def write(root: str, files: Mapping[str, bytes]) -> bytes:
    """The one archive of these files under the folder `root`."""
    names = sorted(f"{root}/{path}" for path in files)
    _check_names(names)
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in names:
        data = files[name[len(root) + 1 :]]
        local, central = _headers(name, zlib.crc32(data), len(data), offset)
        parts += (local, data)
        directory.append(central)
        offset += len(local) + len(data)
    central_bytes = b"".join(directory)
    end = _end(len(names), len(central_bytes), offset)
    whole = b"".join((*parts, central_bytes, end))
    if len(whole) > MAX_BYTES:
        raise ValueError("bundle is over the limit")
    return whole


def read(data: bytes) -> tuple[str, dict[str, bytes]]:
    """(root, files by path). NotVerified unless `data` is exactly what `write` makes of them."""
    if len(data) > MAX_BYTES:
        raise NotVerified("larger than 200 MB")
    if len(data) < _END.size:
        raise NotVerified("not a zip")
    signature, _, _, count, _, size, start, _ = _END.unpack_from(data, len(data) - _END.size)
    if signature != b"PK\x05\x06" or start + size + _END.size != len(data):
        raise NotVerified("no end record at the end, or bytes around it")
    if not 0 < count <= MAX_FILES:
        raise NotVerified(f"no entry, or more than {MAX_FILES}")
    if data[start + size :] != _end(count, size, start):
        raise NotVerified("end record is not canonical")
    return _entries(data, count, start, start + size)


def _entries(data: bytes, count: int, start: int, end: int) -> tuple[str, dict[str, bytes]]:
    found: dict[str, bytes] = {}
    before, offset, at = "", 0, start
    for _ in range(count):
        name, content, central = _entry(data, at, offset, start, end)
        if name <= before:
            raise NotVerified("names are not in order, or repeat", record=name)
        before, found[name] = name, content
        offset, at = offset + _LOCAL.size + len(name) + len(content), at + central
    if offset != start or at != end:
        raise NotVerified("bytes that belong to no entry")
    return _without_root(found)


def _entry(data: bytes, at: int, offset: int, start: int, end: int) -> tuple[str, bytes, int]:
    """(name, content, size of its central header): the directory and the header in front say the same, in one form."""
    if at + _CENTRAL.size > end:
        raise NotVerified("central directory is cut")
    fields = _CENTRAL.unpack_from(data, at)
    crc, size, name_length = fields[7], fields[8], fields[10]
    if at + _CENTRAL.size + name_length > end:
        raise NotVerified("central directory is cut")
    # latin-1: a byte above 127 stays visible, and the pattern of names refuses it
    name = data[at + _CENTRAL.size : at + _CENTRAL.size + name_length].decode("latin-1")
    if not _is_allowed(name):
        raise NotVerified("name is not allowed", record=name[:1_000])
    if size > MAX_ENTRY:
        raise NotVerified("entry is too large", record=name)
    local, central = _headers(name, crc, size, offset)
    body = offset + len(local)
    if body + size > start:
        raise NotVerified("entry is cut", record=name)
    if data[at : at + len(central)] != central or data[offset:body] != local:
        raise NotVerified("entry is not canonical", record=name)
    content = data[body : body + size]
    if zlib.crc32(content) != crc:
        raise NotVerified("checksum differs", record=name)
    return name, content, len(central)


def _without_root(entries: Mapping[str, bytes]) -> tuple[str, dict[str, bytes]]:
    files: dict[str, bytes] = {}
    folded: set[str] = set()
    root = next(iter(entries)).split("/", 1)[0]
    for name, content in entries.items():
        if not name.startswith(f"{root}/"):
            raise NotVerified("more than one folder", record=name)
        path = name[len(root) + 1 :]
        if not path.startswith(_ANY_CASE):
            if path.lower() in folded:
                raise NotVerified("two names differ only in case", record=path)
            folded.add(path.lower())
        files[path] = content
    return root, files


def _headers(name: str, crc: int, size: int, offset: int) -> tuple[bytes, bytes]:
    encoded = name.encode("ascii", "replace")
    local = _LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0)
    central = _CENTRAL.pack(
        b"PK\x01\x02", 0x0314, 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0, 0, 0, 0, 0o100644 << 16, offset
    )
    return local + encoded, central + encoded


def _end(count: int, size: int, start: int) -> bytes:
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, start, 0)


def _is_allowed(name: str) -> bool:
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


def _check_names(names: list[str]) -> None:
    """What `write` may be asked to write. ValueError."""
    if not 0 < len(names) <= MAX_FILES or names != sorted(set(names)):
        raise ValueError("no file, too many, or one name twice")
    for name in names:
        if not _is_allowed(name):
            raise ValueError(f"name is not allowed: {name!r}")
    folded = [name.lower() for name in names if f"/{_ANY_CASE}" not in name]
    if len(set(folded)) != len(folded):
        raise ValueError("two names differ only in case")
