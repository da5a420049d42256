"""What stands in an IPID (Regulation (EU) 2017/1469) and a KID (1286/2014): the clauses' own sentences, by heading.

Nothing is written for these papers: where the clauses say nothing, the paper says that, and no number is personal.
"""

from collections.abc import Iterable
from typing import Literal

from evidence.events import Frozen, Locale
from products.compiled import Compiled
from products.definition import Category, Clause, Kid, Text
from products.errors import HandoutUnavailable
from products.render import sentence
from products.template import names_in

Form = Literal["ipid", "kid"]
MOST_PAGES: dict[Form, int] = {"ipid": 2, "kid": 3}
"""Sides of A4: Regulation (EU) 2017/1469 art. 3, 1286/2014 art. 6(4)."""

_NOTHING: Text = {"zh-CN": "条款中没有约定。", "en": "The terms do not say."}
_TITLES: dict[Form, Text] = {
    "ipid": {"zh-CN": "保险产品信息文件", "en": "Insurance Product Information Document"},
    "kid": {"zh-CN": "关键信息文件", "en": "Key Information Document"},
}


class Section(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    heading: str
    items: tuple[str, ...]
    mark: str = "•"
    scale: int | None = None
    low: str = ""
    high: str = ""


class Sheet(Frozen, frozen=True, kw_only=True, omit_defaults=False):
    """All that the paper says, in final words."""

    form: str
    lang: str
    title: str
    name: str
    provider: str
    filing: str
    version: str
    uncertainty: str
    sections: tuple[Section, ...]


# The nine fixed headings and their order (2017/1469 annex), with the categories of clauses that answer each.
_IPID: tuple[tuple[Text, str, tuple[Category, ...]], ...] = (
    ({"zh-CN": "这是哪一类保险？", "en": "What is this type of insurance?"}, "•", ("purpose",)),
    ({"zh-CN": "保什么？", "en": "What is insured?"}, "✓", ("benefit",)),
    ({"zh-CN": "不保什么？", "en": "What is not insured?"}, "×", ("exclusion",)),
    ({"zh-CN": "保障有哪些限制？", "en": "Are there any restrictions on cover?"}, "!", ("limit", "waiting")),
    ({"zh-CN": "在哪里有保障？", "en": "Where am I covered?"}, "•", ()),
    (
        {"zh-CN": "我有哪些义务？", "en": "What are my obligations?"},
        "•",
        ("duty_disclosure", "duty_notice", "claim"),
    ),
    ({"zh-CN": "什么时候、怎么交费？", "en": "When and how do I pay?"}, "•", ("premium",)),
    ({"zh-CN": "保障从何时到何时？", "en": "When does the cover start and end?"}, "•", ("period",)),
    ({"zh-CN": "怎么解除合同？", "en": "How do I cancel the contract?"}, "•", ("cooling_off", "surrender")),
)


def sheet(compiled: Compiled, form: Form, locale: Locale) -> Sheet:
    """HandoutUnavailable where this form is not for this kind of product, or what only it asks was not written."""
    product = compiled.product
    if locale not in product.languages.offered:
        raise HandoutUnavailable("not in this language")
    if form == "ipid" and not product.kind.startswith("insurance."):
        raise HandoutUnavailable("an IPID is for insurance")
    return Sheet(
        form=form.upper(),
        lang="zh" if locale == "zh-CN" else "en",
        title=_TITLES[form][locale],
        name=product.names[locale],
        provider=product.provider.name[locale],
        filing=product.provider.filing_no,
        version=f"{product.id} v{product.version} {compiled.hashes.full[:16]}",
        uncertainty=sentence(compiled, product.uncertainty, locale) if product.uncertainty else "",
        sections=_ipid(compiled, locale) if form == "ipid" else _kid(compiled, locale),
    )


def _ipid(compiled: Compiled, locale: Locale) -> tuple[Section, ...]:
    sections: list[Section] = []
    for heading, mark, categories in _IPID:
        items = _said(compiled, locale, categories)
        if "purpose" in categories:
            items = (*_card(compiled, locale, "purpose"), *items)
        sections.append(Section(heading=heading[locale], items=items or (_NOTHING[locale],), mark=mark))
    return tuple(sections)


def _kid(compiled: Compiled, locale: Locale) -> tuple[Section, ...]:
    """The headings of 1286/2014 art. 8(3), in their order."""
    kid = compiled.product.kid
    if kid is None:
        raise HandoutUnavailable("no risk indicator was written for this product")

    def section(zh: str, en: str, items: Iterable[str]) -> Section:
        found = tuple(items) or (_NOTHING[locale],)
        return Section(heading=zh if locale == "zh-CN" else en, items=found)

    what = (*_card(compiled, locale, "purpose", "pays"), sentence(compiled, kid.audience, locale))
    return (
        section("这是什么产品？", "What is this product?", what),
        _risks(compiled, kid, locale),
        section(
            "提供方付不出钱怎么办？",
            "What happens if the provider is unable to pay out?",
            _said(compiled, locale, ("liability", "default")),
        ),
        section("有哪些费用？", "What are the costs?", _said(compiled, locale, ("fee", "premium", "interest"))),
        section(
            "应当持有多久？能提前拿回钱吗？",
            "How long should I hold it and can I take money out early?",
            (
                sentence(compiled, kid.holding, locale),
                *_said(compiled, locale, ("cooling_off", "surrender", "redemption", "cash_value")),
            ),
        ),
        section("怎么投诉？", "How can I complain?", _said(compiled, locale, ("dispute",))),
        section("其他有关信息", "Other relevant information", _said(compiled, locale, ("change", "data_use", "other"))),
    )


def _risks(compiled: Compiled, kid: Kid, locale: Locale) -> Section:
    chinese = locale == "zh-CN"
    items = (*_said(compiled, locale, ("risk",)), *_card(compiled, locale, "not_paid", "early_exit"))
    return Section(
        heading="有什么风险，能得到什么回报？" if chinese else "What are the risks and what could I get in return?",
        items=items or (_NOTHING[locale],),
        scale=kid.sri,
        low="风险较低" if chinese else "Lower risk",
        high="风险较高" if chinese else "Higher risk",
    )


def _said(compiled: Compiled, locale: Locale, categories: tuple[Category, ...]) -> tuple[str, ...]:
    """One line of each clause; of one with items, those. A personal line gives way to the clause's title."""
    found: list[str] = []
    for placed in compiled.clauses.values():
        clause = placed.clause
        same = [child for child in clause.children if child.cat == clause.cat]
        if clause.cat in categories and not same:
            found += _line(compiled, clause, locale)
    return tuple(dict.fromkeys(found))


def _line(compiled: Compiled, clause: Clause, locale: Locale) -> tuple[str, ...]:
    for text in (clause.one, clause.title):
        if text is not None and not names_in(text[locale]) & compiled.personal_names:
            return (sentence(compiled, text, locale, clause=clause),)
    return ()


def _card(compiled: Compiled, locale: Locale, *topics: str) -> tuple[str, ...]:
    lines = (line for line in compiled.product.summary if line.topic in topics)
    return tuple(sentence(compiled, line.text, locale) for line in lines)
