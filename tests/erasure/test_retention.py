"""EVD-08: rules are data, the longest that applies wins, what binds refuses."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from evidence.case import Case
from evidence.case.keeping import Keeping
from evidence.errors import NotValid
from evidence.events import Retention
from evidence.retention import Table, is_over, later, periods, read, table
from tests.evidence.cases import policy

ENDED = "2030-06-30T00:00:00.000Z"
ACTED = "2026-11-21T04:00:00.000Z"


def case(*, concluded: bool = True, kind: str = "insurance.term", years: int = 10, **keeping: object) -> Case:
    frozen = policy()
    frozen = replace(frozen, product=replace(frozen.product, kind=kind), retention_years=years)
    keys = frozenset(key for step in frozen.steps for key in step.yields) if concluded else frozenset()
    return Case(id="case_a", policy=frozen, keys=keys, opened_at=ACTED, keeping=Keeping(touched_at=ACTED, **keeping))  # type: ignore[arg-type]


def longest(found: Case, retention: Retention, *, binding: bool = False) -> tuple[str, int | None]:
    first = periods(found, retention, table(), binding=binding)[0]
    return first.rule.id, first.until.year if first.until else None


@pytest.mark.parametrize(
    ("found", "retention", "rule", "year"),
    [
        (
            case(contract_ended=ENDED, contract_period="over_one_year", years=5),
            "contract",
            "insurance_over_one_year",
            2040,
        ),
        (
            case(contract_ended=ENDED, contract_period="up_to_one_year", years=5),
            "contract",
            "insurance_up_to_one_year",
            2035,
        ),
        (
            case(contract_ended=ENDED, contract_period="up_to_one_year", years=5),
            "identity",
            "customer_due_diligence",
            2040,
        ),
        (case(contract_ended=ENDED, contract_period="over_one_year", years=30), "contract", "product", 2060),
        (case(contract_ended=ENDED, years=5), "contract", "insurance_over_one_year", 2040),
        (case(kind="bank.card_service", contract_ended=ENDED, years=3), "contract", "suitability", 2035),
        (case(contract_ended=ENDED), "location", "face_and_place", 2035),
        (case(concluded=False), "contract", "abandoned", 2027),
        (case(concluded=False), "biometric", "abandoned_face_and_place", 2026),
        (case(contract_ended=ENDED, dispute_ended="2045-01-01T00:00:00.000Z"), "contract", "dispute", 2048),
        (
            case(contract_ended=ENDED, dispute_ended="2031-01-01T00:00:00.000Z"),
            "identity",
            "insurance_over_one_year",
            2040,
        ),
        (case(contract_ended=ENDED, disputed=True), "contract", "dispute", None),
        (case(concluded=False, held=True), "identity", "hold", None),
    ],
)
def test_the_longest_rule_that_applies_wins(found: Case, retention: Retention, rule: str, year: int | None) -> None:
    assert longest(found, retention) == (rule, year)


def test_what_has_no_end_yet_is_longer_than_anything() -> None:
    first = periods(case(), "contract", table())[0]
    assert first.until is None
    assert not is_over(periods(case(), "contract", table()), datetime(2200, 1, 1, tzinfo=UTC))


def test_consent_and_abandonment_bind_nobody() -> None:
    assert periods(case(), "biometric", table(), binding=True) == ()
    assert periods(case(), "location", table(), binding=True) == ()
    assert periods(case(concluded=False), "identity", table(), binding=True) == ()
    assert longest(case(concluded=False, disputed=True), "identity", binding=True) == ("dispute", None)


def test_a_period_ends_on_the_day_and_not_before() -> None:
    found = periods(case(contract_ended=ENDED, contract_period="over_one_year"), "contract", table())
    end = datetime(2040, 6, 30, tzinfo=UTC)
    assert is_over(found, end)
    assert not is_over(found, end.replace(year=2039))
    assert not is_over(found, datetime(2040, 6, 29, 23, 59, 59, tzinfo=UTC))


def test_a_leap_day_ends_on_the_28th() -> None:
    assert later(datetime(2028, 2, 29, tzinfo=UTC), 5) == datetime(2033, 2, 28, tzinfo=UTC)
    assert later(datetime(2028, 2, 29, tzinfo=UTC), 4) == datetime(2032, 2, 29, tzinfo=UTC)


def test_every_class_has_a_rule_for_every_case_so_nothing_is_kept_for_ever_or_lost_at_once() -> None:
    for concluded in (True, False):
        for item in table().classes:
            assert periods(case(concluded=concluded, kind="bank.other"), item.name, table()), item.name


def test_a_rule_in_another_shape_is_refused() -> None:
    text = '[[class]]\nname = "nothing"\n[[rule]]\n[[basis]]\n'
    with pytest.raises(NotValid):
        read(text)


def test_a_deployer_changes_the_rules_by_changing_the_data() -> None:
    shorter = Table(
        classes=table().classes,
        rules=tuple(replace(rule, years=1) for rule in table().rules if rule.id == "suitability"),
        bases=table().bases,
    )
    (only,) = periods(case(contract_ended=ENDED), "contract", shorter)
    assert only.until is not None
    assert only.until.year == 2031
