"""Made-up people, the papers they would carry, and photographs of those: all from a seed, the same ones every time.

Drawn so that nobody could take them for the real thing: unassigned regions, places that do not exist, SPECIMEN in red.
They have no hologram, no wear and no real type; what they measure is the reading, not the world (docs/PAPERS.md).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bench import specimen
from bench.specimen import INK, LABEL, Person, Pixels, font
from kyc.idcard import ETHNIC_GROUPS, age_on
from kyc.papers.mrz import LENGTH, check_digit

Chance = np.random.Generator
Numbers = NDArray[Any]
Level = Literal["clean", "photo", "hard"]
LEVELS: tuple[Level, ...] = ("clean", "photo", "hard")
Spoiled = Literal["blurred", "glare", "cropped", "screen", "photocopy", "dark"]
SPOILED: tuple[Spoiled, ...] = ("blurred", "glare", "cropped", "screen", "photocopy", "dark")

RED = (200, 40, 40)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
DOUBLE = ("欧阳", "上官", "司马", "诸葛", "慕容", "皇甫")
GIVEN = (
    "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超秀霞平刚桂英华玉兰知夏文修志远思雨"
    "梓涵宇轩浩然欣怡子墨晨曦佳琪若溪博雅嘉懿清妍皓景行云舒"
)
RARE = "喆翀骉羴焱淼垚犇昇玥珺琰璟瑀砚祎禔翊茜菡蓁赟轶邈钰铄霁颢飏骞鹮龑"
FAR_AWAY = ("艾力江·吐尔逊", "阿卜杜拉·买买提", "古丽娜尔·依明", "扎西·次仁", "斯琴·其木格", "迪丽·热依汗")
PLACES = ("示例", "样本", "见证", "知行", "明理", "和顺", "长宁坡", "云溪")
ROADS = ("知行路", "明德街", "和平大道", "滨河南路", "建设三路", "文昌巷", "环城西路")


def someone(chance: Chance) -> Person:
    """A person whose sides agree: validity as the law has it for the age, an office of the place of the address."""
    birth = date(1938, 1, 1) + timedelta(days=int(chance.integers(0, 365 * 74)))
    since = date(2008, 1, 1) + timedelta(days=int(chance.integers(0, 365 * 18)))
    since = max(since, birth + timedelta(days=400))
    since = since.replace(day=min(since.day, 28))
    age = age_on(birth, since)
    years = 5 if age < 16 else 10 if age < 26 else 20 if age < 46 else None
    city, county = (str(place) for place in chance.choice(PLACES, 2, replace=False))
    rural = chance.random() < 0.3
    address = (
        f"示例省{city}市{county}县{chance.choice(ROADS)}{chance.integers(1, 400)}号"
        if rural
        else f"示例省{city}市{county}区{chance.choice(ROADS)}{chance.integers(1, 400)}号{chance.integers(1, 30)}号楼"
        f"{chance.integers(1, 6)}单元{chance.integers(101, 2800)}室"
    )
    return Person(
        name=_name(chance),
        ethnicity="汉" if chance.random() < 0.4 else str(chance.choice(sorted(ETHNIC_GROUPS))),
        birth=birth,
        sequence=f"{chance.integers(0, 1000):03d}",
        region=f"99{chance.integers(0, 10000):04d}",
        address=address,
        authority=f"{county}县公安局" if rural else f"{city}市公安局{county}分局",
        valid_from=since,
        valid_to=None if years is None else since.replace(year=since.year + years),
    )


def _name(chance: Chance) -> str:
    if chance.random() < 0.08:
        return str(chance.choice(FAR_AWAY))
    surname = str(chance.choice(DOUBLE)) if chance.random() < 0.05 else str(chance.choice(list(SURNAMES)))
    pool = RARE if chance.random() < 0.12 else GIVEN
    return surname + "".join(chance.choice(list(pool), int(chance.integers(1, 3))))


# --- photographs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """How a paper was photographed. `turn`: quarters; `blur`: sigma in pixels; `noise`: sigma in grey levels."""

    width: int
    share: float
    tilt: float
    lean: float
    turn: int
    light: float
    shade: float
    blur: float
    noise: float
    quality: int
    glare: float = 0.0


def scene(chance: Chance, level: Level) -> Scene:
    """`clean` is a scan; `photo` what a careful person takes; `hard` what a careless one does."""
    if level == "clean":
        return Scene(1600, 0.8, 0.0, 0.0, 0, 1.0, 0.0, 0.0, 0.0, 95)
    hard = level == "hard"
    return Scene(
        width=int(chance.choice([1280, 1600, 1920])),
        share=chance.uniform(0.45, 0.75) if hard else chance.uniform(0.6, 0.85),
        tilt=chance.uniform(-14, 14) if hard else chance.uniform(-5, 5),
        lean=chance.uniform(0.02, 0.09) if hard else chance.uniform(0.0, 0.035),
        turn=int(chance.integers(0, 4)) if chance.random() < (0.5 if hard else 0.1) else 0,
        light=chance.uniform(0.45, 1.12) if hard else chance.uniform(0.75, 1.05),
        shade=chance.uniform(0.1, 0.45) if hard else chance.uniform(0.0, 0.2),
        blur=chance.uniform(0.6, 2.0) if hard else chance.uniform(0.3, 0.9),
        noise=chance.uniform(2, 9) if hard else chance.uniform(1, 3),
        quality=int(chance.integers(45, 85)) if hard else int(chance.integers(75, 95)),
        glare=chance.uniform(0.3, 1.0) if hard and chance.random() < 0.3 else 0.0,
    )


def photographed(card: Image.Image, chance: Chance, how: Scene) -> bytes:
    """JPEG bytes."""
    flat = np.asarray(card.convert("RGB"), np.uint8)[:, :, ::-1]
    width, height = how.width, round(how.width * 0.75)
    picture = _table(chance, width, height)
    across = cv2.getPerspectiveTransform(_corners(flat), _seen(flat, chance, how, width, height))
    shrunk = cv2.GaussianBlur(flat, (0, 0), 0.5)
    cv2.warpPerspective(shrunk, across, (width, height), dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
    lit: Numbers = _lit(picture, chance, how)
    if how.blur:
        lit = cv2.GaussianBlur(lit, (0, 0), how.blur)
    lit = lit + chance.normal(0, how.noise, lit.shape) if how.noise else lit
    turned = np.rot90(np.asarray(np.clip(lit, 0, 255), np.uint8), how.turn)
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(turned), [cv2.IMWRITE_JPEG_QUALITY, how.quality])
    assert done
    return data.tobytes()


def spoiled(card: Image.Image, chance: Chance, fault: Spoiled) -> bytes:
    """A photograph with one fault that no reader should take."""
    how = scene(chance, "photo")
    match fault:
        case "blurred":
            how = _with(how, blur=chance.uniform(4.0, 6.0))
        case "dark":
            how = _with(how, light=chance.uniform(0.06, 0.14), noise=8.0)
        case "glare":
            how = _with(how, glare=chance.uniform(2.5, 4.0))
        case "cropped":
            how = _with(how, share=chance.uniform(1.06, 1.15), turn=0)
        case "photocopy":
            card = _copied(card)
        case "screen":
            card = _shown(card)
    data = photographed(card, chance, how)
    return _moire(data, chance) if fault == "screen" else data


def _with(how: Scene, **changed: float) -> Scene:
    return Scene(**{**how.__dict__, **changed})


def _table(chance: Chance, width: int, height: int) -> Pixels:
    """A plain desk, cloth, or wood, in one of several colours."""
    colour = np.array([(74, 92, 112), (60, 60, 66), (120, 110, 96), (150, 158, 150), (52, 74, 58), (90, 70, 60)])
    base = np.ones((height, width, 3), np.float32) * colour[chance.integers(0, len(colour))]
    grain = chance.normal(0, chance.uniform(1, 7), (height // 8 + 1, width // int(chance.choice([8, 40])) + 1, 1))
    grown = cv2.resize(grain.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(base + grown[..., None], 0, 255), np.uint8)


def _corners(flat: Pixels) -> Numbers:
    height, width = flat.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _seen(flat: Pixels, chance: Chance, how: Scene, width: int, height: int) -> Numbers:
    scale = how.share * width / flat.shape[1]
    corners = np.asarray(_corners(flat), np.float32) * scale
    corners -= corners.mean(axis=0)
    angle = np.radians(how.tilt)
    corners = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners += chance.uniform(-1, 1, corners.shape) * how.lean * flat.shape[0] * scale
    room = np.maximum(0, (np.array([width, height]) - np.ptp(corners, axis=0)) / 2 - 12)
    corners += np.array([width, height]) / 2 + chance.uniform(-1, 1, 2) * room * 0.8 - _centre(corners)
    return np.asarray(corners, np.float32)


def _centre(
    corners: Numbers,
) -> Numbers:
    return np.asarray((corners.max(axis=0) + corners.min(axis=0)) / 2)


def _lit(picture: Pixels, chance: Chance, how: Scene) -> Numbers:
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = chance.uniform(0, 2 * np.pi)
    along = (np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5)) * 2
    warm = 1 + chance.uniform(-0.06, 0.06, 3) * (how.shade > 0)
    lit = picture * (how.light * (1 + how.shade * along))[..., None] * warm
    if how.glare:
        at = chance.uniform(0.35, 0.65, 2) * (width, height)
        size = chance.uniform(0.05, 0.09) * width
        spot = np.exp(-(((x - at[0]) / size) ** 2 + ((y - at[1]) / (0.6 * size)) ** 2))
        lit = lit + 170 * how.glare * spot[..., None]
    return np.asarray(lit, np.float32)


def _copied(card: Image.Image) -> Image.Image:
    """Through a black-and-white copier: no colour, hard contrast, and some dirt."""
    grey = np.asarray(card.convert("L"), np.float32)
    hard = np.clip((grey - 90) * 1.5 + 90, 0, 255)
    return Image.fromarray(np.asarray(hard, np.uint8)).convert("RGB")


def _shown(card: Image.Image) -> Image.Image:
    """On a screen: bluish, and its black is not black."""
    pixels = np.asarray(card, np.float32) * np.array([0.9, 0.97, 1.0]) * 0.88 + 26
    return Image.fromarray(np.asarray(np.clip(pixels, 0, 255), np.uint8))


def _moire(data: bytes, chance: Chance) -> bytes:
    """Rows and columns of light points, sampled by a camera whose grid is another: a beat in each direction."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.float32)
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, period = np.radians(chance.uniform(-8, 8)), chance.uniform(2.3, 6.0)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    depth = chance.uniform(0.03, 0.09)
    wave = np.sin(2 * np.pi * along / period) + np.sin(2 * np.pi * across / period)
    shifted = np.stack([wave, np.roll(wave, 1, axis=1), np.roll(wave, 2, axis=1)], axis=2)
    done, again = cv2.imencode(
        ".jpg", np.asarray(np.clip(picture * (1 + depth * shifted), 0, 255), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 88]
    )
    assert done
    return again.tobytes()


# --- the other papers -------------------------------------------------------------------------------------------------


def mrz_lines(
    surname: str, given: str, number: str, nationality: str, birth: date, sex: str, expiry: date
) -> tuple[str, str]:
    """Two lines of 44 characters, ICAO Doc 9303 part 4."""
    first = f"P<{nationality:<<3}{surname}<<{given.replace(' ', '<')}"[:LENGTH].ljust(LENGTH, "<")
    coded = f"{number:<<9}"
    born, until = f"{birth:%y%m%d}", f"{expiry:%y%m%d}"
    head = f"{coded}{check_digit(coded)}{nationality:<<3}{born}{check_digit(born)}{sex}{until}{check_digit(until)}"
    body = head + "<" * 14 + "<"
    return first, body + check_digit(body[0:10] + body[13:20] + body[21:43])


def passport_page() -> Image.Image:
    """A data page of 1250 x 880, Chinese name and all."""
    page = Image.new("RGB", (1250, 880), (232, 226, 214))
    draw = ImageDraw.Draw(page)
    for at in range(-880, 1250, 22):
        draw.line((at, 0, at + 880, 880), (222, 214, 206))
    draw.text((430, 40), "护照 PASSPORT", LABEL, font(34))
    draw.text((900, 40), "SPECIMEN 样本", RED, font(34))
    page.paste(specimen.printed_portrait(300, 400), (70, 150))
    for row, (label, value) in enumerate(
        (
            ("护照号/Passport No.", "EA0000123"),
            ("姓名/Name", "林知夏"),
            ("", "LIN, ZHIXIA"),
            ("性别/Sex", "女/F"),
            ("国籍/Nationality", "中国/CHINESE"),
            ("出生日期/Date of birth", "20 MAY 1978"),
            ("签发日期/Date of issue", "05 3月/MAR 2020"),
            ("有效期至/Date of expiry", "04 3月/MAR 2030"),
        )
    ):
        draw.text((430, 110 + row * 68), label, LABEL, font(22))
        draw.text((760, 104 + row * 68), value, INK, font(32))
    coded = mrz_lines("LIN", "ZHIXIA", "EA0000123", "CHN", date(1978, 5, 20), "F", date(2030, 3, 4))
    for row, line in enumerate(coded):
        for place, character in enumerate(line):
            draw.text((40 + place * 26.6, 730 + row * 66), character, INK, font(36))
    return page


def permit(kind: Literal["hk_mo_permit", "tw_permit"]) -> Image.Image:
    card, draw = specimen.blank()
    hk = kind == "hk_mo_permit"
    draw.text((300, 30), "港澳居民来往内地通行证" if hk else "台湾居民来往大陆通行证", INK, font(44))
    draw.text((760, 560), "SPECIMEN 样本", RED, font(28))
    card.paste(specimen.printed_portrait(240, 320), (50, 120))
    rows = (
        ("姓名", "陈样本"),
        ("", "CHEN, YANGBEN"),
        ("出生日期", "1985.07.09"),
        ("性别", "男"),
        ("有效期限", "2021.04.06-2031.04.05"),
        ("签发机关", "样本出入境管理局"),
        ("证件号码", "H00001234" if hk else "00001234"),
    )
    for row, (label, value) in enumerate(rows):
        draw.text((330, 110 + row * 66), label, LABEL, font(26))
        draw.text((500, 104 + row * 66), value, INK, font(36))
    return card


def residence(side: Literal["front", "back"]) -> Image.Image:
    """Residence permit of Hong Kong residents; the number is nobody's."""
    person = Person(name="陈样本", region="810000", birth=date(1985, 7, 9), sequence="001", ethnicity="")
    if side == "front":
        card = specimen.front_card(person)
        ImageDraw.Draw(card).rectangle((280, 140, 640, 200), (226, 236, 238))  # these cards name no ethnic group
        return card
    back = specimen.back_card(Person(authority="样本市公安局", valid_from=date(2021, 4, 6), valid_to=date(2026, 4, 6)))
    draw = ImageDraw.Draw(back)
    draw.rectangle((280, 80, 900, 290), (226, 236, 238))
    draw.text((300, 120), "港澳居民居住证", INK, font(60))
    draw.text((190, 370), "通行证号码", LABEL, font(32))
    draw.text((380, 366), "H00001234", INK, font(36))
    return back


def foreign_card() -> Image.Image:
    person = Person(region="911840", birth=date(1980, 2, 29), sequence="013")
    card, draw = specimen.blank()
    draw.text((300, 26), "外国人永久居留身份证", INK, font(40))
    draw.text((760, 580), "SPECIMEN 样本", RED, font(28))
    card.paste(specimen.printed_portrait(240, 320), (50, 120))
    rows = (
        ("姓名/Name", "DOE, JANE MARY"),
        ("性别/Sex", "男/M"),
        ("出生日期/Date of Birth", "1980.02.29"),
        ("国籍/Nationality", "加拿大/CAN"),
        ("有效期限/Period of Validity", "2024.01.10-2034.01.09"),
        ("证件号码/ID No.", person.number),
    )
    for row, (label, value) in enumerate(rows):
        draw.text((330, 100 + row * 76), label, LABEL, font(22))
        draw.text((330, 124 + row * 76), value, INK, font(34))
    return card


def bank_card(number: str = "6200000000000000000") -> Image.Image:
    card = Image.new("RGB", (1000, 630), (120, 60, 40))
    draw = ImageDraw.Draw(card)
    draw.text((60, 50), "样本银行 SPECIMEN BANK", (250, 240, 230), font(44))
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    draw.text((70, 330), grouped, (250, 250, 245), font(64))
    draw.text((70, 480), "有效期 12/30", (240, 230, 220), font(34))
    return card
