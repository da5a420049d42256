"""The main headings of a text: 1, 1.1, 1.2.3 of the you-and-we style, 第X章 第X条 of the other, or plain 一、 二、."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from products.author.candidates import Candidate, Page
from products.author.chain import Key, follows, heaviest
from products.author.contents import similar
from products.author.labels import Label, Style
from products.author.layout import shown

Family = Literal["dotted", "article", "chinese", "plain", "none"]
RANKS = {"part": 0, "chapter": 1, "section": 2, "group": 3}
ARTICLE = 4  # rank of 第五条, of `5.` and of 五、 where these carry the text; 5.1 is one more
ABOVE: tuple[Style, ...] = ("part", "chapter", "section")
_TITLE = re.compile(r"^[\u4e00-\u9fffA-Za-z0-9（）()、“”—－/与和及的·]{2,18}$")
_GROUPS = re.compile(
    r"总则|保险责任|责任免除|除外责任|义务|保险金额|保险费|保险期间|赔偿|给付|申请"
    r"|争议|其他|释义|定义|附则|合同|投保|受益人|续保"
    r"|特别约定|退保|解除|免赔|账户|红利|贷款|还款|担保|违约|声明|承诺|费用|利率|保密|通知|风险"
)


@dataclass(slots=True)
class Main:
    """A main heading before its title is known. `lost`: its number is read off the 目录. `repeated`: stands twice."""

    index: int
    start: int
    label: Label | None
    rank: int
    hard: bool
    lost: bool = False
    repeated: bool = False
    title: str = ""
    lead: int = -1


def main_headings(page: Page, indexes: Sequence[int], candidates: Sequence[Candidate]) -> tuple[Family, list[Main]]:
    """In order of position."""
    family = _family(page, candidates)
    if family == "none":
        return family, _above(candidates, family)
    chain = _kept(page, heaviest(_places(page, candidates, family)))
    found = [Main(c.index, c.start, c.label, ARTICLE + len(c.label.key) - 1, c.hard, lead=c.lead) for c in chain]
    found += _again(candidates, chain, family)
    found += _above(candidates, family, chain)
    found.sort(key=lambda main: main.start)
    if family == "article":
        found += _groups(page, indexes, found)
    found += _from_contents(page, indexes, found, candidates)
    found.sort(key=lambda main: main.start)
    return family, found


def _family(page: Page, candidates: Sequence[Candidate]) -> Family:
    rows: dict[Family, list[Candidate]] = {
        family: heaviest(_places(page, candidates, family, only=True))
        for family in ("dotted", "article", "chinese", "plain")
    }
    weight = {family: sum(c.weight for c in row) for family, row in rows.items()}
    tops = {c.label.key[0] for c in rows["dotted"]}
    all_dotted = sum(
        c.weight for c in candidates if c.label.style == "dotted" and len(c.label.key) > 1 and c.hard and c.weight > 0
    )
    restarts = weight["dotted"] < 0.55 * all_dotted
    if (
        len(rows["dotted"]) >= 3
        and (len(tops) > 1 or len(rows["chinese"]) < 2)
        and not (restarts and len(rows["chinese"]) > 2)
    ) and (weight["dotted"] >= weight["article"] or len(rows["article"]) < 3):
        return "dotted"
    if len(rows["article"]) >= 2:
        return "article"
    if len(rows["dotted"]) >= 2 and len(rows["chinese"]) < 2:
        return "dotted"
    if _counts_on(candidates, rows["plain"], rows["chinese"]):
        return "plain"
    if len(rows["chinese"]) >= 2:
        return "chinese"
    return "plain" if len(rows["plain"]) >= 2 else "none"


def _counts_on(candidates: Sequence[Candidate], row: Sequence[Candidate], above: Sequence[Candidate]) -> bool:
    """1. 2. 3. count through the whole text, on from one 一、 to the next, and do not begin again under each."""
    if len(row) < 6 or len(row) <= len(above) or len(above) < 2:
        return False
    firsts = [c for c in candidates if c.label.style == "dotted" and c.label.key == (1,) and c.hard and c.weight > 0.5]
    starts = [c.start for c in row]
    held = sum(bisect_left(starts, b.start) > bisect_left(starts, a.start) for a, b in pairwise(above))
    return held * 2 > len(above) - 1 and len(firsts) * 2 <= max(2, len(above))


def _places(
    page: Page, candidates: Sequence[Candidate], family: Family, only: bool = False
) -> list[list[tuple[Key, float, Candidate]]]:
    """What may be in the chain of this family. `only`: without the tops that other styles may lend."""
    places = []
    opening = _openings(candidates) if family == "dotted" and not only else set()
    listed = _listed(candidates) if family == "dotted" and not only else set()
    for _, group in groupby(candidates, key=lambda c: c.start):
        readings: list[tuple[Key, float, Candidate]] = []
        for c in group:
            style, key, weight = c.label.style, c.label.key, c.weight
            if family == "dotted" and style == "dotted" and len(key) > 1:
                readings.append((key, weight, c))
            elif (
                family == "dotted"
                and not only
                and len(key) == 1
                and c.hard
                and style in ("dotted", "chapter", "article", "part", "chinese")
            ):
                promised = (style, key) in page.oracle
                if id(c) in listed and not promised and id(c) not in opening:
                    continue
                bonus = 1.5 if id(c) in opening else 0.0 if promised else -0.8
                readings.append((key, weight + bonus - (0.5 if c.label.glued and not promised else 0), c))
            elif (
                (
                    family == "article"
                    and (style == "article" or (style == "dotted" and len(key) > 1 and not only and c.hard))
                )
                or (family == "chinese" and style == "chinese" and (c.hard or weight > 0.9))
                or (family == "plain" and style == "dotted" and len(key) == 1 and not c.label.glued and c.hard)
            ):
                readings.append((key, weight, c))
        if readings:
            places.append(readings)
    return places


def _openings(candidates: Sequence[Candidate]) -> set[int]:
    """Those numbers n after which n.1 comes before any other dotted number."""
    found: set[int] = set()
    waiting: list[Candidate] = []
    for _, group in groupby(candidates, key=lambda c: c.start):
        place = list(group)
        deep = [c for c in place if c.label.style == "dotted" and len(c.label.key) > 1 and c.weight > 0]
        for c in deep:
            nearest = next((w for w in reversed(waiting) if w.label.key == c.label.key[:1]), None)
            if nearest and c.label.key[1] <= 2:
                found.add(id(nearest))
        if deep:
            waiting = []
        waiting += [c for c in place if len(c.label.key) == 1 and c.hard]
    return found


def _listed(candidates: Sequence[Candidate]) -> set[int]:
    """Whole numbers that follow one another without n.1 between them: a list of illnesses, not chapters."""
    found: set[int] = set()
    row: list[Candidate] = []
    for c in candidates:
        if c.label.style != "dotted" or not c.hard or c.weight <= 0:
            continue
        if len(c.label.key) > 1:
            row = []
        elif row and c.label.key[0] == row[-1].label.key[0] + 1:
            row.append(c)
            if len(row) >= 3:
                found |= {id(member) for member in row}
        elif not (row and c.start == row[-1].start):
            row = [c]
    return found


def _kept(page: Page, chain: list[Candidate]) -> list[Candidate]:
    """Without the members that only happen to rise: no step leads to them, and nothing else speaks for them."""
    kept: list[Candidate] = []
    for at, c in enumerate(chain):
        before: Key = kept[-1].label.key if kept else (0,)
        after = chain[at + 1].label.key if at + 1 < len(chain) else None
        steps = follows(before, c.label.key) or (not kept and len(c.label.key) <= 2)
        leads = after is not None and follows(c.label.key, after)
        promised = (c.label.style, c.label.key) in page.oracle
        if steps or promised or (leads and c.weight >= 1.0) or c.weight >= 2.0:
            kept.append(c)
    return kept


def _again(candidates: Sequence[Candidate], chain: list[Candidate], family: Family) -> list[Main]:
    """Headings whose number is wrong in the document itself: repeated, or one off. Headings in all else."""
    taken = {c.start for c in chain}
    starts = [c.start for c in chain]
    own: Style = "article" if family == "article" else "chinese" if family == "chinese" else "dotted"
    deep = 2 if family == "dotted" else 1
    found = []
    for c in candidates:
        if c.start in taken or not c.hard or c.label.style != own or len(c.label.key) < deep or c.weight < 1.5:
            continue
        at = bisect_left(starts, c.start)
        previous = chain[at - 1] if at else None
        if previous is None or c.label.key[:-1] != previous.label.key[:-1]:
            continue
        if -1 <= c.label.key[-1] - previous.label.key[-1] <= 1:
            found.append(Main(c.index, c.start, c.label, ARTICLE + len(c.label.key) - 1, True, repeated=True))
            taken.add(c.start)
    return found


def _above(candidates: Sequence[Candidate], family: Family, chain: Sequence[Candidate] = ()) -> list[Main]:
    """Parts, chapters and sections, which may begin again at one; schedules; 一、 above articles."""
    taken = {c.start for c in chain}
    last = max(taken, default=0)
    found: list[Main] = []
    idle = _idle(candidates, sorted(taken))
    for c in candidates:
        if c.start in taken or c.weight <= 0.3 or c.label.style in idle:
            continue
        style = c.label.style
        if style in ABOVE and (c.hard or c.weight >= 0.6):
            found.append(Main(c.index, c.start, c.label, RANKS[style], c.hard))
        elif style == "schedule" and c.hard and c.start > last and c.weight >= 1.3:
            found.append(Main(c.index, c.start, c.label, 0, True))
        else:
            continue
        taken.add(c.start)
    if family in ("article", "plain"):
        found += _chinese_above(candidates, chain, taken)
    return found


def _idle(candidates: Sequence[Candidate], starts: Sequence[int]) -> set[Style]:
    """Styles above that hold nothing: 第一部分 to 第五部分 counted inside one article are words of it."""
    idle: set[Style] = set()
    for style in ABOVE if starts else ():
        row = [c.start for c in candidates if c.label.style == style and c.hard and c.weight > 0.3]
        held = sum(
            bisect_left(starts, b) > bisect_left(starts, a) for a, b in pairwise([*row, starts[-1] + 1]) if b > a
        )
        if held * 2 < len(row):
            idle.add(style)
    return idle


def _chinese_above(candidates: Sequence[Candidate], chain: Sequence[Candidate], taken: set[int]) -> list[Main]:
    """一、 二、 that count over the whole text and hold articles, not items inside one."""
    places = [
        [(c.label.key, c.weight, c)]
        for c in candidates
        if c.label.style == "chinese" and c.hard and c.start not in taken
    ]
    row = heaviest(places)
    starts = [c.start for c in chain]
    held = sum(
        any(a.start < s < b for s in starts)
        for a, b in zip(row, [*(c.start for c in row[1:]), max(starts, default=0) + 1], strict=False)
    )
    if len(row) < 3 or held < 0.6 * len(row):
        return []
    return [Main(c.index, c.start, c.label, RANKS["group"], True) for c in row]


def _groups(page: Page, indexes: Sequence[int], found: Sequence[Main]) -> list[Main]:
    """总则, 保险责任, 责任免除: titles without a number that stand alone between articles."""
    opened = {main.index for main in found if main.label and main.label.style == "article"}
    others = {main.index for main in found}
    waiting = {main.index for main in found if main.label and main.rank < ARTICLE}  # a rest of their title
    groups = []
    for at, index in enumerate(indexes[:-1]):
        if index in others or indexes[at + 1] not in opened or (at and indexes[at - 1] in waiting):
            continue
        words = shown(page.text, page.units[index].first, page.units[index].last)
        before = page.before(index)
        ended = (
            not before
            or bool(re.search(r"[。；;：:！？.”）)】》]$", before))
            or page.units[index].marked
            or indexes[at - 1] in others
        )
        if _TITLE.match(words) and ended and not re.search(r"条款$|公司$|合同$", words):
            groups.append((index, words))
    known = [item for item in groups if _GROUPS.search(item[1])]
    if len(groups) >= 3 and len(known) * 2 >= len(groups):
        known = groups
    return [Main(i, page.units[i].start, None, RANKS["group"], True, title=words) for i, words in known]


def _from_contents(
    page: Page, indexes: Sequence[int], found: Sequence[Main], candidates: Sequence[Candidate]
) -> list[Main]:
    """Headings of the 目录 whose number the scanner lost or misread: their title stands between their neighbours."""
    have = {(main.label.style, main.label.key) for main in found if main.label}
    by_key = [m for m in found if m.label and m.rank >= ARTICLE and not m.repeated]
    taken = {main.index for main in found}
    for main in found:  # the title of a number that stands alone
        if main.label and main.label.end >= page.units[main.index].last:
            taken.add(page.after(main.index) or main.index)
    misread: dict[int, Label] = {}
    for c in candidates:
        if c.hard and c.index not in taken and c.label.style == "dotted":
            misread.setdefault(c.index, c.label)
    rescued: list[Main] = []
    for (style, key), entry in page.oracle.items():
        if (style, key) in have or len(entry.title) < 2:
            continue
        low = max((m.start for m in by_key if m.label and m.label.key < key), default=-1)
        high = min((m.start for m in by_key if m.label and m.label.key > key and m.start > low), default=len(page.text))
        for index in indexes:
            unit = page.units[index]
            if not low < unit.first < high or index in taken:
                continue
            label = misread.get(index) if len(key) > 1 else None
            if _says(page.text[label.end : unit.last] if label else page.words(index), entry.title, label is not None):
                rank = (
                    ARTICLE + len(key) - 1 if style in ("dotted", "article", "chinese") else RANKS.get(style, ARTICLE)
                )
                own = Label(style, key, unit.first, label.end if label else unit.first, damaged=True)
                rescued.append(Main(index, unit.first, own, rank, True, lost=True, title=entry.title))
                taken.add(index)
                break
    return rescued


def _says(words: str, title: str, numbered: bool) -> bool:
    """The line is this title; after a number that does not fit, its beginning is enough."""
    words = shown(words, 0, min(len(words), 80))
    if len(words) <= len(title) + 6 and similar(words, title) >= 0.9:
        return True
    same = next(
        (at for at, (a, b) in enumerate(zip(words, title, strict=False)) if a != b), min(len(words), len(title))
    )
    return numbered and same >= 4 and same >= 0.6 * len(title)
