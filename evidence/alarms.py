"""Alarms every process must hear of: raised by whoever finds something, standing until a person takes them away."""

from typing import NamedTuple, Protocol


class Alarm(NamedTuple):
    """`what` names ids and steps, never personal data. `stops`: nothing may be changed while it stands."""

    name: str
    what: str
    stops: bool
    raised_ms: int


class Alarms(Protocol):
    """Kept where all processes look. The first word under a name counts."""

    async def put(self, alarm: Alarm) -> None:
        """Durable when it returns. Leaves an alarm that stands under this name as it is."""
        ...

    async def standing(self) -> tuple[Alarm, ...]:
        """In the order they were raised."""
        ...

    async def take_away(self, name: str) -> bool:
        """False when there is none of that name."""
        ...
