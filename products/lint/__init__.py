"""What a loaded definition must also be before it may be sold: `python -m products.lint DIR`.

Rule numbers follow the table in docs/PRODUCTS.md. Loading itself already refuses uncovered wording (L01), formulas
that do not type-check (L11), examples that do not reproduce (L12), broken tables (L13) and unknown terms (L15).
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cn2an

from products.compiled import Compiled
from products.contents import texts
from products.definition import Clause, Text
from products.errors import DefinitionInvalid, FormulaFailed, InputInvalid, QuoteOutside
from products.findings import Finding
from products.load import DEFINITION, load
from products.positions import line_of
from products.questions import options
from products.quoting import compute_quote, values_of
from products.template import names_in, terms_in, words_in

Rule = Callable[[Compiled], Iterator[tuple[str, str]]]

_CN = "零一二三四五六七八九十百千万亿两"
# The unit after a numeral makes it a number of the contract. Ordinals (第二天) and 每满一年 fix nothing.
_CN_NUMBER = re.compile(rf"(?<![第每满{_CN}])[{_CN}]+(?=天|日|年|个月|周岁|元|成|倍|%)")
_DIGIT = re.compile(r"\d")
_QUOTED = re.compile(rf"(?P<percent>百分之)?(?P<number>\d+(?:\.\d+)?|[{_CN}]+)(?P<unit>.*)", re.DOTALL)
_UNITS = {
    "days": ("日", "天"),
    "workdays": ("个工作日", "工作日"),
    "years": ("年", "周年"),
    "months": ("个月", "月"),
    "hours": ("小时",),
    "minutes": ("分钟",),
    "age": ("周岁", "岁"),
    "money": ("元", "万元"),
    "count": ("次", "种", "项", "张"),
    "percent": ("%", ""),
}


def lint(compiled: Compiled) -> tuple[Finding, ...]:
    """Every finding, in order of rule and line."""
    found = [
        Finding(rule=name, path=path, line=line_of(dict(compiled.lines), path), message=message)
        for name, rule in RULES.items()
        for path, message in rule(compiled)
    ]
    return tuple(sorted(found, key=lambda item: (item.rule, item.line, item.path)))


def exclusions_are_explained(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L06: what lessens the provider's liability is read in plain words with concept, content and effect."""
    for placed in compiled.clauses.values():
        clause = placed.clause
        if clause.cat != "exclusion" and not clause.limits_provider:
            continue
        chain = list(_upward(compiled, clause.id))
        if not any(item.must_read and item.explain and item.plain and item.limits_provider for item in chain):
            yield (
                placed.at,
                "lessens liability: it or its parent needs must_read, limits_provider, plain, explain",
            )


def no_typed_numbers(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L08: every number a reader sees is a param, an input or a formula."""
    for path, text, _ in texts(compiled.product, compiled.clauses):
        for locale, template in text.items():
            typed = words_in(template)
            match = _DIGIT.search(typed) or (_CN_NUMBER.search(typed) if locale == "zh-CN" else None)
            if match is not None:
                yield f"{path}.{locale}", f"the number {match.group()} is typed: use a param"


def params_say_what_the_wording_says(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L09: the quote stands in the cited clause, and its number and unit are the param's."""
    for name, param in compiled.product.params.items():
        path = f"params.{name}"
        if param.quote not in compiled.wording.cut(compiled.clause(param.clause).src):
            yield f"{path}.quote", f"{param.quote} does not stand in {param.clause}"
            continue
        found = read_quote(param.quote)
        if found is None:
            yield f"{path}.quote", f"{param.quote} holds no number"
        elif found[0] != str(param.value) or found[1] not in _UNITS.get(param.unit, ()):
            yield f"{path}.value", f"{param.value} {param.unit} is not {param.quote}"


def formulas_have_examples(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L12: what is computed for a customer has at least one golden row, and each labelled line is in one."""
    shown = {name for name, formula in compiled.product.formulas.items() if formula.label is not None}
    proven = {name for example in compiled.product.examples for name in example.out}
    for name in sorted(shown - proven):
        yield f"formulas.{name}", "no example gives its value"


def questions_can_be_answered(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L22: a question is about a must-read clause, and for every example one option is right and another is wrong."""
    for number, question in enumerate(compiled.product.questions):
        path = f"questions[{number}]"
        if question.clause not in compiled.must_read:
            yield path, f"{question.clause} is not must-read"
        for example in compiled.product.examples or ():
            try:
                quote = compute_quote(compiled, example.given)
                choices = options(compiled, question, values_of(compiled, quote.inputs, quote.outputs), "lint")
            except (FormulaFailed, InputInvalid, QuoteOutside) as error:
                yield path, str(error)
                continue
            if len(choices) < 2:
                yield path, "every wrong answer is the right one for one of the examples"


def journey_is_complete(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L23: steps in a possible order, every disclosure after clauses that are read, every signer identified."""
    product, steps = compiled.product, compiled.product.journey.steps
    if len(set(steps)) != len(steps):
        yield "journey.steps", "a step stands twice"
    if ("quote" in steps) != bool(product.inputs):
        yield "journey.steps", "inputs and the step quote belong together"
    wanted = ["quote", "read", "disclose", "identity", "sign"]
    places = [steps.index(name) for name in wanted if name in steps]
    if places != sorted(places):
        yield "journey.steps", "quote, read, disclose, identity and sign come in this order"
    for step, needed in (
        ("read", bool(compiled.must_read)),
        ("disclose", bool(product.disclosures)),
        ("suitability", bool(product.suitability.rules)),
    ):
        if (step in steps) != needed:
            yield "journey.steps", f"the step {step} is there exactly when it has something to do"
    for number, disclosure in enumerate(product.disclosures):
        for clause in disclosure.clauses:
            if clause not in compiled.must_read:
                yield f"disclosures[{number}].clauses", f"{clause} is not must-read"
    for part in product.journey.signatures:
        if part.who not in product.journey.kyc:
            yield "journey.signatures", f"{part.who} signs without being identified"


def languages_agree(compiled: Compiled) -> Iterator[tuple[str, str]]:
    """L24: the same sentences, holes and terms in every language offered."""
    offered = set(compiled.product.languages.offered)
    if compiled.product.languages.authoritative not in offered:
        yield "languages", "the authoritative language is not offered"
    for path, text in _every_text(compiled):
        if set(text) != offered:
            yield path, f"languages {', '.join(sorted(offered ^ set(text)))} missing or not offered"
            continue
        holes = {locale: (names_in(template), terms_in(template)) for locale, template in text.items()}
        if len(set(holes.values())) > 1:
            yield path, "the languages do not use the same values and terms"


RULES: dict[str, Rule] = {
    "L06": exclusions_are_explained,
    "L08": no_typed_numbers,
    "L09": params_say_what_the_wording_says,
    "L12": formulas_have_examples,
    "L22": questions_can_be_answered,
    "L23": journey_is_complete,
    "L24": languages_agree,
}


def read_quote(quote: str) -> tuple[str, str] | None:
    """Number and unit of a quoted phrase: 九十日 is ("90", "日"), 百分之二十 ("20", "%")."""
    match = _QUOTED.search(quote)
    if match is None:
        return None
    text, unit = match["number"], match["unit"].strip()
    number = text if text[0].isdigit() else str(cn2an.cn2an(text, "smart"))
    return number, "%" if match["percent"] else unit


def _upward(compiled: Compiled, name: str | None) -> Iterator[Clause]:
    while name is not None:
        placed = compiled.clauses[name]
        yield placed.clause
        name = placed.parent


def _every_text(compiled: Compiled) -> Iterator[tuple[str, Text]]:
    product = compiled.product
    yield "names", product.names
    yield "provider.name", product.provider.name
    for path, text, _ in texts(product, compiled.clauses):
        yield path, text
    for block, items in (("inputs", product.inputs), ("suitability.facts", product.suitability.facts)):
        for name, item in items.items():
            yield f"{block}.{name}.label", item.label
            for choice in item.choices:
                yield f"{block}.{name}.choices", choice.label
    for name, formula in product.formulas.items():
        if formula.label is not None:
            yield f"formulas.{name}.label", formula.label
    for name, term in product.glossary.items():
        yield f"glossary.{name}.term", term.term


def main(folders: list[str]) -> int:
    """Print every finding; 1 when there is an error, 2 without a folder."""
    if not folders:
        sys.stderr.write("usage: python -m products.lint DIR…\n")
        return 2
    broken = False
    for path in (found for folder in folders for found in sorted(Path(folder).rglob(DEFINITION))):
        try:
            findings = lint(load(path.parent))
        except DefinitionInvalid as error:
            findings = error.findings
        for finding in findings:
            sys.stdout.write(f"{path}: {finding}\n")
        broken = broken or any(finding.severity == "E" for finding in findings)
        sys.stdout.write(f"{path}: {len(findings)} findings\n")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
