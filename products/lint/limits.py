"""What lessens the provider's liability: explained, complete, split as the wording splits it, waiting told whole."""

import re
from collections.abc import Iterator

from products.compiled import Compiled
from products.definition import Clause, Text
from products.lint.lists import CN
from products.lint.places import Found, Rules, upward
from products.lint.quotes import number_of

_ONE = rf"[（(](?P<{{}}>[{CN}\d]+)[）)]"
_RANGE = re.compile(rf"第?{_ONE.format('first')}项?(?:至|到|—|-|~)第?{_ONE.format('last')}项")
_NONE = re.compile(r"(?:本产品|本合同|本保险)[^。；，]{0,6}(?:无|没有|不设)等待期")
_ACCIDENT = {"zh-CN": re.compile("意外"), "en": re.compile("acciden", re.IGNORECASE)}
_NAMED = {"zh-CN": re.compile("等待期"), "en": re.compile("waiting period", re.IGNORECASE)}
_RETURNED = {"zh-CN": re.compile("退"), "en": re.compile("return|refund|back", re.IGNORECASE)}


def exclusions_are_explained(compiled: Compiled) -> Iterator[Found]:
    """L06: what lessens liability is read in plain words with concept, content and effect; all its items are there."""
    for placed in compiled.clauses.values():
        clause = placed.clause
        if clause.cat != "exclusion" and not clause.limits_provider:
            continue
        chain = list(upward(compiled, clause.id))
        if not any(item.must_read and item.explain and item.plain and item.limits_provider for item in chain):
            yield (
                placed.at,
                "lessens liability: it or its parent needs must_read, limits_provider, plain, explain",
            )
        items = [number for number in compiled.wording.segments if number.startswith(f"{clause.src}(")]
        below = {child.src for child in clause.children}
        if clause.cat == "exclusion" and not set(items) <= below:
            yield placed.at, f"{len(items)} items in the wording, {len(below & set(items))} below this clause"


def scopes_are_carried(compiled: Compiled) -> Iterator[Found]:
    """L07: 第（1）至（8）项 for one benefit, 第（2）至（9）项 for another: each item says which it takes away."""
    for placed in compiled.clauses.values():
        clause = placed.clause
        if clause.cat != "exclusion" or not clause.children:
            continue
        text = compiled.wording.cut(clause.src) + "\n".join(_after(compiled, clause))
        ranges = [
            (int(number_of(match["first"]) or 0), int(number_of(match["last"]) or 0)) for match in _RANGE.finditer(text)
        ]
        if not ranges:
            continue
        by_scope: dict[frozenset[int], set[tuple[str, ...]]] = {}
        for child in clause.children:
            item = re.search(r"\((\d+)\)$", child.src)
            own = int(item[1]) if item else 0
            inside = frozenset(at for at, (first, last) in enumerate(ranges) if first <= own <= last)
            by_scope.setdefault(inside, set()).add(tuple(sorted(child.applies_to)))
        if any(() in said for scope, said in by_scope.items() if scope):
            yield placed.at, "the wording gives ranges of items, and an item says no applies_to"
        elif any(len(said) > 1 for said in by_scope.values()) or len(by_scope) != len(
            set(map(_one, by_scope.values()))
        ):
            yield placed.at, "applies_to of the items does not follow the ranges of the wording"


def _after(compiled: Compiled, clause: Clause) -> Iterator[str]:
    """The clauses right below an exclusion that are no items of it often hold its scope."""
    for child in clause.children:
        if not child.src.startswith(f"{clause.src}("):
            yield compiled.wording.cut(child.src)


def _one(said: set[tuple[str, ...]]) -> tuple[str, ...]:
    return min(said)


def waiting_is_told(compiled: Compiled) -> Iterator[Found]:
    """L21: a waiting period is named, must be read, and says what accident does and what is returned."""
    for placed in compiled.clauses.values():
        clause = placed.clause
        if clause.cat != "waiting" or _NONE.search(compiled.wording.cut(clause.src)):
            continue
        if not any(item.must_read for item in upward(compiled, clause.id)):
            yield placed.at, "a waiting period that need not be read"
        if clause.plain is None:
            yield placed.at, "a waiting period without plain text"
            continue
        wording = compiled.wording.cut(clause.src)
        wanted = [("names no waiting period", _NAMED)]
        if "意外" in wording:
            wanted.append(("does not say what accident does", _ACCIDENT))
        if "退" in wording:
            wanted.append(("does not say what is returned", _RETURNED))
        yield from _missing(f"{placed.at}.plain", clause.plain, wanted)


def _missing(path: str, text: Text, wanted: list[tuple[str, dict[str, re.Pattern[str]]]]) -> Iterator[Found]:
    for problem, patterns in wanted:
        for locale, template in text.items():
            if locale in patterns and not patterns[locale].search(template):
                yield f"{path}.{locale}", problem


RULES: Rules = (
    ("L06", "E", exclusions_are_explained),
    ("L07", "E", scopes_are_carried),
    ("L21", "E", waiting_is_told),
)
