"""`python -m kyc.calibrate FOLDER`: look at every picture, print the report, write it as JSON beside it if asked.

Exit 1 when a limit of KYC-05 or KYC-06 is not shown to be met, or a group is much worse than the whole: a release
can be held by it. Photographs are read and never copied.
"""

import argparse
import os
import sys
from pathlib import Path

import msgspec

from evidence.events import Frozen
from kyc import models
from kyc.calibrate.pictures import FolderInvalid, Seen, look_at
from kyc.calibrate.rates import (
    TARGETS,
    Group,
    Point,
    Rate,
    Screened,
    equal_error,
    groups,
    point,
    screened,
    threshold_at,
)
from kyc.engine import Eyes
from kyc.models import Pack, PackInvalid
from kyc.networks import Local

APCER = 0.07  # KYC-05, of the worst species
BPCER = 0.05
FMR, FNMR = 1e-4, 1e-2  # KYC-06


class Report(Frozen, frozen=True, kw_only=True):
    """`points`: at the pack's own bars, then where each target can be shown. `held`: limits that are not shown."""

    pack: str
    manifest: str
    people: int
    pictures: int
    unread: tuple[str, ...]
    equal_error: float
    points: dict[str, Point]
    screen: tuple[Screened, ...]
    groups: tuple[Group, ...]
    held: tuple[str, ...]


def report(seen: Seen, pack: Pack) -> Report:
    tasks = pack.manifest.tasks
    points = {
        "accept": point(seen.pairs, tasks.recognition.accept),
        "review": point(seen.pairs, tasks.recognition.review),
    }
    for target in TARGETS:
        threshold = threshold_at(seen.pairs, target)
        if threshold is not None:
            points[f"FMR {target:g}"] = point(seen.pairs, threshold)
    screen = screened(seen.shown, tasks.passive.accept, tasks.passive.review)
    by_group = groups(seen.pairs, tasks.recognition.accept)
    return Report(
        pack=pack.manifest.model_id,
        manifest=pack.sha256,
        people=len(seen.faces),
        pictures=sum(len(mine) for mine in seen.faces.values()),
        unread=seen.unread,
        equal_error=equal_error(seen.pairs),
        points=points,
        screen=screen,
        groups=by_group,
        held=tuple(_held(points["accept"], screen, by_group)),
    )


def _held(accept: Point, screen: tuple[Screened, ...], by_group: tuple[Group, ...]) -> list[str]:
    """What stands against a release. A limit counts as met when the whole interval is within it."""
    found = []
    if accept.fmr.high > FMR:
        found.append(f"FMR at accept is not shown to be at most {FMR:g} (KYC-06)")
    if accept.fnmr.high > FNMR:
        found.append(f"FNMR at accept is not shown to be at most {FNMR:g} (KYC-06)")
    for item in screen:
        limit, name = (BPCER, "BPCER") if item.species == "live" else (APCER, f"acceptance of {item.species}")
        if item.wrong.high > limit:
            found.append(f"{name} is not shown to be at most {limit:g} (KYC-05)")
    found += [f"{item.name} is more than twice as bad as the whole (KYC-07)" for item in by_group if item.worse]
    return found


def text(found: Report) -> str:
    """Markdown, as docs/BIOMETRICS.md shows it."""
    lines = [
        f"{found.pack}, manifest {found.manifest[:12]}…: {found.pictures} pictures of {found.people} people, "
        f"{len(found.unread)} without a face. Equal error rate {found.equal_error:.2%}.",
        "",
        "| operating point | threshold | FMR | FNMR | pairs of people that match |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {at.threshold:.3f} | {_rate(at.fmr)} | {_rate(at.fnmr)} | {_rate(at.people)} |"
        for name, at in found.points.items()
    ]
    if found.screen:
        lines += ["", "| presented | attacks accepted; living refused | doubtful | not fit |", "|---|---|---|---|"]
        lines += [
            f"| {item.species} | {_rate(item.wrong)} | {_rate(item.doubtful)} | {_rate(item.silent)} |"
            for item in found.screen
        ]
    if found.groups:
        lines += ["", "| group | FMR within | FNMR | |", "|---|---|---|---|"]
        lines += [
            f"| {item.name} | {_rate(item.fmr)} | {_rate(item.fnmr)} | {'much worse' if item.worse else ''} |"
            for item in found.groups
        ]
    return "\n".join([*lines, "", *(f"- {line}" for line in found.held or ("Every limit is met.",))])


def _rate(rate: Rate) -> str:
    if not rate.trials:
        return "none"
    return f"{rate.value:.2%} ({rate.hits}/{rate.trials}; {rate.low:.2%}–{rate.high:.2%})"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kyc.calibrate", description="thresholds from labelled pictures")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path, default=os.environ.get("JIANZHENG_MODELS", "build/models"))
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    try:
        pack = models.load(arguments.models)
        found = report(look_at(arguments.folder, Eyes(pack, Local(pack)).see), pack)
    except (OSError, FolderInvalid, PackInvalid) as error:
        sys.exit(f"kyc.calibrate: {error}")
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    print(text(found))
    return 1 if found.held else 0


if __name__ == "__main__":
    sys.exit(main())
