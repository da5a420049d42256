"""What is wrong with a wording before anybody builds on it: numbers that jump, references to nowhere, damaged text."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from evidence.events import Frozen
from products.author.contents import similar
from products.author.outline import Outline
from products.author.references import Reference
from products.author.tree import Node

Kind = Literal[
    "gap",
    "repeat",
    "number_mended",
    "number_lost",
    "contents_missing",
    "contents_extra",
    "contents_title",
    "reference_nowhere",
    "blank_left",
    "placeholder",
    "markup",
    "mixed_brackets",
    "pasted_twice",
    "lookalike",
    "masked",
    "no_number",
    "binary",
]
SAID: dict[Kind, tuple[str, str]] = {
    "gap": ("编号不连续：缺少前一个编号。", "The numbering jumps: the number before this one is missing."),
    "repeat": ("编号重复或者顺序有误。", "The number stands twice or out of order."),
    "number_mended": ("编号有识别错误，已按上下文校正，请核对。", "The number was misread and mended. Please compare."),
    "number_lost": (
        "正文中编号缺失或有误，按目录补认，请核对。",
        "The number was lost and taken from the contents page.",
    ),
    "contents_missing": ("目录中有这一条，正文中没有找到。", "In the contents page, but not in the text."),
    "contents_extra": ("正文中有这一条，目录中没有。", "The text has this clause; the contents page does not."),
    "contents_title": ("标题与目录不一致。", "The title differs from the contents page."),
    "reference_nowhere": ("引用的条款不存在。", "The reference leads to no clause."),
    "blank_left": ("有未填写的空白。", "A blank was left unfilled."),
    "placeholder": ("有未替换的占位符。", "A placeholder was left in."),
    "markup": ("有残留的网页或公式代码。", "Markup of a web page or formula was left in."),
    "mixed_brackets": ("括号全角半角混用或不成对。", "Brackets are mixed or not in pairs."),
    "pasted_twice": ("这一段与前文重复。", "This paragraph stands in the text twice."),
    "lookalike": ("疑似形近错字。", "Probably a look-alike character."),
    "masked": ("名称被遮盖或未填写。", "A name is masked or missing."),
    "no_number": ("没有找到任何条款编号，全文作为一条。", "No clause number was found; the whole text is one clause."),
    "binary": ("文件不像文字，无法识别的字符较多。", "The file hardly looks like text."),
}


class Damage(Frozen, frozen=True, kw_only=True):
    """`zh` and `en` say what it is; `clause`: the id of the clause it stands in."""

    kind: Kind
    zh: str
    en: str
    start: int
    end: int
    clause: str | None = None


_TEXT: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("blank_left", re.compile(r"此栏空白|_{3,}|＿{3,}|（\s{2,}）|\(\s{3,}\)|□{3,}")),
    ("placeholder", re.compile(r"\$\{[^}\n]{0,40}\}?|\{\{[^}\n]{0,40}\}\}|<%[^>\n]{0,40}%>|#\{[^}\n]{0,40}\}")),
    (
        "markup",
        re.compile(
            r"\$\s?\\[a-z]+|\\(?:textcircled|mathrm|frac|times|begin)\b|</?(?:table|tr|td|"
            r"div|span|p|br)\b|&(?:nbsp|lt|gt|amp);"
        ),
    ),
    (
        "masked",
        re.compile(
            r"(?<![Xx×*＊])[Xx×*＊]{2,12}(?:银行|公司|保险|人寿|支行|分行|仲裁)|(?<![A-Za-z])xxx(?!"
            r"[A-Za-z])|(?<![ＸX])[ＸX]{2,8}(?:年|月|日|元)"
        ),
    ),
    (
        "lookalike",
        re.compile(
            r"货款(?=人|利率|期限|余额|本金|合同|发放|金额)|借货|泵交|磊交|保验|保隆|被保俭"
            r"|贷款入|投保入|被保险入|受益入|末成年|末经|已末|呆险|台受益人|责仼|合间|木合"
            r"同|木公司|夲合同"
        ),
    ),
    ("binary", re.compile("[\ufffd\x00-\x08\x0e-\x1b]{3,}")),
)
_BRACKETS = {"（": "）", "(": ")", "【": "】", "《": "》", "〔": "〕"}
_CLOSERS = {close: open_ for open_, close in _BRACKETS.items()}
MOST = 40  # findings of one kind: after that the file is damaged as a whole


def damages(text: str, found: Outline, references: Sequence[tuple[Node, Reference]]) -> list[Damage]:
    """In order of kind, then position."""
    result: list[Damage] = []
    for source in (
        _numbering(found),
        _contents(found),
        _nowhere(references),
        _patterns(text),
        _pasted(text),
        _brackets(text, found),
    ):
        result += source
    counts: dict[str, int] = {}
    kept = []
    for damage in result:
        counts[damage.kind] = counts.get(damage.kind, 0) + 1
        if counts[damage.kind] <= MOST:
            kept.append(damage)
    return [d if d.clause else _placed(d, found.nodes) for d in kept]


def _say(kind: Kind, start: int, end: int, clause: str | None = None, more: str = "") -> Damage:
    zh, en = SAID[kind]
    return Damage(
        kind=kind,
        zh=f"{more}：{zh}" if more else zh,
        en=f"{more}: {en}" if more else en,
        start=start,
        end=end,
        clause=clause,
    )


def _numbering(found: Outline) -> Iterator[Damage]:
    last: dict[tuple[int, str], Node] = {}
    if found.nodes and all(node.label is None for node in found.nodes):
        yield _say("no_number", 0, 0)
    for node in found.nodes:
        if node.label is None:
            continue
        at, end = node.label.start, node.label.end
        if node.lost:
            yield _say("number_lost", at, max(end, at), node.id, node.label.printed)
        elif node.label.damaged:
            yield _say("number_mended", at, end, node.id, node.label.printed)
        if node.repeated:
            yield _say("repeat", at, end, node.id, node.label.printed)
        holder = id(node.parent) if node.kind != "clause" or len(node.label.key) > 1 else -1
        before = last.get((holder, node.label.style))
        expected = before.label.key[-1] + 1 if before and before.label else 1
        if node.gap or (node.label.key[-1] > expected and node.kind != "schedule"):
            yield _say("gap", at, end, node.id, node.label.printed)
        last[(holder, node.label.style)] = node


def _contents(found: Outline) -> Iterator[Damage]:
    if not found.contents:
        return
    have = {(n.label.style, n.label.key): n for n in found.nodes if n.label and n.kind != "item"}
    listed = {(e.label.style, e.label.key): e for e in found.contents.entries}
    for where, entry in listed.items():
        node = have.get(where)
        if node is None:
            yield _say("contents_missing", entry.start, entry.end, None, f"{entry.label.printed} {entry.title}")
        elif node.title and similar(node.title, entry.title) < 0.85:
            yield _say("contents_title", node.start, node.body, node.id, f"{entry.label.printed} {entry.title}")
    depths = {(style, len(key)) for style, key in listed}
    for where, node in have.items():
        if where not in listed and (where[0], len(where[1])) in depths:
            yield _say("contents_extra", node.start, node.body, node.id, node.label.printed if node.label else "")


def _nowhere(references: Sequence[tuple[Node, Reference]]) -> Iterator[Damage]:
    for node, reference in references:
        if reference.target is None and not reference.external:
            yield _say("reference_nowhere", reference.start, reference.end, node.id, reference.text)


def _patterns(text: str) -> Iterator[Damage]:
    """Each thing once, where it stands first, with how often it does."""
    for kind, pattern in _TEXT:
        first: dict[str, tuple[int, int]] = {}
        times: Counter[str] = Counter()
        for match in pattern.finditer(text):
            words = match.group()[:20].lower()
            times[words] += 1
            first.setdefault(words, match.span())
        for words, (start, end) in first.items():
            yield _say(kind, start, end, None, words + (f" ×{times[words]}" if times[words] > 1 else ""))


def _pasted(text: str) -> Iterator[Damage]:
    """Paragraphs of 40 characters and more that were there before, word for word."""
    seen: set[str] = set()
    for match in re.finditer(r"[^\n]{40,}", text):
        shape = re.sub(r"\s", "", match.group())
        if shape in seen and not re.match(r"[|<]", shape):
            yield _say("pasted_twice", match.start(), match.end())
        seen.add(shape)


def _brackets(text: str, found: Outline) -> Iterator[Damage]:
    for node in found.nodes:
        stack: list[tuple[str, int]] = []
        for match in re.finditer(r"[（()）【】《》〔〕]", text[node.body : node.end]):
            char, at = match.group(), node.body + match.start()
            if char in _BRACKETS:
                stack.append((char, at))
            elif stack and stack[-1][0] == _CLOSERS[char]:
                stack.pop()
            elif stack and {stack[-1][0], char} in ({"（", ")"}, {"(", "）"}):
                yield _say("mixed_brackets", stack.pop()[1], at + 1, node.id)


def _placed(damage: Damage, nodes: Sequence[Node]) -> Damage:
    inside = next((n.id for n in nodes if n.start <= damage.start < n.end), None)
    return msgspec.structs.replace(damage, clause=inside)
