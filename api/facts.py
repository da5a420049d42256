"""The words of a case's pinned product, put together for the paper: where `products` and `esign` meet."""

from typing import Any

from esign.ports import Figure, ProductFacts, Texts
from evidence.case import Case
from evidence.events import Locale
from products.compiled import Compiled
from products.formula import Value
from products.ports import Ports
from products.render import sentence, show_value
from products.stored import quoted, values


async def product_facts(case: Case, ports: Ports) -> ProductFacts:
    """Labels and formatted values of this very case, in every language the product offers."""
    compiled = ports.catalogue.of(case)
    product = compiled.product
    quote = await quoted(case, ports)
    known = await values(case, compiled, ports)
    locales: tuple[Locale, ...] = tuple(product.languages.offered)

    def texts(text: Any) -> Texts:
        return {locale: sentence(compiled, text, locale, known) for locale in locales}

    def figure(name: str, label: Any) -> Figure:
        return Figure(label=dict(label), value=_said(compiled, name, known[name], locales))

    return ProductFacts(
        provider={str(locale): name for locale, name in product.provider.name.items()},
        inputs={name: figure(name, item.label) for name, item in product.inputs.items() if quote and name in known},
        outputs={
            name: figure(name, formula.label)
            for name, formula in product.formulas.items()
            if quote and formula.label and name in known
        },
        clauses={name: _title(compiled, name, locales, known) for name in compiled.clauses},
        disclosures={item.id: texts(item.text) for item in product.disclosures},
        questions={item.id: texts(item.ask) for item in product.questions},
    )


def _said(compiled: Compiled, name: str, value: Value, locales: tuple[Locale, ...]) -> Texts:
    return {locale: show_value(compiled, name, value, locale) for locale in locales}


def _title(compiled: Compiled, name: str, locales: tuple[Locale, ...], known: dict[str, Value]) -> Texts:
    clause = compiled.clause(name)
    return {locale: sentence(compiled, clause.title or clause.one, locale, known, clause) for locale in locales}
