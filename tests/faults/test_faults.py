"""A tiny run of everything, and that the judge is not blind: each kind of damage is seen when it is there."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.keys import master_key
from api.settings import Settings
from evidence.checkpoint import Checkpoint, sign
from evidence.keyfile import save_key
from evidence.ledger import written
from tests.evidence.cases import chain, head, notice, opened, stamp
from tests.faults.inject import Trace
from tests.faults.judge import Counts, Judge, rows
from tests.faults.table import Found, page
from tests.faults.told import Command, Done, Refused, Tried
from tests.outside import need

ROOT = Path(__file__).parents[2]
A = "case_a"


@pytest.mark.slow
def test_killed_and_broken_a_few_times_nothing_is_lost() -> None:  # API-14, EVD-03; `make faults` is the long run
    need("strace")
    command = [sys.executable, "-m", "tests.faults", "--tiny"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost, nothing forked" in done.stdout


# --- the judge --------------------------------------------------------------------------------------------------------


class Desk:
    """A database made by hand, and what a writer said of it."""

    def __init__(self, folder: Path) -> None:
        self.judge = Judge(folder)
        self.key = Ed25519PrivateKey.generate()
        folder.mkdir()
        save_key(folder / "keys" / "log.pem", master_key(Settings(data=folder)), self.key)
        (folder / "log").mkdir()
        self.lines = chain(A, opened(), notice())
        self.lines += [event.line for event in written(A, head(self.lines), (notice("face"),), stamp("k1.body"))]
        self.run("CREATE TABLE events (position INTEGER PRIMARY KEY, stream, seq, line)")
        self.run("CREATE TABLE claims (digest, stream)")
        for seq, line in enumerate(self.lines, 1):
            self.run("INSERT INTO events VALUES (?, ?, ?, ?)", seq, A, seq, line)
        self.run("INSERT INTO claims VALUES ('d1', ?)", A)
        self.told("k1", 3, claim="d1")
        self.judge.look()
        self.publish(2)

    def run(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.judge.folder / "jianzheng.db")) as connection, connection:
            connection.execute(statement, values)

    def told(self, key: str, seq: int, claim: str = "") -> None:
        what = Command(key=key, stream=A, what="once", claim=claim)
        self.judge.hear([Tried(command=what), Done(key=key, stream=A, seq=seq, hash=head(self.lines[:seq]).hash)])

    def publish(self, size: int, root: bytes | None = None) -> None:
        known = self.judge._there.roots[size - 1] if size <= len(self.judge._there.roots) else b"r" * 32
        note = sign(Checkpoint("jianzheng.local/log", size, root or known), self.key)
        (self.judge.folder / "log" / "checkpoint").write_bytes(note)
        self.judge.see_checkpoint()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


def again(desk: Desk) -> Counts:
    """The store after a restart, read from the first row on."""
    judge = desk.judge
    fresh = Judge(judge.folder)
    fresh.learn(judge)
    fresh._new = list(judge.promised)
    fresh.look()
    fresh._judge_commands(rows(judge.folder))
    fresh._judge_claims()
    for name in ("lost", "forked", "doubled", "unsound"):
        setattr(fresh.counts, name, getattr(fresh.counts, name) + getattr(judge.counts, name))
    return fresh.counts


def test_what_is_as_it_was_told_is_sound(desk: Desk) -> None:
    assert again(desk).sound
    assert desk.judge.counts.acknowledged == 1


def cut_tail(desk: Desk) -> None:
    desk.run("DELETE FROM events WHERE seq = 3")


def hole(desk: Desk) -> None:
    desk.run("DELETE FROM events WHERE seq = 2")


def other_line(desk: Desk) -> None:
    (event,) = written(A, head(desk.lines[:2]), (notice("other"),), stamp("k1.body"))
    desk.run("UPDATE events SET line = ? WHERE seq = 3", event.line)


def twice(desk: Desk) -> None:
    (event,) = written(A, head(desk.lines), (notice("face"),), stamp("k1.body"))
    desk.run("INSERT INTO events VALUES (4, ?, 4, ?)", A, event.line)


def claim_gone(desk: Desk) -> None:
    desk.run("DELETE FROM claims")


def claim_of_another(desk: Desk) -> None:
    desk.run("UPDATE claims SET stream = 'case_b'")


def claim_twice(desk: Desk) -> None:
    desk.told("k2", 2, claim="d1")


def claim_refused_to_its_owner(desk: Desk) -> None:
    desk.judge.hear([Tried(command=desk.judge.open.get("k1") or Command(key="k1", stream=A, what="once", claim="d1"))])
    desk.judge.hear([Refused(key="k1", claim="d1")])


def answered_otherwise(desk: Desk) -> None:
    desk.told("k1", 2, claim="d1")


def checkpoint_back(desk: Desk) -> None:
    desk.publish(1)


def checkpoint_ahead(desk: Desk) -> None:
    desk.publish(9)


def checkpoint_of_another_log(desk: Desk) -> None:
    desk.publish(3, b"x" * 32)


def checkpoint_unsigned(desk: Desk) -> None:
    desk.key = Ed25519PrivateKey.generate()
    desk.publish(3)


@pytest.mark.parametrize(
    ("damage", "count"),
    [
        (cut_tail, "lost"),
        (hole, "lost"),
        (other_line, "forked"),
        (twice, "doubled"),
        (claim_gone, "lost"),
        (claim_of_another, "forked"),
        (claim_twice, "doubled"),
        (claim_refused_to_its_owner, "lost"),
        (answered_otherwise, "doubled"),
        (checkpoint_back, "lost"),
        (checkpoint_ahead, "lost"),
        (checkpoint_of_another_log, "forked"),
        (checkpoint_unsigned, "forked"),
    ],
)
def test_damage_is_counted_as_what_it_is(desk: Desk, damage: Callable[[Desk], None], count: str) -> None:
    damage(desk)
    assert getattr(again(desk), count) > 0


# --- the trace and the table ------------------------------------------------------------------------------------------


def test_an_answer_between_a_failed_sync_and_a_new_ground_is_seen(tmp_path: Path) -> None:
    wal, file, said = "3</d/jianzheng.db-wal>", "4</d/jianzheng.db>", r'sendto(9, "{\"type\":\"done\",\"k"..., 9) = 9'
    failed = f"7 fdatasync({wal}) = -1 EIO (Input/output error) (INJECTED)"
    for calm, lines in (
        (False, (failed, f"8 {said}", f"7 fdatasync({file}) = 0")),
        (True, (f"8 {said}", failed, f"7 fdatasync({file}) = 0", f"8 {said}")),
    ):
        (tmp_path / "log").write_text("\n".join(lines))
        trace = Trace.read(tmp_path / "log", Path("/d"))
        assert bool(trace.hasty) is not calm
        assert [name for name, _ in trace.failed] == ["fdatasync"]


def test_the_page_keeps_its_words_and_takes_the_new_numbers() -> None:
    text = "before\n<!-- table -->\nold\n<!-- /table -->\nafter\n"
    written = page(text, [Found("kill", Counts(tried=7), [])])
    assert "| kill | 7 | 0 | 0 | 0 | 0 |" in written
    assert "old" not in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert page(written, [Found("kill", Counts(tried=7), [])]) == written
