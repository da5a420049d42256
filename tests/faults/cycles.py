"""Lives that end at a random moment: kill -9 of everything that writes, start again on the same folder, look."""

import os
import random
import signal
import time
from pathlib import Path

from tests.faults.judge import Judge
from tests.faults.scale import Scale
from tests.faults.table import Found, folder_of, fsck
from tests.faults.writer import Plan, Ready, Writer, start

LIFE_S = 0.5  # at most, once it works
START_S = 0.2  # a start takes about this long
EARLY = 0.1  # share of lives that end while they start
TWINS = 0.2  # share of lives that two processes live together
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


def live_and_die(judge: Judge, name: str, chance: random.Random) -> None:
    writers = [start(plan) for plan in _plans(judge, name, 2 if chance.random() < TWINS else 1, chance)]
    if chance.random() < EARLY:
        _listen(judge, writers, time.monotonic() + chance.uniform(0, START_S))
    else:
        for writer in writers:
            judge.hear(writer.hear(time.monotonic() + 30, lambda told: isinstance(told, Ready)))
        _listen(judge, writers, time.monotonic() + chance.uniform(0, LIFE_S))
    for writer in writers:
        os.killpg(writer.pid, signal.SIGKILL)
    _bury(judge, writers)
    judge.counts.tried += 1


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


def _bury(judge: Judge, writers: list[Writer]) -> None:
    for writer in writers:
        judge.hear(writer.hear(None))
        if writer.reap() not in (-signal.SIGKILL, 0):
            judge.say("unsound", f"a writer ended by itself with {writer.code}, see stderr.log")
        writer.ear.close()
