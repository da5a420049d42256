"""A risk decision from the facts to the sealed event, beside one fsync of the same disk (API-12: p99 50 ms)."""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np

from api.clock import utc_now
from api.settings import Settings
from api.store import Store
from bench.table import Metric
from evidence.case import Case, Session
from evidence.events import CaseOpened, PartyNamed, Stamp, instant
from evidence.events.envelope import Actor
from evidence.policy import Policy, ProductRef
from kyc.signals import flow
from kyc.signals.faces import BAR
from kyc.signals.gallery import MOST, Gallery, Open
from kyc.signals.seen import Seen

TIMES = 300
SEARCHES = 40
AGENT = Actor(id="staff_bench", role="agent")


async def measure() -> dict[str, Metric]:
    """Each decision is another person's, on a device of its own, over one open case a time."""
    with tempfile.TemporaryDirectory(prefix="jianzheng-risk-") as folder:
        store = Store.of(Settings(data=Path(folder)), utc_now, os.urandom)
        async with store.opened():
            ports = flow.Ports(store.ledger, store.vault, utc_now, flow.RuleBook(), Seen(), Gallery(store.vault))
            took, floor = [], []
            for number in range(TIMES):
                case, session = await _case(store, number)
                began = time.perf_counter()
                await flow.confirmed(case, "proposer", session, {"number": f"{number:018d}"}, ports)
                took.append(time.perf_counter() - began)
                floor.append(_fsync(Path(folder)))
    return {
        "risk_decision_p99_ms": Metric(value=_p99(took), unit="ms", floor=_p99(floor)),
        "face_search_100k_ms": _faces(),
    }


def _faces() -> Metric:
    """One exact search among as many faces as a process opens; its floor is the bare product of matrix and vector.
    Processor time, so that other work on the machine does not count."""
    chance = np.random.default_rng(1)
    rows = chance.standard_normal((MOST, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    held = Open(128)
    for number, row in enumerate(rows):
        held.add(number.to_bytes(32), f"risk_{number}", row)
    took = [_cpu(partial(held.alike, bytes(32), rows[number], BAR)) for number in range(SEARCHES)]
    floor = [_cpu(partial(rows.dot, rows[number])) for number in range(SEARCHES)]
    return Metric(value=_middle(took), unit="ms", floor=_middle(floor))


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _middle(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2] * 1000


async def _case(store: Store, number: int) -> tuple[Case, Session]:
    stream = f"case_bench{number}"
    await store.vault.place(stream, "demo")
    said = {"phone": f"138{number:08d}", "ip": "8.8.8.8", "agent": f"browser {number}"}
    hidden = await store.vault.hide(stream, "identity", said)
    product = ProductRef(id="demo", version=1, kind="term_life", full="ab" * 32, names={"zh-CN": "示例", "en": "Demo"})
    policy = Policy(product=product, steps=(), identity={}, signatures=())
    bodies = (
        CaseOpened(tenant="demo", mode="sandbox", input_origin="synthetic", policy=policy, opener="a"),
        PartyNamed(party="proposer", customer=f"cus_{number}", phone=hidden["phone"]),
    )
    case = await store.ledger.open(stream, bodies, Stamp(actor=AGENT, at=utc_now()))
    session = Session(
        customer=f"cus_{number}",
        party="proposer",
        thumbprint=f"thumbprint-{number}",
        key={},
        opened_at=instant(utc_now()),
        expires=instant(utc_now() + timedelta(hours=1)),
        factors=(),
        ip=hidden["ip"],
        agent=hidden["agent"],
    )
    return case, session


def _fsync(folder: Path) -> float:
    with (folder / "floor").open("ab") as file:
        began = time.perf_counter()
        file.write(b"x" * 600)
        file.flush()
        os.fsync(file.fileno())
        return time.perf_counter() - began


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)] * 1000
