"""One name in the forms in which lists write it: Chinese characters, their readings, Latin letters.

A list may carry 歐陽鋒, 欧阳锋, OUYANG Feng or Feng Ou-yang for the same person; each way in gives the same key.
"""

import re
import unicodedata
from functools import cache
from itertools import islice, product

from opencc import OpenCC
from pypinyin import Style, pinyin

from evidence.events import Frozen

MAX_READINGS = 32  # characters with several readings multiply; beyond this many the usual ones are enough

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af〇]")
_DOTS = re.compile(r"[·•・‧∙．\s]+")
_APART = re.compile(r"[^0-9a-z]+")
_TITLES = frozenset(("mr", "mrs", "ms", "dr", "prof", "sir", "madam"))
_PARTICLES = frozenset(
    ("al", "el", "bin", "ibn", "abu", "van", "von", "de", "der", "da", "dos", "la", "le", "mac", "mc")
)
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})

# Surnames whose reading as a name is not their usual one (汉语拼音正词法, GB/T 28039).
_SURNAMES = {
    "单": "shan", "仇": "qiu", "解": "xie", "任": "ren", "曾": "zeng", "查": "zha", "盖": "ge", "区": "ou",
    "朴": "piao", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun", "翟": "zhai", "缪": "miao", "乐": "yue",
    "冼": "xian", "逄": "pang", "覃": "qin", "燕": "yan", "宁": "ning", "卜": "bu", "纪": "ji", "应": "ying",
}  # fmt: skip


class Forms(Frozen, frozen=True, kw_only=True):
    """`han`: simplified characters without dots, empty for a Latin name. `readings`: toneless, run together.
    `latin`: the words of a Latin name in alphabetical order, joined by spaces.
    """

    han: str = ""
    readings: frozenset[str] = frozenset()
    latin: str = ""


def forms(name: str) -> Forms:
    """Every form of one written name; empty forms for what holds no letter."""
    text = unicodedata.normalize("NFKC", name).strip()
    if _HAN.search(text):
        han = _simplified(_DOTS.sub("", text))
        return Forms(han=han, readings=_readings(han))
    words = latin_words(text)
    return Forms(latin=" ".join(sorted(words)), readings=frozenset({"".join(words), *_turned(words)} - {""}))


def latin_words(text: str) -> tuple[str, ...]:
    """Lower-case words without accents or titles, in the order written; `SURNAME, Given` is turned round."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)
    ).translate(_UNDECOMPOSED)
    before, comma, after = plain.partition(",")
    ordered = f"{after} {before}" if comma and "," not in after else plain
    joined = re.sub(r"['’`ʼ-]", "", ordered)  # Ou-yang, O'Neil, Xi'an
    words: list[str] = []
    for word in _APART.split(joined):
        if not word or word in _TITLES:
            continue
        if words and words[-1] in _PARTICLES:  # al Rashid, Al-Rashid and Alrashid are one word
            words[-1] += word
        else:
            words.append(word)
    return tuple(words)


def _simplified(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def _readings(han: str) -> frozenset[str]:
    """Surname first as written, and given name first as a passport or a Western list turns it."""
    surname = next((size for size in (2, 1) if han[:size] in _SURNAMES), 0)
    known = _SURNAMES.get(han[:surname], "")
    syllables = [[known]] if known else []
    syllables += [
        sorted({one.replace("ü", "v") for one in choices})
        for choices in pinyin(han[surname:], style=Style.NORMAL, heteronym=True)
    ]
    cut = 1 if known else (2 if len(han) > 3 else 1)
    found = set[str]()
    for one in islice(product(*syllables), MAX_READINGS):
        found |= {"".join(one), "".join((*one[cut:], *one[:cut]))}
    return frozenset(_APART.sub("", reading) for reading in found) - {""}


def _turned(words: tuple[str, ...]) -> set[str]:
    """The last word first, and the first word last: which end the surname stands at is anybody's guess."""
    if len(words) < 2:
        return set()
    return {"".join((words[-1], *words[:-1])), "".join((*words[1:], words[0]))}
