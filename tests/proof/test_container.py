"""One zip and no other: everything a lenient reader would let pass is refused."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from evidence.errors import NotVerified
from evidence.verify import container

FILES = {"a.txt": b"first", "data/b.txt": b"second file", "data/media/Ab": b"x", "data/media/aB": b"y"}
ZIP = container.write("case-1", FILES)


def test_what_was_written_is_read_back_and_other_programs_read_it_too() -> None:
    assert container.read(ZIP) == ("case-1", FILES)
    with zipfile.ZipFile(io.BytesIO(ZIP)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"case-1/{path}": data for path, data in FILES.items()
        }
        assert oct(archive.infolist()[0].external_attr >> 16) == "0o100644"


def test_no_changed_bit_gives_the_same_files() -> None:  # trap 5
    for at in range(len(ZIP)):
        for bit in range(8):
            changed = bytearray(ZIP)
            changed[at] ^= 1 << bit
            with pytest.raises(NotVerified):
                container.read(bytes(changed))


def test_no_byte_can_be_added_or_taken() -> None:
    for at in range(len(ZIP) + 1):
        with pytest.raises(NotVerified):
            container.read(ZIP[:at] + b"\0" + ZIP[at:])
        if at:
            with pytest.raises(NotVerified):
                container.read(ZIP[: at - 1] + ZIP[at:])
            with pytest.raises(NotVerified):
                container.read(ZIP[:at] if at < len(ZIP) else b"")


def zipped(fill: Callable[[zipfile.ZipFile], None], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=compression) as archive:
        fill(archive)
    return out.getvalue()


def one(archive: zipfile.ZipFile) -> None:
    archive.writestr(zipfile.ZipInfo("case-1/a.txt"), b"a")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        zipped(one),
        zipped(lambda archive: archive.writestr("case-1/a.txt", b"0" * 10_000), compression=zipfile.ZIP_DEFLATED),
        zipped(lambda archive: archive.mkdir("case-1")),
        zipped(lambda archive: None),
    ],
    ids=["nothing", "cut", "another writer", "compressed", "folder", "empty"],
)
def test_a_zip_written_any_other_way_is_refused(data: bytes) -> None:  # attack 19
    with pytest.raises(NotVerified):
        container.read(data)


def forged(*entries: tuple[str, bytes]) -> bytes:
    """Canonical in everything but the rule under test: names and order are as given."""
    import zlib

    body = directory = b""
    for name, data in entries:
        local, central = container._headers(name, zlib.crc32(data), len(data), len(body))
        body += local + data
        directory += central
    return body + directory + container._end(len(entries), len(directory), len(body))


@pytest.mark.parametrize(
    "entries",
    [
        [("case-1/../x", b"a")],
        [("/case-1/x", b"a")],
        [("case-1//x", b"a")],
        [("case-1/.hidden", b"a")],
        [("case-1/a b", b"a")],
        [("case-1\\x", b"a")],
        [("case-1/" + "a" * 200, b"a")],
        [("case-1/b", b"a"), ("case-1/a", b"a")],
        [("case-1/a", b"a"), ("case-1/a", b"b")],
        [("case-1/A", b"a"), ("case-1/a", b"b")],
        [("case-1/a", b"a"), ("case-2/a", b"b")],
        [("case-1", b"a")],
        [(f"case-1/{number:04d}", b"a") for number in range(1001)],
    ],
    ids=lambda entries: entries[0][0][:14] if len(entries) < 3 else "many",
)
def test_names_that_could_do_harm_are_refused(entries: list[tuple[str, bytes]]) -> None:  # attack 19: zip slip
    with pytest.raises(NotVerified):
        container.read(forged(*entries))
    assert container.read(forged(("case-1/a", b"a")))[1] == {"a": b"a"}, "the forger itself writes the canonical form"


def test_entries_that_overlap_are_refused() -> None:  # attack 19: one body under many names
    whole = bytearray(forged(("case-1/a", b"same"), ("case-1/b", b"same")))
    second = whole.rindex(b"PK\x01\x02") + 42
    struct.pack_into("<I", whole, second, 0)
    with pytest.raises(NotVerified):
        container.read(bytes(whole))


def test_a_size_that_promises_too_much_is_refused_before_it_is_read() -> None:
    whole = bytearray(forged(("case-1/a", b"a")))
    central = whole.rindex(b"PK\x01\x02")
    for at in (18, 22, central + 20, central + 24):
        struct.pack_into("<I", whole, at, 0xFFFFFFFE)
    with pytest.raises(NotVerified, match="too large"):
        container.read(bytes(whole))


def test_the_writer_refuses_names_the_reader_would_refuse() -> None:
    for name in ("../x", ".x", "a b", ""):
        with pytest.raises(ValueError, match="name"):
            container.write("case-1", {name: b"a"})
