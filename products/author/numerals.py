"""Numbers as Chinese contracts write them: 九十, 二〇二六, 壹拾万, 1,000, full-width digits."""

from decimal import Decimal

FULL_WIDTH = str.maketrans("０１２３４５６７８９．，％（）", "0123456789.,%()")
_DIGITS = {
    c: n
    for n, cs in enumerate(("零〇○", "一壹", "二贰两貳", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for c in cs
}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
CHINESE = "".join((*_DIGITS, *_TENS, *_MYRIADS))
SMALL = "零〇一二三四五六七八九十百两"  # what counts articles and items


def whole(text: str) -> int | None:
    """The whole number written in Chinese or Arabic digits; None when it is not one."""
    text = text.translate(FULL_WIDTH)
    if text.isascii():
        return int(text) if text.isdigit() else None
    if all(c in _DIGITS for c in text):  # 二〇二六, 一二〇: digits read one by one
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TENS:
            section += (digit or 1) * _TENS[char]
            digit = 0
        elif char in _MYRIADS:
            total = (total + section + digit) * _MYRIADS[char]
            section = digit = 0
        else:
            return None
    return total + section + digit


def decimal_of(text: str) -> Decimal | None:
    """A quantity: `1,000.50`, `３０`, `三千`, `十万`, `3.5万`. None when it is not one."""
    text = text.translate(FULL_WIDTH).replace(",", "").replace(" ", "")
    scale = 1
    while text and text[-1] in _MYRIADS and text[:-1].replace(".", "", 1).isdigit():
        scale, text = scale * _MYRIADS[text[-1]], text[:-1]
    if text.replace(".", "", 1).isdigit() and text.isascii():
        return Decimal(text) * scale
    if text and text[-1] in "千百仟佰十拾" and text[:-1].replace(".", "", 1).isdigit() and text.isascii():
        return Decimal(text[:-1]) * _TENS[text[-1]] * scale
    if "点" in text:
        before, _, after = text.partition("点")
        high = whole(before)
        if high is None or not after or any(c not in _DIGITS for c in after):
            return None
        return Decimal(f"{high}.{''.join(str(_DIGITS[c]) for c in after)}") * scale
    found = whole(text) if text else None
    return None if found is None else Decimal(found) * scale
