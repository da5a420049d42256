"""`make faults`: kill, break and starve the store in every way we know, and count what was lost.

`python -m tests.faults [--tiny] [--only SECTION]…`; FAULTS_CYCLES=1000 for the long run. Exit 1: something was lost.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.faults import cycles, inject, ports, service
from tests.faults.judge import Counts
from tests.faults.scale import TINY, Scale
from tests.faults.table import Found, page, rendered

PAGE = Path(__file__).parents[2] / "docs" / "FAULTS.md"
SQLITE_PARTS = 2
RUNNING = 2  # sections at once
TINY_SECTIONS = ("sqlite-1", "calls-eio", "ports")

Section = Callable[[Path, Scale], list[Found]]
SECTIONS: Mapping[str, Section] = {
    "sqlite-1": lambda folder, scale: cycles.sqlite(folder, scale.part(0, SQLITE_PARTS)),
    "sqlite-2": lambda folder, scale: cycles.sqlite(folder, scale.part(1, SQLITE_PARTS)),
    "ports": ports.ports,
    "service": service.service,
    "postgres": cycles.postgres,
    "calls-eio": lambda folder, scale: inject.syscalls(folder, scale, ("EIO", "EIO from then on")),
    "calls-enospc": lambda folder, scale: inject.syscalls(folder, scale, ("ENOSPC", "ENOSPC from then on")),
    "calls-kill": lambda folder, scale: inject.syscalls(folder, scale, ("SIGKILL",)),
}


def main() -> int:
    options = _parser().parse_args()
    scale = TINY if options.tiny else replace(Scale(), cycles=int(os.environ.get("FAULTS_CYCLES", Scale.cycles)))
    if options.section:
        print("\n".join(one.encode() for one in SECTIONS[options.section](options.folder, scale)))
        return 0
    began = time.monotonic()
    scratch = Path(tempfile.mkdtemp(prefix="jz-faults-"))
    if options.tiny:
        found = [one for name in TINY_SECTIONS for one in SECTIONS[name](_new(scratch, name), scale)]
    else:
        with ThreadPoolExecutor(RUNNING) as pool:
            results = pool.map(lambda name: _apart(name, scratch), options.only or SECTIONS)
            found = [one for result in results for one in result]
    found = _merged(found)
    print(rendered(found))
    sound = all(one.sound for one in found)
    verdict = "nothing lost, nothing forked" if sound else f"NOT SOUND, see {scratch}"
    print(f"{verdict}, {time.monotonic() - began:.0f} s", flush=True)
    if sound:
        shutil.rmtree(scratch)
        if not (options.tiny or options.only or any(one.note for one in found)):
            PAGE.write_text(page(PAGE.read_text("utf-8"), found), "utf-8")
    return 0 if sound else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--tiny", action="store_true", help="a few of each, for the test suite")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), help="these sections; writes no page")
    parser.add_argument("--section", choices=list(SECTIONS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser


def _new(scratch: Path, name: str) -> Path:
    folder = scratch / name
    folder.mkdir()
    return folder


def _apart(name: str, scratch: Path) -> list[Found]:
    """A section in a process of its own: it forks, and nothing else may run beside it in there."""
    command = [sys.executable, "-m", "tests.faults", "--section", name, "--folder", str(_new(scratch, name))]
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(f"· {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if done.returncode != 0:
        return [Found(name, Counts(unsound=1), [f"the section ended with {done.returncode}"])]
    return [Found.decode(line) for line in done.stdout.splitlines()]


def _merged(found: list[Found]) -> list[Found]:
    """Parts of one class as one row, in the order of the sections."""
    rows: dict[str, Found] = {}
    for one in found:
        rows[one.name] = rows[one.name] + one if one.name in rows else one
    return list(rows.values())


if __name__ == "__main__":
    sys.exit(main())
