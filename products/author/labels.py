"""What can stand before a clause: 第五条, 5.1, 五、, （五）, (5), 5), ⑤, a. One declaration for all readers."""

import re
from dataclasses import dataclass
from typing import Literal

from products.author.numerals import FULL_WIDTH, SMALL, whole

Style = Literal[
    "part", "chapter", "section", "article", "dotted", "chinese", "schedule",
    "chinese_paren", "arabic_paren", "half_paren", "circled", "letter",
]  # fmt: skip
ITEMS: tuple[Style, ...] = ("chinese", "chinese_paren", "dotted", "arabic_paren", "half_paren", "circled", "letter")
_OF_WORD: dict[str, Style] = {
    "条": "article", "條": "article", "章": "chapter", "节": "section",
    "部分": "part", "编": "part", "篇": "part", "部": "part",
}  # fmt: skip

_CN = SMALL + "ーニ—―－O○"  # what scanners read for 一, 二 and 〇
_LOOK_CN = str.maketrans("ー—―－ニO○", "一一一一二〇〇")
_LOOK = str.maketrans("lI|oO", "11100")
_DIGIT = r"0-9０-９lIOo|"
_B = r"[ \t\u3000]"
_DOT = rf"{_B}?[.．·・﹒•。,，]{_B}?"
_BATTERED = re.compile(
    rf"(?:[\u4e00-\u9fff]{_B}?)?(?P<n>[{SMALL}]{{1,7}}){_B}?(?P<word>条|章)|第(?P<m>[{SMALL}"
    rf"]{{1,7}})[务各系杀茶](?=[ \u3000])"
)  # 第 or 条 misread
NAMED = re.compile(
    rf"[第笫弟]{_B}*(?P<n>[{_CN}\d０-９](?:{_B}*[{_CN}\d０-９]){{0,7}}){_B}*(?P<word>条|條|章|节|部分|编|篇)"
)
_NUMBER = re.compile(
    rf"(?P<n>[{_DIGIT}]{{1,4}}(?:{_DOT}[{_DIGIT}]{{1,3}}){{0,4}})(?P<gap>{_B}*)(?P<sep>[.．、。,，:：)）]?)"
)
_CHINESE = re.compile(rf"(?P<n>[{_CN}]{{1,4}}){_B}*(?P<sep>[、.．，,])")
_PAREN = re.compile(
    rf"[（(〔【\[{{]{_B}*(?:(?P<cn>[{_CN}]{{1,4}})|(?P<ar>[{_DIGIT}]{{1,3}})|(?P<le>[a-zA-Z]))(?:{_B}*[）)〕】\]}}〉>])"
)
_CIRCLED = re.compile(r"\$?\s?\\textcircled\s?\{\s?(?P<tex>\d{1,2})\s?\}\s?\$?|(?P<sign>[①-⑳㉑-㉟❶-❿])")
_LETTER = re.compile(rf"(?P<n>[a-zA-Z])(?P<sep>[.．、)）]){_B}*(?=[\u4e00-\u9fff“「《])")
_SCHEDULE = re.compile(
    rf"附{_B}?(?P<word>表|件|录|则)?{_B}*(?P<n>[{SMALL}\d０-９]{{1,3}})?(?P<sep>[：:、.．]|{_B}|$|(?=[\n<]))"
)
_AMOUNT = re.compile(
    r"\d[\d,.]*\s?(?:周岁|岁|[日天年月]|个|名|万|亿|元|[%％]|级|种|次|倍|人|份|小时|分钟|周)|.{0,3}[.．、]?\s?\d{4}年"
)
_BAD_AFTER = "年月周岁元个次种天万亿日倍份人%％‰时小"  # after a bare whole number: a quantity


@dataclass(frozen=True, slots=True)
class Label:
    """`key`: components, `(2, 5)` for 2.5. `[start, end)` includes the mark after the number. `damaged`: was mended."""

    style: Style
    key: tuple[int, ...]
    start: int
    end: int
    damaged: bool = False
    glued: bool = False  # nothing stands between number and words
    word: str = "表"  # of a schedule: 附表, 附件, 附录

    @property
    def printed(self) -> str:
        """The number as a careful printer would set it."""
        n = self.key[-1]
        return {
            "part": lambda: f"第{chinese(n)}部分",
            "chapter": lambda: f"第{chinese(n)}章",
            "section": lambda: f"第{chinese(n)}节",
            "article": lambda: f"第{chinese(n)}条",
            "dotted": lambda: ".".join(map(str, self.key)),
            "chinese": lambda: f"{chinese(n)}、",
            "schedule": lambda: f"附{self.word}" + (chinese(n) if n else ""),
            "chinese_paren": lambda: f"（{chinese(n)}）",
            "arabic_paren": lambda: f"({n})",
            "half_paren": lambda: f"{n})",
            "circled": lambda: chr(0x2460 + n - 1) if 1 <= n <= 20 else f"({n})",
            "letter": lambda: f"{chr(96 + n)}.",
        }[self.style]()


def chinese(n: int) -> str:
    """1 to 999 as contracts count: 一, 十二, 一百零五."""
    digits = "零一二三四五六七八九"
    if n < 10:
        return digits[n]
    if n < 20:
        return "十" + (digits[n - 10] if n > 10 else "")
    if n < 100:
        return digits[n // 10] + "十" + (digits[n % 10] if n % 10 else "")
    if n < 1000:
        rest = n % 100
        tail = (
            ""
            if not rest
            else ("零" + digits[rest] if rest < 10 else digits[rest // 10] + "十" + digits[rest % 10].replace("零", ""))
        )
        return digits[n // 100] + "百" + tail
    return str(n)


def labels_at(text: str, pos: int, end: int) -> list[Label]:
    """Every reading of what stands at `pos`, the likeliest first. `9.118种` is 9.118, or 9.11 before 8种."""
    head = text[pos : pos + 1]
    if not head:
        return []
    if head in "第笫弟":
        return _named(text, pos, end) or _battered(text, pos, end)
    if head in "（(〔【[{":
        return _paren(text, pos, end)
    if head == "附":
        return _schedule(text, pos, end)
    if head in "$\\①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳" or "㉑" <= head <= "㉟" or "❶" <= head <= "❿":
        return _circled(text, pos, end)
    found = _numbers(text, pos, end)
    if head in _CN:
        found += _chinese(text, pos, end)
    if not found and "\u4e00" <= head <= "\u9fff":
        found = _battered(text, pos, end)
    if not found and head.isascii() and head.isalpha():
        match = _LETTER.match(text, pos, end)
        if match:
            found.append(Label("letter", (ord(head.lower()) - 96,), pos, match.end()))
    return found


def _named(text: str, pos: int, end: int) -> list[Label]:
    match = NAMED.match(text, pos, end)
    if not match:
        return []
    raw = "".join(match["n"].split())
    n = whole(raw.translate(_LOOK_CN))
    if not n or n > 999:
        return []
    damaged = text[pos] != "第" or raw != raw.translate(_LOOK_CN) or any(c.isspace() for c in match["n"])
    glued = match.end() < end and text[match.end()] not in " \t\u3000:：、.．"
    stop = match.end() + (1 if match.end() < end and text[match.end()] in ":：、.．" else 0)
    return [Label(_OF_WORD[match["word"]], (n,), pos, stop, damaged, glued)]


def _battered(text: str, pos: int, end: int) -> list[Label]:
    match = _BATTERED.match(text, pos, end)
    n = whole(match["n"] or match["m"]) if match else None
    if not match or not n or n > 999:
        return []
    return [Label("chapter" if match["word"] == "章" else "article", (n,), pos, match.end(), damaged=True)]


def _paren(text: str, pos: int, end: int) -> list[Label]:
    match = _PAREN.match(text, pos, end)
    if not match:
        return []
    if match["cn"]:
        n = whole(match["cn"].translate(_LOOK_CN))
        return (
            [Label("chinese_paren", (n,), pos, match.end(), match["cn"] != match["cn"].translate(_LOOK_CN))]
            if n and n < 200
            else []
        )
    if (match["ar"] and any(c.isdigit() for c in match["ar"])) or match["ar"] in ("l", "I", "|"):
        n = whole(match["ar"].translate(_LOOK))
        return (
            [Label("arabic_paren", (n,), pos, match.end(), match["ar"] != match["ar"].translate(_LOOK))]
            if n and n < 300
            else []
        )
    letter = match["le"] or match["ar"]
    return [Label("letter", (ord(letter[0].lower()) - 96,), pos, match.end())] if letter[0].isalpha() else []


def _circled(text: str, pos: int, end: int) -> list[Label]:
    match = _CIRCLED.match(text, pos, end)
    if not match:
        return []
    sign = match["sign"]
    if not sign:
        n = int(match["tex"])
    elif sign <= "⑳":
        n = ord(sign) - 0x245F
    else:
        n = ord(sign) - 0x3250 + 20 if sign <= "㉟" and sign >= "㉑" else ord(sign) - 0x2775
    return [Label("circled", (n,), pos, match.end())] if 0 < n < 51 else []


def _schedule(text: str, pos: int, end: int) -> list[Label]:
    match = _SCHEDULE.match(text, pos, end)
    if not match or not (match["word"] or match["n"]):
        return []
    n = whole(match["n"]) if match["n"] else 0
    return [Label("schedule", (n,), pos, match.end(), word=match["word"] or "")] if n is not None and n < 50 else []


def _chinese(text: str, pos: int, end: int) -> list[Label]:
    match = _CHINESE.match(text, pos, end)
    if not match:
        return []
    n = whole(match["n"].translate(_LOOK_CN))
    return (
        [Label("chinese", (n,), pos, match.end(), match["n"] != match["n"].translate(_LOOK_CN))]
        if n and n < 200
        else []
    )


def _numbers(text: str, pos: int, end: int) -> list[Label]:
    match = _NUMBER.match(text, pos, end)
    if not match:
        return []
    raw = match["n"]
    parts = [part for part in re.split(r"[^0-9０-９lIOo|]+", raw) if part]
    if not any(c.isdigit() for c in raw) and (len(parts) < 2 or raw[0] in "oO"):
        return []
    if any(len(part) > 1 and part[0] in "0０oO" for part in parts):
        return []  # 0.867, 10.065: figures
    damaged = any(c in "lIOo|" for c in raw) or any(c in "·・﹒•。,，" for c in raw) or any(c.isspace() for c in raw)
    key = tuple(int(part.translate(_LOOK).translate(FULL_WIDTH)) for part in parts)
    after = text[match.end("n") : match.end("n") + 1] if match.end("n") < end else ""
    sep = match["sep"]
    found: list[Label] = []
    if len(key) > 1:
        stop = match.end() if sep and sep in ".．、:：" else match.end("gap")
        if _sane(key) and sep not in (")", "）"):
            found.append(
                Label("dotted", key, pos, stop, damaged, glued=after == text[stop : stop + 1] and not match["gap"])
            )
        tail = match.end("n")
        if not match["gap"] and not sep and after and "\u4e00" <= after <= "\u9fff":
            for cut in range(1, len(parts[-1])):
                short = (*key[:-1], int(parts[-1][:-cut].translate(_LOOK).translate(FULL_WIDTH)))
                if _sane(short):
                    found.append(Label("dotted", short, pos, tail - cut, True, glued=True))
        first = re.match(rf"[{_DIGIT}]{{1,3}}{_B}?[.．、。,，]{_B}?", text[pos:end][:12])
        if (
            first and _sane(key[:1]) and _AMOUNT.match(text, pos + first.end(), end)
        ):  # 1.18周岁以上: begins with a number
            found.append(Label("dotted", key[:1], pos, pos + first.end(), damaged))
        return found
    if not _sane(key) or len(parts[0]) > 3:
        return []
    if sep in (")", "）"):
        return [Label("half_paren", key, pos, match.end(), damaged)]
    if sep and sep in ".．、。,，:：":
        return [Label("dotted", key, pos, match.end(), damaged)]
    if not after or (match["gap"] and "\u4e00" <= text[match.end("gap") : match.end("gap") + 1] <= "\u9fff"):
        return [Label("dotted", key, pos, match.end("gap"), damaged)]
    if "\u4e00" <= after <= "\u9fff" and after not in _BAD_AFTER:
        return [Label("dotted", key, pos, match.end("n"), damaged, glued=True)]
    return []


def _sane(key: tuple[int, ...]) -> bool:
    return 0 < key[0] < 200 and all(0 < part < 400 for part in key)
