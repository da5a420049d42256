"""What an eighteen-digit citizen identity number says by itself (GB 11643-1999), and the words around it."""

import functools
import re
from dataclasses import dataclass
from datetime import date
from importlib import resources

WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))  # GB 11643-1999, 4.2; ISO 7064 MOD 11-2
CHECKS = "10X98765432"

_NUMBER = re.compile(r"^[1-9]\d{16}[\dX]$")

# The 56 ethnic groups of GB/T 3304-1991: what a reader may answer, and nothing else.
_GROUPS = """
汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西
景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安
裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺
"""
ETHNIC_GROUPS = frozenset(_GROUPS.split())

# Forms a reader sometimes answers in traditional script.
_SIMPLIFIED = str.maketrans(
    "漢壯藏維爾滿瑤東鄉納頗達錫剋門羅獨龍鄂倫溫諾烏茲別鮮畬",
    "汉壮藏维尔满瑶东乡纳颇达锡克门罗独龙鄂伦温诺乌孜别鲜畲",
)

# First two digits of GB/T 2260 that name a province, and 91 for foreigners with permanent residence.
_PROVINCES = frozenset(
    str(code)
    for codes in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82, 83, 91),
    )
    for code in codes
)

Sex = str  # 男 | 女


@functools.cache
def regions() -> frozenset[str]:
    """Counties of GB/T 2260 that are or were: one prefecture a line, two more digits each, runs as `01-09`.

    A number keeps the region of its first registration, so the abolished ones stay. Hong Kong, Macau and Taiwan have
    one code each (residence permits), foreigners with permanent residence have codes of their own kind.
    """
    found = {"810000", "820000", "830000", "710000"}
    for line in (resources.files("kyc.papers") / "regions.txt").read_text().splitlines():
        prefecture, *runs = line.split()
        for run in runs:
            first, _, last = run.partition("-")
            found |= {f"{prefecture}{county:02d}" for county in range(int(first), int(last or first) + 1)}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Number:
    """`region`: six digits of GB/T 2260, the place of first registration; 99xxxx is assigned to no place."""

    text: str
    region: str
    birth: date
    sex: Sex

    @property
    def known(self) -> bool:
        """Whether the region is, or was since 1980, a county of GB/T 2260; a specimen's is not asked."""
        return not self.assigned or self.region[0] == "9" or self.region in regions()

    @property
    def assigned(self) -> bool:
        """Whether the region's province exists; a specimen's does not."""
        return self.region[:2] in _PROVINCES


def check_character(first17: str) -> str:
    """The eighteenth character for seventeen digits."""
    return CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11]


def parse(text: str) -> Number | None:
    """The number's parts, or None when its form, its date or its check character is wrong."""
    text = text.strip().upper()
    if not _NUMBER.match(text) or check_character(text[:17]) != text[17]:
        return None
    try:
        birth = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return None
    return Number(text=text, region=text[:6], birth=birth, sex="男" if int(text[16]) % 2 else "女")


def ethnic_group(text: str) -> str | None:
    """The one group of the closed list that `text` means, a trailing 族 and traditional forms forgiven."""
    plain = text.strip().translate(_SIMPLIFIED)
    plain = plain.removesuffix("族") or plain
    return plain if plain in ETHNIC_GROUPS else None


def age_on(birth: date, day: date) -> int:
    """Full years; a birthday counts from the day itself (民法典 art. 1259 counts from the next day: never more)."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
