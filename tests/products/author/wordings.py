"""Wordings made up by a seed, with what a careful reader finds in them: both styles, and what scanners do."""

import random
import re
from dataclasses import dataclass, field

from products.author.labels import chinese

BODIES = (
    "本合同由保险条款、保险单、投保单以及双方书面约定的其他文件共同构成，具有同等效力。",
    "自您签收本合同的次日起，您有二十日的犹豫期。在此期间您可以申请解除本合同，我们无息退还您交的全部保险费。",
    "您可以随时向我们提出申请，经我们审核同意后，在保险单上批注，自批注次日零时起生效。",
    "我们在收到申请书和有关证明资料后五日内作出核定；情形复杂的，在三十日内作出核定。",
    "您的住所、通讯地址或者电话变更时，应当及时以书面形式通知我们，否则视为已送达。",
    "受益人请求给付保险金的诉讼时效期间为五年，自其知道或者应当知道保险事故发生之日起计算。",
    "现金价值载于保险单所附的现金价值表，按保单年度末列示，年度中间的数额按比例计算。",
    "您应当按照约定在每个交费日交付保险费，交费方式与交费期间在保险单上载明。",
    "因履行本合同发生争议的，由双方协商解决；协商不成的，依法向人民法院提起诉讼。",
    "被保险人的年龄按周岁计算，自出生之日起为零周岁，每经过一年增加一岁，不足一年的不计。",
)
LIMITING = (
    "自本合同生效之日起九十日为等待期。等待期内因疾病身故的，我们不承担给付保险金的责任，退还已交保险费。",
    "被保险人变更职业的，您应当在十日内通知我们；未通知的，我们按比例给付保险金。",
    "每次事故的免赔额为人民币一百元，给付比例为百分之八十，累计给付以保险金额为限。",
    "您未履行如实告知义务的，我们有权解除合同，对解除前发生的保险事故不承担给付保险金的责任。",
    "宽限期满仍未交费的，合同效力中止；效力中止期间发生的保险事故，我们不承担保险责任。",
)
TITLES = (
    "合同构成",
    "合同成立与生效",
    "投保范围",
    "犹豫期",
    "保险金额",
    "保险期间",
    "保险责任",
    "受益人",
    "保险事故通知",
    "保险金申请",
    "保险金给付",
    "诉讼时效",
    "宣告死亡处理",
    "保险费的支付",
    "宽限期",
    "现金价值",
    "保单贷款",
    "减保",
    "您解除合同的手续及风险",
    "如实告知",
    "年龄性别错误的处理",
    "未还款项",
    "合同内容变更",
    "联系方式变更",
    "争议处理",
)
CHAPTERS = (
    "您与我们订立的合同",
    "我们提供的保障",
    "如何申请领取保险金",
    "如何支付保险费",
    "现金价值权益",
    "如何解除合同",
    "其他需要关注的事项",
    "释义",
)
GROUPS = ("总则", "保险责任", "责任免除", "保险金额和保险费", "投保人义务", "保险金申请与给付", "争议处理", "其他事项")
TERMS = (
    "周岁",
    "意外伤害",
    "有效身份证件",
    "毒品",
    "酒后驾驶",
    "机动车",
    "专科医生",
    "保单年度",
    "初次确诊",
    "现金价值净额",
)
EXCLUDED = (
    "投保人对被保险人的故意杀害、故意伤害；",
    "被保险人故意犯罪或者抗拒依法采取的刑事强制措施；",
    "被保险人主动吸食或者注射毒品；",
    "被保险人酒后驾驶、无合法有效驾驶证驾驶；",
    "战争、军事冲突、暴乱或者武装叛乱；",
    "核爆炸、核辐射或者核污染。",
)


@dataclass
class Heading:
    """`number` as printed with care: 2.5, 第五条. `parent`: the number above, or None."""

    number: str
    title: str
    parent: str | None
    start: int
    limits: bool = False


@dataclass
class Wording:
    text: str
    headings: list[Heading] = field(default_factory=list)


@dataclass
class Damage:
    """Shares of headings or characters hurt, and what is added between lines."""

    noise: float = 0.0  # characters replaced
    lookalike: float = 0.0  # digits of headings misread
    spaced: float = 0.0  # blanks put into numbers
    split: float = 0.0  # title on the line below
    wrapped: float = 0.0  # title broken in two
    marked: bool = False  # `#` before most headings
    pages: bool = False
    wrap_at: int = 0  # text broken into lines of so many characters


class Writer:
    def __init__(self, seed: int, damage: Damage) -> None:
        self.random = random.Random(seed)
        self.damage = damage
        self.parts: list[str] = []
        self.length = 0
        self.headings: list[Heading] = []
        self.lines_on_page = 0
        self.page = 1

    def line(self, words: str) -> None:
        self.parts.append(words + "\n")
        self.length += len(words) + 1
        self.lines_on_page += 1
        if self.damage.pages and self.lines_on_page >= 24:
            self.lines_on_page = 0
            for extra in ("示例人寿保险股份有限公司　安康保险条款", f"第{self.page}页 共99页"):
                self.parts.append(extra + "\n")
                self.length += len(extra) + 1
            self.page += 1

    def body(self, words: str) -> None:
        words = self._noisy(words)
        width = self.damage.wrap_at
        for at in range(0, len(words), width or len(words) or 1):
            self.line(words[at : at + (width or len(words))])

    def heading(self, number: str, title: str, parent: str | None, limits: bool = False, glue: str = " ") -> None:
        printed = self._misread(number)
        mark = "# " if self.damage.marked and self.random.random() < 0.7 else ""
        self.headings.append(Heading(number, title, parent, self.length, limits))
        if self.random.random() < self.damage.split:
            self.line(mark + printed)
            self.line(title)
        elif len(title) > 6 and self.random.random() < self.damage.wrapped:
            cut = len(title) - 3
            self.line(mark + printed + glue + title[:cut])
            self.line(title[cut:])
        else:
            self.line(mark + printed + glue + title)

    def _misread(self, number: str) -> str:
        hit = self.random.random
        if hit() < self.damage.lookalike:
            number = number.replace("1", self.random.choice("lI"), 1) if "1" in number else number.replace(".", "．", 1)
        if hit() < self.damage.spaced:
            number = number.replace(".", ". ", 1) if "." in number else number[:1] + " " + number[1:]
        return number

    def _noisy(self, words: str) -> str:
        if not self.damage.noise:
            return words
        return "".join(
            self.random.choice("的呆台勺磊目日一")
            if c not in "，。；：" and self.random.random() < self.damage.noise
            else c
            for c in words
        )

    def done(self) -> Wording:
        return Wording("".join(self.parts), self.headings)


def dotted(seed: int, damage: Damage, contents: bool = True) -> Wording:
    """The you-and-we style: 1, 1.1, with a 目录, exclusions as (1) (2), 释义 at the end."""
    pen = Writer(seed, damage)
    choose = pen.random
    plan: list[tuple[str, list[str]]] = []
    pool = choose.sample(TITLES, len(TITLES))
    for chapter in CHAPTERS[:-1]:
        plan.append((chapter, [pool.pop() for _ in range(min(len(pool), choose.randint(2, 4)))]))
    plan[1][1].append("责任免除")
    plan[1][1].append("其他免责条款")
    plan.append((CHAPTERS[-1], choose.sample(TERMS, 6)))
    pen.line("示例人寿保险股份有限公司安康终身寿险条款")
    if contents:
        pen.line("条款目录")
        leaders = choose.choice(["", "……", " ............ "])
        for n, (chapter, titles) in enumerate(plan, 1):
            pen.line(f"{n}. {chapter}{leaders}{n if leaders else ''}")
            for m, title in enumerate(titles, 1):
                pen.line(f"{n}.{m} {title}{leaders}{n + m if leaders else ''}")
    pen.line("在本条款中，“您”指投保人，“我们”指示例人寿保险股份有限公司。")
    for n, (chapter, titles) in enumerate(plan, 1):
        pen.heading(f"{n}", chapter, None, glue=choose.choice([". ", "．", " "]))
        for m, title in enumerate(titles, 1):
            limiting = title in ("责任免除", "其他免责条款") or (chapter != "释义" and choose.random() < 0.15)
            pen.heading(f"{n}.{m}", title, f"{n}", limiting)
            _fill(pen, n, m, title, chapter, limiting, plan)
    return pen.done()


def _fill(
    pen: Writer, n: int, m: int, title: str, chapter: str, limiting: bool, plan: list[tuple[str, list[str]]]
) -> None:
    choose = pen.random
    if title == "责任免除":
        pen.body("因下列情形之一导致被保险人身故的，我们不承担给付保险金的责任：")
        for k, words in enumerate(EXCLUDED, 1):
            pen.body(f"({k}) {words}")
        return
    if title == "其他免责条款":
        pen.body(f"除“{n}.{m - 1}责任免除”外，本合同中还有其他免除我们责任的条款，详见背景突出显示的内容。")
        return
    if chapter == "释义":
        pen.body("指按本合同约定以及有关法律法规确定的" + title + "，以有效证明为准。")
        return
    for words in choose.sample(BODIES, choose.randint(1, 3)):
        pen.body(words)
    if choose.random() < 0.4:  # a reference that begins a line is no heading
        other = choose.randint(1, len(plan))
        pen.body("前述情形的处理办法，按照本合同第")
        pen.line(f"{other}.1款的约定执行，双方另有约定的除外。")
    if limiting:
        pen.body(choose.choice(LIMITING))
    if choose.random() < 0.3:
        pen.body("申请时应当提供下列资料：")
        for k in range(1, choose.randint(3, 5)):
            pen.body(f"（{k}）申请人的有效身份证件以及有关证明；")


def articles(seed: int, damage: Damage, chapters: bool = True) -> Wording:
    """第X章 / 第X条 with （一） items; some articles have a title, some begin with their text."""
    pen = Writer(seed, damage)
    choose = pen.random
    titled = choose.random() < 0.6
    pen.line("示例财产保险股份有限公司意外伤害保险条款")
    pen.line("")
    n = 0
    for c, group in enumerate(GROUPS, 1):
        above = f"第{chinese(c)}章" if chapters else None
        if chapters:
            pen.heading(f"第{chinese(c)}章", group, None)
        else:
            pen.line(group)
        for _ in range(choose.randint(2, 4)):
            n += 1
            number = f"第{chinese(n)}条"
            limiting = group == "责任免除" or choose.random() < 0.12
            title = choose.choice(TITLES) if titled and group != "责任免除" else ("责任免除" if titled else "")
            if title:
                pen.heading(number, title, above, limiting)
            else:
                pen.headings.append(Heading(number, "", above, pen.length, limiting))
            opening = "" if title else pen._misread(number) + choose.choice(["　", " ", ""])
            if group == "责任免除":
                pen.body(opening + "因下列情形之一，造成被保险人身故、残疾的，保险人不承担给付保险金责任：")
                for k, words in enumerate(EXCLUDED, 1):
                    pen.body(f"（{chinese(k)}）{words}")
                continue
            pen.body(opening + choose.choice(BODIES))
            if n > 2 and choose.random() < 0.4:
                pen.body("保险人依照本合同约定履行义务后，有权按照")
                pen.line(f"第{chinese(choose.randint(1, n - 1))}条的约定要求返还。")
            if limiting:
                pen.body(choose.choice(LIMITING))
    return pen.done()


def score(
    found: list[tuple[str, str, str | None, int]], truth: list[Heading], slack: int = 4
) -> tuple[float, float, float]:
    """(recall, precision, share of right parents). `found`: number, title, parent's number, start."""
    places: dict[str, list[tuple[int, str | None]]] = {}
    for number, _, parent, start in found:
        places.setdefault(_bare(number), []).append((start, parent))
    hits = parents = 0
    for heading in truth:
        near = [p for p in places.get(_bare(heading.number), []) if abs(p[0] - heading.start) <= slack]
        hits += bool(near)
        parents += bool(near) and _bare(near[0][1] or "") == _bare(heading.parent or "")
    return hits / len(truth), hits / max(len(found), 1), parents / max(hits, 1)


def f1(recall: float, precision: float) -> float:
    return 2 * recall * precision / max(recall + precision, 1e-9)


def _bare(number: str) -> str:
    return re.sub(r"[\s.．]+$", "", number)
