"""Facts to outcome: the strictest rule that holds, versioned, replayable, never `allow` in the dark (API-12)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.events.risk import Condition, RiskRule, Used
from kyc.signals.errors import RulesInvalid
from kyc.signals.flow import BUILT_IN, network
from kyc.signals.places import distance_km, speed_kmh
from kyc.signals.rules import FACTS, LATE, PLACES, STRICTNESS, decide, load
from kyc.signals.seen import Seen

OURS = load(BUILT_IN.read_bytes())
facts = st.dictionaries(st.sampled_from(sorted(FACTS)), st.integers(0, 2_000))


def file(**rule: object) -> bytes:
    said = {"reason": "R", "when": [{"fact": "persons_per_device", "over": 3}], "then": "manual"} | rule
    return json.dumps({"format": "risk-rules/1", "version": "v", "rules": [said]}).encode()


@pytest.mark.parametrize(("persons", "outcome"), [(1, "allow"), (3, "allow"), (4, "manual")])
def test_more_than_three_persons_a_day_on_one_device_are_for_a_person(persons: int, outcome: str) -> None:  # attack 8
    assert decide({"persons_per_device": persons}, OURS.rules).outcome == outcome


@given(facts, facts)
def test_another_fact_never_makes_an_outcome_milder(some: dict[str, int], more: dict[str, int]) -> None:
    together = {name: max(some.get(name, 0), more.get(name, 0)) for name in some | more}
    before, after = decide(some, OURS.rules), decide(together, OURS.rules)
    assert STRICTNESS.index(after.outcome) >= STRICTNESS.index(before.outcome)
    assert set(before.reasons) <= set(after.reasons)


@given(facts)
def test_facts_that_come_late_are_never_allowed(known: dict[str, int]) -> None:  # API-12
    decision = decide(known, OURS.rules, late=True)
    assert decision.outcome != "allow"
    assert LATE in decision.reasons


@given(st.dictionaries(st.sampled_from(sorted(PLACES)), st.integers(0, 100_000)))
def test_a_place_alone_never_holds_anybody_up(places: dict[str, int]) -> None:  # attack 11
    assert decide(places, OURS.rules).outcome == "allow"


def test_the_strictest_of_several_rules_decides() -> None:
    rules = [
        RiskRule(reason=then, when=(Condition(fact="agent_network", over=0),), then=then)
        for then in ("step_up", "deny", "manual")
    ]
    assert decide({"agent_network": 1}, rules).outcome == "deny"
    assert decide({"agent_network": 1}, rules).reasons == ("step_up", "deny", "manual")


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        file(when=[]),
        file(when=[{"fact": "mood", "over": 0}]),
        file(when=[{"fact": "place_mocked", "over": 0}]),
        file(then="maybe"),
        file(weight=3),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(data: bytes) -> None:
    with pytest.raises(RulesInvalid):
        load(data)


def test_a_version_is_the_hash_of_its_file() -> None:
    assert load(file()).sha256 != load(file() + b"\n").sha256


# --- counting ---------------------------------------------------------------------------------------------------------


def test_persons_are_counted_once_a_day_and_not_across_days() -> None:
    seen = Seen()
    for person in ("a", "b", "a"):
        seen.add(Used(day="2026-11-22", person=person, device="d"))
    now = Used(day="2026-11-22", person="c", device="d", phone="p")
    assert seen.persons(now) == {"persons_per_device": 3, "persons_per_phone": 1, "persons_per_network": 0}
    assert seen.persons(Used(day="2026-11-23", person="c", device="d"))["persons_per_device"] == 1


def test_only_two_days_are_remembered() -> None:
    seen = Seen()
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        seen.add(Used(day=day, person="a", device="d"))
    assert seen.persons(Used(day="2026-11-20", person="b", device="d"))["persons_per_device"] == 1
    assert seen.persons(Used(day="2026-11-21", person="b", device="d"))["persons_per_device"] == 2


@pytest.mark.parametrize(
    ("ip", "counted"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("2400:da00:1:2:3:4:5:6", "2400:da00:1:2::/64"),
        ("2400:da00:1:2::9", "2400:da00:1:2::/64"),
        ("", ""),
        ("testclient", ""),
        ("127.0.0.1", ""),
        ("10.0.0.3", ""),
    ],
)
def test_a_network_is_what_one_subscriber_has(ip: str, counted: str) -> None:
    assert network(ip) == counted


# --- places -----------------------------------------------------------------------------------------------------------

SHANGHAI = {"lat_e7": 312_304_000, "lon_e7": 1_214_737_000}
BEIJING = {"lat_e7": 399_042_000, "lon_e7": 1_164_074_000}


def test_the_way_from_shanghai_to_beijing_is_a_thousand_kilometres() -> None:
    assert distance_km(SHANGHAI, BEIJING) == pytest.approx(1_067, abs=5)


def test_ten_minutes_for_it_are_a_jump_and_a_grid_cell_is_none() -> None:
    assert speed_kmh(SHANGHAI, BEIJING, 600) > 900
    assert speed_kmh(SHANGHAI, BEIJING, 3 * 3600) < 900
    assert speed_kmh(SHANGHAI, {**SHANGHAI, "lat_e7": SHANGHAI["lat_e7"] + 90_000}, 1) == 0
