"""The title of a heading: on its line, before the text of the same line, on the next line, or broken over two."""

import re
from dataclasses import dataclass

from products.author.candidates import Page
from products.author.contents import bare, similar
from products.author.labels import Label, labels_at
from products.author.layout import shown

LONGEST = 40  # characters of a title
SHORT = 24
_STOPS = re.compile(r"[，。；;,]")
_FINAL = re.compile(r"[。；;，,、]$")
_COLUMNS = re.compile(r"[ \t]{3,}|\u3000{2,}|\t")
_FIRST_WORD = re.compile(r"^([^\s，。；：:;,]{2,25})[\s\u3000]+(?=[\u4e00-\u9fff“（(〔\"])")
_COLON = re.compile(r"^([^，。；：:;,]{2,22})[：:]")
_OPEN_END = re.compile(r"[的与及和或、“（(—\-/之]$")
_VERBS = re.compile(
    r"^(?:指|是指|本合同|本公司|本保险|我们|您|若|如|自|在|因|凡|除|被保险人|投保人"
    r"|借款人|贷款人|甲方|乙方|下列|以下|发生|为|对)"
)


_TITLES = """
保险合同构成 保险合同的构成 合同构成 合同的构成 合同成立与生效 合同的成立与生效 合同成立及生效
保险合同成立与生效 投保范围 投保年龄 投保条件 被保险人范围 犹豫期 基本保险金额 保险金额
未成年人身故保险金限制 保险期间 保险责任 等待期 责任免除 除外责任 其他免责条款 受益人
保险事故通知 保险事故的通知 保险金申请 保险金的申请 保险金给付 保险金的给付 诉讼时效 宣告死亡处理
失踪处理 身体检查 司法鉴定 保险费的支付 保险费的交纳 保险费 宽限期 效力中止 效力恢复
效力中止与恢复 合同效力的中止 合同效力的恢复 合同效力中止 合同效力恢复 现金价值 保单贷款
保单质押贷款 减额交清 保单红利 红利事项 个人账户 合同解除 解除合同 您解除合同的手续及风险
犹豫期后解除合同 明确说明与如实告知 如实告知 我们合同解除权的限制 本公司合同解除权的限制
合同解除权的限制 年龄错误 年龄性别错误 年龄确定与错误处理 年龄错误处理 未还款项 欠款扣除
合同内容变更 合同变更 联系方式变更 住址变更 争议处理 争议解决 职业或工种变更 职业变更 周岁
意外伤害 有效身份证件 现金价值 保单年度 保单周年日 毒品 酒后驾驶 无合法有效驾驶证驾驶
无有效行驶证 机动车 医院 专科医生 初次确诊 不可抗力 借款用途 借款金额 借款期限 贷款金额
贷款用途 贷款期限 贷款利率 借款利率 还款方式 划款方式 提前还款 违约责任 还款原则 担保方式
签订合同依据 当事人各方 合同主体 贷款本金 法律适用 合同生效 合同终止 保密条款 通知与送达
"""  # what clauses are called everywhere: parts title and text where nothing stands between them
_KNOWN = re.compile("|".join(sorted(_TITLES.split(), key=len, reverse=True)))
_SPEAKS = re.compile(
    r"\s*(?:本|在|您|我们|如|若|自|因|凡|除|被保险人|投保人|受益人|保险|借款|贷款|"
    r"甲|乙|指|是指|为|对|订立|经|由|见|任何|双方|当|发生|按|[\d“\"（(])"
)


_MEANS = re.compile(
    r"^([^，。；：:]{2,16}?)(?=(?:是|系)?指(?:由|按|在|被|经|因|本|国|以|从|具|不|"
    r"依|根|保|符|医|用|所|下|投|我|您|为|与|一))"
)


@dataclass(frozen=True)
class Title:
    """`end`: position after its last character, where the text of the clause begins."""

    words: str
    end: int


def title_of(page: Page, index: int, label: Label, limit: int, item: bool = False) -> Title:
    """Empty when the clause has no title of its own. `limit`: where the next clause begins."""
    entry = page.oracle.get((label.style, label.key)) if not item else None
    promised = entry.title if entry else ""
    title = _found(page, index, label, limit, promised, item)
    if label.style in ("chapter", "section", "part") and not promised:
        title = _whole(page, index, title, limit)
    if promised and (not title.words or set(bare(title.words)) < set(bare(promised))):
        return Title(promised, title.end)  # the scanner kept a part of it, or put it elsewhere
    return title if title.end <= limit else Title(title.words, label.end)


def _whole(page: Page, index: int, title: Title, limit: int) -> Title:
    """The title of a chapter goes on over short lines until the first number."""
    after = page.after(index)
    if after is None or not title.words or title.end != page.units[index].last or page.units[after].last > limit:
        return title
    more, beyond = page.words(after), page.after(index, 2)
    ends = beyond is not None and page.units[beyond].first >= limit
    if ends and len(more) <= 6 and not _STOPS.search(more) and not page.units[after].marked:
        return Title(_clean(title.words + more), page.units[after].last)
    return title


def _found(page: Page, index: int, label: Label, limit: int, promised: str, item: bool) -> Title:
    unit = page.units[index]
    rest = page.text[label.end : min(unit.last, limit)]
    words = shown(rest, 0, len(rest))
    if limit < unit.last:  # the next clause begins on this line
        found = _matching(page, index, label.end, rest, promised) if promised else None
        if found:
            return found
        return (
            Title(_clean(words), limit)
            if words and _is_title(words, item) and not item
            else _leading(label.end, rest, item)
        )
    if not words:
        return _below(page, index, label.end, promised, item)
    columns = _COLUMNS.search(rest.strip())
    if columns and not item and 2 <= len(rest.strip()[: columns.start()]) <= SHORT:
        return _beside(page, index, label.end, rest, promised)
    if promised:
        found = _matching(page, index, label.end, rest, promised)
        if found:
            return found
    if _is_title(words, item):
        return _joined(page, index, words, promised, item)
    return _leading(label.end, rest, item)


def _is_title(words: str, item: bool) -> bool:
    if _MEANS.match(words):
        return False
    if len(words) > (SHORT if item else LONGEST) or _FINAL.search(words):
        return False
    if words[-1] in "：:":
        return len(words) <= 16
    return not _STOPS.search(words.rstrip("？?")) or (
        not item and len(words) <= 20 and "。" not in words and "；" not in words
    )


def _matching(page: Page, index: int, begin: int, rest: str, promised: str) -> Title | None:
    """The 目录 says where the title ends, also where no blank does: 合同构成本合同由……"""
    want = bare(promised)
    got = 0
    for at, char in enumerate(rest):
        if got == len(want):
            break
        if not bare(char):
            continue
        if char != want[got]:
            return None if got < len(want) else Title(promised, begin + at)
        got += 1
    if got == len(want):
        stop = begin + next((at for at in range(len(rest)) if len(bare(rest[: at + 1])) == got), len(rest) - 1) + 1
        tail = re.match(r"[）)”》？?]+", page.text[stop : page.units[index].last])
        return Title(promised, stop + (tail.end() if tail else 0))
    following = page.after(index)  # the line ends inside the title
    if following is not None:
        words = page.words(following)
        left = want[got:]
        if bare(words[: len(left) + 2]).startswith(left):
            end = page.units[following].first + next(
                (at + 1 for at in range(len(words)) if bare(words[: at + 1]) == left), len(words)
            )
            if end == page.units[following].last or page.text[end] in " \t\u3000":
                return Title(promised, end)
    return None


def _joined(page: Page, index: int, words: str, promised: str, item: bool) -> Title:
    end = page.units[index].last
    following = page.after(index)
    if item or following is None or page.units[index].cell:
        return Title(_clean(words), end)
    more = page.words(following)
    fits = (
        len(more) <= 14
        and not _STOPS.search(more)
        and not labels_at(page.text, page.units[following].first, page.units[following].last)
    )
    unclosed = sum(words.count(c) for c in "（(“《") > sum(words.count(c) for c in "）)”》")
    if (
        fits
        and more
        and not page.units[following].marked
        and (
            (promised and similar(words + more, promised) > max(similar(words, promised), 0.85))
            or (not promised and (_OPEN_END.search(words) or unclosed) and not _VERBS.match(more))
            or (not promised and len(more) <= 4 < len(words) and _prose(page, following))
        )
    ):
        return Title(_clean(words + shown(more, 0, len(more))), page.units[following].last)
    return Title(_clean(words), end)


def _prose(page: Page, index: int) -> bool:
    """Whether sentences come next: then the short line before them ends a title."""
    after = page.after(index)
    words = page.words(after) if after is not None else ""
    return len(words) > 14 or words.endswith("。")


def _below(page: Page, index: int, begin: int, promised: str, item: bool) -> Title:
    """A number alone on its line or in its cell: the title is the next one."""
    following = page.after(index)
    if following is None or item:
        return Title("", begin)
    unit = page.units[following]
    if labels_at(page.text, unit.first, unit.last) and not (
        promised and similar(page.words(following), promised) > 0.8
    ):
        return Title("", begin)
    rest = page.words(following)
    if promised:
        found = _matching(page, following, unit.first, rest, promised)
        if found:
            return found
        if len(rest) <= LONGEST and similar(rest, promised) >= 0.5:
            return Title(promised if similar(rest, promised) < 0.8 else _clean(shown(rest, 0, len(rest))), unit.last)
    words = shown(rest, 0, len(rest))
    if _is_title(words, False):
        return _joined(page, following, words, promised, item)
    leading = _leading(unit.first, rest, item)
    return leading if leading.words else Title("", begin)


def _beside(page: Page, index: int, begin: int, rest: str, promised: str) -> Title:
    """A title in a column of its own, its text beside it; further lines of the title stand below it."""
    lead = len(rest) - len(rest.lstrip())
    gap = _COLUMNS.search(rest, lead)
    left, end = rest[lead : gap.start() if gap else len(rest)], begin + (gap.start() if gap else len(rest))
    following = page.after(index)
    if following is not None and len(left) <= 14:
        more = page.words(following)
        parted = _COLUMNS.search(more)
        piece = more[: parted.start()] if parted else ""
        unit = page.units[following]
        fits = piece and len(piece) <= 10 and not _STOPS.search(piece)
        better = not promised or similar(left + piece, promised) > similar(left, promised)
        if fits and better and not labels_at(page.text, unit.first, unit.last):
            left += piece
    return Title(_clean(promised if promised and similar(left, promised) >= 0.6 else left), end)


def _leading(begin: int, rest: str, item: bool) -> Title:
    """Title and text on one line: parted by a blank, or by a colon."""
    lead = len(rest) - len(rest.lstrip(" \t\u3000"))
    words = rest[lead:]
    match = _FIRST_WORD.match(words)
    if match and not _VERBS.match(match[1]) and not labels_at(match[1], 0, len(match[1])):
        return Title(_clean(match[1]), begin + lead + match.end(1))
    match = _COLON.match(words)
    if match and not _VERBS.match(match[1]) and len(match[1]) <= (16 if item else 12):
        return Title(_clean(match[1]), begin + lead + match.end(1))
    match = _MEANS.match(words)
    if match and not _VERBS.match(match[1]):
        return Title(_clean(match[1]), begin + lead + match.end(1))
    match = _KNOWN.match(words) if not item else None
    if match and _SPEAKS.match(words, match.end()):
        return Title(match.group(), begin + lead + match.end())
    return Title("", begin)


def _clean(words: str) -> str:
    return re.sub(r"\[返回目录\]$", "", shown(words, 0, len(words))).strip(" \u3000:：.．、—-#")
