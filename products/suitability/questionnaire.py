"""Risk questionnaire and health questions: points to grades, a digest of what was asked, what cannot be asked."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from evidence import decode
from evidence.errors import NotValid
from products.definition import Health, Product, RiskTest

# What the buyer of a health product confirms item by item (健康保险管理办法 art. 39).
EIGHT = ("benefit", "exclusion", "waiting", "cooling_off", "renewal", "claim", "period", "other")


# PRD-13: a question without concrete content cannot be saved (保险销售行为管理办法 art. 27, 司法解释(二) art. 6).
_CATCH_ALL = re.compile(
    r"(其他|其它|任何|别的|各种)[^，。？；]{0,8}(疾病|病症|病史|症状|不适|异常|情况|问题|重要事项|事项|情形)"
    r"|(身体|健康)(状况)?(是否|都|一切)?(良好|正常|健康)"
    r"|(除上述|除以上|上述以外|以上以外)"
    r"|\b(any|other)\s+(other\s+)?(illness|disease|condition|symptom|disorder|matter|problem|circumstance)s?\b"
    r"|\b(in )?good health\b|\banything else\b",
    re.IGNORECASE,
)


def digest_of(asked: RiskTest | Health) -> str:
    """SHA-256 over all that was asked, with points, effects and outcomes: which questions an answer set belongs to."""
    return decode.digest(msgspec.to_builtins(asked))


def is_catch_all(text: str) -> bool:
    """Whether a question asks for everything and so for nothing."""
    return _CATCH_ALL.search(text) is not None


def catch_alls(health: Health | None) -> tuple[int, ...]:
    """Numbers (from 0) of health questions that may not be saved."""
    questions = health.questions if health else ()
    return tuple(number for number, item in enumerate(questions) if any(map(is_catch_all, item.ask.values())))


def problems(product: Product) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of needs, questionnaires and moments of disclosure that could not work or may not be."""
    fit = product.suitability
    for name in fit.ask_first:
        if name not in fit.facts:
            yield "suitability.ask_first", f"{name} is not one of the facts"
    for number in catch_alls(fit.health):
        yield f"suitability.health.questions[{number}].ask", "asks for everything, and so for nothing concrete (PRD-13)"
    if fit.risk is not None and list(fit.risk.from_points) != sorted(set(fit.risk.from_points)):
        yield "suitability.risk.from_points", "the least points of grades 2 to 5 must rise"
    for asked in ("risk", "health"):
        block = getattr(fit, asked)
        names = [question.id for question in block.questions] if block else []
        if len(set(names)) != len(names):
            yield f"suitability.{asked}.questions", "a question stands twice"
    if (fit.health is not None) != ("health" in product.journey.steps):
        yield "journey.steps", "the step health and health questions belong together"
    confirmed = {item.topic for item in product.disclosures}
    lacking = [topic for topic in EIGHT if topic not in confirmed]
    if product.kind == "insurance.illness" and lacking:
        yield "disclosures", f"a health product has all eight items confirmed (PRD-14): {', '.join(lacking)}"
    for number, rule in enumerate(fit.rules):
        if rule.declaration is not None and rule.warn is None:
            yield f"suitability.rules[{number}].declaration", "only a warning can be gone against"
    for number, item in enumerate(product.disclosures):
        if item.when == "before_quote" and item.clauses:
            yield f"disclosures[{number}].clauses", "before the quote no clause can have been read"


def grade_of(test: RiskTest, answers: Mapping[str, str]) -> int:
    """1 (bears no loss) to 5. NotValid unless each question is answered once with one of its choices."""
    if set(answers) != {question.id for question in test.questions}:
        raise NotValid("answer every question, and only these", field="answers")
    points = 0
    for question in test.questions:
        found = next((choice for choice in question.choices if choice.value == answers[question.id]), None)
        if found is None:
            raise NotValid("not one of the choices", field=question.id)
        points += found.points
    return 1 + sum(points >= least for least in test.from_points)


def health_outcome(health: Health, answers: Mapping[str, bool]) -> str:
    """The gravest outcome of what was answered with yes. NotValid unless every question is answered."""
    if set(answers) != {question.id for question in health.questions}:
        raise NotValid("answer every question, and only these", field="answers")
    said = {question.yes for question in health.questions if answers[question.id]}
    return next((outcome for outcome in ("decline", "refer") if outcome in said), "accept")
