"""How long each class of a case's data is kept: rules as data (`retention.toml`), the longest that applies wins."""

import calendar
import tomllib
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files as resources
from typing import Literal

from evidence import decode
from evidence.case import Case
from evidence.events import Frozen, Retention, Role, parse_instant

Since = Literal["contract_end", "last_act", "dispute_end", "hold"]
Words = dict[str, str]
"""By language."""


class RetentionClass(Frozen, frozen=True, kw_only=True):
    """`on_request` `always`: given by consent, so its withdrawal ends it whatever else runs."""

    name: Retention
    on_request: Literal["always", "after"]
    holds: Words


class RetentionRule(Frozen, frozen=True, kw_only=True):
    """See the head of `retention.toml`. `concluded`, `kinds`, `period`: to which cases it applies; left out: to all."""

    id: str
    classes: tuple[Retention, ...]
    binds: bool
    since: Since
    law: Words
    source: str
    concluded: bool | None = None
    kinds: tuple[str, ...] = ()  # beginnings of the product's kind
    period: Literal["up_to_one_year", "over_one_year"] | None = None
    years: int = 0
    days: int = 0
    years_of_policy: bool = False


class Basis(Frozen, frozen=True, kw_only=True):
    """Why something may be erased. `roles`: who may name it in a request."""

    code: str
    roles: tuple[Role, ...]
    law: Words


class Table(Frozen, frozen=True, kw_only=True):
    """The whole file."""

    classes: tuple[RetentionClass, ...]
    rules: tuple[RetentionRule, ...]
    bases: tuple[Basis, ...]

    def on_request(self, retention: Retention) -> str:
        return next(item.on_request for item in self.classes if item.name == retention)

    def basis(self, code: str) -> Basis | None:
        return next((item for item in self.bases if item.code == code), None)


class Period(Frozen, frozen=True, kw_only=True):
    """One rule on one case. `until` None: what it is counted from has not happened, so it has no end yet."""

    rule: RetentionRule
    until: datetime | None


@cache
def table() -> Table:
    """The rules shipped with this release."""
    return read(resources("evidence").joinpath("retention.toml").read_text("utf-8"))


def read(text: str) -> Table:
    """NotValid names the field that is wrong."""
    plain = tomllib.loads(text)
    return decode.convert({"classes": plain["class"], "rules": plain["rule"], "bases": plain["basis"]}, Table)


def periods(case: Case, retention: Retention, rules: Table, *, binding: bool = False) -> tuple[Period, ...]:
    """Every rule that applies to this class of this case, the longest first. `binding`: only those that refuse."""
    found = [
        Period(rule=rule, until=_until(case, rule))
        for rule in rules.rules
        if retention in rule.classes and _applies(case, rule) and (rule.binds or not binding)
    ]
    return tuple(sorted(found, key=lambda item: (item.until is not None, -(item.until or _EPOCH).timestamp())))


def is_concluded(case: Case) -> bool:
    """Something was signed, or the journey came to its end: from here on the law wants it kept."""
    return case.state == "completed" or any(paper.signed_at for paper in case.signing.documents.values())


def is_over(found: tuple[Period, ...], now: datetime) -> bool:
    """Whether every period has run out. True when there is none."""
    return all(item.until is not None and item.until <= now for item in found)


_EPOCH = parse_instant("1970-01-01T00:00:00.000Z")


def _applies(case: Case, rule: RetentionRule) -> bool:
    keeping = case.keeping
    if rule.concluded is not None and rule.concluded != is_concluded(case):
        return False
    if rule.kinds and not case.policy.product.kind.startswith(rule.kinds):
        return False
    # Until it is recorded what was agreed, either may be it, and the longer one wins.
    if rule.period and keeping.contract_period not in (None, rule.period):
        return False
    match rule.since:
        case "dispute_end":
            return keeping.disputed or keeping.dispute_ended is not None
        case "hold":
            return keeping.held
        case _:
            return True


def _until(case: Case, rule: RetentionRule) -> datetime | None:
    keeping = case.keeping
    match rule.since:
        case "contract_end":
            begin = keeping.contract_ended
        case "last_act":
            begin = keeping.touched_at or case.opened_at
        case "dispute_end":
            begin = None if keeping.disputed else keeping.dispute_ended
        case "hold":
            begin = None
    if begin is None:
        return None
    years = case.policy.retention_years if rule.years_of_policy else rule.years
    return later(parse_instant(begin), years) + timedelta(days=rule.days)


def later(at: datetime, years: int) -> datetime:
    """The same day `years` on; 29 February becomes the 28th where there is none."""
    day = min(at.day, calendar.monthrange(at.year + years, at.month)[1])
    return at.replace(year=at.year + years, day=day)
