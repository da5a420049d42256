"""Numbers: none typed, each as the wording says it, and the same in every document of the product."""

import re
from collections.abc import Iterator

from products.compiled import Compiled
from products.contents import texts
from products.lint.lists import CN, NUMERAL
from products.lint.places import Found, Rules, at_segment
from products.lint.quotes import UNITS, facts_in, facts_of_wording, number_of, params_of, read_quote, stands_in
from products.template import words_in

# The unit after a numeral makes it a number of the contract. Ordinals (第二天) and 每满一年 fix nothing.
_CN_NUMBER = re.compile(
    rf"(?<![第每满{CN}])[{CN}]+(?=天|日|年|个月|周岁|元|成|倍|%|％|个工作日|小时|分钟)|百分之[{CN}]+|[{CN}]+分之[{CN}]+"
)
_EN_NUMBER = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety|hundred)"
    r"[ -](?:working )?(?:days?|years?|months?|hours?|minutes?|yuan|per ?cent)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d+")
_AGES = re.compile(rf"(?P<low>{NUMERAL})(?:周岁|岁)?(?:至|到|[-—~～])(?P<high>{NUMERAL})(?:周岁|岁)")
_HOSPITAL = re.compile(
    r"(?:(?:二级|三级)(?:及)?以上)?(?:（含[^）]*）)?公立医院|(?:二级|三级)(?:及)?以上[^。；，]{0,6}医院"
)
_NO_SURRENDER = re.compile(r"(?:不支持|不可以|不能|不得|不可)(?:申请)?退保")
_SURRENDER = re.compile(r"可以(?:随时)?(?:申请)?(?:解除(?:本)?合同|退保)")
_NO_REFUND = re.compile(r"等待期[^。]{0,40}不(?:退还|退)(?:保险费|保费)")
_REFUND = re.compile(r"等待期[^。]{0,60}(?<!不)退还[^。；]{0,10}保险费")


def no_typed_numbers(compiled: Compiled) -> Iterator[Found]:
    """L08: every number a reader sees is a param, an input or a formula."""
    for path, text, _ in texts(compiled.product, compiled.clauses):
        for locale, template in text.items():
            typed = words_in(template)
            match = _DIGIT.search(typed) or (_CN_NUMBER if locale == "zh-CN" else _EN_NUMBER).search(typed)
            if match is not None:
                yield f"{path}.{locale}", f"the number {match.group()} is typed: use a param"


def params_say_what_the_wording_says(compiled: Compiled) -> Iterator[Found]:
    """L09: the quote stands whole in the cited clause, and its number and unit are the param's."""
    for name, param in compiled.product.params.items():
        path = f"params.{name}"
        if not stands_in(param.quote, compiled.wording.cut(compiled.clause(param.clause).src)):
            yield f"{path}.quote", f"{param.quote} does not stand in {param.clause}"
            continue
        found = read_quote(param.quote)
        if found is None:
            yield f"{path}.quote", f"{param.quote} holds no number"
        elif not _same_number(found[0], str(param.value), found[1], param.unit):
            yield f"{path}.value", f"{param.value} {param.unit} is not {param.quote}"
    yield from _said_twice(compiled)


def _same_number(said: str, value: str, word: str, unit: str) -> bool:
    if word == "万元" and unit == "money":
        return value.isdigit() and said.isdigit() and int(value) == int(said) * 10_000
    return said == value and any(word.startswith(known) if known else not word for known in UNITS.get(unit, ()))


def _said_twice(compiled: Compiled) -> Iterator[Found]:
    known = params_of(compiled)
    for fact in facts_of_wording(compiled):
        if fact.topic in known and fact.value not in known[fact.topic]:
            said = ", ".join(sorted(known[fact.topic]))
            yield at_segment(compiled, fact.segment), f"{fact.words}: elsewhere it is {said}"


def handouts_agree(compiled: Compiled) -> Iterator[Found]:
    """L10: brochures, notices and health questions state the wording's own numbers, ages, hospitals and refunds."""
    if not compiled.product.handouts:
        return
    wording = compiled.wording.text
    known: dict[str, set[str]] = {}
    for fact in facts_of_wording(compiled):
        known.setdefault(fact.topic, set()).add(fact.value)
    for name, handout in compiled.product.handouts.items():
        path = f"handouts.{name}"
        text = compiled.files[handout.file].decode("utf-8")
        for fact in facts_in(text):
            if fact.topic in known and fact.value not in known[fact.topic]:
                yield path, f"{fact.words}: the wording says {', '.join(sorted(known[fact.topic]))}"
        ages = set(ages_in(wording))
        for pair in ages_in(text):
            if ages and pair not in ages:
                yield path, f"ages {pair[0]} to {pair[1]}: the wording has {_pairs(ages)}"
        yield from ((path, message) for message in _contradictions(wording, text))


def ages_in(text: str) -> Iterator[tuple[str, str]]:
    for match in _AGES.finditer(text):
        low, high = number_of(match["low"]), number_of(match["high"])
        if low is not None and high is not None:
            yield low, high


def _contradictions(wording: str, text: str) -> Iterator[str]:
    match = _NO_SURRENDER.search(text)
    if match and _SURRENDER.search(wording) and not _NO_SURRENDER.search(wording):
        yield f"{match[0]}: the wording lets the customer end the contract"
    match = _NO_REFUND.search(text)
    if match and _REFUND.search(wording):
        yield f"{match[0]}: the wording returns premiums in the waiting period"
    own, said = set(_HOSPITAL.findall(wording)), set(_HOSPITAL.findall(text))
    if said and own and not said <= own:
        yield f"{', '.join(sorted(said - own))}: the wording says {', '.join(sorted(own))}"
    if said and not own and "医院" in wording:
        yield f"{', '.join(sorted(said))}: the wording does not narrow the hospitals"


def _pairs(ages: set[tuple[str, str]]) -> str:
    return ", ".join(f"{low} to {high}" for low, high in sorted(ages))


RULES: Rules = (
    ("L08", "E", no_typed_numbers),
    ("L09", "E", params_say_what_the_wording_says),
    ("L10", "E", handouts_agree),
)
