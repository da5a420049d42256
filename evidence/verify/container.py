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
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


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
    names: list[str] = []
    contents: list[bytes] = []
    offset, at = 0, start
    for _ in range(count):
        if at + _CENTRAL.size > end:
            raise NotVerified("central directory is cut")
        fields = _CENTRAL.unpack_from(data, at)
        crc, size, name_length = fields[7], fields[8], fields[10]
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + name_length].decode("ascii", "replace")
        if size > MAX_ENTRY:
            raise NotVerified("entry is too large", record=name)
        local, central = _headers(name, crc, size, offset)
        body = offset + len(local)
        if data[at : at + len(central)] != central or data[offset:body] != local or body + size > start:
            raise NotVerified("entry is not canonical", record=name)
        content = data[body : body + size]
        if zlib.crc32(content) != crc:
            raise NotVerified("checksum differs", record=name)
        names.append(name)
        contents.append(content)
        offset, at = body + size, at + len(central)
    if offset != start or at != end:
        raise NotVerified("bytes that belong to no entry")
    root = names[0].split("/", 1)[0]
    try:
        _check_names(names)
    except ValueError as error:
        raise NotVerified(str(error)) from None
    if any(not name.startswith(f"{root}/") for name in names):
        raise NotVerified("more than one folder")
    return root, {name[len(root) + 1 :]: content for name, content in zip(names, contents, strict=True)}


def _headers(name: str, crc: int, size: int, offset: int) -> tuple[bytes, bytes]:
    encoded = name.encode("ascii", "replace")
    local = _LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0)
    central = _CENTRAL.pack(
        b"PK\x01\x02", 0x0314, 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0, 0, 0, 0, 0o100644 << 16, offset
    )
    return local + encoded, central + encoded


def _end(count: int, size: int, start: int) -> bytes:
    return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, start, 0)


def _check_names(names: list[str]) -> None:
    if not 0 < len(names) <= MAX_FILES:
        raise ValueError("no file, or too many")
    if names != sorted(set(names)):
        raise ValueError("names are not in order, or repeat")
    for name in names:
        if len(name) > 200 or not all(_PART.fullmatch(part) for part in name.split("/")):
            raise ValueError(f"name is not allowed: {name!r}")
    # On a disk that ignores case one file would replace the other; commitments differ in case by nature.
    folded = [name.lower() for name in names if "/data/media/" not in name]
    if len(set(folded)) != len(folded):
        raise ValueError("two names differ only in case")
