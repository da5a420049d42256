"""Changes of the archive itself: its bits, its headers, its entries.

`around` of these is what a forgiving program reads from the changed archive, written again in the one canonical way:
so a header that hides, repeats or renames a file gets its chance.
"""

import io
import lzma
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator

from evidence.errors import NotVerified
from evidence.verify import container
from evidence.verify.account import GUIDE, TIMELINE
from tests.proof.tampering import Files
from tests.tamper.changes import SEED, Bench, Change

ALL_BITS = "every bit of the archive"
# What `zipfile` raises for an archive it cannot read; the forger then has nothing to work with.
_UNREADABLE = (
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    struct.error,
    OverflowError,
)


def all_bits(bench: Bench) -> Iterator[Change]:
    """Every bit of the archive. Nothing else can be made to fit around a bit: the classes of files do that."""
    data = bench.specimen.bundle
    for at in range(len(data)):
        for bit in range(8):
            yield Change(ALL_BITS, f"byte {at} bit {bit}", _flipped(data, at, bit), _nothing)


def _nothing() -> None:
    return None


def _flipped(data: bytes, at: int, bit: int) -> Callable[[], bytes]:
    return lambda: data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def cuts(bench: Bench) -> Iterator[Change]:
    data = bench.specimen.bundle
    kind = "an archive cut, or with bytes more"
    for at in range(0, len(data), 4):
        yield _read_again(bench, kind, f"cut at {at}", data[:at])
    for at in range(0, len(data), 16):
        yield _read_again(bench, kind, f"a byte more at {at}", data[:at] + b"\0" + data[at:])
    for more in (b"\0", b"\n", b"PK\x05\x06" + b"\0" * 18, data[-22:], data):
        yield _read_again(bench, kind, f"{len(more)} bytes after", data + more)
        yield _read_again(bench, kind, f"{len(more)} bytes before", more + data)


def headers(bench: Bench) -> Iterator[Change]:
    """Three bits of each byte of each header, of the directory and of the end."""
    data = bench.specimen.bundle
    chosen = random.Random(f"{SEED} headers")
    for at in _header_bytes(bench):
        for bit in chosen.sample(range(8), 3):
            yield _read_again(bench, "a flipped bit in a header", f"byte {at} bit {bit}", _flipped(data, at, bit)())


def _header_bytes(bench: Bench) -> Iterator[int]:
    offset = 0
    for path in sorted(bench.specimen.files):
        length = 30 + len(bench.specimen.root) + 1 + len(path)
        yield from range(offset, offset + length)
        offset += length + len(bench.specimen.files[path])
    yield from range(offset, len(bench.specimen.bundle))


def entries(bench: Bench) -> Iterator[Change]:
    """Archives as other programs could write them: two entries of one name, other orders, dates, links, folders."""
    kind = "an archive written otherwise"
    root, files = bench.specimen.root, bench.specimen.files
    names = sorted(files)
    for at, path in enumerate(names):
        fake = b"x" * len(files[path])
        yield _zipped(bench, kind, f"{path} twice", [*names, path], {})
        yield _zipped(bench, kind, f"{path} twice, another first", [path, *names], {0: fake})
        yield _zipped(bench, kind, f"{path} twice, another last", [*names, path], {len(names): fake})
        yield _zipped(bench, kind, f"{path} last", [*names[:at], *names[at + 1 :], path], {})
        yield _zipped(bench, kind, f"{path} with a comment", names, {}, comment=path)
        yield _zipped(bench, kind, f"{path} with more bytes in its header", names, {}, extra=path)
        yield _zipped(bench, kind, f"{path} as a link", names, {}, link=path)
        yield _zipped(bench, kind, f"{path} deflated", names, {}, deflated=path)
        yield _zipped(bench, kind, f"{path} climbs out", [*names, f"../{path}"], {len(names): fake})
        yield _zipped(bench, kind, f"{path} from the root", [*names, f"/{path}"], {len(names): fake})
        yield _zipped(bench, kind, f"{path} in capitals too", [*names, path.upper()], {len(names): fake})
        yield _zipped(bench, kind, f"{path} as a folder, too", [*names, f"{path}/"], {len(names): b""})
    yield _read_again(bench, kind, "another root", container.write(f"{root}x", files))
    yield _zipped(bench, kind, "as it is, by another program", names, {})


def _zipped(
    bench: Bench,
    kind: str,
    name: str,
    paths: list[str],
    contents: dict[int, bytes],
    *,
    comment: str = "",
    extra: str = "",
    link: str = "",
    deflated: str = "",
) -> Change:
    """`contents`: other bytes for the entry at this place."""
    files, out = bench.specimen.files, io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")  # two entries of one name
        for at, path in enumerate(paths):
            entry = zipfile.ZipInfo(f"{bench.specimen.root}/{path}")
            entry.comment = b"no comment" if path == comment else b""
            entry.extra = struct.pack("<HHI", 0xCAFE, 4, 1) if path == extra else b""
            entry.external_attr = (0o120777 if path == link else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if path == deflated else zipfile.ZIP_STORED
            archive.writestr(entry, contents[at] if at in contents else files.get(path, b""))
    return _read_again(bench, kind, name, out.getvalue())


def _read_again(bench: Bench, kind: str, name: str, data: bytes) -> Change:
    def around() -> bytes | None:
        found = _forgiving(data)
        if found is None:
            return None
        root, files = found
        known = bench.specimen.files
        # The same bytes are the same object again: what did not change is not made twice.
        files = {path: known[path] if known.get(path) == content else content for path, content in files.items()}
        try:
            return bench.tools.rebuilt(
                root, files, [path for path in (GUIDE, TIMELINE) if files.get(path) != known[path]]
            )
        except (ValueError, NotVerified):  # a name that no archive of ours can have
            return None

    return Change(kind, name, lambda: data, around)


def _forgiving(data: bytes) -> tuple[str, Files] | None:
    """What Python's own `zipfile` makes of it: names, and contents whose checksum it did not mind."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
            contents = {name: archive.read(name) for name in names}
    except _UNREADABLE:
        return None
    if not names:
        return None
    root = names[0].split("/", 1)[0]
    return root, {name[len(root) + 1 :]: contents[name] for name in names if name.startswith(f"{root}/")}


CLASSES = (all_bits, cuts, headers, entries)
