"""What a section of the run found, and how it is shown."""

import contextlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evidence.fsck.__main__ import main as check
from tests.faults.judge import Counts, Judge


@dataclass
class Found:
    """One row: a class of faults against one kind of store."""

    name: str
    counts: Counts
    wrong: list[str]
    note: str = ""  # what was left out, and why

    @property
    def sound(self) -> bool:
        return self.counts.sound and not self.wrong

    @classmethod
    def of(cls, name: str, judge: Judge) -> "Found":
        if judge.counts.tried and not judge.promised and not judge.counts.acknowledged:
            judge.say("unsound", "nothing was ever acknowledged, so nothing could be lost")
        return cls(name, judge.counts, judge.wrong)

    def __add__(self, other: "Found") -> "Found":
        note = self.note if other.note in self.note else f"{self.note} {other.note}".strip()
        return Found(self.name, self.counts + other.counts, self.wrong + other.wrong, note)

    def encode(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def decode(cls, text: str) -> "Found":
        plain = json.loads(text)
        return cls(**plain | {"counts": Counts(**plain["counts"])})


def fsck(judge: Judge) -> None:
    """The whole store, by the command that an operator has."""
    command = [str(judge.folder), "--processes", "1"]
    if judge.database_url:
        command += ["--database", judge.database_url]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = check(command)
    if code != 0:
        steps = [line for line in said.getvalue().splitlines() if "FAILED" in line or "not eval" in line]
        judge.say("unsound", f"fsck: exit {code}: {' '.join(steps) or said.getvalue()[-300:]}")


HEAD = ("class", "tried", "lost", "forked", "doubled", "unsound")


def rendered(found: Sequence[Found]) -> str:
    """For the terminal: with what happened on the way."""
    head = (*HEAD, "acknowledged", "told not now")
    rows = [(*_cells(one), str(one.counts.acknowledged), str(one.counts.refused)) for one in found]
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    notes = [f"{one.name}: {one.note}" for one in found if one.note]
    wrong = [f"{one.name}: {what}" for one in found for what in one.wrong[:20]]
    return "\n".join((*lines, *notes, *wrong))


def page(text: str, found: Sequence[Found]) -> str:
    """docs/FAULTS.md with the table of this run: counts that are the same in every sound run."""
    begin, end = "<!-- table -->\n", "<!-- /table -->"
    rows = [f"| {' | '.join(_cells(one))} |" for one in found]
    table = "\n".join((f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}", *rows, ""))
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{table}{end}{rest.partition(end)[2]}"


def _cells(one: Found) -> tuple[str, ...]:
    counts = one.counts
    return (one.name, *(str(n) for n in (counts.tried, counts.lost, counts.forked, counts.doubled, counts.unsound)))


def folder_of(parent: Path, name: str) -> Path:
    """A data folder that is not there yet, in one that is."""
    folder = parent / name / "data"
    folder.parent.mkdir()
    return folder
