"""An IPID and a KID from the clauses alone: fixed headings, nothing personal, never too long."""

from dataclasses import replace as copy
from typing import Any

import pypdfium2
import pytest
from msgspec.structs import replace

from esign.documents import typeset_pages
from products.compiled import Compiled
from products.definition import Kid
from products.errors import HandoutTooLong, HandoutUnavailable, ProductUnknown
from products.handouts.content import MOST_PAGES, Form, sheet
from products.handouts.flow import handout, made
from products.load import load
from products.versions import Catalogue
from tests.evidence.fakes import StoryLedger
from tests.products.conftest import CATALOGUE, Story

UNCERTAIN = {"zh-CN": "红利是不确定的。", "en": "Dividends are uncertain."}


@pytest.fixture(scope="module")
def product() -> Compiled:
    compiled = load(CATALOGUE / "anju_term_life")
    kid = Kid(
        sri=3,
        audience={"zh-CN": "想给家人留一笔钱的人。", "en": "Who wants money for their family."},
        holding={"zh-CN": "到期为止。", "en": "To the end."},
    )
    return copy(compiled, product=replace(compiled.product, kid=kid, uncertainty=UNCERTAIN))


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(document[n].get_textpage().get_text_bounded() for n in range(len(document)))
    document.close()
    return "".join(text.split())


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_an_ipid_has_the_nine_headings_and_says_what_the_clauses_do_not(
    product: Compiled, locale: Any
) -> None:  # PRD-15
    found = sheet(product, "ipid", locale)
    assert len(found.sections) == 9
    assert all(section.items for section in found.sections)
    assert found.sections[4].items == ("条款中没有约定。" if locale == "zh-CN" else "The terms do not say.",)
    exclusions = [placed.clause for placed in product.clauses.values() if placed.clause.cat == "exclusion"]
    assert len(found.sections[2].items) == len(exclusions) - 1  # every item, not their parent


@pytest.mark.parametrize("form", ["ipid", "kid"])
def test_the_same_version_gives_the_same_pdf_with_its_own_sentences(product: Compiled, form: Form) -> None:  # PRD-15
    pdf = made(product, form, "zh-CN", typeset_pages)
    assert pdf == made(product, form, "zh-CN", typeset_pages)
    text = words(pdf)
    assert "红利是不确定的。" in text
    assert "退保会亏多少" in text  # the clause's line shows the customer's own numbers: its title stands here
    assert product.hashes.full[:16] in text


def test_a_kid_has_the_risk_scale_and_its_seven_headings(product: Compiled) -> None:  # PRD-15
    found = sheet(product, "kid", "en")
    assert [section.scale for section in found.sections] == [None, 3, None, None, None, None, None]
    text = words(made(product, "kid", "en", typeset_pages))
    assert "1234567" in text
    assert "WhatistheproductKeyInformationDocument" not in text
    assert "Whataretherisks" in text


def test_what_is_too_long_is_no_document(product: Compiled) -> None:  # PRD-15
    first = product.clauses["c7.1"]
    many = {
        f"x{n}": copy(
            first,
            clause=replace(
                first.clause, id=f"x{n}", cat="benefit", one={"zh-CN": f"第{n}种情形" * 9, "en": f"case {n} " * 30}
            ),
        )
        for n in range(120)
    }
    long = copy(product, clauses={**product.clauses, **many})
    with pytest.raises(HandoutTooLong) as refused:
        made(long, "ipid", "en", typeset_pages)
    assert refused.value.facts["most"] == MOST_PAGES["ipid"]
    assert int(str(refused.value.facts["pages"])) > MOST_PAGES["ipid"]


def test_a_form_that_does_not_fit_the_product_is_not_made(product: Compiled) -> None:
    loan = copy(product, product=replace(product.product, kind="bank.loan"))
    with pytest.raises(HandoutUnavailable):
        sheet(loan, "ipid", "en")
    with pytest.raises(HandoutUnavailable):
        sheet(load(CATALOGUE / "anju_term_life"), "kid", "en")


async def test_only_what_is_on_sale_is_handed_out(story_ledger: StoryLedger, product: Compiled) -> None:
    story = Story(story_ledger, Catalogue([product]))
    with pytest.raises(ProductUnknown):
        await handout("anju_term_life", "ipid", "en", story.ports, typeset_pages)
    await story.open()
    assert (await handout("anju_term_life", "ipid", "en", story.ports, typeset_pages)).startswith(b"%PDF")
