"""The segmenter against made-up wordings of both styles, clean and scanned, and against any text at all."""

import json
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from products.author.segment import Segmented, segment
from tests.products.author.wordings import Damage, Wording, articles, dotted, f1, score

CLEAN = Damage()
LINES = Damage(wrap_at=38, pages=True)
SCANNED = Damage(noise=0.015, lookalike=0.08, spaced=0.1, split=0.1, wrapped=0.1, marked=True, pages=True, wrap_at=40)
HARD = Damage(noise=0.02, lookalike=0.15, spaced=0.2, split=0.2, wrapped=0.2, pages=True, wrap_at=30)
MAKERS: dict[str, Callable[[int, Damage], Wording]] = {
    "dotted with contents": dotted,
    "dotted without contents": lambda seed, damage: dotted(seed, damage, contents=False),
    "articles under chapters": articles,
    "articles under bare titles": lambda seed, damage: articles(seed, damage, chapters=False),
}
SEEDS = range(100, 112)


def headings(found: Segmented) -> list[tuple[str, str, str | None, int]]:
    numbers = {clause.id: clause.number for clause in found.clauses}
    return [
        (c.number, c.title, numbers[c.parent] if c.parent else None, c.start)
        for c in found.clauses
        if c.number and c.kind not in ("item", "group")
    ]


def measured(maker: str, damage: Damage) -> tuple[float, float, float]:
    """(F1, parents right, titles right) over the seeds."""
    recall = precision = parents = titles = total = 0.0
    for seed in SEEDS:
        wording: Wording = MAKERS[maker](seed, damage)
        found = segment(wording.text)
        r, p, q = score(headings(found), wording.headings)
        recall, precision, parents = recall + r, precision + p, parents + q
        named = {(c.start, c.title) for c in found.clauses}
        titles += sum((h.start, h.title) in named for h in wording.headings)
        total += len(wording.headings)
    count = len(SEEDS)
    return f1(recall / count, precision / count), parents / count, titles / total


def tiles(found: Segmented) -> None:
    """Coverage exactly 1, overlap 0, positions inside the text."""
    at = 0
    for start, end in sorted([(c.start, c.end) for c in found.clauses] + [(p.start, p.end) for p in found.skipped]):
        assert start == at < end
        at = end
    assert at == found.length == len(found.text)
    ids = {clause.id for clause in found.clauses}
    assert len(ids) == len(found.clauses)
    for clause in found.clauses:
        assert clause.start <= clause.body <= clause.end <= clause.extent <= found.length
        assert clause.parent is None or clause.parent in ids
        parts = [(q.start, q.end, q.text) for q in clause.numbers] + [
            (r.start, r.end, r.text) for r in clause.references
        ]
        for start, end, text in parts:
            assert clause.start <= start < end <= clause.end
            assert found.text[start:end] == text


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("damage", [CLEAN, LINES], ids=["clean", "lines and pages"])
def test_headings_of_a_clean_wording_are_found(maker: str, damage: Damage) -> None:
    found, parents, titles = measured(maker, damage)
    assert found >= 0.99
    assert parents >= 0.99
    assert titles >= 0.96


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("damage", [SCANNED, HARD], ids=["scanned", "badly scanned"])
def test_headings_of_a_scanned_wording_are_found(maker: str, damage: Damage) -> None:
    found, parents, titles = measured(maker, damage)
    assert found >= 0.96
    assert parents >= 0.9
    assert titles >= 0.9


@pytest.mark.parametrize("maker", MAKERS)
def test_every_character_belongs_to_one_clause_or_is_skipped_with_a_reason(maker: str) -> None:  # PRD-01
    for damage in (CLEAN, LINES, SCANNED, HARD):
        found = segment(MAKERS[maker](7, damage).text)
        tiles(found)
        assert all(piece.reason for piece in found.skipped)


PIECES = st.sampled_from(
    [
        "第一条",
        "第二条 ",
        "第十二章",
        "1",
        "1.1",
        "1.2 ",
        "2.",
        "9.118种",
        "（一）",
        "(1)",
        "(2)",
        "①",
        "$\\textcircled{1}$",
        "附表一",
        "条款目录",
        "目录",
        "......",
        "责任免除",
        "本合同",
        "见2.3",
        "第3项",
        "<td>",
        "</td>",
        "# ",
        "\n",
        "\n\n",
        " ",
        "　",
        "。",
        "；",
        "九十日",
        "30%",
        "10万元",
        "l.l",
        "O",
        "\f",
        "\r\n",
        "\ufeff",
        "“您”指投保人",
        "说明书",
        "🙂",
        "\u0000",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=300)))
def test_any_text_is_tiled_and_the_same_every_time(text: str) -> None:
    found = segment(text)
    tiles(found)
    assert segment(text) == found


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(0, 2**32))
def test_a_wording_with_pieces_cut_out_is_still_tiled(cuts: int, seed: int) -> None:
    chance = random.Random(seed)
    text = dotted(seed % 50, SCANNED).text
    for _ in range(cuts % 12):
        at = chance.randrange(len(text))
        text = text[:at] + text[at + chance.randrange(40) :]
    tiles(segment(text))


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", "保险" * 25_000, "\x00\x01" * 500, "1.1\n" * 3000, "（" * 5000])
def test_nothing_is_refused(text: str) -> None:
    tiles(segment(text))


def test_the_contents_page_is_an_oracle_and_no_clause() -> None:
    found = segment(
        "示例终身寿险条款\n目录\n1. 您与我们订立的合同……1\n1.1 合同构成……1\n1.2 犹豫期"
        "……2\n2. 我们提供的保障……2\n2.1 保险责任……3\n"
        "1. 您与我们订立的合同\n1.1 合同构成本合同由条款构成。\n1.2 犹\n豫期\n您有二十日的犹豫期。\n2. 我们提供的保障\n"
        "2.1 保险责任\n我们给付保险金。\n"
    )
    assert [(c.number, c.title) for c in found.clauses] == [
        ("1", "您与我们订立的合同"),
        ("1.1", "合同构成"),
        ("1.2", "犹豫期"),
        ("2", "我们提供的保障"),
        ("2.1", "保险责任"),
    ]
    assert {piece.reason for piece in found.skipped} == {"title_page", "contents"}


def test_a_number_the_scanner_lost_is_taken_from_the_contents_page_and_said_so() -> None:
    found = segment(
        "条款目录\n5 现金价值权益\n5.1现金价值\n5.2保单贷款\n6 解除合同\n6.1退保\n"
        "# 5 现金价值权益\n\n# 现金价值\n\n指退保时退还的钱。\n\n# 5.2 保单贷款\n\n可"
        "以贷款。\n# 6 解除合同\n6.1 退保\n可以退保。\n"
    )
    assert [(c.number, c.title) for c in found.clauses][:3] == [
        ("5", "现金价值权益"),
        ("5.1", "现金价值"),
        ("5.2", "保单贷款"),
    ]
    assert "number_lost" in {damage.kind for damage in found.findings}


def test_tables_of_a_scanned_page_are_read_cell_by_cell() -> None:
    found = segment(
        '<table><tr><td colspan="2">2. 我们提供的保障</td><td></td></tr><tr><td>2.1</td><td>未'
        "成年人身故 保险金限制</td>"
        "<td>总和不得超过限额。</td></tr><tr><td>2.2</td><td>保险期间</td><td>终身。</td></tr>"
        "</table>\n# 2.3 责任免除\n"
        "(1)投保人故意杀害；(2)战争。\n<table><tr><td>年龄</td><td>费率</td></tr><tr><td>10</t"
        "d><td>10.165</td></tr></table>"
    )
    assert [(c.number, c.title) for c in found.clauses] == [
        ("2", "我们提供的保障"),
        ("2.1", "未成年人身故保险金限制"),
        ("2.2", "保险期间"),
        ("2.3", "责任免除"),
        ("(1)", ""),
        ("(2)", ""),
    ]
    tiles(found)


def test_a_reference_that_begins_a_line_is_no_heading() -> None:
    found = segment(
        "第一条 担保\n担保方式按照第二条\n第三条的约定执行，并适用本合同\n第四条、第五"
        "条。\n第二条 费用\n无。\n第三条 其他\n无。\n"
    )
    assert [c.number for c in found.clauses] == ["第一条", "第二条", "第三条"]


def test_a_text_without_line_ends_is_cut_at_its_numbers() -> None:
    text = (
        "个人借款合同第一章总则第一条签订依据根据法律签订本合同。第二条当事人各方本着"
        "平等自愿的原则签订本合同。第二章贷款第三条"
        "借款用途见本合同第八条。第四条借款金额见本合同第九条。"
        + "第五条贷款利率在期限内遇调整的，按新利率执行，不再另行通知。"
        * 1
    ) + "双方应当严格遵守。" * 40
    found = segment(text)
    assert [c.number for c in found.clauses if c.number] == [
        "第一章",
        "第一条",
        "第二条",
        "第二章",
        "第三条",
        "第四条",
        "第五条",
    ]
    tiles(found)


def test_a_title_in_the_margin_may_stand_before_its_number() -> None:
    contents = "条款目录 1 我们保什么 1.1 基本保险金额 1.2 保险责任 2 我们不保什么 2.1 除外责任 2.2 其他免责条款 "
    body = (
        "1 我们保什么这部分讲保障 基本保险金额 1.1 本合同的金额由您与我们约定 保险责任"
        " 1.2 在有效期内我们给付保险金 2 我们不保什么"
        "这部分讲免责 除外责任 2.1 因下列情形我们不承担责任 其他免责条款 2.2 除 2.1 外还有其他条款"
    )
    found = segment(contents + "\n\n" + body + "，以保险单载明的为准" * 40)
    assert [(c.number, c.title) for c in found.clauses if c.kind == "clause"] == [
        ("1", "我们保什么"),
        ("1.1", "基本保险金额"),
        ("1.2", "保险责任"),
        ("2", "我们不保什么"),
        ("2.1", "除外责任"),
        ("2.2", "其他免责条款"),
    ]


def test_several_documents_in_one_file_each_count_from_one() -> None:
    found = segment(
        "风险揭示书\n尊敬的投资者：\n第一条 信用风险\n可能损失本金。\n第二条 市场风险"
        "\n价格波动。\n第三条 流动性风险\n不得赎回。\n\n"
        "理财产品说明书\n第一条 投资范围\n债券。\n第二条 费用\n管理费0.3%。\n第三条 赎回\n到期兑付。\n"
    )
    titles = [c.title for c in found.clauses if c.kind == "document"]
    assert titles == ["风险揭示书", "理财产品说明书"]
    assert [c.number for c in found.clauses].count("第一条") == 2
    tiles(found)


def test_page_furniture_is_set_aside_and_loses_no_character() -> None:
    found = segment(articles(5, LINES).text)
    reasons = {piece.reason for piece in found.skipped + found.furniture}
    assert reasons >= {"page_number", "page_header"}
    assert not any("页 共" in clause.title for clause in found.clauses)


def test_the_text_of_an_answer_is_json_and_positions_count_code_points() -> None:
    import msgspec

    found = segment("第一条 表情🙂\n第二条 等待期\n九十日。\n")
    answer = json.loads(msgspec.json.encode(found))
    clause = answer["clauses"][1]
    assert answer["text"][clause["start"] : clause["end"]] == "第二条 等待期\n九十日。\n"
    assert clause["numbers"][0] == {"text": "九十日", "value": "90", "unit": "day", "start": 16, "end": 19}


def test_a_contents_page_without_a_heading_is_known_by_its_numbers_coming_twice() -> None:
    titles = {
        "1": "您与我们的合同",
        "1.1": "合同构成",
        "1.2": "犹豫期",
        "2": "我们提供的保障",
        "2.1": "保险责任",
        "2.2": "责任免除",
    }
    titles |= {"3": "如何退保", "3.1": "您解除合同的手续及风险", "4": "其他", "4.1": "争议处理"}
    contents = "\n".join(f"{n}{'.' if len(n) == 1 else ' '}{t}" for n, t in titles.items()).replace(
        "的手续及风险", "的手\n续及风险"
    )
    body = "\n".join(
        f"{n}. {t}" if len(n) == 1 else f"{n} {t}\n双方按照法律以及本合同的约定办理，并承担相应的责任。"
        for n, t in titles.items()
    )
    found = segment(f"阅 读 指 引\n{contents}\n您拥有的重要权益\n您有退保的权利……3.1\n{body}\n")
    assert [(c.number, c.title) for c in found.clauses] == list(titles.items())


def test_an_article_may_begin_after_the_end_of_a_sentence_on_the_same_line() -> None:
    found = segment(
        "第一条 构成\n本合同由条款构成。\n第二条 生效\n自签字之日起生效。第三条 投保对"
        "象\n凡健康者均可投保。\n第四条 其他\n无。\n"
    )
    assert [(c.number, c.title) for c in found.clauses][2:] == [("第三条", "投保对象"), ("第四条", "其他")]


def test_numbers_that_count_on_under_the_next_title_carry_the_text() -> None:
    body = "双方按照法律以及本合同的约定办理，并承担相应的责任。\n"
    parts = {
        "一、基本条款": ("合同的构成", "投保条件", "犹豫期"),
        "二、保险费条款": ("保险费的交纳", "宽限期"),
        "三、保障条款": ("保险责任", "责任免除"),
    }
    text, n = "示例重大疾病保险合同条款\n", 0
    for part, titles in parts.items():
        text += part + "\n"
        for title in titles:
            n += 1
            text += f"{n}. {title}\n{body}"
    found = segment(text)
    numbers = {c.id: c.number for c in found.clauses}
    assert [(c.number, c.title, numbers[c.parent] if c.parent else None) for c in found.clauses][5:] == [
        ("4", "保险费的交纳", "二、"),
        ("5", "宽限期", "二、"),
        ("三、", "保障条款", None),
        ("6", "保险责任", "三、"),
        ("7", "责任免除", "三、"),
    ]


def test_a_numbered_list_of_illnesses_is_a_list_and_no_row_of_chapters() -> None:
    body = "指经专科医生明确诊断，并且满足下列条件的疾病状态。\n（1）有影像学证据；\n（2）持续一百八十天。\n"
    chapters = "".join(
        f"{n}. 第{n}部分内容\n{n}.1 约定{n}\n双方约定如下。\n{n}.2 说明{n}\n以保险单为准。\n" for n in range(1, 8)
    )
    illnesses = "".join(f"{n}. 疾病名称{n}\n{body}" for n in range(1, 41))
    found = segment(
        f"{chapters}8. 重大疾病的定义\n8.1 重大疾病\n本合同的重大疾病包括下列疾病：\n{illnesses}"
        f"8.2 医院\n指正规医院。\n"
    )
    mains = [c.number for c in found.clauses if c.kind == "clause"]
    assert mains == [x for n in range(1, 9) for x in (f"{n}", f"{n}.1", f"{n}.2")]
    items = [c for c in found.clauses if c.kind == "item" and c.parent == "c8.1"]
    assert [c.title for c in items] == [f"疾病名称{n}" for n in range(1, 41)]
    assert sum(c.parent == "c8.1.i40" for c in found.clauses) == 2


def test_titles_in_a_column_beside_their_text_are_read_across_lines() -> None:
    found = segment(
        "  1.     您与我们订立的合同\n"
        "  1.1    合同构成            本合同是您与我们约定保险权利义务关系的协议，包括本\n"
        "                             保险条款、保险单。\n"
        "  1.2    合同成立与生        您提出保险申请、我们同意承保，本合同成立。本合同自\n"
        "         效                  我们同意承保、收取首期保险费并签发保险单开始生效。\n"
        "  2.     我们提供的保障\n"
        "  2.1    未成年人身故        因被保险人身故给付的保\n"
        "         保险金限制          险金总和不得超过限额。\n"
    )
    assert [(c.number, c.title) for c in found.clauses] == [
        ("1", "您与我们订立的合同"),
        ("1.1", "合同构成"),
        ("1.2", "合同成立与生效"),
        ("2", "我们提供的保障"),
        ("2.1", "未成年人身故保险金限制"),
    ]


def test_characters_set_apart_by_blanks_and_traditional_ones_are_read() -> None:
    spaced = segment(
        "第 一 条 保 险 合 同 构 成\n由 保 险 单 构 成 。\n第 二 条 责 任 免 除\n我 们"
        " 不 承 担 责 任 ：\n一 、战 争 。\n二 、犯 罪 。\n"
    )
    assert [(c.number, c.title) for c in spaced.clauses][:2] == [("第一条", "保险合同构成"), ("第二条", "责任免除")]
    assert [c.kind for c in spaced.clauses] == ["clause", "clause", "item", "item"]
    traditional = segment("第一條 保險責任\n本公司給付保險金。\n第二條 責任免除\n本公司不承擔給付保險金的責任。\n")
    assert [c.category for c in traditional.clauses] == ["benefit", "exclusion"]
    assert [c.limits_provider for c in traditional.clauses] == [False, True]
