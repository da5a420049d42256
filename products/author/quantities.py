"""Quantities in a wording: 九十日, 百分之二十, 人民币10万元, 18至60周岁. No ordinals, no dates."""

import re
from collections.abc import Iterator
from decimal import Decimal

from evidence.events import Frozen
from products.author.numerals import decimal_of
from products.author.spans import Spans

_AR = r"(?<![\d.．])\d[\d,，]{0,20}(?:[.．]\d{1,10})?"
_CN = (
    "(?<![零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟])[零〇一二两"
    "三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]{1,20}(?:点[零〇一二三四五六"
    "七八九]{1,10})?"
)
_N = rf"(?:{_AR}|{_CN})"
UNITS: dict[str, tuple[str, Decimal]] = {
    **dict.fromkeys(("日", "天", "个自然日", "自然日"), ("day", Decimal(1))),
    **dict.fromkeys(("个工作日", "工作日", "个交易日", "交易日", "个营业日", "个银行工作日"), ("workday", Decimal(1))),
    **dict.fromkeys(("年", "周年", "个年度", "个保单年度", "个周年"), ("year", Decimal(1))),
    **dict.fromkeys(("个月", "个自然月"), ("month", Decimal(1))),
    **dict.fromkeys(("周", "个星期", "星期"), ("week", Decimal(1))),
    **dict.fromkeys(("小时", "个小时"), ("hour", Decimal(1))),
    **dict.fromkeys(("分钟",), ("minute", Decimal(1))),
    **dict.fromkeys(("周岁", "岁"), ("age", Decimal(1))),
    **dict.fromkeys(("元", "圆", "元整", "元人民币"), ("money", Decimal(1))),
    **dict.fromkeys(("%", "％", "\\%", "个百分点"), ("percent", Decimal(1))),
    **dict.fromkeys(("‰",), ("percent", Decimal("0.1"))),
    **dict.fromkeys(("个基点", "基点", "BP", "bp", "bps", "BPs"), ("percent", Decimal("0.01"))),
    **dict.fromkeys(("倍",), ("times", Decimal(1))),
    **dict.fromkeys(
        ("次", "份", "种", "项", "人", "处", "级", "期", "笔", "张", "名", "位", "类", "款"), ("count", Decimal(1))
    ),
}
"""What is printed after a number: the unit, and what one of it is worth. 万 and 亿 belong to the number."""

_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_MONEY = r"(?:人民币|RMB|CNY|[¥￥])\s*"
_SCALE = r"(?:[百千]?万|[百千]|[十百千万]?亿)?"
_QUANTITY = re.compile(
    rf"(?P<money>{_MONEY})?(?P<low>{_N}{_SCALE})(?P<lowunit>\s?(?:{_UNIT}))?\s*(?P<to>至"
    rf"|到|—|–|-|－|~|～|、|或)\s*(?P<high>{_N}{_SCALE})\s?(?P<highunit>{_UNIT})"
    rf"|(?P<money2>{_MONEY})?(?P<one>{_N}{_SCALE})\s?(?P<unit>{_UNIT})"
    rf"|(?P<money3>{_MONEY})(?P<bare>{_AR}{_SCALE})"
)
_SHARE = re.compile(rf"(?P<of>百|千|万)分之(?P<n>{_N})")
_FRACTION = re.compile(
    r"(?P<cn>[二三四五六七八九十]+)分之(?P<cnn>[一二三四五六七八九十]+)|(?<![\d/.])(?P<a>\d"
    r"{1,2})/(?P<b>\d{1,2})(?![\d/])"
)
_TEX = re.compile(r"\$\s*(?P<n>\d[\d .]*?)\s*\\?[%％]\s*\$")
_HALF = re.compile(r"半(?P<unit>年|个月|小时)")
_DATE = re.compile(
    r"(?:19|20)\d\d\s?年(?:\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?日)?)?|二[〇零○]?[〇零一"
    r"二三四五六七八九]{2,3}年(?:[一二三四五六七八九十]+月(?:[一二三四五六七八九十"
    r"]+日)?)?|(?<!\d)\d{1,2}\s?月\s?\d{1,2}\s?日"
)
_ORDINAL = re.compile(r"(?:第\s?[（(]?\s?|[（(]\s?|[〔\[]\d*)$")
_LIST = re.compile(
    rf"(?<![\d.．、])(?P<list>{_AR}(?:\s?、\s?{_AR})+)(?=\s?(?:、|和|或|及|与)\s?{_AR}\s?(?P<unit>{_UNIT}))"
)
_NOT_COUNTED = {"一", "两", "1"}  # 一种, 一项: an article, not a number
_NO_MORE = {
    "日": "元历志文报",
    "天": "然津",
    "年": "度龄",
    "次": "性日",
    "级": "市",
    "期": "交",
    "份": "额",
    "项": "目",
    "人": "民寿身员",
    "款": "项",
    "周": "岁年",
    "岁": "月",
    "类": "似别",
}


class Quantity(Frozen, frozen=True, kw_only=True):
    """`value`: a decimal, in the unit. Money in yuan, shares in percent. Half-open positions in the text as read."""

    text: str
    value: str
    unit: str
    start: int
    end: int


def quantities(text: str, start: int = 0, end: int | None = None) -> list[Quantity]:
    """Every quantity of the stretch, in order of position, none overlapping another."""
    end = len(text) if end is None else end
    taken = Spans(m.span() for m in _DATE.finditer(text, start, end))
    found: list[Quantity] = []
    for finder in (_tex, _shares, _fractions, _lists, _plain, _halves):
        for quantity in finder(text, start, end):
            if taken.take(quantity.start, quantity.end):
                found.append(quantity)
    return sorted(found, key=lambda quantity: quantity.start)


def plain(value: Decimal) -> str:
    """Without exponent and trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quantity(text: str, a: int, b: int, value: Decimal, unit: str) -> Quantity:
    return Quantity(text=text[a:b], value=plain(value), unit=unit, start=a, end=b)


def _tex(text: str, start: int, end: int) -> Iterator[Quantity]:
    for match in _TEX.finditer(text, start, end):
        value = decimal_of(match["n"])
        if value is not None:
            yield _quantity(text, *match.span(), value, "percent")


def _shares(text: str, start: int, end: int) -> Iterator[Quantity]:
    for match in _SHARE.finditer(text, start, end):
        value = decimal_of(match["n"])
        if value is not None:
            yield _quantity(text, *match.span(), value * {"百": 100, "千": 10, "万": 1}[match["of"]] / 100, "percent")


def _fractions(text: str, start: int, end: int) -> Iterator[Quantity]:
    for match in _FRACTION.finditer(text, start, end):
        below, above = decimal_of(match["cn"] or match["b"]), decimal_of(match["cnn"] or match["a"])
        if below and above and above < below:
            yield _quantity(text, *match.span(), (above / below).quantize(Decimal("0.000001")), "ratio")


def _halves(text: str, start: int, end: int) -> Iterator[Quantity]:
    for match in _HALF.finditer(text, start, end):
        yield _quantity(text, *match.span(), Decimal("0.5"), UNITS[match["unit"]][0])


def _lists(text: str, start: int, end: int) -> Iterator[Quantity]:
    """60、65、70和75周岁: the unit stands once, after the last."""
    for match in _LIST.finditer(text, start, end):
        for one in re.finditer(_AR, match["list"]):
            a, b = match.start("list") + one.start(), match.start("list") + one.end()
            found = _one(text, a, b, match["unit"], a, b)
            if found:
                yield found


def _plain(text: str, start: int, end: int) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(text, start, end):
        if match["high"]:
            yield from _range(text, match)
        elif match["one"]:
            found = _one(text, match.start("one"), match.end("one"), match["unit"], match.start(), match.end())
            if found:
                yield found
        else:
            value = decimal_of(match["bare"])
            if value is not None:
                yield _quantity(text, *match.span(), value, "money")


def _range(text: str, match: re.Match[str]) -> Iterator[Quantity]:
    """Both ends of 18至60周岁 carry the unit of the second."""
    low_unit = (match["lowunit"] or "").strip()
    if low_unit or match["to"] not in "、或" or match["low"][-1].isdigit() == match["high"][-1].isdigit():
        last = match.end("lowunit") if low_unit else match.end("low")
        found = _one(text, match.start("low"), match.end("low"), low_unit or match["highunit"], match.start(), last)
        if found:
            yield found
    found = _one(text, match.start("high"), match.end("high"), match["highunit"], match.start("high"), match.end())
    if found:
        yield found


def _one(text: str, a: int, b: int, unit: str, start: int, end: int) -> Quantity | None:
    digits = text[a:b]
    before, after = text[max(0, start - 3) : start], text[end : end + 1]
    name, worth = UNITS[unit]
    if _ORDINAL.search(before) and not (before.endswith(("（", "(")) and name not in ("count",)):
        return None
    if (
        before[-1:].isdigit()
        or (before[-1:] in ".．" and before[-2:-1].isdigit())
        or (before[-1:] in "每首次同" and digits in _NOT_COUNTED)
    ):
        return None
    if name == "count" and (digits in _NOT_COUNTED and unit != "次"):
        return None
    if (after and after in _NO_MORE.get(unit, "")) or (
        unit == "日" and digits in ("一", "1") and before[-1:] in "前次同当后对应"
    ):
        return None
    value = decimal_of(digits)
    if value is None or (name == "year" and value >= 1900):
        return None
    return _quantity(text, start, end, value * worth, name)
