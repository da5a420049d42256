"""Looking at a product folder from the terminal: what its pages say, what fixes a number, which hash moved."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from evidence.events import Locale
from evidence.events.reading import Level
from products.author.errors import ClauseUnknown, FileMissing
from products.compiled import Compiled, own_texts
from products.difference import difference
from products.formula import Value
from products.load import DEFINITION, load
from products.quoting import compute_quote, values_of
from products.render import compose
from products.template import names_in


def opened(folder: Path) -> Compiled:
    """FileMissing, or DefinitionInvalid with every line that is wrong."""
    if not (folder / DEFINITION).is_file():
        raise FileMissing(str(folder / DEFINITION))
    return load(folder)


def hash_lines(compiled: Compiled) -> Iterator[str]:
    hashes = compiled.hashes
    for name in ("formal", "numbers", "plain", "rules", "full"):
        yield f"{name:<8} {getattr(hashes, name)}"


def preview_lines(compiled: Compiled, clause: str | None, locale: Locale) -> Iterator[str]:
    """Every clause, or one, at the three levels, in the numbers of the first golden example."""
    if clause is not None and clause not in compiled.clauses:
        raise ClauseUnknown(clause)
    values = _example(compiled)
    for name in [clause] if clause else compiled.clauses:
        for level in get_args(Level):
            shown = compose(compiled, name, level, locale, values)
            yield f"{name} [{level}] {shown.title} ({shown.floor_ms // 1000} s)"
            for block in shown.blocks:
                words = "".join(span.text for span in block.spans)
                label = f"{block.label}: " if block.label else ""
                yield from (f"    {line}" for line in (label + words).splitlines() if line.strip())


def explain_lines(compiled: Compiled, clause: str) -> Iterator[str]:
    """The filed words of a clause, the numbers they fix, and the sentences that say them in plain words."""
    if clause not in compiled.clauses:
        raise ClauseUnknown(clause)
    found = compiled.clause(clause)
    filed = compiled.wording.cut(found.src)
    yield f"{clause} ({found.src}, {found.cat})" + (" limits_provider" if found.limits_provider else "")
    yield from (f"    {line}" for line in filed.splitlines())
    for name, param in compiled.product.params.items():
        if param.clause == clause:
            at = compiled.wording.text.find(param.quote, compiled.wording.segments[found.src].start)
            used = ", ".join(_users(compiled, name)) or "-"
            yield f"{name} = {param.value} {param.unit}  「{param.quote}」 @{at}  → {used}"
    for part, text in own_texts(found):
        for locale, template in text.items():
            names = sorted(names_in(template))
            yield f"{part} [{locale}] {template}" + (f"  ← {', '.join(names)}" if names else "")


def difference_lines(older: Compiled, newer: Compiled) -> Iterator[str]:
    found = difference(older, newer)
    yield f"{found.product} {found.older} → {found.newer}: {', '.join(found.hashes) or 'no hash'} changed"
    for change in found.clauses:
        yield f"{change.clause}: {', '.join(change.changes)}" + (
            f" ({', '.join(change.values)})" if change.values else ""
        )
        for sign, words in (("-", change.before), ("+", change.after)):
            yield from (f"    {sign} {line}" for line in (words or "").splitlines())
    if found.read_again:
        yield f"read again: {', '.join(found.read_again)}"


def _users(compiled: Compiled, name: str) -> Iterator[str]:
    for clause, placed in compiled.clauses.items():
        if any(name in names_in(template) for _, text in own_texts(placed.clause) for template in text.values()):
            yield clause
    for formula in compiled.formulas:
        if name in formula.names:
            yield formula.name


def _example(compiled: Compiled) -> dict[str, Value]:
    """Numbers to show: the first golden example, or nothing where the product has none."""
    if not compiled.product.examples:
        return dict(compiled.params)
    quote = compute_quote(compiled, compiled.product.examples[0].given)
    return values_of(compiled, quote.inputs, quote.outputs)
