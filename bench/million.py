"""A store with a million events, made the way the service makes one, kept under build/ because making it takes minutes.

Twenty thousand cases of fifty events go through the real log in group commits, many streams at once; every eighth case
also hides values in the real vault. Then the real sequencer publishes everything.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence import events as happened
from evidence.durable import write_durable
from evidence.events import Actor, Body, Head, Stamp, line_hash, write_line
from evidence.events.reading import ScreenClause, SeenClause
from evidence.files import FileObjects
from evidence.policy import Policy, ProductRef, Step
from evidence.sequencer import Sequencer
from evidence.sql import Database, SqlCheckpoints, SqlKeys, SqlLog, SqlValues, migrate
from evidence.tiles import PublicNote
from evidence.vault import Vault
from evidence.verify.keys import LOG, log_vkey_file

EVENTS = 1_000_000
IN_CASE = 50
TOGETHER = 10  # events in an append
AT_ONCE = 200  # cases that are written at the same time
HIDES_EVERY = 8  # cases
ORIGIN = "jianzheng.bench/log"
START = datetime(2026, 11, 21, tzinfo=UTC)
CUSTOMER = Actor(id="cus_bench", role="customer", session="ses_bench")
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"jianzheng bench log").digest())
VERSION = 1  # of what is made here


class Million:
    """The store in `folder`; `opened` and `closed` by whoever uses it."""

    def __init__(self, folder: Path, database: Database, keys: Database) -> None:
        self.folder = folder
        self.database = database
        self.keys = keys
        self.log = SqlLog(database, lambda: START)
        self.vault = Vault(
            FileObjects(folder / "objects"), SqlKeys(keys), SqlValues(database), b"b" * 32, random=os.urandom
        )
        self.checkpoints = SqlCheckpoints(database, "signed", PublicNote(folder / "log" / "checkpoint"))
        self.sequencer = Sequencer(self.log, FileObjects(folder / "log"), self.checkpoints, ORIGIN, KEY)

    @classmethod
    async def open(cls, folder: Path) -> "Million":
        url, keys = f"sqlite:///{folder}/jianzheng.db", f"sqlite:///{folder}/keys/keys.db"
        await migrate(url)
        await migrate(keys, "keys")
        return cls(folder, Database(url), Database(keys, "keys"))

    async def close(self) -> None:
        await self.database.close()
        await self.keys.close()


async def store(events: int = EVENTS, folder: Path | None = None) -> Path:
    """The data folder of a store with `events` events, made if it is not there."""
    folder = folder or Path("build") / f"store-{events}-v{VERSION}"
    done = folder / "made.json"
    if done.exists():
        return folder
    print(f"making a store of {events:,} events in {folder}", file=sys.stderr)
    (folder / "objects").mkdir(parents=True, exist_ok=True)
    made = await Million.open(folder)
    try:
        started = time.perf_counter()
        await _write(made, events)
        written = time.perf_counter()
        await made.sequencer.catch_up()
        published = time.perf_counter()
    finally:
        await made.close()
    write_durable(folder / "public-keys" / LOG, log_vkey_file(made.sequencer.public))
    times = {"append_s": round(written - started, 1), "publish_s": round(published - written, 1)}
    write_durable(done, json.dumps(times).encode())
    print(f"made: {times}", file=sys.stderr)
    return folder


async def _write(made: Million, events: int) -> None:
    cases = iter(range(events // IN_CASE))

    async def writer() -> None:
        for number in cases:
            await write_case(made, number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(writer())


async def write_case(made: Million, number: int) -> None:
    stream = f"case_{hashlib.sha256(b'bench %d' % number).hexdigest()[:26]}"
    head, lines = Head(), list[bytes]()
    party = None
    if number % HIDES_EVERY == 0:
        party = await made.vault.hide(stream, "identity", {"phone": "13800138000", "name": "李雷"})
    for seq, body in enumerate(_bodies(number, party), 1):
        stamp = Stamp(actor=CUSTOMER, at=START + timedelta(seconds=seq), cmd=f"{number:032x}.{seq:032x}")
        lines.append(write_line(stream, Head(seq=head.seq + len(lines), hash=_last(head, lines)), stamp, body))
        if len(lines) == TOGETHER:
            head = await made.log.append(stream, head, lines)
            lines = []


def _last(head: Head, lines: list[bytes]) -> str:
    return line_hash(lines[-1]) if lines else head.hash


def _bodies(number: int, party: dict[str, str] | None) -> list[Body]:
    text = hashlib.sha256(b"notice").hexdigest()
    begin: list[Body] = [
        happened.CaseOpened(tenant="bench", mode="sandbox", policy=_policy(), opener="staff_bench"),
        happened.NoticeShown(scope="recording", locale="zh-CN", text_sha256=text),
    ]
    if party is not None:
        named = happened.PartyNamed(party="proposer", customer="cus_bench", phone=party["phone"], name=party["name"])
        begin.insert(1, named)
    while len(begin) < IN_CASE:
        screen = f"scr_{number}_{len(begin)}"
        clauses = [f"c{part}.{len(begin)}" for part in range(3)]
        begin.append(
            happened.ScreenServed(
                screen=screen,
                locale="zh-CN",
                layout="standard",
                clauses=tuple(
                    ScreenClause(clause=clause, level="plain", render_sha256=text, floor_ms=1500) for clause in clauses
                ),
            )
        )
        seen = tuple(
            SeenClause(clause=clause, level="plain", visible_ms=4321, claimed_ms=4400, end_seen=True)
            for clause in clauses
        )
        satisfied = tuple(f"read:{clause}" for clause in clauses)
        begin.append(happened.ClausesSeen(screen=screen, clauses=seen, satisfies=satisfied))
    return begin[:IN_CASE]


def _policy() -> Policy:
    product = ProductRef(id="bench", version=1, kind="insurance.term", full="ab" * 32, names={"zh-CN": "定期寿险"})
    return Policy(product=product, steps=(Step(name="read", yields=("read:c0.2",)),), identity={}, signatures=())


if __name__ == "__main__":
    print(asyncio.run(store(int(sys.argv[1]) if sys.argv[1:] else EVENTS)))
