"""Where the phone says it is, made coarse before anything is kept. It proves nobody's presence (EVD-10)."""

import math
from typing import Literal

from esign.commands import GivenPlace
from evidence.events import Frozen

GRID_E7 = 90_000  # 0.009 degrees of latitude: 1.0008 km
GRID_M = 1_000
IMPRECISE_M = 100_000  # a fix this wide names no place


class CoarsePlace(Frozen, frozen=True, kw_only=True):
    """`fix`: {lat_e7, lon_e7, accuracy_m, datum}, the middle of a grid cell; only where it was consented to."""

    state: Literal["consented", "refused", "unavailable"]
    fix: dict[str, int | str] | None = None
    flags: tuple[str, ...] = ()


def coarsen(place: GivenPlace | None, consented: bool) -> CoarsePlace:
    """The exact fix ends here. A place that cannot be right is said to be unavailable; none is ever invented."""
    if place is None:
        return CoarsePlace(state="unavailable")
    if place.state != "consented":
        return CoarsePlace(state=place.state)
    if not consented:
        return CoarsePlace(state="unavailable", flags=("no_consent",))
    if place.lat_e7 is None or place.lon_e7 is None or place.accuracy_m is None:
        return CoarsePlace(state="unavailable", flags=("incomplete",))
    if abs(place.lat_e7) > 900_000_000 or abs(place.lon_e7) > 1_800_000_000 or place.accuracy_m < 0:
        return CoarsePlace(state="unavailable", flags=("out_of_range",))
    flags = (
        *(("mock",) if place.mocked else ()),
        *(("implausible",) if place.lat_e7 == 0 and place.lon_e7 == 0 else ()),
        *(("imprecise",) if place.accuracy_m > IMPRECISE_M else ()),
    )
    lat = min(_middle(place.lat_e7, GRID_E7), 900_000_000)
    # A degree of longitude shrinks towards the poles: the cell stays about a kilometre wide.
    wide = round(GRID_E7 / max(math.cos(math.radians(lat / 10_000_000)), 0.01))
    lon = min(_middle(place.lon_e7, wide), 1_800_000_000)
    fix: dict[str, int | str] = {
        "lat_e7": lat,
        "lon_e7": lon,
        "accuracy_m": max(place.accuracy_m, GRID_M),
        "datum": place.datum,
    }
    return CoarsePlace(state="consented", fix=fix, flags=flags)


def _middle(value: int, step: int) -> int:
    return value // step * step + step // 2
