"""What a clause is about, and whether it lessens what the provider pays, whatever its title says."""

import re

from products.author.layout import shown
from products.author.numerals import whole
from products.author.tree import Node
from products.definition import Category

_BY_TITLE: tuple[tuple[Category, str], ...] = (
    ("exclusion", r"责任免除|除外责任|免责|不保什么|不承担|不予|除外(?:责任|情形)|不赔"),
    ("waiting", r"等待期|观察期|免责期"),
    ("cooling_off", r"犹豫期|冷静期"),
    ("reinstatement", r"复效|效力.{0,4}恢复|恢复.{0,4}效力|效力中止|合同中止"),
    ("loan", r"保单(?:质押)?贷款|保单借款|质押贷款|^借款(?:条款|事项)?$"),
    ("cash_value", r"现金价值|减额交清|个人账户|账户价值|保单账户|结算利率|万能账户|投资账户"),
    ("redemption", r"赎回|提前终止|兑付|清算|到期(?:支付|处理)|流动性安排|巨额"),
    ("surrender", r"退保|解除.{0,4}合同|合同(?:的)?解除(?!权)|解约|减保|部分领取|提前还款|撤销"),
    ("default", r"违约|逾期|加速到期|提前到期|提前收回|救济|抵销|扣划|扣收|扣款"),
    ("duty_disclosure", r"如实告知|明确说明|告知义务|解除权的?限制|合同解除权|不可抗辩|年龄.{0,6}错误|年龄.{0,8}处理"),
    ("duty_notice", r"通知(?!书)|职业.{0,6}变更|职业或工种|危险程度|联系方式|住所变更|地址变更|送达|变更通知|义务$"),
    ("limit", r"免赔|限额|给付限制|赔偿限制|补偿原则|比例给付|赔付比例|给付比例|身故保险金限制|限制$|上限"),
    (
        "claim",
        r"申请.{0,4}保险金|领取保险金(?!方式)|保险金(?:的)?(?:申请|给付|领取(?!方式|日"
        r"|年龄)|请求)|理赔|索赔|申请(?:资料|材料)|保险事故|诉讼时效|失踪|宣告死亡|司法"
        r"鉴定|给付(?:申请|时限)|赔偿处理|伤残鉴定|身体检查",
    ),
    ("dispute", r"争议|仲裁|法律适用|适用法律|管辖|诉讼"),
    ("beneficiary", r"受益人|受益权"),
    ("premium", r"保险费|保费|交费|缴费|宽限期|续期|趸交|欠款|未还款项"),
    ("data_use", r"个人信息|隐私|数据|征信|授权|保密"),
    ("definition", r"释义|定义|名词解释|术语"),
    ("schedule", r"^附(?:表|件|录|则)|明细表|项目表|比例表|费率表|目录表"),
    ("risk", r"风险|揭示"),
    ("fee", r"费用|收费|手续费|管理费|托管费|工本费|税"),
    ("interest", r"利率|利息|罚息|计息|综合融资成本"),
    (
        "period",
        r"保险期间|期限|续保|合同(?:的)?(?:生效|成立)|成立(?:与|和|及)?生效|责任(?:的)?开"
        r"始|合同终止|效力终止|投保期间|封闭期|募集期|存续期|起止|终止",
    ),
    ("liability", r"担保|抵押|质押|保证(?!续保)|连带"),
    ("change", r"变更|转让|修改|批注|转换"),
    (
        "benefit",
        r"提供的保障|保障方案|保险责任|保障责任|保障内容|保险金(?!额|受益)|给付|保险金"
        r"额|保什么|红利|分红|年金|津贴|收益|业绩|估值|保障计划|豁免|贷款发放|借款(?:金"
        r"额|发放)|额度",
    ),
    (
        "parties",
        r"合同(?:的)?构成|合同(?:的)?组成|投保范围|投保(?:年龄|条件|人)|被保险人|当事人"
        r"|甲方|乙方|双方|管理人|托管人|销售机构|投资者|主体|借款人|贷款人",
    ),
    ("parties", r"订立的合同|合同构成"),
    ("purpose", r"总则|用途|目的|宗旨|投资范围|投资目标|产品概述|基本信息"),
)
TITLES = tuple((category, re.compile(pattern)) for category, pattern in _BY_TITLE)
_BY_WORDS: tuple[tuple[Category, str], ...] = (
    ("exclusion", r"(?:下列|以下)(?:情形|情况|原因|任何|任一|费用|损失|期间).{0,60}(?:不承担|不负责?|不予|除外)"),
    ("waiting", r"(?:为|称为?|作为)[“\"]?等待期|等待期内|观察期内"),
    ("cooling_off", r"犹豫期"),
    ("duty_disclosure", r"如实告知"),
    ("reinstatement", r"效力(?:中止|恢复)|复效"),
    ("dispute", r"争议|仲裁|人民法院起诉"),
    ("claim", r"申请.{0,12}保险金时|核定|诉讼时效|证明和资料"),
    ("duty_notice", r"应(?:当)?.{0,10}(?:及时|立即).{0,10}通知"),
    ("surrender", r"解除(?:本)?合同"),
    ("beneficiary", r"受益人"),
    ("premium", r"(?:交纳|支付|交付|缴纳).{0,8}保险费"),
    ("period", r"保险期间(?:为|自|由)"),
    ("benefit", r"承担(?:下列|以下|如下)?.{0,6}保险责任|给付.{0,12}保险金|保险金额"),
    ("parties", r"共同(?:构成|组成)|均可作为.{0,8}(?:被保险人|投保人)|(?:投保人|被保险人)(?:应为|是指)"),
    ("default", r"违约"),
    ("interest", r"利率|罚息"),
    ("definition", r"^\s*[“\"]?[\u4e00-\u9fff]{2,16}[”\"]?[：:]?\s?(?:是)?指"),
)
_BY_TEXT = tuple((category, re.compile(pattern)) for category, pattern in _BY_WORDS)
_LIMITS = re.compile(
    r"不(?:再)?(?:承担|负|负责|予|履行|支付|赔偿|给付|退还|退回|予以?(?:赔付|给付|赔偿|退还|受理|承保)|接受)"
    r"|不(?:属于|在)(?:本)?.{0,10}(?:保险|保障|承保|赔偿|给付)(?:责任)?范围|不生效|无权要求|丧失(?:请求|索赔|求偿)?权利"
    r"|免除(?:本公司|我们|保险人|我行|乙方|贷款人|银行|管理人)?.{0,6}责任|免责|(?:不|概不|均不)负责"
    r"|免赔(?:额|率|天|日)|扣除|扣减|抵扣|扣划|扣收|抵销|按.{0,30}比例(?:给付|赔付|支付"
    r"|赔偿|降低|减少)|比例给付|以.{0,24}为限|最高(?:不超过|以|给付|赔付|限额)|累计"
    r".{0,12}(?:不超过|为限|限额)|不(?:得)?超过.{0,24}(?:为限|限额)"
    r"|等待期|观察期|[日天]内.{0,30}(?:因疾病|非(?:因)?意外|意外(?:伤害)?以外)|不计利?息"  # a waiting period by no name
    r"|(?:我们|本公司|保险人|乙方|贷款人|我行|银行|管理人).{0,6}(?:有权|可以|可).{0,16}(?:解"
    r"除|终止|拒绝|提前收回|调整|变更|停止|扣|暂停|延期|宣布|要求)"
    r"|(?:效力|责任)(?:即行|随之|自动|即)?(?:中止|终止)|视为(?:放弃|自动放弃|撤销|同意|违约)"
    r"|退保.{0,12}(?:损失|风险)|(?:遭受|承担|造成).{0,10}损失|仅退还|只退还|不保证"
    r"|罚息|违约金|滞纳金|复利|提前到期|加收|手续费"
    r"|(?:本金|收益).{0,16}(?:损失|亏损|不(?:作|做)?(?:任何)?保证|为零|风险)"
)
_LESS = re.compile(
    r"除外|不包括|不含|不在保障范围|限(?:于)?.{0,10}(?:次|医院|部位)|原位癌|须满足|必须满足|且须|应当?符合下列|同时满足"
)
_HARMLESS = re.compile(
    r"协商(?:一致|同意).{0,6}可以?|不(?:得)?(?:再)?收取|不扣除任何|无息退还"
    r"|不承担.{0,6}费用(?:的)?(?:，|。)(?=$)"
)
_TITLE_LIMITS: frozenset[Category] = frozenset(
    {"exclusion", "waiting", "limit", "default", "risk", "duty_disclosure", "duty_notice", "surrender", "reinstatement"}
)
_DUTY = re.compile(r"应(?:当)?.{0,16}(?:通知|告知)|未(?:履行|及时).{0,16}(?:通知|告知)|致使.{0,30}难以(?:确定|核实)")
_WEIGHTY: frozenset[Category] = frozenset({"exclusion", "waiting", "limit", "risk", "default"})


_SIMPLIFIED = str.maketrans(
    "條險責費償還額應當時間繳納給權務擔負賠約變轉讓貸違義終領請獲銀產個與為後業會"
    "計價萬億雙種項釋爭議處決與買賣這裡風揭書說規則範圍屬於豫復減貼訴訟寬職齡誤認"
    "實際損傷殘殺戰亂從無須達標準輔醫療藥診斷張單據證適用總",
    "条险责费偿还额应当时间缴纳给权务担负赔约变转让贷违义终领请获银产个与为后业会"
    "计价万亿双种项释争议处决与买卖这里风揭书说规则范围属于豫复减贴诉讼宽职龄误认"
    "实际损伤残杀战乱从无须达标准辅医疗药诊断张单据证适用总",
)


def read_plainly(words: str) -> str:
    """For matching only: no tags, no blanks between Han characters, simplified."""
    return shown(words, 0, len(words)).translate(_SIMPLIFIED)


def category_of(node: Node, text: str, above: Category | None) -> Category:
    """By the title; where it says nothing, by the text, then by what holds the clause."""
    title = read_plainly(node.title)
    if node.kind == "preamble":
        return "parties"
    if title and node.kind != "item":
        if above == "definition" and node.kind == "clause" and not re.search(r"释义|定义", title):
            return "definition"
        for category, pattern in TITLES:
            if pattern.search(title):
                return category
    if above and (node.kind == "item" or above in ("exclusion", "definition", "waiting", "risk", "schedule")):
        return above
    words = read_plainly(text[node.body : node.end][:600])[:400]
    for category, by_text in _BY_TEXT:
        if by_text.search(words):
            return category
    if node.kind == "schedule":
        return "schedule"
    return above or "other"


def limits_provider(node: Node, text: str, category: Category, holder: bool) -> bool:
    """True for what lessens what the provider pays or adds to what the customer bears (司法解释(二) art. 9 and wider).

    `holder`: the clause above says so of all it holds.
    """
    if node.kind in ("part", "chapter", "section", "group", "document") and node.children:
        return category == "exclusion"
    words = _HARMLESS.sub("", read_plainly(text[node.body : node.end]))
    if category == "exclusion" or (holder and node.kind == "item"):
        return True
    if category == "definition":
        return bool(re.search(r"不承担|不予|不包括|除外|不属于|不在", words))
    if _LIMITS.search(words):
        return True
    if category in ("duty_notice", "duty_disclosure") and _DUTY.search(words):
        return True
    if category in ("benefit", "claim") and _LESS.search(words):
        return True
    return category in _WEIGHTY and bool(words.strip())


_POINTS = re.compile(
    r"(?P<list>(?:\d{1,2}(?:\s?[.．]\s?\d{1,2}){0,2}\s?[、,，;；\s]\s?)*\d{1,2}(?:\s?[.．]\s?\d{1,2}){0,2})\s*$"
)
_NAMED_POINTS = re.compile(r"第(?P<n>[一二三四五六七八九十百\d]{1,5})条")
_WARNS = re.compile(r"突出显示|黑体|加粗|特别提示|责任免除|免除|不承担|不保什么|等待期|免赔")


def pointed_at(front: str) -> set[tuple[int, ...]]:
    """Clauses a reading guide points at as limiting: 免除本公司责任的条款……1.4、2.5. It stands before them."""
    found: set[tuple[int, ...]] = set()
    for line in front.splitlines():
        for article in _NAMED_POINTS.finditer(line) if _WARNS.search(line) and "…" in line else ():
            n = whole(article["n"])
            if n:
                found.add((n,))
        match = _POINTS.search(line[-200:].rstrip(" 。.#*"))
        if match and _WARNS.search(line) and not re.match(r"\s*[#\d第]", line):
            for number in re.split(r"[、,，;；]|(?<=\d)\s+(?=\d+\s?[.．])", match["list"]):
                parts = [part for part in re.split(r"\D+", number) if part]
                if parts:
                    found.add(tuple(map(int, parts)))
    return found


def holds_limits(node: Node, text: str, category: Category) -> bool:
    """Whether all items of the clause are limits: 因下列情形之一……不承担."""
    opening = read_plainly(text[node.body : node.end])
    return category == "exclusion" or bool(
        re.search(
            r"(?:下列|以下|如下).{0,80}(?:不承担|不负|不予|除外|有权(?:解除|终止|提前|宣布"
            r"|停止))|(?:不承担|不负|不予|不包括|不属于).{0,60}(?:下列|以下|如下|：|:)\s*$",
            opening,
            re.DOTALL,
        )
    )
