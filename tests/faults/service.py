"""The whole service, killed under load over HTTP: customers go on reading, and every report counts once (API-14)."""

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.client import now
from bench.server import CODE, LINK, Server
from bench.walk import PHONE, PRODUCT, Walk
from evidence.verify import TrustedKeys, verify_bundle
from tests.faults.judge import Fault, Judge, rows
from tests.faults.scale import Scale
from tests.faults.table import Found, folder_of, fsck

CUSTOMERS = 4
LIFE_S = (0.3, 1.5)
PATIENCE_S = 120  # of a phone; a start of everything takes five seconds where nothing else runs
SEEN = b'"type":"reading.clauses_seen/1"'


def service(parent: Path, scale: Scale) -> list[Found]:
    if not scale.service:
        return []
    judge = Judge(folder_of(parent, "service"))
    server = Server(judge.folder, dwell_percent="2", entries_per_minute="1000000")
    server.start(PATIENCE_S)
    try:
        readers = _readers(server)
        chance = random.Random(scale.seed)
        for reader in readers:
            reader.start()
        for _ in range(scale.service):
            time.sleep(chance.uniform(*LIFE_S))
            server.kill()
            server.start(PATIENCE_S)  # ready only when the start check passed
            judge.counts.tried += 1
            judge.look()
        for reader in readers:
            reader.stop()
        readers[0].walk.export()
        judge.look()
    finally:
        server.stop()
    judge.look_at_everything()
    for reader in readers:
        reader.judge(judge)
        reader.walk.close()
    report = verify_bundle(readers[0].walk.bundle, TrustedKeys.load(judge.folder / "public-keys"))
    if report.first_bad is not None:
        judge.say("unsound", f"the bundle: {report.first_bad}")
    fsck(judge)
    return [Found.of("kill -9, the whole service", judge)]


@dataclass
class Reader:
    """A customer whose phone reports what was in view, again and again, each report until it is answered."""

    walk: Walk
    clause: str
    answered: int = 0
    trouble: str = ""
    _enough: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._enough.set()
        assert self._thread is not None
        self._thread.join(PATIENCE_S)

    def _read(self) -> None:
        customer = self.walk.customer
        seen = [{"clause": self.clause, "level": "plain", "visible_ms": 1, "end_seen": False}]
        while not self._enough.is_set():
            report: dict[str, Any] = {"screen": customer.view["reading"]["screen"], "clauses": seen, "client_at": now()}
            try:
                customer.act("reading", report)
            except Exception as error:
                self.trouble = repr(error)
                return
            self.answered += 1

    def judge(self, judge: Judge) -> None:
        customer = self.walk.customer
        lines = [line for _, stream, _, line in rows(judge.folder) if stream == customer.case]
        judge.counts.acknowledged += self.answered
        if self.trouble:
            judge.say("unsound", f"a customer could not go on: {self.trouble}")
        if len(lines) < customer.acknowledged[customer.case]:
            judge.say("lost", f"{customer.case} ends at {len(lines)}, {customer.acknowledged} was acknowledged")
        reports = sum(SEEN in line for line in lines)
        if reports != self.answered:
            fault: Fault = "lost" if reports < self.answered else "doubled"
            judge.say(fault, f"{self.answered} reports were answered, {reports} are in {customer.case}")


def _readers(server: Server) -> list[Reader]:
    """Customers with a screen before them."""
    found: list[Reader] = []
    for number in range(CUSTOMERS):
        walk = Walk(server, seed=number)  # the agent's link works once: the next ones use the same session
        walk.agent.token = found[0].walk.agent.token if found else None
        if walk.agent.token is None:
            walk.agent.sign_in(server.sign_in_token("agent"))
        case = walk.agent.open_case(PRODUCT, PHONE, input_origin="synthetic")
        before = len(server.lines)
        walk.agent.send_link(case["id"])
        link = server.message(LINK, before)
        before = len(server.lines)
        walk.customer.ask_code(link)
        walk.customer.enter(link, server.message(CODE, before))
        walk.customer.patience_s = PATIENCE_S
        walk.customer.consent("recording")
        inputs = {"age": 30, "sex": "male", "sum": "500000", "term": 20, "pay_years": 10}
        walk.customer.act("quotes", {"inputs": inputs})
        outline = walk.customer.read("reading", locale="zh-CN")
        clause = next(item["id"] for item in outline["clauses"] if item["must_read"])
        screen = {"clauses": [{"clause": clause, "level": "plain"}], "locale": "zh-CN", "layout": "standard"}
        walk.customer.act("screens", screen)
        found.append(Reader(walk, clause))
    return found
