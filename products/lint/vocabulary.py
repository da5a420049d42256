"""Words: terms the reader is told, one word for one idea, and nothing promised that the clause does not say."""

import re
from collections.abc import Iterator
from functools import cache

import msgspec

from products.compiled import Compiled, own_texts
from products.definition import Clause
from products.lint.lists import Modality, applies, words
from products.lint.places import Found, Rules, chinese, typed, upward
from products.template import parse_template

_DEFINED = re.compile(r"(?:^|[。；\n])(?:[（(]?\d+[）)]?\s*)?([^。；，：:、（）()\n\s]{2,10})[，：:]\s?(?:是)?指")


def terms_are_told(compiled: Compiled) -> Iterator[Found]:
    """L15: terms of the trade and of the wording's own definitions are tagged; no explanation runs in a circle."""
    told = {name: _names(compiled, name) for name in compiled.product.glossary}
    wanted = sorted({*_of_kind(compiled.product.kind), *_defined(compiled)}, key=len, reverse=True)
    for placed in compiled.clauses.values():
        if placed.clause.cat == "definition":
            continue
        tagged = _tagged(compiled, placed.clause.id)
        for part, text in own_texts(placed.clause):
            template = text.get("zh-CN")
            if part == "title" or template is None:
                continue
            rest = typed(template)
            for term in wanted:
                if term in rest:
                    rest = rest.replace(term, " ")
                    if not any(term in words_ or any(term in name for name in told[at]) for at, words_ in tagged):
                        yield f"{placed.at}.{part}.zh-CN", f"{term} is not told: tag it to the glossary"
    yield from _circles(compiled, told)


def _of_kind(kind: str) -> Iterator[str]:
    for prefix, terms in words().terms.items():
        if applies((prefix,), kind):
            yield from terms


def _defined(compiled: Compiled) -> Iterator[str]:
    """What the wording's own 释义 defines."""
    for placed in compiled.clauses.values():
        if placed.clause.cat == "definition":
            yield from _DEFINED.findall(compiled.wording.cut(placed.clause.src))


def _names(compiled: Compiled, name: str) -> tuple[str, ...]:
    term = compiled.product.glossary[name]
    return (term.term.get("zh-CN", ""), *term.aliases.get("zh-CN", ()))


def _tagged(compiled: Compiled, clause: str) -> list[tuple[str, str]]:
    """(glossary id, words linked) in a clause and all it stands below: they are read on the same page."""
    found = []
    for item in upward(compiled, clause):
        for _, text in own_texts(item):
            found += [(part.name, part.text) for part in parse_template(text.get("zh-CN", "")) if part.kind == "term"]
    return [(name, text) for name, text in found if name in compiled.product.glossary]


def _circles(compiled: Compiled, told: dict[str, tuple[str, ...]]) -> Iterator[Found]:
    uses = {
        name: {
            other
            for other, names in told.items()
            if any(word and word in typed(term.plain.get("zh-CN", "")) for word in names)
        }
        for name, term in compiled.product.glossary.items()
    }
    for name, direct in uses.items():
        reached: set[str] = set()
        ahead = set(direct)
        while ahead:
            reached |= ahead
            ahead = {further for at in ahead for further in uses[at]} - reached
        if name in reached:
            yield f"glossary.{name}.plain", "explained by itself"


def one_word_one_idea(compiled: Compiled) -> Iterator[Found]:
    """L16: an idea has one word in all texts; others may stand only as its aliases in the glossary."""
    aliased = [set(_names(compiled, name)) for name in compiled.product.glossary]
    texts = [(path, typed(template)) for path, template in chinese(compiled)]
    for group in words().synonyms.values():
        where: dict[str, list[str]] = {}
        for path, text in texts:
            rest = text
            for word in sorted(group, key=len, reverse=True):
                if re.search(_loose(word), rest):
                    rest = re.sub(_loose(word), " ", rest)
                    where.setdefault(word, []).append(path)
        ranked = sorted(where, key=lambda word: -len(where[word]))
        for other in ranked[1:]:
            if not any({ranked[0], other} <= names for names in aliased):
                yield where[other][0], f"{other} here, {ranked[0]} elsewhere"


def _loose(word: str) -> str:
    """A word, but not as the beginning of a longer one that means something else."""
    return {
        "借款": "借款(?!人|合同)",
        "贷款": "贷款(?!人|合同)",
        "退保": "退保(?!金)",
        "保费": "保费(?!率)",
        "保险费": "保险费(?!率)",
    }.get(word, word)


def nothing_is_promised(compiled: Compiled) -> Iterator[Found]:
    """L18: may, must, not and except of the clause are in the plain text and not added; nothing is promised."""
    for placed in compiled.clauses.values():
        if placed.clause.plain is None or "zh-CN" not in placed.clause.plain:
            continue
        path = f"{placed.at}.plain.zh-CN"
        wording = compiled.wording.cut(placed.clause.src)
        told = " ".join(typed(text["zh-CN"]) for _, text in _with_items(placed.clause) if "zh-CN" in text)
        for item in _modality().values():
            said = re.search(item.source, wording)
            if said and not re.search(item.plain, told):
                yield path, f"the clause says {said[0]}, the plain text does not"
        said = re.search(words().refusal.source, wording)
        if said and not re.search(words().refusal.plain, typed(placed.clause.plain["zh-CN"])):
            yield path, f"the clause refuses ({said[0]}), the plain text does not"
        around = wording + "".join(compiled.wording.cut(child.src) for child in placed.clause.children)
        for item in _added().values():
            match = re.search(item.plain, typed(placed.clause.plain["zh-CN"]))
            if match and not re.search(item.source, around):
                yield path, f"{match[0]} is not in the clause"
    yield from _turned(compiled)
    yield from _promises(compiled)


def _turned(compiled: Compiled) -> Iterator[Found]:
    """An item of an exclusion that says it is paid."""
    for placed in compiled.clauses.values():
        clause = placed.clause
        text = typed(clause.one.get("zh-CN", ""))
        if clause.cat == "exclusion" and re.search(words().refusal.pays, text) and not re.search(words().denials, text):
            yield f"{placed.at}.one.zh-CN", "an exclusion that says it is paid"


def _with_items(clause: Clause) -> Iterator[tuple[str, dict[str, str]]]:
    for part, text in own_texts(clause):
        yield part, {str(locale): template for locale, template in text.items()}
    for child in clause.children:
        yield from _with_items(child)


@cache
def _modality() -> dict[str, Modality]:
    table = {name: item for name, item in words().modality.items() if name != "added"}
    return msgspec.convert(table, dict[str, Modality])


@cache
def _added() -> dict[str, Modality]:
    return msgspec.convert(words().modality["added"], dict[str, Modality])


def _promises(compiled: Compiled) -> Iterator[Found]:
    listed = words()
    promises = [*listed.promises]
    if compiled.product.kind.startswith("insurance."):
        promises += listed.insurance_promises
    by_path = {placed.at: placed.clause for placed in compiled.clauses.values()}
    for path, template in chinese(compiled):
        text = typed(template)
        clause = next(
            (by_path[at] for at in by_path if path.startswith(f"{at}.") and ".children" not in path[len(at) :]), None
        )
        wording = compiled.wording.cut(clause.src) if clause else ""
        for word in promises:
            for match in re.finditer(word, text):
                denied = re.search(listed.denials, text[max(match.start() - 3, 0) : match.start()])
                if not denied and word not in wording:
                    yield path, f"{word} is a promise"


RULES: Rules = (
    ("L15", "E", terms_are_told),
    ("L16", "W", one_word_one_idea),
    ("L18", "E", nothing_is_promised),
)
