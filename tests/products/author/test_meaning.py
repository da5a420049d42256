"""Numbers, references, categories, limits and definitions a wording holds."""

import pytest

from products.author.quantities import quantities
from products.author.segment import Segmented, SegmentedClause, segment


def by_number(found: Segmented, number: str) -> SegmentedClause:
    return next(clause for clause in found.clauses if clause.number == number)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("等待期为九十日", [("90", "day")]),
        ("给付百分之二十", [("20", "percent")]),
        ("人民币10万元", [("100000", "money")]),
        ("壹佰万元整", [("1000000", "money")]),
        ("300,000元", [("300000", "money")]),
        ("30%与 $5 0 \\%$", [("30", "percent"), ("50", "percent")]),
        ("千分之五，万分之五", [("0.5", "percent"), ("0.05", "percent")]),
        ("加70个基点", [("0.7", "percent")]),
        ("二年内，180日内，6个月", [("2", "year"), ("180", "day"), ("6", "month")]),
        ("3个工作日，24小时", [("3", "workday"), ("24", "hour")]),
        ("18至60周岁", [("18", "age"), ("60", "age")]),
        ("十八周岁至五十周岁", [("18", "age"), ("50", "age")]),
        ("60、65、70和75周岁", [("60", "age"), ("65", "age"), ("70", "age"), ("75", "age")]),
        ("基本保险金额的1.5倍，以一次为限", [("1.5", "times"), ("1", "count")]),
        ("三分之二", [("0.666667", "ratio")]),
        ("半年", [("0.5", "year")]),
        ("第二天，第5条，第（2）项，2026年1月1日，零时，一次性给付，本年度", []),
        ("一种疾病，每百毫升", []),
    ],
)
def test_quantities_are_read_with_their_unit_and_ordinals_are_none(words: str, wanted: list[tuple[str, str]]) -> None:
    assert [(q.value, q.unit) for q in quantities(words)] == wanted


def test_the_number_of_a_clause_is_no_quantity_of_it() -> None:
    found = segment("第一条 期限\n本合同期限为3年。\n第二条 年龄\n18周岁以上。\n")
    assert [(q.value, q.unit) for q in by_number(found, "第一条").numbers] == [("3", "year")]


ARTICLES = """第一条 保险责任
（一）身故保险金；
（二）满期保险金。
第二条 责任免除
因下列情形之一身故的，我们不承担给付保险金的责任：
（一）故意犯罪；
（二）战争。
发生第（二）项情形的，按第一条第（一）项、前款以及第九条办理，依照《中华人民共和国保险法》第十六条执行，见附表一。
第三条 费用
按照前条的约定。
附表一：费率表
略。
"""


def test_references_lead_to_the_clause_meant_or_to_nowhere() -> None:
    found = segment(ARTICLES)
    targets = {r.text: r.target for clause in found.clauses for r in clause.references}
    assert targets == {
        "第（二）项": "c2.i2",
        "第一条第（一）项": "c1.i1",
        "前款": "c2.i2",
        "第九条": None,
        "第十六条": None,
        "附表一": "a1",
        "前条": "c2",
    }
    external = {r.text for clause in found.clauses for r in clause.references if r.external}
    assert external == {"第十六条"}
    assert [d.kind for d in found.findings if d.kind == "reference_nowhere"] == ["reference_nowhere"]


def test_dotted_references_are_told_from_decimals() -> None:
    found = segment(
        "1 保障\n1.1 保险责任\n达到4.5级、2.5倍、3.5%的，见1.2，按照本合同第1.2款、本"
        "条款1.1（见9.4）的约定。\n1.2 责任免除\n不承担责任。\n"
        "除“1.2责任免除”外还有。\n2 其他\n2.1 争议\n协商。\n"
    )
    references = [r for clause in found.clauses for r in clause.references]
    assert [(r.number, r.target) for r in references] == [
        ("1.2", "c1.2"),
        ("1.2", "c1.2"),
        ("1.1", "c1.1"),
        ("9.4", None),
        ("1.2", "c1.2"),
    ]


LIMITING = {
    "责任免除": "因下列情形之一导致身故的，我们不承担给付保险金的责任：",
    "等待期": "自本合同生效日起90日为等待期，期间因疾病确诊的，退还保险费。",
    "其他免责条款及重点提示": "除责任免除外，还有其他免除我们责任的条款，详见突出显示的内容。",
    "补偿原则": "每次住院的免赔额为一百元，超出部分按百分之八十的比例给付。",
    "保险事故通知": "您应当在十日内通知我们，未及时通知致使难以确定的，我们对无法确定的部分不承担责任。",
    "职业变更": "变更职业的，您应当在10日内通知我们；属于拒保范围的，本合同终止，我们不承担责任。",
    "年龄性别错误的处理": "年龄不真实且不符合投保年龄的，我们有权解除合同。",
    "效力中止": "合同效力中止期间，我们不承担保险责任。",
    "您解除合同的手续及风险": "您在犹豫期后解除合同可能会遭受一定损失。",
    "提前到期": "借款人违约的，贷款人有权宣布贷款提前到期，并扣划账户内款项。",
    "罚息": "逾期贷款的罚息利率在约定利率基础上加收百分之五十。",
    "身故保险金": "生效之日起一百八十日内因疾病身故的，按所交保险费（不计利息）给付；其他身故按基本保险金额给付。",
    "疾病保险金": "自生效之日起180日内，因非意外伤害原因初次确诊的，无息返还已支付的保险费，本合同终止。",
    "投资风险": "本产品不保证本金和收益，最不利情况下可能损失全部本金。",
}
PLAIN = {
    "合同构成": "本合同由保险条款、保险单、投保单共同构成。",
    "保险期间": "本合同的保险期间为被保险人终身，在保险单上载明。",
    "受益人": "您可以指定一人或者多人为身故保险金受益人。",
    "保险费的支付": "交费方式和交费期间由您与我们约定并在保险单上载明。",
    "诉讼时效": "受益人请求给付保险金的诉讼时效期间为五年。",
    "争议处理": "发生争议的，由双方协商解决；协商不成的，向人民法院起诉。",
    "合同内容变更": "经双方协商一致，可以变更本合同的有关内容。",
    "合同变更": "在本合同有效期内，经您与我们协商一致，可以变更本合同的有关内容。",
    "保单年度": "指从生效日零时起至下一年度生效日前一日二十四时止的期间。",
    "保险金给付": "我们在收到申请后5日内作出核定；对不属于保险责任的，3日内发出通知书并说明理由。",
    "意外身故保险金": "自意外伤害发生之日起180日内身故的，我们按基本保险金额给付意外身故保险金。",
    "投保范围": "投保年龄为0周岁至75周岁。",
}


@pytest.mark.parametrize(("title", "limits"), [*((t, True) for t in LIMITING), *((t, False) for t in PLAIN)])
def test_what_lessens_the_providers_duty_is_found_wherever_it_hides(title: str, limits: bool) -> None:  # PRD-03
    body = (LIMITING | PLAIN)[title]
    found = segment(
        f"1 总则\n1.1 名称\n本合同为示例合同。\n1.2 {title}\n{body}\n2 附则\n2.1 生效\n自签字之日起生效。\n"
    )
    assert by_number(found, "1.2").limits_provider is limits


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("责任免除", "exclusion"),
        ("等待期", "waiting"),
        ("犹豫期", "cooling_off"),
        ("您解除合同的手续及风险", "surrender"),
        ("现金价值", "cash_value"),
        ("保单质押贷款", "loan"),
        ("效力恢复", "reinstatement"),
        ("明确说明与如实告知", "duty_disclosure"),
        ("联系方式变更", "duty_notice"),
        ("保险金申请", "claim"),
        ("受益人", "beneficiary"),
        ("保险费的支付", "premium"),
        ("保险期间", "period"),
        ("保险责任", "benefit"),
        ("争议处理", "dispute"),
        ("释义", "definition"),
        ("合同内容变更", "change"),
        ("违约责任", "default"),
        ("罚息", "interest"),
        ("赎回", "redemption"),
        ("费用", "fee"),
        ("流动性风险", "risk"),
        ("免赔额", "limit"),
        ("个人信息保护", "data_use"),
        ("抵押担保", "liability"),
    ],
)
def test_a_clause_is_put_in_its_category_by_its_title(title: str, category: str) -> None:
    found = segment(f"1 甲\n1.1 {title}\n正文如下所述。\n1.2 附则\n略。\n2 乙\n2.1 丙\n略。\n")
    assert by_number(found, "1.1").category == category


def test_a_reading_guide_that_lists_limiting_clauses_is_heard() -> None:
    found = segment(
        "阅读指引\n我们对免除本公司责任的条款作了特别提示，详见背景突出显示的内容……1.2、2.1\n"
        "1 保障\n1.1 金额\n由双方约定。\n1.2 领取\n由双方约定。\n2 其他\n2.1 方式\n由双方约定。\n"
    )
    assert [c.number for c in found.clauses if c.limits_provider] == ["1.2", "2.1"]


def test_definitions_are_collected_once_each() -> None:
    found = segment(
        "在本条款中，“您”指投保人，“我们”指示例公司。\n1 保障\n1.1 期限\n示例保险合同（以下简称“本合同”）期限一年。\n"
        "2 释义\n2.1 周岁\n指按出生日期计算的年龄。\n2.2 意外伤害\n指外来的伤害。\n"
    )
    assert [d.term for d in found.definitions] == ["您", "我们", "本合同", "周岁", "意外伤害"]


def test_damage_is_told_with_its_place() -> None:
    found = segment(
        "第一条 货款利率\n货款利率由XX银行确定，此栏空白。\n第二条 费用\n费用为${fee}元。\n第五条 其他\n（见第二条)\n"
        + "这一段话足够长，被人粘贴了两次，所以它在这份合同里出现了两次，应当被发现并且告诉作者。\n" * 2
    )
    kinds = {damage.kind for damage in found.findings}
    assert kinds == {"lookalike", "masked", "blank_left", "placeholder", "gap", "mixed_brackets", "pasted_twice"}
    assert all(found.text[d.start : d.end] or d.kind == "no_number" for d in found.findings)


def test_a_guide_may_point_at_articles() -> None:
    found = segment(
        "您应当特别注意的事项\n等待期内我们不承担保险责任…………第二条\n解除合同请您慎重决策…………第三条\n"
        "第一条 金额\n由双方约定。\n第二条 领取\n由双方约定。\n第三条 方式\n由双方约定。\n"
    )
    assert [c.number for c in found.clauses if c.limits_provider] == ["第二条"]
