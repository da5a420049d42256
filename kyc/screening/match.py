"""One person against every list: explainable hits, the same for the same lists and the same person.

A score is not a probability. It orders hits for the person who decides, and `THRESHOLD_E4` is where they begin to be
shown; each reason says which fact moved it.
"""

from collections import defaultdict
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from evidence.events import Frozen
from kyc.idcard import parse
from kyc.screening.lists import Entry, ListVersion
from kyc.screening.names import Forms, forms

THRESHOLD_E4 = 8_500
LATIN_CUTOFF = 88.0  # of 100, rapidfuzz ratio over sorted words; below it names of one family begin to meet

_NAME_EQUAL = 9_600
_LATIN_READING = 8_800  # a Latin name that reads as the Chinese one: many characters share a reading
_HOMOPHONE = 7_000  # other characters, same sound: the usual case among strangers
_ONE_CHARACTER = 7_600  # three characters or more, one of them another
_BIRTH_AGREES, _BIRTH_DIFFERS = 1_000, -2_600


class Subject(Frozen, frozen=True, kw_only=True):
    """Who is screened. `number`: of the identity paper; an ID card's also tells the birth date."""

    name: str
    number: str = ""
    born: str = ""  # YYYY, YYYY-MM or YYYY-MM-DD


class Hit(Frozen, frozen=True, kw_only=True):
    """One entry that may be this person. Personal data: never leaves the restricted stream's disclosures."""

    list: str
    entry: str
    name: str  # as the list writes it
    score_e4: int
    reasons: tuple[str, ...]


class Screen:
    """The lists, indexed once. Building and screening are CPU work: not for the event loop when lists are long."""

    def __init__(self, versions: Iterable[ListVersion]) -> None:
        self.versions = tuple(versions)
        self._by_number: dict[str, list[_Listed]] = defaultdict(list)
        self._by_han: dict[str, list[_Listed]] = defaultdict(list)
        self._by_reading: dict[str, list[_Listed]] = defaultdict(list)
        self._by_shape: dict[str, list[_Listed]] = defaultdict(list)  # a Chinese name with one character left out
        self._by_latin: dict[str, list[_Listed]] = defaultdict(list)
        for version in self.versions:
            for entry in version.entries:
                self._index(version.list, entry)
        self._latin = tuple(self._by_latin)

    def hits(self, subject: Subject) -> tuple[Hit, ...]:
        """At or above the threshold, best first; one for each entry."""
        said = forms(subject.name)
        born = _born(subject)
        best: dict[tuple[str, str], Hit] = {}
        for listed, alike, reason in self._alike(subject, said):
            score, reasons = _weighed(alike, reason, born, listed.entry.born)
            hit = Hit(list=listed.list, entry=listed.entry.id, name=listed.name, score_e4=score, reasons=reasons)
            held = best.get((hit.list, hit.entry))
            if hit.score_e4 >= THRESHOLD_E4 and (held is None or held.score_e4 < hit.score_e4):
                best[hit.list, hit.entry] = hit
        return tuple(sorted(best.values(), key=lambda hit: (-hit.score_e4, hit.list, hit.entry)))

    def _index(self, name_of_list: str, entry: Entry) -> None:
        for number in entry.numbers:
            self._by_number[_number(number)].append(_Listed(list=name_of_list, entry=entry, name=entry.names[0]))
        for name in entry.names:
            written = forms(name)
            listed = _Listed(list=name_of_list, entry=entry, name=name, forms=written)
            if written.han:
                self._by_han[written.han].append(listed)
                for shape in _shapes(written.han):
                    self._by_shape[shape].append(listed)
            if written.latin:
                self._by_latin[written.latin].append(listed)
            for reading in written.readings:
                self._by_reading[reading].append(listed)

    def _alike(self, subject: Subject, said: Forms) -> Iterable[tuple["_Listed", int, str]]:
        if subject.number:
            for listed in self._by_number.get(_number(subject.number), ()):
                yield listed, 10_000, "NUMBER_EQUAL"
        for listed in self._by_han.get(said.han, ()) if said.han else ():
            equal = listed.name == subject.name
            yield listed, _NAME_EQUAL, "NAME_EQUAL" if equal else "NAME_EQUAL_SIMPLIFIED"
        for shape in _shapes(said.han):
            for listed in self._by_shape.get(shape, ()):
                assert listed.forms is not None
                if listed.forms.han != said.han and len(listed.forms.han) == len(said.han):
                    yield listed, _ONE_CHARACTER, "ONE_CHARACTER_DIFFERS"
        for reading in said.readings:
            for listed in self._by_reading.get(reading, ()):
                assert listed.forms is not None
                both_han = bool(said.han and listed.forms.han)
                yield listed, _HOMOPHONE if both_han else _LATIN_READING, "SAME_READING"
        if said.latin:
            found = process.extract(said.latin, self._latin, scorer=fuzz.ratio, score_cutoff=LATIN_CUTOFF, limit=None)
            for latin, ratio, _ in found:
                for listed in self._by_latin[latin]:
                    same = latin == said.latin
                    yield listed, round(_NAME_EQUAL * ratio / 100), "NAME_EQUAL" if same else "NAME_SIMILAR"


class _Listed(Frozen, frozen=True, kw_only=True):
    list: str
    entry: Entry
    name: str
    forms: Forms | None = None


def _shapes(han: str) -> set[str]:
    """The name with each character in turn left open: two names that share a shape differ in one place."""
    return {f"{han[:at]}?{han[at + 1 :]}" for at in range(len(han))} if len(han) >= 3 else set()


def _number(text: str) -> str:
    return "".join(text.split()).upper()


def _born(subject: Subject) -> str:
    if subject.born:
        return subject.born
    card = parse(subject.number) if subject.number else None
    return card.birth.isoformat() if card is not None else ""


def _weighed(score: int, reason: str, born: str, listed: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """A birth date that agrees strengthens a name, one that does not nearly clears it; a number needs neither."""
    if reason == "NUMBER_EQUAL" or not born or not listed:
        return score, (reason,)
    if any(born.startswith(one) or one.startswith(born) for one in listed):
        return min(9_900, score + _BIRTH_AGREES), (reason, "BIRTH_AGREES")
    if min(abs(int(born[:4]) - int(one[:4])) for one in listed) <= 1:
        return score, (reason, "BIRTH_NEAR")
    return score + _BIRTH_DIFFERS, (reason, "BIRTH_DIFFERS")
