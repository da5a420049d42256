"""Error rates of a match and of a presentation attack screen, as ISO/IEC 19795-1 and 30107-3 name them. Pure."""

from collections.abc import Sequence

import numpy as np

from evidence.events import Frozen
from kyc.calibrate.intervals import exact

TARGETS = (1e-2, 1e-3, 1e-4)  # false match rates a threshold is looked for at; KYC-06 asks for the last
WORSE = 2.0  # a group whose rate is more than this many times the whole's is warned of (KYC-07)


class Rate(Frozen, frozen=True, kw_only=True):
    """`low` and `high`: exact 95 % interval."""

    hits: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.hits / self.trials if self.trials else 0.0

    @classmethod
    def of(cls, hits: int, trials: int) -> "Rate":
        low, high = exact(hits, trials)
        return cls(hits=hits, trials=trials, low=low, high=high)


class Pair(Frozen, frozen=True, kw_only=True):
    """Two pictures, their similarity, and whether one person is in both. `groups`: what the person of both is in."""

    similarity: float
    same: bool
    groups: tuple[str, ...] = ()
    people: tuple[str, str] = ("", "")


class Point(Frozen, frozen=True, kw_only=True):
    """One operating point. `people`: pairs of different people of whom any two pictures match."""

    threshold: float
    fmr: Rate
    fnmr: Rate
    people: Rate


class Presented(Frozen, frozen=True, kw_only=True):
    """One presentation to the screen: its species, or `live`. `score` is None when the capture was not fit."""

    species: str
    score: float | None


class Screened(Frozen, frozen=True, kw_only=True):
    """Of one species. `silent`: captures that were not fit to be judged (non-response).

    `wrong` of an attack: accepted, of all that were presented, since what is not fit is not accepted (IAPAR). `wrong`
    of the living: BPCER, refused of those that were fit.
    """

    species: str
    wrong: Rate
    doubtful: Rate
    silent: Rate


class Group(Frozen, frozen=True, kw_only=True):
    name: str
    fmr: Rate
    fnmr: Rate
    worse: bool


def point(pairs: Sequence[Pair], threshold: float) -> Point:
    genuine = [pair.similarity for pair in pairs if pair.same]
    impostor = [pair for pair in pairs if not pair.same]
    met: dict[tuple[str, str], bool] = {}
    for pair in impostor:
        met[pair.people] = met.get(pair.people, False) or pair.similarity >= threshold
    return Point(
        threshold=threshold,
        fmr=Rate.of(sum(pair.similarity >= threshold for pair in impostor), len(impostor)),
        fnmr=Rate.of(sum(value < threshold for value in genuine), len(genuine)),
        people=Rate.of(sum(met.values()), len(met)),
    )


def threshold_at(pairs: Sequence[Pair], target: float) -> float | None:
    """The lowest threshold whose false match rate is at most `target`; None when the set is too small to show it.

    Too small: with no false match at all the interval would still reach over the target (rule of three).
    """
    impostor = np.sort([pair.similarity for pair in pairs if not pair.same])[::-1]
    if len(impostor) * target < 3:
        return None
    allowed = int(target * len(impostor))
    return float(np.nextafter(impostor[allowed], 2.0)) if allowed < len(impostor) else -1.0


def equal_error(pairs: Sequence[Pair]) -> float:
    """Where false matches and false non-matches are as frequent as each other."""
    genuine = np.sort([pair.similarity for pair in pairs if pair.same])
    impostor = np.sort([pair.similarity for pair in pairs if not pair.same])
    if not len(genuine) or not len(impostor):
        return 0.0
    bars = np.concatenate([genuine, impostor])
    missed = np.searchsorted(genuine, bars) / len(genuine)
    passed = 1 - np.searchsorted(impostor, bars) / len(impostor)
    return float(np.maximum(missed, passed).min())


def groups(pairs: Sequence[Pair], threshold: float) -> tuple[Group, ...]:
    """Each group's rates: impostor pairs within the group. `worse`: a rate over twice the whole's, and not by chance.

    Not by chance: the lower end of the group's interval lies above the whole's rate.
    """
    whole = point(pairs, threshold)
    found = []
    for name in sorted({name for pair in pairs for name in pair.groups}):
        own = point([pair for pair in pairs if name in pair.groups], threshold)
        worse = any(
            mine.value > WORSE * all_.value and mine.low > all_.value
            for mine, all_ in ((own.fmr, whole.fmr), (own.fnmr, whole.fnmr))
        )
        found.append(Group(name=name, fmr=own.fmr, fnmr=own.fnmr, worse=worse))
    return tuple(found)


def screened(shown: Sequence[Presented], accept: float, review: float) -> tuple[Screened, ...]:
    """`live` first, then each species, worst first."""
    by_species: dict[str, list[Presented]] = {}
    for item in shown:
        by_species.setdefault(item.species, []).append(item)
    found = [_of(name, items, accept, review) for name, items in by_species.items()]
    return tuple(sorted(found, key=lambda item: (item.species != "live", -item.wrong.value, item.species)))


def _of(species: str, items: Sequence[Presented], accept: float, review: float) -> Screened:
    scores = [item.score for item in items if item.score is not None]
    if species == "live":
        wrong = Rate.of(sum(score < review for score in scores), len(scores))
    else:
        wrong = Rate.of(sum(score >= accept for score in scores), len(items))
    return Screened(
        species=species,
        wrong=wrong,
        doubtful=Rate.of(sum(review <= score < accept for score in scores), len(items)),
        silent=Rate.of(len(items) - len(scores), len(items)),
    )
