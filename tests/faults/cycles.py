"""Lives that end at a random moment: kill -9 of everything that writes, start again on the same folder, look."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests import servers
from tests.faults.judge import Counts, Judge
from tests.faults.scale import Scale
from tests.faults.table import Found, folder_of, fsck
from tests.faults.told import Done, Plan, Ready
from tests.faults.writer import Writer, start

LIFE_S = 0.5  # at most, once it works
START_S = 0.2  # a start takes about this long
EARLY = 0.1  # share of lives that end while they start
TWINS = 0.2  # share of lives that two processes live together
ALONE = 0.5  # share of lives that go on when their database dies
BACK_S = 30  # API-14
AGAIN = 5  # claims of earlier lives that are tried again


def sqlite(parent: Path, scale: Scale) -> list[Found]:
    judge = Judge(folder_of(parent, "sqlite"))
    chance = random.Random(scale.seed)
    for number in range(scale.cycles):
        live_and_die(judge, f"k{number}", chance)
        judge.look()
    live(judge, "last")
    judge.look_at_everything()
    fsck(judge)
    return [Found.of("kill -9, SQLite", judge)]


def postgres(parent: Path, scale: Scale) -> list[Found]:
    """The database is killed, with the store or under it: a store that is left alive goes on when it is back."""
    name = "kill -9, PostgreSQL"
    if not scale.postgres:
        return []
    try:
        server = servers.postgres(durable=True)
    except pytest.skip.Exception as missing:
        return [Found(name, Counts(), [], str(missing))]
    except pytest.fail.Exception as missing:
        return [Found(name, Counts(), [str(missing)])]
    try:
        judge = Judge(folder_of(parent, "postgres"), server.url)
        chance = random.Random(scale.seed)
        for number in range(scale.postgres):
            live_and_die(judge, f"p{number}", chance, server if number % 3 else None)
            judge.look()
        live(judge, "last")
        judge.look_at_everything()
        fsck(judge)
    finally:
        server.stop()
    return [Found.of(name, judge)]


def live_and_die(judge: Judge, name: str, chance: random.Random, server: servers.Server | None = None) -> None:
    """`server`: a database that dies too, before the store and sometimes long before."""
    writers = [start(plan) for plan in _plans(judge, name, 2 if chance.random() < TWINS else 1, chance)]
    early = chance.random() < EARLY
    if early:
        _listen(judge, writers, time.monotonic() + chance.uniform(0, START_S))
    else:
        for writer in writers:
            judge.hear(writer.hear(time.monotonic() + 30, lambda told: isinstance(told, Ready)))
        _listen(judge, writers, time.monotonic() + chance.uniform(0, LIFE_S))
    if server is not None:
        server.kill()
        if not early and chance.random() < ALONE:
            _outlive(judge, writers, server)
    for writer in writers:
        os.killpg(writer.pid, signal.SIGKILL)
    _bury(judge, writers, may_refuse=early and server is not None)
    if server is not None and not server.alive:
        server.start_again()
    judge.counts.tried += 1


def _outlive(judge: Judge, writers: list[Writer], server: servers.Server) -> None:
    """API-14: while the database is away the store says so, and acknowledges again once it is back."""
    _listen(judge, writers, time.monotonic() + LIFE_S / 2)
    server.start_again()
    for writer in writers:
        told = writer.hear(time.monotonic() + BACK_S, lambda item: isinstance(item, Done))
        judge.hear(told)
        if not any(isinstance(item, Done) for item in told):
            judge.say("unsound", f"nothing was acknowledged {BACK_S} s after the database was back")


def live(judge: Judge, name: str) -> None:
    """One life in peace: what was still open is answered, everything is sealed and in the tree."""
    (plan,) = _plans(judge, name, 1, random.Random(name))
    writer = start(plan_of_rounds(plan))
    judge.hear(writer.hear(None))
    if writer.reap() != 0:
        judge.say("unsound", f"a life in peace ended with {writer.code}")


def plan_of_rounds(plan: Plan, rounds: int = 1) -> Plan:
    return Plan(**{name: getattr(plan, name) for name in plan.__struct_fields__} | {"rounds": rounds})


def _plans(judge: Judge, name: str, twins: int, chance: random.Random) -> list[Plan]:
    won = sorted(claim for claim in judge.won if not claim.startswith("external-"))
    return [
        Plan(
            folder=judge.folder,
            name=f"{name}{'ab'[n]}",
            database_url=judge.database_url,
            pending=tuple(judge.open.values()) if n == 0 else (),
            contested=tuple(chance.sample(won, min(AGAIN, len(won)))) if n == 0 else (),
        )
        for n in range(twins)
    ]


def _listen(judge: Judge, writers: list[Writer], until: float) -> None:
    while time.monotonic() < until:
        for writer in writers:
            judge.hear(writer.hear(min(until, time.monotonic() + 0.02)))
        judge.see_checkpoint()


def _bury(judge: Judge, writers: list[Writer], *, may_refuse: bool) -> None:
    """`may_refuse`: it may have given up by itself, because there was no database to start with."""
    for writer in writers:
        judge.hear(writer.hear(None))
        if writer.reap() not in (-signal.SIGKILL, 0) and not (may_refuse and writer.code == 1):
            said = (judge.folder.parent / "stderr.log").read_text("utf-8", "replace").splitlines()[-1:]
            judge.say("unsound", f"a writer ended by itself with {writer.code}: {''.join(said)}")
        writer.ear.close()
