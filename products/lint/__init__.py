"""What a loaded definition must also be before it may be sold: 25 rules, one module an idea.

Rule numbers follow the table in docs/PRODUCTS.md. Loading itself already refuses uncovered wording (L01), formulas
that do not type-check (L11), examples that do not reproduce (L12), broken tables (L13) and unknown terms (L15).
"""

from products.compiled import Compiled
from products.findings import Finding
from products.lint import (
    computing,
    duties,
    figures,
    journeys,
    languages,
    limits,
    readable,
    tables,
    vocabulary,
    wordings,
)
from products.lint.places import Rules
from products.positions import line_of

__all__ = ["RULES", "lint"]

RULES: Rules = (
    *wordings.RULES,
    *limits.RULES,
    *figures.RULES,
    *computing.RULES,
    *tables.RULES,
    *vocabulary.RULES,
    *readable.RULES,
    *duties.RULES,
    *journeys.RULES,
    *languages.RULES,
)
WAIVABLE = frozenset({"L05"})  # errors that a named person may let stand; warnings they always may


def lint(compiled: Compiled) -> tuple[Finding, ...]:
    """Every finding nobody has waived, in order of rule and line. A waiver that waives nothing is one itself."""
    lines = dict(compiled.lines)
    found = [
        Finding(rule=name, severity=severity, path=path, line=line_of(lines, path), message=message)
        for name, severity, rule in RULES
        for path, message in rule(compiled)
    ]
    waived = {(item.rule, item.path): number for number, item in enumerate(compiled.product.waivers)}
    used = set()
    left = []
    for finding in found:
        number = waived.get((finding.rule, finding.path))
        if number is not None and (finding.severity == "W" or finding.rule in WAIVABLE):
            used.add(number)
        else:
            left.append(finding)
    for number, waiver in enumerate(compiled.product.waivers):
        if number not in used:
            path = f"waivers[{number}]"
            message = f"{waiver.rule} does not stand at {waiver.path}, or cannot be waived"
            left.append(Finding(rule="L00", path=path, line=line_of(lines, path), message=message))
    return tuple(sorted(left, key=lambda item: (item.rule, item.line, item.path)))
