"""Tries every change on the verifier and counts what it says.

Detected: the report is worse than the control's, which passed in full. Withheld: it still passes, and names each field
that is no longer open (leaving out what is one's own, and saying so, is any holder's right). Anything else is a hole.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, Literal, TypeVar
from unittest import mock

from evidence.verify import TrustedKeys, full, verify_bundle
from evidence.verify.bag import MANIFEST, TAGS
from evidence.verify.container import read
from evidence.verify.fields import CLOSED
from evidence.verify.keys import DOCUMENT_CA, TSA_INDEPENDENT, WITNESSES, units
from evidence.verify.report import Report
from tests.tamper import archives, changes
from tests.tamper.changes import Bench, Change
from tests.tamper.specimen import Specimen

T = TypeVar("T")
CONTROL_EVERY = 1_000  # changes between two looks at the untouched bundle

Said = Literal["failed", "undecided", "withheld", "allowed", "undetected", "exception"]
# Copies for convenience: the auditor brings his own, so what is gone took nothing along.
COPIES = {f"keys/{name}" for name in (DOCUMENT_CA, TSA_INDEPENDENT, WITNESSES)}


@dataclass
class Row:
    """One class. `changes`: as many as it has; `tried`: archives verified; `same`: no change at all."""

    changes: int = 0
    as_is: int = 0
    around: int = 0
    same: int = 0
    said: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Row") -> None:
        self.changes += other.changes
        self.as_is += other.as_is
        self.around += other.around
        self.same += other.same
        self.said += other.said


@dataclass
class Result:
    rows: dict[str, Row] = field(default_factory=dict)
    holes: list[str] = field(default_factory=list)
    controls: int = 0

    def add(self, other: "Result") -> None:
        for kind, row in other.rows.items():
            self.rows.setdefault(kind, Row()).add(row)
        self.holes += other.holes
        self.controls += other.controls

    @property
    def whole(self) -> Row:
        found = Row()
        for row in self.rows.values():
            found.add(row)
        return found


def every_change(bench: Bench) -> Iterator[Change]:
    return chain.from_iterable(make(bench) for make in (*changes.CLASSES, *archives.CLASSES))


def sample(bench: Bench, every: int) -> Iterator[Change]:
    """The first change of each class and each `every`-th after it; of the bits of the archive twenty times fewer."""
    seen = Counter[str]()
    for change in every_change(bench):
        step = every * (20 if change.kind == archives.ALL_BITS else 1)
        if seen[change.kind] % step == 0:
            yield change
        seen[change.kind] += 1


def matrix(made: Specimen, every: int = 1, jobs: int = 2, only: str | None = None) -> Result:
    """Each process takes every `jobs`-th of the changes that are tried, so that all come to an end together."""
    found = Result()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for part in pool.map(partial(_part, made, every, jobs, only), range(jobs)):
            found.add(part)
    return found


def _part(made: Specimen, every: int, jobs: int, only: str | None, mine: int) -> Result:
    wanted = (change for change in every_change(Bench.of(made)) if only in (None, change.kind))
    return run(made, islice(wanted, mine * every, None, jobs * every))


def run(specimen: Specimen, tried: Iterable[Change]) -> Result:
    keys = TrustedKeys.of(specimen.keys)
    control, result = verify_bundle(specimen.bundle, keys), Result()
    assert control.verdict == "TOTAL-PASSED", control.plain()["steps"]
    with asked_once(), warnings.catch_warnings():
        warnings.simplefilter("error")  # a library that would only warn today may raise tomorrow
        for number, change in enumerate(tried):
            if number % CONTROL_EVERY == 0:
                assert verify_bundle(specimen.bundle, keys) == control
                result.controls += 1
            _try(change, specimen, keys, control, result)
    assert verify_bundle(specimen.bundle, keys) == control
    result.controls += 1
    return result


def _try(change: Change, specimen: Specimen, keys: TrustedKeys, control: Report, result: Result) -> None:
    row = result.rows.setdefault(change.kind, Row())
    row.changes += 1
    tried: list[bytes] = [specimen.bundle]
    for way, make in (("as it is", change.as_is), ("made to fit", change.around)):
        data = make()
        if data is None:
            continue
        if data in tried:
            row.same += data == specimen.bundle
            continue
        tried.append(data)
        said = judged(data, specimen, keys, control)
        row.said[said] += 1
        if way == "as it is":
            row.as_is += 1
        else:
            row.around += 1
        if said in ("undetected", "exception"):
            result.holes.append(f"{change.kind}: {change.name}, {way}: {said}")


def judged(data: bytes, specimen: Specimen, keys: TrustedKeys, control: Report) -> Said:
    try:
        report = verify_bundle(data, keys)
    except Exception:  # the verifier promises never to raise for what is in a bundle
        return "exception"
    if report.verdict != control.verdict:
        return "failed" if report.verdict == "TOTAL-FAILED" else "undecided"
    differing = [new for old, new in zip(control.fields, report.fields, strict=False) if old != new]
    if len(report.fields) == len(control.fields) and differing and all(item.state == CLOSED for item in differing):
        return "withheld"
    return "allowed" if _only_copies_are_gone(data, specimen) else "undetected"


def _only_copies_are_gone(data: bytes, specimen: Specimen) -> bool:
    root, files = read(data)
    known = specimen.files
    same = all(
        known.get(path) == content or (path in COPIES and _fewer(path, content, known[path]))
        for path, content in files.items()
        if path not in (MANIFEST, TAGS)
    )
    return root == specimen.root and same and known.keys() - files.keys() <= COPIES


def _fewer(path: str, copies: bytes, all_copies: bytes) -> bool:
    """Some of the keys of a file, in their order."""
    rest = iter(units(path, all_copies))
    return all(key in rest for key in units(path, copies))


@contextmanager
def asked_once() -> Iterator[None]:
    """The two readers that are not ours (time tokens, PDF signatures) are asked once for the same arguments.

    Only what they accepted is remembered, under every byte of what they were given. All code of ours runs every time.
    """
    stamped, signatures = _remembered(full.stamped_at), _remembered(full.signatures)
    with mock.patch.object(full, "stamped_at", stamped), mock.patch.object(full, "signatures", signatures):
        yield


def _remembered(ask: Callable[..., T]) -> Callable[..., T]:
    known: dict[tuple[Any, ...], T] = {}

    def answer(*given: Any) -> T:
        key = tuple(tuple(item) if isinstance(item, list) else item for item in given)
        if key not in known:
            known[key] = ask(*given)
        return known[key]

    return answer
