"""What counts as handwriting (ESG-04), what commits to it, and how it looks."""

import contextlib
import hashlib
import io
import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from esign import strokes as ink
from esign.strokes import Strokes
from evidence import decode
from evidence.errors import NotValid, Unprocessable
from evidence.vault import b64
from tests.esign.ink import of, signature, wave
from tests.outside import need

LINE = tuple((600 + i * 30, 400 + i * 12, i * 16, 5_000) for i in range(60))


def test_a_hand_written_name_is_accepted() -> None:
    ink.check(signature())
    ink.check(signature(pressure=False))


@pytest.mark.parametrize(
    ("strokes", "refusal"),
    [
        (of(), ink.StrokesEmpty),
        (of((), ()), ink.StrokesEmpty),
        (of(tuple((800 + i % 3, 800, i * 16, 5_000) for i in range(60))), ink.StrokesDot),
        (of(((800, 800, 0, 5_000),)), ink.StrokesDot),
        (of(wave(19, step_ms=40)), ink.StrokesTooFew),
        (of(wave(60, step_ms=8)), ink.StrokesTooFast),
        (of(LINE), ink.StrokesStraight),
        (of(LINE, tuple((x, y, t + 2_000, p) for x, y, t, p in reversed(LINE))), ink.StrokesDisordered),
        (
            of(LINE, tuple((x, y, i * 16 + 2_000, p) for i, (x, y, _, p) in enumerate(reversed(LINE)))),
            ink.StrokesStraight,
        ),
        (of(tuple((x, 900, t, p) for x, _, t, p in wave(60))), ink.StrokesStraight),
        (of(tuple((900, y, t, p) for _, y, t, p in wave(60))), ink.StrokesStraight),
        (of(wave(60, x=9_000)), ink.StrokesDisordered),
    ],
)
def test_what_nobody_calls_a_signature_is_refused(strokes: Strokes, refusal: type[Unprocessable]) -> None:  # ESG-04
    with pytest.raises(refusal) as caught:
        ink.check(strokes)
    assert caught.value.zh
    assert type(caught.value) is refusal


def test_the_limits_of_points_and_time_are_those_required() -> None:  # ESG-04
    ink.check(of(wave(20, step_ms=27)))
    ink.check(of(wave(51, step_ms=10)))
    with pytest.raises(ink.StrokesTooFast):
        ink.check(of(wave(50, step_ms=10)))


def test_the_commitment_is_the_browsers_own() -> None:  # ESG-05
    strokes, salt = signature(), bytes(range(32))
    plain = {
        "dpi": 326,
        "height": 1600,
        "strokes": [
            {"points": [list(point) for point in stroke.points], "pointer": "touch"} for stroke in strokes.strokes
        ],
        "width": 3600,
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
    assert ink.canonical(strokes) == text
    assert ink.commitment(salt, strokes) == b64(hashlib.sha256(salt + text).digest())
    assert ink.commitment(bytes(32), strokes) != ink.commitment(salt, strokes)


def test_coreutils_recompute_the_commitment() -> None:
    need("openssl", "basenc")
    strokes, salt = signature(), bytes(range(32))
    script = "openssl dgst -sha256 -binary | basenc --base64url | tr -d '=\\n'"
    found = subprocess.run(["sh", "-c", script], input=salt + ink.canonical(strokes), capture_output=True, check=True)
    assert found.stdout.decode() == ink.commitment(salt, strokes)


def test_a_replay_is_recognised_wherever_and_whenever_it_is_played() -> None:  # ESG-05
    moved = of(
        *(tuple((x + 40, y - 25, t + 9_000, p) for x, y, t, p in stroke.points) for stroke in signature().strokes)
    )
    assert ink.shape(moved) == ink.shape(signature())
    assert ink.shape(signature(1)) != ink.shape(signature())
    assert ink.shape(signature(pressure=False)) != ink.shape(signature())


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"dpi": 10_000},
        {"extra": 1},
        {"strokes": [{"pointer": "finger", "points": []}]},
        {"strokes": [{"pointer": "touch", "points": [[1, 2, 3]]}]},
        {"strokes": [{"pointer": "touch", "points": [[1, 2, 3, 10_001]]}]},
        {"strokes": [{"pointer": "touch", "points": [[1, 2, -3, 0]]}]},
        {"strokes": [{"pointer": "touch", "points": [[1, 2.5, 3, 0]]}]},
    ],
)
def test_a_body_of_another_shape_is_refused(change: dict[str, object]) -> None:
    plain = json.loads(ink.canonical(signature())) | change
    with pytest.raises((NotValid, Unprocessable)):
        decode.convert(plain, Strokes)


def test_the_picture_is_ink_on_a_transparent_ground() -> None:
    picture = Image.open(io.BytesIO(ink.to_png(signature())))
    assert picture.mode == "RGBA"
    assert picture.size == (720, 320)
    alpha = picture.getchannel("A")
    covered = sum(alpha.histogram()[128:]) / (720 * 320)
    assert alpha.getpixel((0, 0)) == 0
    assert 0.005 < covered < 0.2


def test_the_picture_shows_where_the_pen_was_and_where_it_was_not() -> None:
    alpha = Image.open(io.BytesIO(ink.to_png(signature()))).getchannel("A")
    for stroke in signature().strokes:
        for x, y, _, _ in stroke.points[5:-5:7]:
            assert max(alpha.crop((x // 5 - 4, y // 5 - 4, x // 5 + 5, y // 5 + 5)).tobytes()) > 200
    assert alpha.crop((600, 0, 720, 320)).getextrema() == (0, 0)


def test_equal_strokes_give_equal_pictures() -> None:
    assert ink.to_png(signature()) == ink.to_png(signature())
    assert ink.to_path(signature(), 200, 90) == ink.to_path(signature(), 200, 90)


def test_the_paths_stay_in_their_box_and_swell_with_pressure() -> None:
    lines = ink.to_path(signature(), 200, 90).decode().splitlines()[1:]
    widths = {line.split()[0] for line in lines}
    places = [tuple(map(float, line.split()[9:11])) for line in lines]
    assert len(widths) > 10
    assert all(0 <= x <= 200 and 0 <= y <= 90 for x, y in places)
    # The first point is at (600, 700) of 3600 x 1600: left, and above the middle, since PDF's y points upwards.
    assert lines[0].split()[2:4] == [f"{600 / 18:.2f}", f"{(90 - 1600 / 18) / 2 + 900 / 18:.2f}"]


@given(
    some.lists(
        some.lists(some.tuples(*[some.integers(0, 3_600)] * 3, some.integers(0, 10_000)), max_size=12), max_size=4
    )
)
def test_any_points_can_be_drawn_or_refused_and_never_crash(points: list[list[tuple[int, int, int, int]]]) -> None:
    strokes = of(*(tuple(stroke) for stroke in points))
    with contextlib.suppress(Unprocessable):
        ink.check(strokes)
    assert ink.to_path(strokes, 100, 50).startswith(b"0.06")
    assert ink.to_png(strokes, 60).startswith(b"\x89PNG")
