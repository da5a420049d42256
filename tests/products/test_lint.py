"""Each rule speaks when it should, about the right line, and no other error with it: mutations of the real product."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from products.advice import ADVICE
from products.compiled import Compiled
from products.expression import parse
from products.findings import Finding
from products.formula import evaluate
from products.lint import RULES
from products.lint.lists import bounds, topics
from products.lint.ranges import MANY, Span, ZeroDivisor, span_of
from products.lint.readable import measures, report
from products.load import compile_product
from tests.products.breaking import Files, Mutation, both, edit, found, handout, moved, pinned, rewrite
from tests.products.conftest import CATALOGUE

NOTICE = "{zh-CN: 出事要尽快告诉我们, en: Tell us soon}\n    must_read: true"
PARENT = "我们不承担给付保险金的责任："
WRITTEN = "写在保单上。您现在选的是{sum, money}"


def number(param: str, words: str, old: tuple[str, str], new: tuple[str, str]) -> Mutation:
    """Another number of the contract, in the wording and in its param alike."""

    def apply(files: Files) -> Files:
        changed = rewrite(words.format(old[1]), words.format(new[1]))(files)
        line = next(
            part for part in changed["product.yaml"].decode().split("\n") if part.startswith(f"  {param}: {{value")
        )
        told = line.replace(f"value: {old[0]},", f"value: {new[0]},").replace(f"quote: {old[1]}", f"quote: {new[1]}")
        return edit(line, told)(changed)

    return apply


CONTENTS = """
目录
第一章 您与我们订立的合同……1
1.1 合同的构成……1
1.2 合同的成立与生效……1
1.4 犹豫期……1
第二章 我们保什么……2
2.1 基本保险金额……2
2.2 保险期间……2
2.5 责任免除……3

第一章 您"""


def contents(*changes: tuple[str, str]) -> Mutation:
    """A contents page in front of the wording, with mistakes."""
    page = CONTENTS
    for old, new in changes:
        assert old in page
        page = page.replace(old, new)
    return both(rewrite("\n第一章 您", page), edit('skip: ["0", ch1,', 'skip: ["0", toc, ch1,'))


# Rule, what it says, the mutation. Those of the format itself stand in test_definition.
MUTATIONS: tuple[tuple[str, str, Mutation], ...] = (
    # L01: every character belongs to one clause
    ("L01", "belongs to no clause", edit('skip: ["0", ch1,', 'skip: ["0",')),
    ("L01", "not in the wording", edit('src: "7.3"', 'src: "7.9"')),
    ("L01", "claimed twice", edit('src: "7.3"', 'src: "7.2"')),
    # L02: the tree follows the wording and its contents
    ("L02", "stands before", moved("  - id: c2.2\n", "  - id: c2.1\n")),
    ("L02", "stands before", moved("  - id: c6.4\n", "  - id: c6.3\n")),
    ("L02", "the contents call 1.4", contents(("1.4 犹豫期", "1.4 等待期"))),
    ("L02", "which is not in the wording", contents(("1.4 犹豫期", "1.9 犹豫期"))),
    ("L02", "another order", contents(("2.1 基本保险金额……2\n2.2 保险期间", "2.2 保险期间……2\n2.1 基本保险金额"))),
    # L03: numbers run on
    ("L03", "follows 6", both(rewrite("（7）核爆炸", "（8）核爆炸"), edit('"2.5(7)"', '"2.5(8)"'))),
    ("L03", "ch8 follows 6", both(rewrite("第七章", "第八章"), edit("ch6, ch7]", "ch6, ch8]"))),
    ("L03", "7.5 follows 3", both(rewrite("7.4 释义", "7.5 释义"), edit('src: "7.4"', 'src: "7.5"'))),
    # L04: references
    ("L04", "no such item above", rewrite("发生上述第（1）项", "发生上述第（9）项")),
    ("L04", "not in the wording", rewrite("我们不得解除合同；", "我们不得按照9.9条解除合同；")),
    ("L04", "is called 争议处理", rewrite("所附标准列明的情形", "所附标准（见7.3“现金价值”）列明的情形")),
    # L05: what lessens liability is flagged
    ("L05", "不承担", edit(f"{NOTICE}\n    limits_provider: true", NOTICE)),
    ("L05", "扣除", rewrite("协商不成的，可以", "协商不成的，扣除违约金，可以")),
    # L06: and explained, all of it
    ("L06", "lessens liability", edit("en: Tell us soon}\n    must_read: true", "en: Tell us soon}")),
    (
        "L06",
        "lessens liability",
        edit("  - id: c7.1\n    cat: change", "  - id: c7.1\n    cat: change\n    limits_provider: true"),
    ),
    # L07: exclusions split by benefit
    ("L07", "says no applies_to", rewrite(PARENT, PARENT[:-1] + "，其中第（1）项至第（3）项适用于身故：")),
    (
        "L07",
        "does not follow",
        both(
            rewrite(PARENT, PARENT[:-1] + "，其中第（1）项至第（2）项适用于身故："),
            edit('src: "2.5(1)"', 'src: "2.5(1)"\n        applies_to: [c2.3]'),
            edit('src: "2.5(2)"', 'src: "2.5(2)"\n        applies_to: [c2.1]'),
        ),
    ),
    # L08: no number is typed
    ("L08", "3", edit("天内反悔，全额退钱。", "天内反悔，3天全额退钱。")),
    ("L08", "三十", edit("天内反悔，全额退钱。", "天内反悔，三十天全额退钱。")),
    ("L08", "３", edit("天内反悔，全额退钱。", "天内反悔，３天全额退钱。")),
    ("L08", "百分之二十", edit("通常比交的少, en", "只有百分之二十, en")),
    ("L08", "ten days", edit("Tell us within {notify_in} days; claim", "In ten days after {notify_in} days; claim")),
    ("L08", "60", edit("我知道犹豫期后退保会亏钱。", "我知道犹豫期后退保会亏60块钱。")),
    # L09: params are what their quotes say
    ("L09", "180 days", edit("wait: {value: 90", "wait: {value: 180")),
    ("L09", "九十一日 does not stand", edit("quote: 九十日", "quote: 九十一日")),
    ("L09", "30 years", edit("refund_in: {value: 30, unit: days", "refund_in: {value: 30, unit: years")),
    ("L09", "does not stand", rewrite("合同成立之日起二年内自杀", "合同成立之日起一年内自杀")),
    ("L09", "十日 does not stand", rewrite("保险事故之日起十日内", "保险事故之日起二十日内")),
    ("L09", "elsewhere it is 20", rewrite("犹豫期后解除的", "二十五日犹豫期后解除的")),
    ("L09", "elsewhere it is 90", rewrite("因意外伤害身故或者全残的，无等待期", "一百二十日等待期不适用于意外伤害")),
    ("L09", "holds no number", edit("quote: 二十日}", "quote: 犹豫期}")),
    # L10: handouts say the same
    ("L10", "等待期为180天", handout("本产品等待期为180天，请您留意。")),
    ("L10", "30天犹豫期", handout("您有30天犹豫期。")),
    ("L10", "ages 0 to 65", handout("投保年龄：0至65周岁。")),
    ("L10", "不支持退保", handout("本产品为短期产品，不支持退保。")),
    ("L10", "returns premiums", handout("等待期内出险不退还保险费。")),
    # L11: formulas
    ("L11", "money beside years", edit("expr: premium * pay_years", "expr: premium + pay_years")),
    ("L11", "unknown name", edit("expr: premium * pay_years", "expr: premium * nothing")),
    ("L11", "cycle", edit("expr: premium * pay_years", "expr: paid_all * pay_years")),
    ("L11", "year - 15 can be zero", edit("back / paid * 100, 0)", "back / paid * 100 + 0 / (year - 15), 0)")),
    (
        "L11",
        "state the rounding",
        edit(
            "half_up(rate(age, sex, term, pay_years) * sum / 1000, 2)", "rate(age, sex, term, pay_years) * sum / 1000"
        ),
    ),
    ("L11", "income can be zero", edit("warn: sum > income * 30", "warn: sum / income > 30")),
    # L12: examples
    ("L12", "1025.01 expected", edit('premium: "1025.00"', 'premium: "1025.01"')),
    (
        "L12",
        "no example with age 48 to 50",
        edit(
            "{in: {age: 50, sex: male, sum: 300000, term: 20, pay_years: 20, year: 1}, "
            'out: {premium: "3231.00", paid: "3231.00", back: "762.00", loss: "2469.00", back_pct: "23"}}',
            '{in: {age: 30, sex: male, sum: 500000, term: 20, pay_years: 20, year: 1}, out: {premium: "1025.00"}}',
        ),
    ),
    (
        "L12",
        "no example with year 2",
        edit(
            'pay_years: 20, year: 2}, out: {premium: "1025.00", paid: "2050.00", back: "405.00", '
            'loss: "1645.00", back_pct: "19"',
            'pay_years: 20, year: 1}, out: {premium: "1025.00"',
        ),
    ),
    (
        "L12",
        "no example gives its value",
        edit(
            "loss:\n    unit: money\n    expr: max(paid - back, 0)",
            "gain:\n    unit: money\n    expr: max(back - paid, 0)\n    label: {zh-CN: 比交的多, en: Above}\n  "
            "loss:\n    unit: money\n    expr: max(paid - back, 0)",
        ),
    ),
    # L13: tables
    ("L13", "no cell for", pinned("rate.csv", "33,male,10,5,", "33,male,11,5,")),
    ("L13", "missing or not a number", pinned("rate.csv", "30,male,20,20,2.05", "30,male,20,20,")),
    ("L13", "stands twice", pinned("rate.csv", "30,male,20,20,2.05", "30,male,20,20,2.05\n30,male,20,20,2.06")),
    ("L13", "header", pinned("rate.csv", "age,sex,term,pay_years,value", "age,sex,pay_years,term,value")),
    ("L13", "the wording has 18 to 50", edit("age: {type: age, min: 18", "age: {type: age, min: 20")),
    # L14: shapes
    ("L14", "stands out", pinned("cash.csv", "40,female,20,10,12,", "40,female,20,10,12,9")),
    ("L14", "negative", pinned("cash.csv", "18,male,10,5,1,", "18,male,10,5,1,-")),
    ("L14", "premium falls", pinned("rate.csv", "49,female,20,5,18.59", "49,female,20,5,12.59")),
    # L15: terms
    ("L15", "cash_values", edit("[现金价值](cash_value)表", "[现金价值](cash_values)表")),
    (
        "L15",
        "宽限期 is not told",
        both(
            edit("天[宽限期](grace_period)", "天宽限期"), edit("a [grace period](grace_period) of", "a grace period of")
        ),
    ),
    (
        "L15",
        "explained by itself",
        edit("plain: {zh-CN: 刚买的头一段时间", "plain: {zh-CN: 等待期就是刚买的头一段时间"),
    ),
    (
        "L15",
        "explained by itself",
        both(
            edit("可以反悔、全额退钱的那段时间", "可以反悔的时间，不是等待期"),
            edit("刚买的头一段时间", "犹豫期之外，头一段时间"),
        ),
    ),
    # L16: one word
    ("L16", "保险费 here", edit("不赔，只退保费。", "不赔，只退保险费。")),
    ("L16", "冷静期 here", edit("我知道犹豫期后退保", "我知道冷静期后退保")),
    # L17: length
    (
        "L17",
        "a sentence of",
        edit(
            "这份条款、电子保单、您的投保申请和健康告知，合在一起就是合同。",
            "这份条款、电子保单、您的投保申请、健康告知、体检报告、我们之间的书面约定、您后来提出并且我们同意的每一次变更，"
            "还有随保单一起给您的现金表，合在一起就是您和我们之间的合同。",
        ),
    ),
    # L18: nothing added, nothing taken away, nothing promised
    ("L18", "保证 is a promise", edit('照样赔。", en: "The first', '照样赔，保证到账。", en: "The first')),
    ("L18", "理财 is a promise", edit("给家人留一笔钱。", "给家人留一笔理财钱。")),
    (
        "L18",
        "the clause says",
        both(
            edit(
                "要满{age_min}[周岁](full_years)、不超过{age_max}周岁，而且只能给自己买",
                "满{age_min}[周岁](full_years)、{age_max}周岁以下",
            ),
            edit("周岁](full_years)，只能给自己买。", "周岁](full_years)可以买。"),
            rewrite("投保人与被保险人为同一人", "投保人与被保险人必须为同一人"),
        ),
    ),
    ("L18", "除外 is not in the clause", edit("一分不扣。", "一分不扣，节假日除外。")),
    ("L18", "必须 is not in the clause", edit(WRITTEN, f"必须{WRITTEN}")),
    ("L18", "the clause refuses", edit("我们不赔，只退您交的保费。", "我们赔，只退您交的保费。")),
    (
        "L18",
        "the clause refuses",
        edit("造成身故或[全残](total_disability)，我们不赔。", "造成身故或[全残](total_disability)，我们赔。"),
    ),
    ("L18", "says it is paid", edit("核爆炸、核辐射或核污染，不赔。", "核爆炸、核辐射或核污染，赔。")),
    ("L18", "says it is paid", edit("主动吸毒或注射毒品，不赔。", "主动吸毒或注射毒品，照样赔。")),
    ("L18", "the clause refuses", edit("中止期间出事，我们不赔。", "中止期间出事，我们照样赔。")),
    # L19: notices of the kind
    ("L19", "cooling_off", edit("cat: cooling_off", "cat: other")),
    ("L19", "dispute", edit("cat: dispute", "cat: other")),
    ("L19", "beneficiary", edit("cat: beneficiary", "cat: other")),
    ("L19", "no filing number", edit("filing_no: 示例人寿〔2026〕定期寿险007号", "filing_no: 备案中，待定")),
    ("L19", "the card lacks claim", edit("topic: claim", "topic: price")),
    ("L19", "regions and channels", edit("regions: [CN]", "regions: []")),
    # L20: the law
    ("L20", "at least 60", number("grace", "起{}为宽限期", ("60", "六十日"), ("30", "三十日"))),
    ("L20", "at least 20", number("hesitate", "您有{}的犹豫期", ("20", "二十日"), ("15", "十五日"))),
    ("L20", "at least 5", number("limitation", "诉讼时效期间为{}", ("5", "五年"), ("2", "二年"))),
    ("L20", "at most 10", number("pay_in", "给付协议后{}内", ("10", "十日"), ("40", "四十日"))),
    ("L20", "at most 3", number("refuse_in", "核定之日起{}内", ("3", "三日"), ("8", "八日"))),
    ("L20", "at most 2", number("suicide", "成立之日起{}内自杀", ("2", "二年"), ("3", "三年"))),
    ("L20", "at most 180", number("wait", "生效日起{}为等待期", ("90", "九十日"), ("200", "二百日"))),
    # L21: waiting
    (
        "L21",
        "what accident does",
        both(
            edit("因为[意外](accident)的，不用等，照样赔。", "其他的，不用等，照样赔。"),
            edit("An [accident](accident) is covered from the first day.", "All else is covered from the first day."),
        ),
    ),
    (
        "L21",
        "what is returned",
        both(
            edit("我们不赔，只退您交的保费。", "我们不赔。"),
            edit("we do not pay; we return your premiums.", "we do not pay."),
        ),
    ),
    # L22: questions
    ("L22", "one of the choices", edit("answer: not_paid", "answer: never")),
    ("L22", "is not must-read", edit("    clause: c2.5\n    ask:", "    clause: c2.3\n    ask:")),
    ("L22", "a wrong answer is the right one", edit("wrong: [paid, sum]", 'wrong: [paid, "max(back, 1)"]')),
    (
        "L22",
        "two choices read the same",
        edit("{value: pay, label: {zh-CN: 照样赔,", "{value: pay, label: {zh-CN: 不赔，也不退钱,"),
    ),
    # L23: the journey
    ("L23", "come in this order", edit("steps: [quote, read,", "steps: [read, quote,")),
    ("L23", "step disclose", edit("suitability, disclose, identity", "suitability, identity")),
    ("L23", "is not must-read", edit("clauses: [c4.1]", "clauses: [c4.2]")),
    ("L23", "names no hesitation", edit("  hesitation: hesitate\n", "")),
    ("L23", "consent to the sum", edit("kyc: {proposer: K3}", "kyc: {proposer: K3, insured: K3}")),
    (
        "L23",
        "without being identified",
        edit("{who: proposer, signs: [application]}", "{who: insured, signs: [application]}"),
    ),
    ("L23", "stands twice", edit("identity, sign]", "identity, sign, sign]")),
    # L24: languages
    (
        "L24",
        "missing or not offered",
        edit("告诉我们。, en: Tell us when your address or phone changes.}", "告诉我们。}"),
    ),
    ("L24", "same values and terms", edit("Change your mind in {hesitate} days", "Change your mind in some days")),
    (
        "L24",
        "same values and terms",
        edit("The policy has a [cash value](cash_value) table", "The policy has a cash value table"),
    ),
    # L25: damage
    ("L25", "look alikes", rewrite("您应当如实告知。您故意", "您应当如实告知，己经确认。您故意")),
    ("L25", "left over", rewrite("可以向有管辖权的人民法院", "可以向此栏空白的人民法院")),
    ("L25", "unbalanced", rewrite("（2）被保险人故意犯罪或者", "（2）被保险人故意犯罪（或者")),
    ("L25", "traditional", rewrite("并依法保密", "并依法保密，盡責")),
    (
        "L25",
        "also stands in",
        rewrite(
            "我们为订立和履行",
            "您可以指定身故保险金受益人。没有指定的，身故保险金作为被保险人的遗产处理。全残保险金的受益人为被保险人本人。\n我们为订立和履行",
        ),
    ),
)


@pytest.mark.parametrize(
    ("rule", "said", "mutate"),
    MUTATIONS,
    ids=[f"{number} {rule} {said}" for number, (rule, said, _) in enumerate(MUTATIONS)],
)
def test_each_mutation_is_caught_by_its_rule_and_by_no_other_error(
    term_life_files: Files, rule: str, said: str, mutate: Callable[[Files], Files]
) -> None:  # PRD-05
    findings = found(mutate(term_life_files))
    assert any(item.rule == rule and said in item.message for item in findings), findings
    assert {item.rule for item in findings if item.severity == "E"} <= {rule}, findings
    assert all(item.line > 1 or item.rule in ("L00", "L01") for item in findings), findings


def again(pattern: str, new: str) -> Mutation:
    """The first place of any definition that looks so."""

    def apply(files: Files) -> Files:
        text, count = re.subn(pattern, new, files["product.yaml"].decode(), count=1)
        assert count == 1, pattern
        return {**files, "product.yaml": text.encode()}

    return apply


def titled(files: Files) -> Files:
    """A look-alike in the first line of the wording."""
    first = files["source.txt"].decode().split("\n", 1)[0]
    return rewrite(first, f"{first}货款")(files)


# What goes wrong alike in every product: each is caught in all eight.
ANYWHERE: tuple[tuple[str, Mutation], ...] = (
    ("L00", again(r"currency: CNY", "currency: CNY\ncurrencies: CNY")),
    ("L01", again(r'skip: \["0", ', "skip: [")),
    ("L08", again(r'plain: \{zh-CN: "', 'plain: {zh-CN: "三十天。')),
    ("L12", again(r'(out: \{\w+: ")\d', r"\g<1>9")),
    ("L17", again(r'plain: \{zh-CN: "', 'plain: {zh-CN: "' + "我们把话说得很长很长" * 7 + "。")),
    ("L18", again(r'plain: \{zh-CN: "', 'plain: {zh-CN: "买了稳赚。')),
    ("L19", again(r"filing_no: .*", "filing_no: 待定")),
    ("L23", again(r"(steps: \[)(\w+)", r"\1\2, \2")),
    ("L24", again(r'(plain: \{zh-CN: "(?:[^"])*"), en: "(?:[^"])*"\}', r"\1}")),
    ("L25", titled),
)
FOLDERS = sorted(path.parent for path in CATALOGUE.glob("*/product.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_the_same_mistakes_are_caught_in_every_product(folder: Path) -> None:  # PRD-05
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".yaml", ".txt", ".csv")}
    assert found(files) == ()
    for rule, mutate in ANYWHERE:
        findings = found(mutate(files))
        assert rule in {item.rule for item in findings}, (rule, findings)
        assert {item.rule for item in findings if item.severity == "E"} <= {rule}, (rule, findings)


def test_sixty_mutations_touch_every_rule_of_the_table() -> None:
    counted = Counter(rule for rule, _, _ in MUTATIONS)
    assert sum(counted.values()) >= 60
    assert set(counted) == set(ADVICE) - {"L00"}
    assert {rule for rule, _, _ in RULES} | {"L01"} == set(counted)


WAIVER = """
waivers:
  - {rule: L16, path: "clauses[7].one.zh-CN", by: 合规 王敏, reason: 备案系统的固定用语，暂时保留两种说法}
"""


def _with(text: str) -> Mutation:
    return lambda files: {**files, "product.yaml": files["product.yaml"] + text.encode()}


def test_a_named_person_may_waive_a_warning_and_the_waiver_is_part_of_the_product(term_life_files: Files) -> None:
    words = edit("不赔，只退保费。", "不赔，只退保险费。")(term_life_files)
    assert [item.rule for item in found(words)] == ["L16"]
    waived = _with(WAIVER)(words)
    assert found(waived) == ()
    before, after = (compile_product(files["product.yaml"], files).hashes for files in (words, waived))
    assert (before.full, before.rules) != (after.full, after.rules)
    assert (before.plain, before.numbers, before.formal) == (after.plain, after.numbers, after.formal)


def test_a_waiver_of_nothing_and_a_waiver_of_an_error_are_findings(term_life_files: Files) -> None:
    assert [(item.rule, item.severity) for item in found(_with(WAIVER)(term_life_files))] == [("L00", "E")]
    typed = edit("天内反悔，全额退钱。", "天内反悔，3天全额退钱。")(term_life_files)
    text = WAIVER.replace("L16", "L08").replace("clauses[7]", "clauses[3]")
    assert {item.rule for item in found(_with(text)(typed))} == {"L00", "L08"}


def test_what_lessens_liability_elsewhere_may_be_waived_with_a_reason(term_life_files: Files) -> None:
    broken = rewrite("协商不成的，可以", "协商不成的，扣除违约金，可以")(term_life_files)
    (finding,) = found(broken)
    text = WAIVER.replace("L16", "L05").replace("clauses[7].one.zh-CN", finding.path)
    assert found(_with(text)(broken)) == ()


def test_a_handout_that_agrees_is_no_finding(term_life_files: Files) -> None:
    text = "等待期为90天，您有20天犹豫期。投保年龄：18至50周岁。可以随时退保。等待期内出险退还已交保险费。"
    assert found(handout(text)(term_life_files)) == ()


def test_a_guarded_divisor_and_a_stated_rounding_are_no_findings(term_life_files: Files) -> None:
    guarded = edit("back / paid * 100, 0)", "back / paid * 100 + if(loss > 0, back / loss, 0) * 0, 0)")
    swapped = both(guarded, edit("premium * pay_years", "half_up(premium / 3 * 3 * pay_years, 2)"))
    assert found(swapped(term_life_files)) == ()


def test_a_contents_page_that_agrees_is_no_finding(term_life_files: Files) -> None:
    assert found(contents()(term_life_files)) == ()


def test_a_citation_of_a_law_or_with_the_right_title_is_no_finding(term_life_files: Files) -> None:
    text = "所附标准（见7.3“争议处理”，以及《中华人民共和国保险法》第十七条）列明的情形"
    assert found(rewrite("所附标准列明的情形", text)(term_life_files)) == ()


@pytest.mark.parametrize(
    ("expr", "low", "high", "places"),
    [
        ("a + b", "1", "12", 2),
        ("a - b", "-9", "2", 2),
        ("a * b", "0", "20", 2),
        ("half_up(a / 3, 1)", "0.3", "0.7", 1),
        ("min(a, b)", "0", "2", 2),
        ("max(a, b)", "1", "10", 2),
        ("if(b > 0, a / b, 0)", None, None, MANY),
        ("total(y, 1, b, a)", "0", "20", 2),
        ("pow(a, 2)", "1", "4", 4),
        ("carry(x, a, m, 1, b, half_up(x * 2, 2))", None, None, 2),
        ("if(not (b == 0), 1 / b, 0)", None, None, MANY),
        ("a / 100", "0.01", "0.02", 4),
    ],
)
def test_spans_hold_every_value(expr: str, low: str | None, high: str | None, places: int) -> None:
    names = {"a": Span(Decimal(1), Decimal(2), 2), "b": Span(Decimal(0), Decimal(10), 0)}
    span = span_of(parse(expr), names, {}, expr)
    assert span.places == places
    if low is not None and high is not None:
        assert (span.low, span.high) == (Decimal(low), Decimal(high))
    for a in ("1", "1.37", "2"):
        for b in range(11):
            value, _ = evaluate(expr, parse(expr), {"a": Decimal(a), "b": Decimal(b)}, {})
            assert isinstance(value, Decimal)
            assert span.low <= value <= span.high


@pytest.mark.parametrize(
    "expr", ["a / b", "1 / (a - 1)", "if(b > 0, 1, 2 / b)", "1 / half_up(a / 10, 0)", "total(y, 1, b, 1 / (y - 3))"]
)
def test_a_divisor_that_can_be_zero_is_named(expr: str) -> None:
    names = {"a": Span(Decimal(1), Decimal(2), 2), "b": Span(Decimal(0), Decimal(10), 0)}
    with pytest.raises(ZeroDivisor):
        span_of(parse(expr), names, {}, expr)


def test_every_legal_bound_names_its_source_its_day_and_a_topic_the_wording_is_searched_for() -> None:  # PRD-14
    for bound in bounds():
        assert bound.source
        assert date.fromisoformat(bound.from_) < date(2026, 12, 31)
        assert bound.topic in topics()
        assert bound.min is not None or bound.max is not None


def test_a_bound_holds_only_while_it_is_in_force(term_life_files: Files) -> None:  # PRD-14
    shorter = number("hesitate", "您有{}的犹豫期", ("20", "二十日"), ("15", "十五日"))(term_life_files)
    assert {item.rule for item in found(shorter)} == {"L20"}
    assert found(edit("sale: {from: 2026-01-01", "sale: {from: 2021-01-01")(shorter)) == ()
    assert found(edit("channels: [mobile]", "channels: [branch]")(shorter)) == ()


def test_the_report_of_readability_has_a_line_for_each_level_and_language(term_life: Compiled) -> None:  # PRD-04
    lines = report([term_life]).splitlines()
    assert len(lines) == 2 + 4 + 1
    plain = next(item for item in measures(term_life) if item.level == "plain" and item.locale == "zh-CN")
    assert plain.mean <= 18
    assert plain.longest <= 60
    formal = next(item for item in measures(term_life) if item.level == "formal")
    assert formal.grade > 1 > plain.grade


def test_every_rule_says_what_to_change_in_both_languages() -> None:
    for rule, advice in ADVICE.items():
        finding = Finding(rule=rule, path="", line=1, message="")
        assert finding.fix_zh == advice.fix_zh
        assert all((advice.zh, advice.en, advice.fix_zh, advice.fix_en))
