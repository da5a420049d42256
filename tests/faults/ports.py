"""Every call of every port of a whole case fails, before and after its work; at the end each thing is there once."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from evidence.errors import Error
from evidence.verify import TrustedKeys, verify_bundle
from tests.evidence.fakes import NOON, Faults, When, verify_everything
from tests.faults.judge import Counts
from tests.faults.scale import Scale
from tests.faults.stores import Fixed, Stores
from tests.faults.story import Told
from tests.faults.table import Found

WAYS: dict[str, Sequence[When]] = {
    "before": ("before",),
    "after": ("after",),
    "before, then after": ("before", "after"),
}
ASKED_AGAIN = {"case.link_sent/1", "code.sent/1"}  # by a person whose message never came


def ports(parent: Path, scale: Scale) -> list[Found]:
    """One row for each way, against the story told in peace; a tiny run tries the last way only, in memory."""
    fixed = Fixed.made(parent)
    peace = asyncio.run(_peace(fixed, parent))
    ways = WAYS if scale.stride == 1 else dict(list(WAYS.items())[-1:])
    rows = [(f"a port fails {way}", each, False) for way, each in ways.items()]
    if scale.stride == 1:
        rows.append(("a port over SQLite and files fails both ways", ("before", "after"), True))
    return [
        asyncio.run(_way(fixed, parent, name, Faults(each, scale.stride), peace, real=real))
        for name, each, real in rows
    ]


async def _peace(fixed: Fixed, parent: Path) -> Counter[str]:
    told, _ = await _told(fixed, Faults(), Stores.memory(_new(parent, "peace"), fixed.clock))
    return await _types(told)


async def _told(fixed: Fixed, faults: Faults, stores: Stores) -> tuple[Told, bytes]:
    fixed.clock.at = NOON
    told = Told(fixed, faults, stores)
    try:
        await told.prepare()
        return told, (await told.whole()).data
    finally:
        told.book.close()


async def _way(
    fixed: Fixed, parent: Path, name: str, faults: Faults, peace: Counter[str], *, real: bool = False
) -> Found:
    folder = _new(parent, name.replace(" ", "-"))
    stores = await Stores.sqlite(folder, fixed.clock) if real else Stores.memory(folder, fixed.clock)
    try:
        told, bundle = await _told(fixed, faults, stores)
        wrong = [*await _once_each(told, peace), *_verified(told, bundle)]
    except (AssertionError, Error) as error:
        return Found(name, Counts(tried=len(faults.failed), unsound=1), [repr(error), *faults.failed[-3:]])
    finally:
        await stores.close()
    counts = Counts(
        tried=len(faults.failed), acknowledged=told.commands, refused=told.tries - told.commands, doubled=len(wrong)
    )
    return Found(name, counts, wrong)


def _new(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


async def _types(told: Told) -> Counter[str]:
    return Counter(event.body.TYPE for event in (await verify_everything(told.log))[told.case_id])


async def _once_each(told: Told, peace: Counter[str]) -> list[str]:
    """Chains that hold, and of each type as many events as in peace; each command in one run."""
    wrong = []
    happened = await _types(told)
    for kind in sorted(happened.keys() | peace.keys()):
        count, usual = happened[kind], peace[kind]
        if count < usual or (count > usual and kind not in ASKED_AGAIN):
            wrong.append(f"{count} of {kind}, {usual} in peace")
    runs: dict[str, list[int]] = {}
    for line in await told.log.read(told.case_id):
        event = json.loads(line)
        if event["cmd"]:
            runs.setdefault(event["cmd"], []).append(event["seq"])
    wrong += [f"one command at {run}" for run in runs.values() if run != list(range(run[0], run[0] + len(run)))]
    return wrong


def _verified(told: Told, bundle: bytes) -> list[str]:
    """By the auditor's own verifier, with the auditor's own keys."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in told.keys.items():
            (Path(folder) / name).write_bytes(data)
        report = verify_bundle(bundle, TrustedKeys.load(Path(folder)))
    return [] if report.first_bad is None else [f"the bundle does not verify: {report.first_bad}"]
