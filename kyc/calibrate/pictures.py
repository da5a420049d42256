"""A folder of labelled pictures, looked at once.

FOLDER/people/<person>/*.jpg     one folder a person; or FOLDER/<person>/*.jpg
FOLDER/pairs.csv                 first,second,same (paths in FOLDER; 1 or 0): only these pairs are compared
FOLDER/groups.csv                person,group (one line for each group somebody is in: female, 60+, skin-VI …)
FOLDER/live/*.jpg                captures of living people, for BPCER
FOLDER/spoof/<species>/*.jpg     presentation attacks: print, screen, cut_mask, mask_3d, replay …
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from evidence.errors import Error
from kyc.calibrate.rates import Pair, Presented
from kyc.face import Face, Look, similarity
from kyc.intake import Pixels, decode
from kyc.pool import cores
from kyc.quality import shortfalls

KINDS = {".jpg", ".jpeg", ".png"}
RESERVED = {"people", "live", "spoof"}


class FolderInvalid(Exception):
    """The folder has no labelled pictures, or a list names one that is not there."""


@dataclass(frozen=True)
class Seen:
    """`people`: faces by person and path. `unread`: pictures that are none or show no single face."""

    faces: dict[str, dict[str, Face]]
    pairs: tuple[Pair, ...]
    shown: tuple[Presented, ...]
    unread: tuple[str, ...]


def look_at(folder: Path, see: Callable[[Pixels], Look]) -> Seen:
    """Every picture, on every core. `see` is an engine's; FolderInvalid when there is nothing to measure."""
    people = folder / "people" if (folder / "people").is_dir() else folder
    of_people = {
        str(path.relative_to(folder)): person.name
        for person in sorted(people.iterdir())
        if person.is_dir() and (people != folder or person.name not in RESERVED)
        for path in _pictures(person)
    }
    presented = {str(path.relative_to(folder)): "live" for path in _pictures(folder / "live")}
    for species in sorted((folder / "spoof").iterdir()) if (folder / "spoof").is_dir() else ():
        presented |= {str(path.relative_to(folder)): species.name for path in _pictures(species)}
    if not of_people and not presented:
        raise FolderInvalid(f"{folder}: no pictures in people, live or spoof")
    with ThreadPoolExecutor(cores()) as pool:
        everything = [*of_people, *presented]
        looks = dict(zip(everything, pool.map(lambda name: _look(folder / name, see), everything), strict=True))
    faces: dict[str, dict[str, Face]] = {}
    for name, person in of_people.items():
        look = looks[name]
        if look is not None and look.face is not None:
            faces.setdefault(person, {})[name] = look.face
    return Seen(
        faces=faces,
        pairs=tuple(_pairs(folder, faces)),
        shown=tuple(Presented(species=species, score=_fit(looks[name])) for name, species in presented.items()),
        unread=tuple(name for name in everything if (look := looks[name]) is None or look.face is None),
    )


def _pictures(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in KINDS) if folder.is_dir() else []


def _look(path: Path, see: Callable[[Pixels], Look]) -> Look | None:
    try:
        return see(decode(path.read_bytes()))
    except Error:
        return None


def _fit(look: Look | None) -> float | None:
    if look is None or look.face is None or look.faces > 1 or shortfalls(look.face.quality):
        return None
    return look.face.passive


def _pairs(folder: Path, faces: dict[str, dict[str, Face]]) -> Iterator[Pair]:
    groups = _groups(folder)
    owner = {name: person for person, mine in faces.items() for name in mine}
    every = {name: face for mine in faces.values() for name, face in mine.items()}
    for first, second, same in _listed(folder) or (
        (first, second, owner[first] == owner[second]) for first, second in combinations(every, 2)
    ):
        if first not in every or second not in every:
            continue
        people = sorted((owner[first], owner[second]))
        yield Pair(
            similarity=similarity(every[first].embedding, every[second].embedding),
            same=same,
            groups=tuple(sorted(groups.get(people[0], set()) & groups.get(people[1], set()))),
            people=(people[0], people[1]),
        )


def _listed(folder: Path) -> list[tuple[str, str, bool]]:
    path = folder / "pairs.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0] != "first"]
    for row in rows:
        if len(row) != 3 or row[2] not in {"0", "1"} or not all((folder / name).is_file() for name in row[:2]):
            raise FolderInvalid(f"pairs.csv: {','.join(row)}")
    return [(row[0], row[1], row[2] == "1") for row in rows]


def _groups(folder: Path) -> dict[str, set[str]]:
    path = folder / "groups.csv"
    found: dict[str, set[str]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if len(row) == 2 and row[0] != "person":
                    found.setdefault(row[0], set()).add(row[1])
    return found
