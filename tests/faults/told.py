"""What a writer and its parent say to each other: one line of JSON each, told when it became true and not before."""

from pathlib import Path
from typing import Literal

from evidence.events import Frozen, Media


class Command(Frozen, frozen=True, kw_only=True):
    """One request under one idempotency key. What it stores is made anew at every try, as a phone would send it."""

    key: str
    stream: str
    what: Literal["open", "notice", "quote", "paper", "once", "export"]
    claim: str = ""  # what may be true once in all streams


class Tried(Frozen, frozen=True, kw_only=True, tag="tried"):
    command: Command


class Done(Frozen, frozen=True, kw_only=True, tag="done"):
    """The answer a client would have: from now on it may never be untrue."""

    key: str
    stream: str
    seq: int
    hash: str


class Kept(Frozen, frozen=True, kw_only=True, tag="kept"):
    """The vault promised this value (by commitment) or file (by media) before any event named it."""

    stream: str
    sha256: str  # of what was hidden
    commitment: str = ""
    media: Media | None = None


class Refused(Frozen, frozen=True, kw_only=True, tag="refused"):
    """Another had the claim: the honest no that is final."""

    key: str
    claim: str


class NotNow(Frozen, frozen=True, kw_only=True, tag="not_now"):
    """The honest no that is not: nothing is promised, try again."""

    code: str


class Noted(Frozen, frozen=True, kw_only=True, tag="noted"):
    """An event in a stream that many write to at once."""

    stream: str
    seq: int
    hash: str


class Ready(Frozen, frozen=True, kw_only=True, tag="ready"):
    """The start check passed and the work begins."""


class Finished(Frozen, frozen=True, kw_only=True, tag="finished"):
    """A plan with a number of rounds came to its end, sealed and under a checkpoint."""


class Alarm(Frozen, frozen=True, kw_only=True, tag="alarm"):
    what: str


Told = Tried | Done | Kept | Refused | NotNow | Noted | Ready | Finished | Alarm


class Plan(Frozen, frozen=True, kw_only=True):
    """`rounds` 0: until killed. `pending`: what the process before was asked and never answered."""

    folder: Path
    name: str
    database_url: str = ""
    tasks: int = 6
    rounds: int = 0
    pending: tuple[Command, ...] = ()
    contested: tuple[str, ...] = ()  # claims of earlier lives: exactly those that were won stay won
