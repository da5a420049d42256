"""What is rendered can be made again byte for byte, and holds no number an author typed."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import decode
from products.compiled import Compiled
from products.errors import QuoteOutside
from products.quoting import compute_quote, values_of
from products.render import Block, Page, Span, aloud, compose, floor_ms, render, shows_personal
from products.template import names_in, parse_template, words_in
from products.versions import Catalogue

inputs = st.fixed_dictionaries(
    {
        "age": st.integers(18, 50),
        "sex": st.sampled_from(["male", "female"]),
        "sum": st.integers(2, 40).map(lambda n: n * 50_000),
        "term": st.sampled_from([10, 20]),
        "pay_years": st.sampled_from([5, 10, 20]),
        "year": st.integers(1, 20),
    }
)
locales: Any = st.sampled_from(["zh-CN", "en"])
levels: Any = st.sampled_from(["one", "plain", "formal"])


@settings(max_examples=150)
@given(raw=inputs, locale=locales, level=levels, data=st.data())
def test_the_same_facts_give_the_same_bytes(
    term_life: Compiled, raw: dict[str, int | str], locale: Any, level: Any, data: st.DataObject
) -> None:
    try:
        quote = compute_quote(term_life, raw)
    except QuoteOutside:
        assert raw["pay_years"] > raw["term"] or raw["year"] > raw["term"]  # type: ignore[operator]
        return
    values = values_of(term_life, quote.inputs, quote.outputs)
    name = data.draw(st.sampled_from(sorted(term_life.clauses)))
    personal = shows_personal(term_life, term_life.clause(name), level)
    nonce = "n" * 43 if personal else None
    first, second = (render(term_life, name, level, locale, values, nonce) for _ in range(2))
    assert first == second
    page = decode.decode(first.bytes, Page)
    assert (page.clause, page.level, page.locale, page.nonce) == (name, level, locale, nonce)
    assert page.product == term_life.hashes.full
    if level != "formal":
        for span in (span for block in page.blocks for span in block.spans):
            assert span.number or not re.search(r"\d", span.text), span
    if personal:
        assert render(term_life, name, level, locale, values, "m" * 43).sha256 != first.sha256
    else:
        assert render(term_life, name, level, locale).bytes == first.bytes  # anyone can make it again


@given(raw=inputs)
def test_quotes_are_whole_fen_and_never_promise_more_than_was_paid_in(
    term_life: Compiled, raw: dict[str, int | str]
) -> None:
    try:
        out = compute_quote(term_life, raw).outputs
    except QuoteOutside:
        return
    assert all(re.fullmatch(r"\d+\.\d\d", out[name]) for name in ("premium", "paid", "back", "loss", "paid_all"))
    assert float(out["back"]) + float(out["loss"]) >= float(out["paid"]) - 0.005
    assert int(out["back_pct"]) >= 0


def test_every_must_read_clause_has_a_floor_and_reads_in_both_languages(catalogue: Catalogue) -> None:
    people: dict[str, dict[str, int | str]] = {"anju_term_life": {"age": 40, "sex": "female"}, "card_loss": {}}
    for name, raw in people.items():
        compiled = catalogue.get(name)
        quote = compute_quote(compiled, raw)
        values = values_of(compiled, quote.inputs, quote.outputs)
        assert 0 < len(compiled.must_read) <= 8
        for clause in compiled.must_read:
            for locale in compiled.product.languages.offered:
                assert compose(compiled, clause, "plain", locale, values).floor_ms >= 1000


def test_the_filed_text_is_cut_from_the_file(term_life: Compiled) -> None:
    blocks = compose(term_life, "c2.5", "formal", "zh-CN").blocks
    assert len(blocks) == 9
    assert all(block.spans[0].text in term_life.wording.text for block in blocks)


def test_personal_pages_and_nonces_go_together(term_life: Compiled) -> None:
    with pytest.raises(ValueError, match="nonce"):
        render(term_life, "c2.4", "plain", "zh-CN", nonce="n")
    with pytest.raises(ValueError, match="nonce"):
        render(term_life, "c5.1", "plain", "zh-CN")


@given(st.integers(0, 400), st.integers(0, 200), st.integers(0, 1000))
def test_a_declared_dwell_only_raises_the_floor_and_not_without_end(han: int, words: int, declared: int) -> None:
    blocks = (Block(kind="p", spans=(Span(text="字" * han + " word" * words),)),)
    floor, asked = floor_ms("", blocks, 0), floor_ms("", blocks, declared)
    assert floor == 1000 * -(-(5 * han + 8 * words) // 40)
    assert floor <= asked <= floor * 8 // 3 + 2000
    assert asked == floor or asked <= declared * 1000


@given(st.text(alphabet="ab字{}[]() ,_1", max_size=30))
def test_every_template_is_read_whole_or_refused(template: str) -> None:
    try:
        parts = parse_template(template)
    except ValueError:
        return
    assert "".join(part.text for part in parts if part.kind == "words") in template or len(parts) > 1
    assert not set("{}[]") & set(words_in(template))
    assert len(names_in(template)) <= template.count("{")


def test_a_voice_reads_the_very_words_that_are_shown(term_life: Compiled) -> None:
    for name in term_life.must_read:
        if shows_personal(term_life, term_life.clause(name), "plain"):
            continue
        page = decode.decode(render(term_life, name, "plain", "zh-CN").bytes, Page)
        said = aloud(page)
        assert said.startswith(page.title)
        assert all(span.text in said for block in page.blocks for span in block.spans)
        assert all(block.label in said for block in page.blocks if block.label)


def test_every_number_on_a_page_is_in_the_trace_or_in_the_contract(catalogue: Catalogue) -> None:
    for name in catalogue.names():
        compiled = catalogue.get(name)
        quote = compute_quote(compiled, compiled.product.examples[0].given if compiled.product.examples else {})
        values = values_of(compiled, quote.inputs, quote.outputs)
        traced = dict(step for step in quote.trace if step[0].endswith(" ="))
        for clause in compiled.clauses:
            for locale in compiled.product.languages.offered:
                shown = compose(compiled, clause, "plain", locale, values)
                for span in (span for block in shown.blocks for span in block.spans if span.number):
                    assert span.number
                    if span.number in quote.outputs:
                        assert traced[f"{span.number} ="] == quote.outputs[span.number]
                    else:
                        known = span.number in compiled.product.params or span.number in compiled.product.inputs
                        assert known or span.number == "count", span
