"""The door for pictures: a whole JPEG or PNG and nothing else, decoded completely, of bounded size, the right way up.

The container is walked by hand before any decoder runs, so the pixel count is known in time (CONVENTIONS 3, row 20)
and nothing can hide behind the picture (row 21). EXIF turns the picture and is otherwise ignored (row 22).
"""

import io
import re
import struct
import zlib
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from evidence.errors import BodyTooLarge
from kyc.errors import PictureInvalid, PictureTooLarge

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 25_000_000
MIN_SIDE = 32
WORKING_SIDE = 2_000  # longer side, pixels: more helps neither faces nor text, and costs memory

Pixels = NDArray[np.uint8]
"""Height x width x 3, blue first as OpenCV and insightface have it."""


_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)


class Container(NamedTuple):
    kind: str  # JPEG | PNG
    media_type: str
    width: int
    height: int


def inspect(data: bytes) -> Container:
    """What the bytes are, from the container alone. PictureInvalid, PictureTooLarge or BodyTooLarge."""
    if len(data) > MAX_BYTES:
        raise BodyTooLarge(f"{len(data)} bytes, at most {MAX_BYTES}")
    try:
        if data.startswith(b"\xff\xd8\xff"):
            found, end = _walk_jpeg(data)
        elif data.startswith(b"\x89PNG\r\n\x1a\n"):
            found, end = _walk_png(data)
        else:
            raise PictureInvalid("neither JPEG nor PNG")
    except (IndexError, struct.error):
        raise PictureInvalid("cut short") from None
    if end != len(data):
        raise PictureInvalid("bytes after the end of the picture")
    if found.width * found.height > MAX_PIXELS:
        raise PictureTooLarge(f"{found.width}x{found.height}")
    if min(found.width, found.height) < MIN_SIDE:
        raise PictureInvalid(f"{found.width}x{found.height} is no photograph")
    return found


def decode(data: bytes, side: int = WORKING_SIDE) -> Pixels:
    """The picture, upright, its longer side at most `side` pixels. CPU work: never on the event loop."""
    container = inspect(data)
    try:
        pixels = _decoded_jpeg(data, container, side) if container.kind == "JPEG" else _decoded_png(data, container)
    except PictureInvalid:
        raise
    except Exception as error:  # a decoder fed hostile bytes raises whatever it likes
        raise PictureInvalid(type(error).__name__) from None
    share = side / max(pixels.shape[:2])
    if share < 1:
        height, width = (max(1, round(length * share)) for length in pixels.shape[:2])
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(pixels)


def _decoded_jpeg(data: bytes, container: Container, side: int) -> Pixels:
    """By OpenCV's libjpeg-turbo, four times as fast as through PIL; a picture far too large is halved by the decoder.

    Both decoders take a picture whose entropy-coded data is damaged, and neither one that lacks its end.
    """
    halvings = min(3, max(0, int(np.log2(max(container.width, container.height) / side))))
    flags = (cv2.IMREAD_COLOR, cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_8)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags[halvings] | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        raise PictureInvalid("no picture")
    if pixels.shape[:2] != tuple(-(-length // 2**halvings) for length in (container.height, container.width)):
        raise PictureInvalid("two sizes")
    return _upright(np.asarray(pixels, np.uint8), data)


def _upright(pixels: Pixels, data: bytes) -> Pixels:
    if b"Exif\0\0" not in data[:65_536]:
        return pixels
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        turn = image.getexif().get(0x0112, 1)
    if turn in {5, 6, 7, 8}:
        pixels = np.asarray(pixels.transpose(1, 0, 2), np.uint8)
    if turn in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if turn in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels


def _decoded_png(data: bytes, container: Container) -> Pixels:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        if image.size != (container.width, container.height):
            raise PictureInvalid("two sizes")
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return np.asarray(upright, np.uint8)[:, :, ::-1]


def encode(pixels: Pixels) -> bytes:
    """JPEG bytes of what was cut out: re-encoded, so no metadata comes along."""
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return data.tobytes()


def _walk_jpeg(data: bytes) -> tuple[Container, int]:
    """Markers of ITU-T T.81 Annex B up to the end of image."""
    size: tuple[int, int] | None = None
    at = 2
    while True:
        if data[at] != 0xFF:
            raise PictureInvalid("not a marker")
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker == 0xD9:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            if size is not None:
                raise PictureInvalid("two frames")
            size = struct.unpack_from(">HH", data, at + 3)
        at += length
        if marker == 0xDA:
            at = _next_marker(data, at)
    if size is None:
        raise PictureInvalid("no frame")
    return Container("JPEG", "image/jpeg", size[1], size[0]), at


def _next_marker(data: bytes, at: int) -> int:
    # Inside entropy-coded data FF is followed by 00 (stuffing) or a restart marker.
    found = _MARKER.search(data, at)
    if found is None:
        raise PictureInvalid("cut short")
    return found.start()


def _walk_png(data: bytes) -> tuple[Container, int]:
    """Chunks of ISO/IEC 15948 up to IEND, each with the checksum it says it has."""
    width, height = struct.unpack_from(">II", data, 16)
    if data[12:16] != b"IHDR":
        raise PictureInvalid("no header")
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        (said,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(memoryview(data)[at + 4 : at + 8 + length]) != said:
            raise PictureInvalid("a chunk is not what its checksum says")
        at += 12 + length
        if kind == b"IEND":
            return Container("PNG", "image/png", width, height), at
        if at >= len(data):
            raise PictureInvalid("cut short")
