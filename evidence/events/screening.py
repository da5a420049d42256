"""Events of name screening: in streams of their own (`screen_…`) that no bundle and no seller ever sees (API-21)."""

from typing import ClassVar, Literal

from evidence.events.envelope import Body, Commitment, Frozen, Party, Sha256


class ListRef(Frozen, frozen=True, kw_only=True):
    """The exact version of a list."""

    list: str
    dated: str  # YYYY-MM-DD, as its publisher says
    sha256: Sha256


class ListLoaded(Body, frozen=True, kw_only=True):
    """From now on people are held against this version; those who were passed before are screened again."""

    TYPE: ClassVar[str] = "screening.list_loaded/1"
    version: ListRef
    publisher: str
    entries: int


class PartyScreened(Body, frozen=True, kw_only=True):
    """A party's name and number were held against every list. Each hit is a disclosure: list, entry, why."""

    TYPE: ClassVar[str] = "screening.party_screened/1"
    tenant: str
    case: str
    party: Party
    cause: Literal["onboarding", "list_changed"]
    lists: tuple[ListRef, ...]
    hits: tuple[Commitment, ...] = ()  # those that no earlier decision cleared


class HitsRead(Body, frozen=True, kw_only=True):
    """Somebody opened the hits, and says why (EVD-13)."""

    TYPE: ClassVar[str] = "screening.hits_read/1"
    reason: str


class HitsDecided(Body, frozen=True, kw_only=True):
    """A person who does not sell decided: another person (`cleared`), or the one listed (`confirmed`)."""

    TYPE: ClassVar[str] = "screening.hits_decided/1"
    screened: int  # seq of the screening this is about
    decision: Literal["cleared", "confirmed"]
    reason: str  # from a closed list
