"""Rendering a clause, a full quote with its trace, and the reading gate over a case of 2,000 events.

All in CPU time of this process, so that a busy machine changes little. Floors, in the same run: hashing and encoding
the bytes of the page alone; as many decimal operations as the quote traces; looking at each event.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from bench.table import Metric
from evidence.case import Case
from evidence.decode import decode
from evidence.events import CaseOpened, ClausesSeen, Event, Head, ScreenServed, Stamp
from evidence.events.envelope import Actor
from evidence.events.reading import ScreenClause, SeenClause
from evidence.ledger import written
from products.compiled import Compiled
from products.formula import Value
from products.journey import to_policy
from products.load import load
from products.quoting import compute_quote, values_of
from products.reading.trail import trail
from products.render import Page, render, shows_personal
from products.render import written as page_bytes

PRODUCT = Path("products/catalogue/anju_term_life")
INPUTS: dict[str, int | str] = {"age": 30, "sex": "male", "sum": 500000, "term": 20, "pay_years": 20, "year": 2}
EVENTS = 2_000
TIMES, ROUNDS = 200, 7
BEGAN = datetime(2026, 11, 21, tzinfo=UTC)
READER = Actor(id="cus_bench", role="customer", session="ses_bench")


async def measure() -> dict[str, Metric]:
    compiled = load(PRODUCT)
    quote = compute_quote(compiled, INPUTS)
    values = values_of(compiled, quote.inputs, quote.outputs)
    events = reading_case(compiled)
    gate, walked = _cpu(lambda: trail(events), 5), _cpu(lambda: [event.body.satisfies for event in events], 5)
    return {
        "render_clause_us": _render(compiled, values),
        "quote_ms": Metric(
            value=_cpu(lambda: compute_quote(compiled, INPUTS)) * 1e3,
            unit="ms",
            floor=_cpu(lambda: _arithmetic(len(quote.trace))) * 1e3,
        ),
        "reading_gate_2k_ms": Metric(value=gate * 1e3, unit="ms", floor=walked * 1e3),
        "reading_fold_2k_ms": Metric(value=_cpu(lambda: _fold(events), 1) * 1e3, unit="ms", floor=walked * 1e3),
    }


def _render(compiled: Compiled, values: dict[str, Value]) -> Metric:
    """The slowest clause of the product at the level people read, nothing remembered but parsed templates."""

    def nonce(name: str) -> str | None:
        return "n" * 43 if shows_personal(compiled, compiled.clause(name), "plain") else None

    took = {
        name: _cpu(lambda name=name: render(compiled, name, "plain", "zh-CN", values, nonce(name)), 50)  # type: ignore[misc]
        for name in compiled.clauses
    }
    slowest = max(took, key=lambda name: took[name])
    page = decode(render(compiled, slowest, "plain", "zh-CN", values, nonce(slowest)).bytes, Page)
    floor = _cpu(lambda: hashlib.sha256(page_bytes(page)).hexdigest())
    again = _cpu(lambda: render(compiled, slowest, "plain", "zh-CN", values, nonce(slowest)))
    return Metric(value=again * 1e6, unit="µs", floor=floor * 1e6)


def reading_case(compiled: Compiled) -> list[Event]:
    """A case of 2,000 events: every must-read clause served again and again, five reports to each screen."""
    bodies: list[CaseOpened | ScreenServed | ClausesSeen] = [
        CaseOpened(tenant="demo", mode="sandbox", input_origin="synthetic", policy=to_policy(compiled), opener="stf_b")
    ]
    turn = 0
    while len(bodies) < EVENTS:
        clause, screen = compiled.must_read[turn % len(compiled.must_read)], f"scr_{turn}"
        shown = ScreenClause(clause=clause, level="plain", render_sha256="5e" * 32, floor_ms=20_000)
        bodies.append(ScreenServed(screen=screen, locale="zh-CN", layout="standard", clauses=(shown,)))
        for n in range(5):
            seen = SeenClause(clause=clause, level="plain", visible_ms=4_000, claimed_ms=4_000, end_seen=n == 4)
            key = (f"read:{clause}",) if n == 4 else ()
            bodies.append(ClausesSeen(screen=screen, clauses=(seen,), satisfies=key))
        turn += 1
    events: list[Event] = []
    head = Head()
    for number, body in enumerate(bodies[:EVENTS]):
        stamp = Stamp(actor=READER, at=BEGAN + timedelta(seconds=4 * number), cmd=f"{number:064x}.{number:064x}")
        events += written("case_bench", head, (body,), stamp)
        head = Head(seq=events[-1].seq, hash=events[-1].hash)
    return events


def _fold(events: list[Event]) -> Case:
    case = Case.start(events[0])
    for event in events[1:]:
        case = case.apply(event)
    return case


def _arithmetic(steps: int) -> Decimal:
    total = Decimal("1.05")
    for _ in range(steps):
        total = (total * Decimal("1000.25") / Decimal(1000)).quantize(Decimal("0.01"))
    return total


def _cpu(work: Callable[[], object], times: int = TIMES) -> float:
    """CPU seconds of one run: the best of a few rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - began) / times)
    return best
