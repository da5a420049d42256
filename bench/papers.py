"""Reading papers: how fast, how much memory, and (`python -m bench.papers accuracy`) how well on made-up cards.

Seconds are processor seconds of the threads that worked, so that a busy machine does not change them much; both sides
are read by two workers at once, and what counts there is the busier one. The floor is what `session.run` alone took.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

import numpy as np
import onnxruntime
from PIL import Image

from bench import cards, specimen
from bench.table import Metric
from evidence.events.identity import PaperKind
from kyc import document, intake, models
from kyc.calibrate.intervals import wilson
from kyc.engine import FaceEngine
from kyc.ocr import Reader
from kyc.pool import Workers

MODELS = Path("build/models")
ROUNDS = 12
SIDES: tuple[PaperKind, PaperKind] = ("cn_id_front", "cn_id_back")


# --- how fast ---------------------------------------------------------------------------------------------------------


class _Inside:
    """Processor seconds inside `session.run`, by thread."""

    def __init__(self) -> None:
        self.spent: Counter[int] = Counter()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        plain_run, spent = onnxruntime.InferenceSession.run, self.spent

        def timed(self: Any, *arguments: Any, **options: Any) -> Any:
            began = time.thread_time()
            try:
                return plain_run(self, *arguments, **options)
            finally:
                spent[threading.get_ident()] += time.thread_time() - began  # type: ignore[assignment]

        onnxruntime.InferenceSession.run = timed
        try:
            yield
        finally:
            onnxruntime.InferenceSession.run = plain_run


async def measure() -> dict[str, Metric]:
    reader, inside = Reader(), _Inside()
    front, back = specimen.front(), specimen.back()
    try:
        with inside():
            one = await asyncio.to_thread(_front, reader, front, inside)
            both = await asyncio.to_thread(_both, reader, (front, back), inside)
    finally:
        reader.close()
    rss, bare = await asyncio.to_thread(_memory)
    return {
        "id_card_front_s": Metric(value=one[0], unit="s", floor=one[1]),
        "id_both_sides_s": Metric(value=both[0], unit="s", floor=both[1]),
        "kyc_worker_rss_mb": Metric(value=rss, unit="MB", floor=bare),
    }


def _front(reader: Reader, data: bytes, inside: _Inside) -> tuple[float, float]:
    whole, model = [], []
    for _ in range(ROUNDS):
        inside.spent.clear()
        began = time.thread_time()
        reader.understand(intake.decode(data), "cn_id_front")
        whole.append(time.thread_time() - began)
        model.append(float(sum(inside.spent.values())))
    return median(whole), median(model)


def _both(reader: Reader, sides: tuple[bytes, bytes], inside: _Inside) -> tuple[float, float]:
    """The busier of two threads: on two free cores that is how long a customer waits."""
    whole, model = [], []

    def read(data: bytes, paper: PaperKind) -> float:
        began = time.thread_time()
        reader.understand(intake.decode(data), paper)
        return time.thread_time() - began

    with ThreadPoolExecutor(2) as pool:
        for _ in range(ROUNDS):
            inside.spent.clear()
            whole.append(max(pool.map(read, sides, SIDES)))
            model.append(float(max(inside.spent.values())))
    return median(whole), median(model)


_HOLD = """
import asyncio
from bench import papers
asyncio.run(papers.hold())
"""


def _memory() -> tuple[float, float]:
    """Megabytes resident of a process with every model, after faces and papers were seen; and of one with none."""
    said = subprocess.run([sys.executable, "-c", _HOLD], check=True, capture_output=True, text=True)
    loaded, bare = said.stdout.split()[-2:]
    return float(loaded), float(bare)


async def hold() -> None:
    """In a process of its own: load all, work a little, and print what is held."""
    bare = _resident()
    workers = Workers()
    faces, reader = FaceEngine(models.load(MODELS), workers), Reader()
    pictures = (specimen.front(), specimen.back())
    for _ in range(3):
        looks = [faces.look(frame) for frame in specimen.frames(("neutral", "turn_left"), seed=1)]
        reads = [reader.read(intake.decode(data), side) for data, side in zip(pictures, SIDES, strict=True)]
        await asyncio.gather(*looks, *reads)
    print(_resident(), bare)
    reader.close()
    workers.close()


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


# --- how well ---------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """Of one field: how often it was right, wrong and sure of it, or asked of the customer."""

    seen: int = 0
    right: int = 0
    missing: int = 0
    asked: int = 0
    wrong_and_sure: int = 0


@dataclass
class Result:
    cards: int = 0
    fields: dict[str, Tally] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)
    whole: int = 0  # cards of which every field was right

    def add(self, truth: dict[str, str], reader: Reader, sides: Sequence[bytes]) -> None:
        self.cards += 1
        good = True
        for data, side in zip(sides, SIDES, strict=True):
            reading = reader.understand(intake.decode(data), side)
            self.findings.update(set(reading.findings))
            names = document.FRONT_FIELDS if side == "cn_id_front" else document.BACK_FIELDS
            for name in names:
                tally = self.fields.setdefault(name, Tally())
                tally.seen += 1
                found = reading.fields.get(name)
                right = found is not None and found.value == truth[name]
                tally.right += right
                tally.missing += found is None
                tally.asked += found is None or found.confirm
                tally.wrong_and_sure += not right and found is not None and not found.confirm
                good = good and right
        self.whole += good


def one_card(seed: int, level: cards.Level) -> tuple[specimen.Person, list[bytes]]:
    """Card number `seed`: the person, and a photograph of each side."""
    chance = np.random.default_rng((seed, cards.LEVELS.index(level)))
    person = cards.someone(chance)
    weight = int(chance.integers(350, 700))
    sides = (specimen.front_card(person, weight=weight), specimen.back_card(person, weight=weight))
    return person, [cards.photographed(side, chance, cards.scene(chance, level)) for side in sides]


def accuracy(count: int, levels: Sequence[cards.Level] = cards.LEVELS) -> dict[cards.Level, Result]:
    """`count` cards, shared among the levels; two threads."""
    reader = Reader()
    results = {level: Result() for level in levels}
    lock = threading.Lock()

    def read(at: int) -> None:
        level = levels[at % len(levels)]
        person, sides = one_card(at, level)
        single = Result()
        single.add(person.fields, reader, sides)
        with lock:
            _merge(results[level], single)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, range(count)))
    reader.close()
    return results


def _merge(into: Result, other: Result) -> None:
    into.cards += other.cards
    into.whole += other.whole
    into.findings.update(other.findings)
    for name, tally in other.fields.items():
        mine = into.fields.setdefault(name, Tally())
        for key, value in vars(tally).items():
            setattr(mine, key, getattr(mine, key) + value)


def faults(count: int) -> dict[str, Counter[str]]:
    """For each fault, how often which code was given on the front; `none` is an honest photograph."""
    reader = Reader()
    found: dict[str, Counter[str]] = {}
    for at in range(count):
        chance = np.random.default_rng((at, 77))
        card = specimen.front_card(cards.someone(chance))
        names: tuple[Literal["none"] | cards.Spoiled, ...] = ("none", *cards.SPOILED)
        for name in names:
            reading = reader.understand(intake.decode(_spoiled(card, chance, name)), "cn_id_front")
            tally = found.setdefault(name, Counter())
            tally.update(set(reading.findings))
            tally["any"] += bool(reading.findings)
    reader.close()
    return found


def _spoiled(card: Image.Image, chance: cards.Chance, name: Literal["none"] | cards.Spoiled) -> bytes:
    if name == "none":
        return cards.photographed(card, chance, cards.scene(chance, "photo"))
    return cards.spoiled(card, chance, name)


def rendered(results: dict[cards.Level, Result]) -> Iterator[str]:
    for level, result in results.items():
        yield f"{level}: {result.cards} cards, every field right on {_share(result.whole, result.cards)}"
        for name in document.FIELDS:
            tally = result.fields[name]
            yield (
                f"  {name:<11} right {_share(tally.right, tally.seen)}  not found {tally.missing}"
                f"  asked {tally.asked}  wrong and not asked {_share(tally.wrong_and_sure, tally.seen)}"
            )
        yield f"  findings {dict(result.findings)}"


def _share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{part}/{whole} = {100 * part / whole:.2f} % [{100 * low:.2f}, {100 * high:.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.papers")
    parser.add_argument("verb", choices=["accuracy", "faults", "write"])
    parser.add_argument("--cards", type=int, default=600)
    parser.add_argument("--folder", type=Path, default=Path("build/papers"))
    arguments = parser.parse_args()
    if arguments.verb == "accuracy":
        for line in rendered(accuracy(arguments.cards)):
            print(line)
    elif arguments.verb == "faults":
        for name, counts in faults(arguments.cards).items():
            print(f"{name:<10} {dict(counts)}")
    else:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        for at in range(arguments.cards):
            level = cards.LEVELS[at % len(cards.LEVELS)]
            for side, data in zip(SIDES, one_card(at, level)[1], strict=True):
                (arguments.folder / f"{at:04d}_{level}_{side}.jpg").write_bytes(data)


if __name__ == "__main__":
    main()
