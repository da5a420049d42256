"""How easily the texts are read (PRD-04). Length separates plain from formal, vocabulary does not: so length counts.

Measured on twenty filed texts: mean sentence 23 to 46 Han characters there, 15 in plain text written with care.
"""

import re
from collections.abc import Iterator, Sequence
from statistics import mean

from evidence.events import Frozen, Locale
from products.compiled import Compiled, own_texts
from products.lint.places import Found, Rules, chinese, sentences, typed
from products.template import han

SENTENCE_MOST = 60  # Han characters: an error in any text
ONE_MOST = 26  # of a one-liner
MEAN, P90, COMMA = 18, 30, 10  # grade 1.0 of the plain texts of a product
EN_GRADE = 8  # Flesch-Kincaid

_COMMA = re.compile(r"[，、：,:]+")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")


class Measure(Frozen, frozen=True, kw_only=True):
    """Of one level in one language, the filed wording as `formal`. Chinese in Han characters, English in words and as
    Flesch-Kincaid grade."""

    level: str
    locale: Locale
    texts: int
    sentences: int
    mean: float
    p90: int
    comma: float
    longest: int
    grade: float


def measures(compiled: Compiled) -> tuple[Measure, ...]:
    found = []
    for locale in compiled.product.languages.offered:
        for level in ("one", "plain"):
            own = [
                typed(text[locale])
                for placed in compiled.clauses.values()
                for part, text in own_texts(placed.clause)
                if locale in text and (part == "one" if level == "one" else part not in ("one", "title"))
            ]
            if own:
                found.append(_measure(level, locale, own))
    filed = [compiled.wording.cut(placed.clause.src) for placed in compiled.clauses.values()]
    return (*found, _measure("formal", compiled.product.languages.authoritative, filed))


def _measure(level: str, locale: Locale, texts: Sequence[str]) -> Measure:
    parts = [part for text in texts for part in (sentences(text) if locale == "zh-CN" else _english(text))]
    sizes = sorted(_size(part, locale) for part in parts)
    commas = [_size(piece, locale) for part in parts for piece in _COMMA.split(part) if _size(piece, locale)]
    average = mean(sizes)
    grade = max(average / MEAN, sizes[_tenth(sizes)] / P90, mean(commas) / COMMA) if locale == "zh-CN" else _fk(parts)
    return Measure(
        level=level,
        locale=locale,
        texts=len(texts),
        sentences=len(parts),
        mean=round(average, 1),
        p90=sizes[_tenth(sizes)],
        comma=round(mean(commas), 1),
        longest=sizes[-1],
        grade=round(grade, 2),
    )


def _english(text: str) -> list[str]:
    return [part for part in re.split(r"[.!?;\n]+", text) if _WORD.search(part)]


def _size(text: str, locale: Locale) -> int:
    return han(text) if locale == "zh-CN" else len(_WORD.findall(text))


def _tenth(sizes: Sequence[int]) -> int:
    return min(len(sizes) * 9 // 10, len(sizes) - 1)


def _fk(parts: Sequence[str]) -> float:
    """Flesch-Kincaid grade; syllables counted as groups of vowels, a silent e left out."""
    words = [word.lower() for part in parts for word in _WORD.findall(part)]
    syllables = sum(
        max(len(_VOWELS.findall(word)) - (word.endswith("e") and not word.endswith("le")), 1) for word in words
    )
    return 0.39 * len(words) / len(parts) + 11.8 * syllables / len(words) - 15.59


def no_endless_sentences(compiled: Compiled) -> Iterator[Found]:
    """L17: no sentence of more than 60 Han characters anywhere."""
    for path, template in chinese(compiled):
        longest = max((han(part) for part in sentences(typed(template))), default=0)
        if longest > SENTENCE_MOST:
            yield path, f"a sentence of {longest} characters, at most {SENTENCE_MOST}"


def texts_meet_their_grade(compiled: Compiled) -> Iterator[Found]:
    """L17: one-liners are short; the plain texts as a whole meet the grade of their language."""
    for placed in compiled.clauses.values():
        size = han(typed(placed.clause.one.get("zh-CN", "")))
        if size > ONE_MOST:
            yield f"{placed.at}.one.zh-CN", f"{size} characters, at most {ONE_MOST}"
    for measure in measures(compiled):
        most = 1.0 if measure.locale == "zh-CN" else EN_GRADE
        if measure.level == "plain" and measure.grade > most:
            yield "clauses", f"plain texts in {measure.locale}: grade {measure.grade}, at most {most}"


def report(products: Sequence[Compiled]) -> str:
    """The table of docs/READABILITY.md."""
    lines = [
        "| product | language | level | texts | sentences | mean | 90 % within | between commas | longest | grade |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for compiled in products:
        for item in measures(compiled):
            lines.append(
                f"| {compiled.product.id} | {item.locale} | {item.level} | {item.texts} | {item.sentences}"
                f" | {item.mean} | {item.p90} | {item.comma} | {item.longest} | {item.grade} |"
            )
    return "\n".join(lines) + "\n"


RULES: Rules = (
    ("L17", "E", no_endless_sentences),
    ("L17", "W", texts_meet_their_grade),
)
