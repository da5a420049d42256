"""A healthy store in the middle of its life: writes cut short, a service at work, a kill, an erasure."""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evidence import events as happened
from evidence.checkpoint import Checkpoint, sign
from evidence.events import Head, Stamp, line_hash
from evidence.events.envelope import write_line
from evidence.fsck import steps as checking
from evidence.fsck.lines import patterns
from evidence.fsck.report import Report
from evidence.verify.records import table
from tests.fsck.store import Copy, kept
from tests.proof.story import AGENT, ORIGIN, SYSTEM, policy

ROOT = Path(__file__).parents[2]


def step(report: Report, name: str) -> str:
    """Notes and warnings of a step, in one text."""
    found = next(step for step in report.steps if step.name == name)
    return "\n".join((*found.notes, *found.warnings))


def append(store: Copy, stream: str, seq: int, body: happened.Body) -> None:
    """What a service wrote and had no time to publish."""
    newest = store.one("SELECT max(position) FROM events")[0]
    before = store.one("SELECT line FROM events WHERE stream = ? AND seq = ?", stream, seq - 1)
    after = Head(seq=seq - 1, hash=line_hash(before[0])) if before else Head()
    line = write_line(stream, after, Stamp(actor=SYSTEM, at=happened.parse_instant("2026-11-22T00:00:00.000Z")), body)
    store.run("INSERT INTO events VALUES (?, ?, ?, ?)", newest + 1, stream, seq, line)
    store.run("INSERT OR REPLACE INTO heads VALUES (?, ?, ?)", stream, seq, line_hash(line))


async def test_a_store_of_nothing_is_healthy(tmp_path: Path) -> None:
    made = await kept(tmp_path)
    report = await made.check()
    await made.stack.aclose()
    assert (report.exit_code, report.events, report.published) == (0, 0, 0), report.page()


async def test_what_a_kill_leaves_behind_is_told_and_harms_nobody(store: Copy) -> None:  # EVD-03
    opened = happened.CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=AGENT.id)
    append(store, "case_new", 1, opened)  # durable, and not published yet
    photo = store.data / "objects" / "case_new" / "identity" / ("a" * 43)
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"ciphertext without an event")
    (photo.parent / ".tmp-half").write_bytes(b"half a file")
    store.run("INSERT INTO disclosures VALUES ('case_new', ?, 'identity', 'x')", "b" * 43)
    newer = store.data / "log/tile/0/000.p/36"
    newer.write_bytes((store.data / "log/tile/0/000.p/35").read_bytes() + leaf_of(store, 36))  # tiles come first
    (store.data / "log/checkpoint").unlink()  # the public file comes last
    report = await store.check()
    assert report.exit_code == 0, report.page()
    assert "36 to 36" in step(report, "entries")
    assert "ahead of the checkpoint: 1" in step(report, "entries")
    assert "public file is missing" in step(report, "checkpoint")
    assert "files that no event names" in step(report, "vault")
    assert "values that no event names" in step(report, "vault")


def leaf_of(store: Copy, position: int) -> bytes:
    (line,) = store.one("SELECT line FROM events WHERE position = ?", position)
    entry = b'{"kind":"event","sha256":"%b","v":1}' % hashlib.sha256(line).hexdigest().encode()
    return hashlib.sha256(b"\0" + entry).digest()


async def test_a_tile_written_ahead_over_other_events_is_damage(store: Copy) -> None:
    """The sequencer could never go on from it: it would have to overwrite what was written."""
    append(store, "case_new", 1, happened.CaseOpened(tenant="d", mode="sandbox", policy=policy(), opener="staff_a"))
    newer = store.data / "log/tile/0/000.p/36"
    newer.write_bytes((store.data / "log/tile/0/000.p/35").read_bytes() + b"x" * 32)
    report = await store.check()
    assert report.first_bad is not None
    assert (report.first_bad.name, "position 36" in report.first_bad.first_bad) == ("tiles", True)


async def test_an_older_public_file_is_told_and_a_forged_one_is_damage(store: Copy) -> None:
    file = store.data / "log/checkpoint"
    note = file.read_bytes()
    file.write_bytes(sign(Checkpoint(ORIGIN, 1, leaf_of(store, 1)), store.log_key))
    report = await store.check()
    assert report.exit_code == 0
    assert "older than the row" in step(report, "checkpoint")
    file.write_bytes(note.replace(b"\n35\n", b"\n36\n"))
    assert (await store.check()).exit_code == 1


async def test_an_erasure_that_is_not_finished_is_told(store: Copy) -> None:
    (name,) = store.one("SELECT commitment FROM disclosures WHERE retention = 'location'")
    field = happened.ErasedField(name="ip", commitment=name)
    append(store, store.stream, 34, happened.Erased(basis="PIPL-47", retention="location", fields=(field,), whole=True))
    report = await store.check()
    assert report.exit_code == 0
    assert "not deleted yet" in step(report, "vault")
    assert "still stand" in step(report, "keys")
    store.run("DELETE FROM disclosures WHERE commitment = ?", name)
    store.run("DELETE FROM wrapped_keys WHERE name = 'location'", base="keys/keys.db")
    store.run("INSERT INTO destroyed_keys VALUES (?, 'location', 34)", store.stream, base="keys/keys.db")
    report = await store.check()
    others = store.one("SELECT count(*) FROM disclosures WHERE retention = 'location'")[0]
    assert (report.exit_code, others > 0) == (1, True), "the class had more than the one that was erased"
    assert report.first_bad is not None
    assert report.first_bad.name == "keys"


async def test_erased_while_the_check_runs_is_not_missing(store: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check took its last position, then the keeper erased."""
    (name,) = store.one("SELECT commitment FROM disclosures WHERE retention = 'location'")
    field = happened.ErasedField(name="ip", commitment=name)
    seals = checking._CHECKS["seals"]

    async def and_then(run: checking.Run, work: Any) -> str:
        erased = happened.Erased(basis="PIPL-47", retention="location", fields=(field,))
        append(store, store.stream, 34, erased)
        store.run("DELETE FROM disclosures WHERE commitment = ?", name)
        return await seals(run, work)

    monkeypatch.setitem(checking._CHECKS, "seals", and_then)
    report = await store.check()
    assert report.exit_code == 0, report.page()
    assert report.events == 35


async def test_a_check_changes_no_byte(store: Copy) -> None:
    before = {path: path.read_bytes() for path in store.files(".")}
    assert (await store.check()).exit_code == 0
    after = {path: path.read_bytes() for path in store.files(".") if not path.name.endswith(("-wal", "-shm"))}
    assert after == before


async def test_processes_say_what_one_says(store: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "SMALL", 0)
    report = await store.check(processes=2)
    assert report.exit_code == 0, report.page()
    store.run(
        "UPDATE events SET line = CAST(replace(CAST(line AS TEXT), 'cus_li', 'cus_lo') AS BLOB) WHERE position = 9"
    )
    report = await store.check(processes=2)
    assert report.first_bad is not None
    assert (report.first_bad.name, "position 10" in report.first_bad.first_bad) == ("chains", True)


async def test_beside_a_service_at_work_nothing_seems_wrong(tmp_path: Path) -> None:
    made = await kept(tmp_path)
    await made.tell()
    going = True

    async def work() -> None:
        number = 0
        while going:
            stream, number = f"case_w{number}", number + 1
            stamp = Stamp(actor=AGENT, at=made.clock())
            opened = happened.CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=AGENT.id)
            await made.ledger.open(stream, (opened,), stamp)
            hidden = await made.vault.hide(stream, "identity", {"phone": "13800138000"})
            named = happened.PartyNamed(party="proposer", customer="cus_a", phone=hidden["phone"])
            await made.ledger.record(stream, lambda _, named=named: (named,), stamp)  # type: ignore[misc]
            await made.sequencer.catch_up()

    task = asyncio.create_task(work())
    events = []
    for _ in range(6):
        await asyncio.sleep(0.05)
        report = await made.check()
        assert report.exit_code == 0, report.page()
        events.append(report.events)
    going = False
    await task
    assert events[-1] > events[0] >= 35
    await made.stack.aclose()


async def test_a_long_log_is_healthy_and_a_tile_that_was_full_meanwhile_is_read(tmp_path: Path) -> None:
    made = await kept(tmp_path)
    stamp = Stamp(actor=AGENT, at=made.clock())
    for number in range(10):
        opened = happened.CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=AGENT.id)
        await made.ledger.open(f"case_{number}", (opened,), stamp)
        for _ in range(7):
            shown = happened.NoticeShown(scope="recording", locale="en", text_sha256="ab" * 32)
            await made.ledger.record(f"case_{number}", lambda _, shown=shown: (shown,) * 4, stamp)  # type: ignore[misc]
        await made.sequencer.catch_up()
        if number == 6:
            note = (made.data / "log/checkpoint").read_bytes()
    report = await made.check()
    await made.stack.aclose()
    assert (report.exit_code, report.published) == (0, 290), report.page()
    # A row that stands at 203 while its tile is full already: the partial one was tidied away.
    store = Copy(made.data, "", made.log_key)
    assert not (made.data / "log/tile/0/000.p/203").exists()
    store.run("UPDATE checkpoints SET size = 203, note = ?", note)
    (made.data / "log/checkpoint").write_bytes(note)
    report = await store.check()
    assert (report.exit_code, report.published) == (0, 203), report.page()
    assert "204 to 290" in step(report, "entries")
    full = made.data / "log/tile/0/000"
    full.write_bytes(b"x" * 32 + full.read_bytes()[32:])
    assert (await store.check()).exit_code == 1


async def test_after_a_kill_the_database_is_read_with_its_write_ahead_log(tmp_path: Path) -> None:
    """What is copied here is what a dead process leaves: the log of the database was never folded back."""
    made = await kept(tmp_path)
    await made.tell()
    assert (made.data / "jianzheng.db-wal").stat().st_size > 0
    dead = Copy(tmp_path / "dead", "", made.log_key)
    await asyncio.to_thread(
        shutil.copytree, made.data, dead.data, ignore=lambda _, names: [name for name in names if name.endswith("-shm")]
    )
    await made.stack.aclose()
    report = await dead.check()
    assert (report.exit_code, report.events) == (0, 35), report.page()


async def test_a_store_on_postgresql_is_checked_the_same_way(tmp_path: Path, postgres_url: str) -> None:
    made = await kept(tmp_path, postgres_url)
    await made.tell()
    report = await made.check()
    await made.stack.aclose()
    assert (report.exit_code, report.events, report.published) == (0, 35, 35), report.page()
    assert [step.state for step in report.steps] == ["passed"] * 11


def test_where_events_hold_commitments_is_what_the_verifiers_say() -> None:
    """Two sources for one thing: the types of the writer, the table of the verifiers."""
    found = patterns()
    for name in table()["types"]:
        if name.startswith(("staff.", "screening.")):  # never in bundles: the verifiers need not know
            continue
        said = {(path, False) for path in table()["values"].get(name, ())}
        said |= {(path, True) for path in table()["media"].get(name, ())}
        assert (name, set(found[name])) == (name, said)
    assert {path for path, _ in found["staff.enrolled/1"]} == {"name", "phone"}


# --- the command line -------------------------------------------------------------------------------------------------


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "evidence.fsck", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_line_says_healthy_damaged_or_open(store: Copy) -> None:
    done = run(store.data)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("HEALTHY: 35 events, 35 of them published\n")
    elsewhere = run("--database", f"sqlite:///{store.data}/jianzheng.db", "--objects", store.data / "objects", "--json")
    assert elsewhere.returncode == 0
    assert json.loads(elsewhere.stdout)["exit"] == 0
    shutil.rmtree(store.data / "public-keys")
    assert run(store.data).returncode == 2, "without a key nobody can say who signed"
    (store.data / "log/tile/0/000.p/35").unlink()
    damaged = run(store.data, "--json")
    assert damaged.returncode == 1


def test_the_command_line_says_what_it_looked_for(tmp_path: Path) -> None:
    for arguments, word in (((), "data folder"), ((tmp_path,), "no database"), ((tmp_path, "--log", "/no"), "folder")):
        done = run(*arguments)
        assert (done.returncode, word in done.stderr) == (2, True)
