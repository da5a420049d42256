"""Ports that every domain shares: time, chance and a way to reach a person. Injected, never imported."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]
"""Aware, UTC."""

Random = Callable[[int], bytes]
"""`os.urandom` in the product."""


class Sender(Protocol):
    """Leaves a short message with a person over a channel."""

    async def send(self, channel: str, to: str, text: str) -> None:
        """Returns when the message was handed over; Unavailable when it was not. `to` and `text` are never logged."""
        ...


def new_id(prefix: str, random: Random) -> str:
    """`case_` + 26 lower-case base32 characters: 128 random bits."""
    return f"{prefix}_{base64.b32encode(random(16)).decode().rstrip('=').lower()}"
