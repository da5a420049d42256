"""Hostile pictures: rows 20 to 22 of the list of attacks."""

import io
import struct
import zlib
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
