"""Do the sides of a document, and what was typed, belong together? Findings that a person looks at (KYC-11). Pure."""

import re
from collections.abc import Mapping
from datetime import date

from kyc.idcard import age_on
from kyc.papers.lines import FOREVER, date_of

RESIDENCE_YEARS = (5,)  # 国办发〔2018〕81号: the residence permit is valid for five years

_OFFICE = re.compile(r"公安局|公安分局|分局|公安处|公安")
_PLACE = re.compile(r"省|自治区|自治州|自治县|自治旗|地区|林区|新区|特区|矿区|市|州|县|区|旗|盟")


def resident(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Both sides of a resident identity card."""
    found = []
    birth, since, until = (date_of(fields.get(name, "")) for name in ("birth", "valid_from", "valid_to"))
    if birth and since and not _fits(birth, since, until, fields.get("valid_to", "")):
        found.append("VALIDITY_IMPLAUSIBLE")
    if fields.get("authority") and fields.get("address") and not _same_place(fields["authority"], fields["address"]):
        found.append("SIDES_DIFFER")
    return tuple(found)


def residence(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Both sides of a residence permit of Hong Kong, Macau or Taiwan residents: always for five years."""
    since, until = date_of(fields.get("valid_from", "")), date_of(fields.get("valid_to", ""))
    wrong = since is not None and (until is None or _years(since, until) not in RESIDENCE_YEARS)
    return ("VALIDITY_IMPLAUSIBLE",) if wrong else ()


def _fits(birth: date, since: date, until: date | None, said: str) -> bool:
    """居民身份证法 art. 5: five years under 16, ten to 25, twenty to 45, for ever from 46; issued after the birth.

    The application counts and the card bears a later day, so who had a birthday in the three months before may have the
    shorter term.
    """
    if since < birth:
        return False
    terms = {_term(age_on(birth, since)), _term(age_on(birth, _months_before(since)))}
    if said == FOREVER:
        return None in terms
    return until is not None and _years(since, until) in terms


def _term(age: int) -> int | None:
    return 5 if age < 16 else 10 if age < 26 else 20 if age < 46 else None


def _months_before(day: date) -> date:
    return date.fromordinal(max(1, day.toordinal() - 92))


def _years(since: date, until: date) -> int | None:
    """Whole years between two equal days; the end of February stands for its 29th."""
    same = (since.month, since.day) == (until.month, until.day)
    leap = (since.month, since.day) == (2, 29) and (until.month, until.day) in {(2, 28), (3, 1)}
    return until.year - since.year if same or leap else None


def _same_place(authority: str, address: str) -> bool:
    """Whether a place in the office's name stands in the address: of the city, the district or the county.

    The place of the number is not compared: it is that of the first registration, and people move.
    """
    names = [name for name in _PLACE.split(_OFFICE.sub("|", authority)) for name in name.split("|")]
    places = [name for name in names if len(name) >= 2]
    return not places or any(place in address for place in places)
