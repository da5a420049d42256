"""The part of the service that keeps its word by itself: what is due goes, what a crash left is completed."""

from datetime import timedelta

from api.health import Health
from api.keeper import Keeper
from evidence.erasure import flow, rules
from evidence.erasure.rules import Erase
from evidence.events import parse_instant
from evidence.retention import table
from tests.erasure.conftest import Finished
from tests.proof.story import Teller, stream_of


async def test_an_abandoned_case_is_erased_class_by_class_when_its_time_has_come(finished: Finished) -> None:  # EVD-08
    world = finished.told.world
    teller = Teller(world, stream_of(world))
    await teller.opening()
    began = parse_instant((await finished.ports.ledger.case(teller.stream)).keeping.touched_at)
    keeper = Keeper(finished.ports, Health(finished.ports.now))
    keeper.learn(world.log.entries)
    told: dict[int, set[str]] = {}
    for days in (29, 31, 179, 181):
        world.clock.at = began + timedelta(days=days)
        await keeper.erase_due()
        keeper.learn(world.log.entries)
        told[days] = set((await finished.ports.ledger.case(teller.stream)).keeping.wiped)
    assert told == {29: set(), 31: {"location"}, 179: {"location"}, 181: {"location", "identity"}}
    assert (await finished.case()).keeping.wiped == {}, "a signed case waits for the end of its contract"


async def test_an_erasure_cut_short_is_completed_after_the_next_start(finished: Finished) -> None:
    found = await flow._held(finished.stream, "location", finished.ports)
    stamp, command = finished.stamp(), Erase(retention="location", basis="PIPL-15")
    await finished.ports.ledger.record(
        finished.stream, lambda now: rules.erase(now, command, found, stamp, table()), stamp
    )
    assert await finished.ports.vault.held(finished.stream, "location")
    finished.told.world.clock.forward(timedelta(days=3).total_seconds())
    restarted = Keeper(finished.ports, Health(finished.ports.now))
    restarted.learn(finished.told.world.log.entries)
    await restarted.complete()
    assert await finished.ports.vault.held(finished.stream, "location") == frozenset()
    assert await finished.ports.vault.keyring.existing(finished.stream, "location") is None
