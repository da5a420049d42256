"""Hostile pictures: rows 20 to 22 of the list of attacks."""

import io
import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from evidence.errors import BodyTooLarge
from kyc import intake
from kyc.errors import PictureInvalid, PictureTooLarge


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    image = Image.new("RGB", size, (10, 120, 240))
    image.putpixel((0, 0), (255, 255, 255))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("data", [picture(), picture(progressive=True), picture("PNG")], ids=["jpeg", "multi", "png"])
def test_a_plain_picture_is_decoded_blue_first(data: bytes) -> None:
    pixels = intake.decode(data)
    assert pixels.shape == (48, 64, 3)
    assert np.abs(pixels[24, 32].astype(int) - (240, 120, 10)).max() < 6


def test_exif_turns_the_picture() -> None:  # row 22
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    assert intake.decode(picture(exif=exif)).shape == (64, 48, 3)


def test_a_large_picture_is_brought_to_working_size() -> None:
    assert max(intake.decode(picture(size=(3000, 1500))).shape[:2]) == intake.WORKING_SIDE


def test_a_bomb_is_refused_by_its_header_alone() -> None:  # row 20
    with pytest.raises(PictureTooLarge):
        intake.decode(png_of(60_000, 60_000))
    with pytest.raises(PictureTooLarge):
        intake.inspect(png_of(5_001, 5_000))
    assert intake.inspect(png_of(5_000, 5_000)).width == 5_000
    with pytest.raises(BodyTooLarge):
        intake.inspect(picture() + b"\0" * intake.MAX_BYTES)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"GIF89a" + b"\0" * 64,
        picture() + b"<script>",
        picture() + picture(),
        picture("PNG") + b"PK\x03\x04",
        b"<html>" + picture(),
        picture()[:-40],
        picture("PNG")[:-8],
        picture(size=(8, 8)),
        png_of(64, 64),
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\xff\xff",
    ],
    ids=lambda data: repr(data[:12]) + str(len(data)),
)
def test_what_is_not_wholly_a_picture_is_refused(data: bytes) -> None:  # row 21
    with pytest.raises(PictureInvalid):
        intake.decode(data)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=4))
def test_a_damaged_picture_is_decoded_or_refused_and_nothing_else(at: int, junk: bytes) -> None:
    data = bytearray(picture(size=(96, 96), progressive=True))
    at %= len(data)
    data[at : at + len(junk)] = junk
    with suppress(PictureInvalid, PictureTooLarge):
        intake.decode(bytes(data))


def test_what_was_cut_out_carries_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    cut = intake.encode(intake.decode(picture(exif=exif)))
    assert b"where I live" not in cut
    assert b"Exif" not in cut


def test_a_picture_full_of_stuffing_is_walked_at_once() -> None:
    stuffed = picture()[:-2] + b"\xff\x00" * 4_000_000 + b"\xff\xd9"
    assert intake.inspect(stuffed).kind == "JPEG"


def hostile(count: int) -> Iterator[bytes]:
    """Malformed, bombs and polyglots in turn; each one another."""
    chance = np.random.default_rng(20)
    bodies = (
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04" + bytes(60),
        b"%PDF-1.7\n",
        b"GIF89a",
        b"MZ" + bytes(80),
    )
    for at in range(count):
        whole = picture(("JPEG", "PNG")[at % 2], size=(64 + at, 64))
        side = int(chance.integers(5_001, 65_500))
        body = bodies[at % len(bodies)]
        yield (
            whole[: int(chance.integers(1, len(whole) - 3))],  # cut short
            png_of(side, side),  # a bomb: gigabytes of pixels in a hundred bytes
            png_bomb(4_900 + at),  # a bomb in earnest: the pixels are within the limit, the data is not
            whole + body,  # polyglot, the picture in front
            body + whole,  # polyglot, the picture behind
            jpeg_of(side, side),  # a bomb by its frame header
        )[at % 6]


def png_bomb(side: int) -> bytes:
    """A true PNG whose rows unpack to a hundred times what the header promises."""
    whole = png_of(side, 100)
    rows = zlib.compress(bytes(100 * (side * 3 + 1) * 100), 9)
    data = struct.pack(">I", len(rows)) + b"IDAT" + rows + struct.pack(">I", zlib.crc32(b"IDAT" + rows))
    return whole[:33] + data[:-4] + b"\0\0\0\0" + whole[-12:]  # and its checksum is wrong


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame says it is that large."""
    whole = picture()
    at = whole.index(b"\xff\xc0")
    return whole[: at + 5] + struct.pack(">HH", height, width) + whole[at + 9 :]


def test_a_hundred_hostile_files_are_refused_in_little_memory() -> None:  # rows 20, 21
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for data in hostile(108):
        with pytest.raises((PictureInvalid, PictureTooLarge, BodyTooLarge)):
            intake.decode(data)
        refused += 1
    assert refused == 108
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 160 * 1024  # kilobytes
