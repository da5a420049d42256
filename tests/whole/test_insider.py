"""Attack 27, on a live service: what somebody with the database does, which step finds it, and that all processes hear.

Each story ends as it would in the field: the alarm is on every process's readiness page, in the metrics and in the log,
reading goes on, and what the store says is not signed any more.
"""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.store import Store
from evidence.events import BODIES, Actor, CaseOpened, Head, Media, PartyNamed, Stamp, line_hash, read_line
from evidence.events.identity import PaperCaptured
from tests.api.service import Service
from tests.evidence.cases import policy
from tests.evidence.fakes import CountedRandom

CASES = ("case_first", "case_second")
STAFF = Actor(id="staff_demo-agent", role="agent")
PATIENCE_S = 60  # of a busy machine; the design says five minutes


class Live:
    """A running service with two cases that hold a photograph each, all of it signed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.photos: dict[str, Media] = {}
        self.service = Service(data, monitor_every_s=1)
        self.service.ask(self.plant())
        self.until(lambda: self.signed() >= self.newest())

    async def plant(self, cases: tuple[str, ...] = CASES) -> None:
        async with Store.of(self.service.settings, self.service.clock).opened() as store:
            for number, case in enumerate(cases):
                await store.vault.place(case, "demo")
                names = await store.vault.hide(
                    case, "identity", {"name": f"欧阳{number}", "phone": f"1380013800{number}"}
                )
                photo = await store.vault.put(case, "identity", CountedRandom(case)(20_000), "image/jpeg")
                self.photos[case] = photo
                bodies = (
                    CaseOpened(tenant="demo", mode="sandbox", policy=policy(), opener=STAFF.id),
                    PartyNamed(party="proposer", customer="cus_a", phone=names["phone"], name=names["name"]),
                    PaperCaptured(party="proposer", paper="cn_id_front", media=photo, source="camera"),
                )
                await store.ledger.open(case, bodies, Stamp(actor=STAFF, at=self.service.clock()))

    # --- what can be seen from outside -------------------------------------------------------------------------------

    def ready(self, service: Service | None = None) -> tuple[int, dict[str, Any]]:
        answer = httpx.get(f"{(service or self.service).url}/readyz", trust_env=False)
        return answer.status_code, answer.json()

    def alarm(self, name: str, service: Service | None = None) -> str:
        return str(self.until(lambda: self.ready(service)[1]["alarms"].get(name)))

    def signed(self) -> int:
        file = self.data / "log" / "checkpoint"
        return int(file.read_bytes().split(b"\n")[1]) if file.exists() else 0

    def newest(self) -> int:
        with self.database() as rows:
            return int(rows.execute("SELECT max(position) FROM events").fetchone()[0])

    def until(self, what: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (found := what()):
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.05)
        return found

    # --- what the insider does ---------------------------------------------------------------------------------------

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.data / "jianzheng.db", isolation_level=None, timeout=20)

    def unguarded(self) -> sqlite3.Connection:
        rows = self.database()
        for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            rows.execute(f"DROP TRIGGER {name}")
        return rows


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    found = Live(tmp_path / "data")
    yield found
    found.service.stop()


def refused(service: Service) -> bool:
    answer = httpx.post(f"{service.url}/v1/links/codes", json={"token": "x"}, trust_env=False)
    return (answer.status_code, answer.json()["code"]) == (503, "READ_ONLY")


def edit(rows: sqlite3.Connection) -> None:
    """One row: the opener is somebody else."""
    line = rows.execute("SELECT line FROM events WHERE stream = ? AND seq = 1", CASES[:1]).fetchone()[0]
    forged = line.replace(b"staff_demo-agent", b"staff_demo-other")
    assert forged != line
    rows.execute("UPDATE events SET line = ? WHERE stream = ? AND seq = 1", (forged, CASES[0]))


def cut(rows: sqlite3.Connection) -> None:
    """The last case never was: neither its events nor its head."""
    rows.execute("DELETE FROM events WHERE stream = ?", CASES[1:])
    rows.execute("DELETE FROM heads WHERE stream = ?", CASES[1:])


def rebuild(rows: sqlite3.Connection) -> None:
    """Another photograph in the middle, and the rest of the chain made anew: by itself it is flawless."""
    stored = rows.execute("SELECT seq, line FROM events WHERE stream = ? ORDER BY seq", CASES[:1]).fetchall()
    before = Head(seq=1, hash=line_hash(stored[0][1]))
    for seq, old in stored[1:]:
        line = old.replace(b'"cus_a"', b'"cus_b"')
        line = re.sub(rb'"prev":"[0-9a-f]{64}"', b'"prev":"' + before.hash.encode() + b'"', line)
        before = Head(seq=seq, hash=read_line(line, before, BODIES).hash)
        rows.execute("UPDATE events SET line = ? WHERE stream = ? AND seq = ?", (line, CASES[0], seq))
    rows.execute("UPDATE heads SET hash = ? WHERE stream = ?", (before.hash, CASES[0]))


@pytest.mark.parametrize(
    ("act", "step", "offline"),
    [(edit, "line", "chains"), (cut, "end", "entries"), (rebuild, "line", "entries")],
)
def test_the_monitor_names_what_was_done_to_the_log_and_everything_stops(
    live: Live, act: Callable[[sqlite3.Connection], None], step: str, offline: str
) -> None:  # attack 27, EVD-03
    """`offline`: the first failing step of `python -m evidence.fsck`, run on the stopped store."""
    other = Service(live.data, monitor_every_s=1)
    try:
        assert live.ready(other)[0] == live.ready()[0] == 200
        live.until(lambda: "log" in {**live.ready()[1]["checked"], **live.ready(other)[1]["checked"]})
        with live.unguarded() as rows:
            act(rows)
        for service in (live.service, other):  # one has the lease and finds it, the other hears of it
            assert live.alarm("monitor", service).startswith(f"{step}, position ")
            assert live.ready(service)[0] == 503
            assert live.until(partial(refused, service))
        metrics = httpx.get(f"{other.url}/metrics", trust_env=False).text
        assert 'jianzheng_alarm{name="monitor"} 1.0' in metrics
    finally:
        other.stop()
    live.service.stop()
    assert checked_offline(live.data) == offline
    live.service = Service(live.data)
    assert "monitor" in live.ready()[1]["alarms"], "a restart alone does not end it"


def checked_offline(data: Path) -> str:
    command = [sys.executable, "-m", "evidence.fsck", str(data), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    failed = [step["name"] for step in json.loads(done.stdout)["steps"] if step["state"] == "failed"]
    return str(failed[0])


def test_photographs_of_two_cases_exchanged_are_named_and_the_other_cases_go_on(live: Live) -> None:  # attack 27
    files = [live.data / "objects" / case / "identity" / live.photos[case].commitment for case in CASES]
    first, second = (file.read_bytes() for file in files)
    files[0].write_bytes(second)
    files[1].write_bytes(first)
    live.until(lambda: live.alarm("contents").count("content, case_") == 2)
    assert all(case in live.alarm("contents") for case in CASES)
    status, report = live.ready()
    assert (status, report["ready"]) == (200, True)
    assert not refused(live.service)


def test_values_of_two_cases_exchanged_in_the_rows_are_named(live: Live) -> None:  # attack 27
    with live.database() as rows:
        (one, sealed), (two, other) = (
            rows.execute("SELECT commitment, sealed FROM disclosures WHERE stream = ? LIMIT 1", (case,)).fetchone()
            for case in CASES
        )
        rows.execute("UPDATE disclosures SET sealed = ? WHERE commitment = ?", (other, one))
        rows.execute("UPDATE disclosures SET sealed = ? WHERE commitment = ?", (sealed, two))
    assert "content, case_" in live.alarm("contents")


def test_yesterdays_database_is_found_at_the_start_and_stays_found(live: Live, tmp_path: Path) -> None:  # attack 28
    live.service.stop()
    copy = shutil.copytree(live.data, tmp_path / "yesterday")
    live.service = Service(live.data)
    live.service.ask(live.plant(("case_third",)))
    live.until(lambda: live.signed() >= live.newest())
    live.service.stop()
    for file in live.data.glob("jianzheng.db*"):
        file.unlink()
    for file in copy.glob("jianzheng.db*"):
        shutil.copy(file, live.data)
    live.service = Service(live.data)
    assert "STORE_TOO_OLD" in live.ready()[1]["alarms"]["log"]
