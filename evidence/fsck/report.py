"""What a check of a store says: numbered steps, the first bad record of each, notes and warnings, one exit code."""

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "not_evaluated"]

STEPS = (
    "positions",
    "lines",
    "chains",
    "entries",
    "tiles",
    "checkpoint",
    "witnessed",
    "seals",
    "vault",
    "keys",
    "claims",
)
"""In this order; their numbers are the same in code, output and docs/FSCK.md."""

SHOWN = 20  # warnings of one step that are spelled out; the rest is counted


class Bad(Exception):
    """A step fails. `record` is the first bad record in its own words: `position 12, case_… event 3`."""

    def __init__(self, what: str, record: str) -> None:
        super().__init__(f"{record}: {what}")
        self.what = what
        self.record = record


class NotEvaluated(Exception):
    """A step cannot be judged: something it needs was not given or cannot be reached."""


@dataclass(frozen=True)
class Step:
    """`notes` are part of a healthy life (a write that was cut short); `warnings` want a person's eye, not an alarm."""

    n: int
    name: str
    state: State
    detail: str = ""
    first_bad: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    def plain(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "name": self.name,
            "state": self.state,
            "detail": self.detail,
            "first_bad": self.first_bad or None,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Report:
    steps: tuple[Step, ...]
    events: int = 0
    published: int = 0  # size of the signed checkpoint

    @property
    def first_bad(self) -> Step | None:
        return next((step for step in self.steps if step.state == "failed"), None)

    @property
    def exit_code(self) -> int:
        """0: healthy, perhaps with notes. 1: a step failed. 2: nothing failed, but something could not be judged."""
        states = {step.state for step in self.steps}
        return 1 if "failed" in states else 2 if "not_evaluated" in states or not states else 0

    def plain(self) -> dict[str, Any]:
        bad = self.first_bad
        return {
            "exit": self.exit_code,
            "events": self.events,
            "published": self.published,
            "first_bad": {"step": bad.n, "name": bad.name, "record": bad.first_bad} if bad else None,
            "steps": [step.plain() for step in self.steps],
        }

    def page(self) -> str:
        marks = {"passed": "ok", "failed": "FAILED", "not_evaluated": "not evaluated"}
        lines: list[str] = []
        for step in self.steps:
            lines.append(f"{step.n:>2}  {step.name:<11} {marks[step.state]:<14} {step.detail}".rstrip())
            lines += [f"      first bad record: {step.first_bad}"] if step.first_bad else []
            lines += [f"      note: {note}" for note in step.notes]
            lines += [f"      warning: {warning}" for warning in step.warnings]
        verdicts = {0: "HEALTHY", 1: "DAMAGED", 2: "NOT FULLY EVALUATED"}
        lines.append(f"{verdicts[self.exit_code]}: {self.events} events, {self.published} of them published")
        return "\n".join(lines) + "\n"
