"""What the fixes of one party's signatures say together. A place proves nothing, so it only ever adds to a doubt."""

import math
from collections.abc import Sequence
from itertools import pairwise

from evidence.events import DocumentSigned, Event, Party, parse_instant
from evidence.vault import Vault

EARTH_KM = 6371.0
NEAR_KM = 3.0  # fixes are kept on a grid of 1 km: less than this apart is no journey
LEAST_HOURS = 1 / 60


async def place_facts(events: Sequence[Event], party: Party, stream: str, vault: Vault) -> dict[str, int]:
    """`place_mocked`, `place_zero`, `place_speed_kmh` of what the party signed."""
    signed = [(event.at, event.body) for event in events if isinstance(event.body, DocumentSigned)]
    acts = [(at, body.place) for at, body in signed if body.party == party]
    opened = await vault.reveal(stream, [place.fix for _, place in acts if place.fix])
    fixes = [(at, opened[place.fix].value) for at, place in acts if place.fix in opened]
    flags = {flag for _, place in acts for flag in place.flags}
    speeds = [
        speed_kmh(one, other, (parse_instant(then) - parse_instant(at)).total_seconds())
        for (at, one), (then, other) in pairwise(fixes)
    ]
    return {
        "place_mocked": int("mock" in flags),
        "place_zero": int("implausible" in flags),
        "place_speed_kmh": max(speeds, default=0),
    }


def speed_kmh(one: dict[str, int], other: dict[str, int], seconds: float) -> int:
    """Between two fixes {lat_e7, lon_e7, …}, whole kilometres an hour; 0 for what lies within the grid's coarseness."""
    away = distance_km(one, other)
    return 0 if away < NEAR_KM else round(away / max(seconds / 3600, LEAST_HOURS))


def distance_km(one: dict[str, int], other: dict[str, int]) -> float:
    """Great circle (haversine)."""
    lat, lon, lat2, lon2 = (
        math.radians(fix[axis] / 10_000_000) for fix in (one, other) for axis in ("lat_e7", "lon_e7")
    )
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
