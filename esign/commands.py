"""What a customer asks of this room. These structs are the HTTP bodies."""

from typing import Annotated, Literal

import msgspec

from esign.strokes import Strokes
from evidence.events import Frozen

Kind = Literal["application"]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=86_400_000)]


class PrepareDocument(Frozen, frozen=True, kw_only=True):
    kind: Kind


class ViewDocument(Frozen, frozen=True, kw_only=True):
    """Time since the last report in which the paper was in view. `end_seen`: the end of the last page was, too."""

    visible_ms: Milliseconds
    end_seen: bool


class GivenPlace(Frozen, frozen=True, kw_only=True):
    """What the phone says of where it is. Out of bounds is recorded, never refused: a place never blocks (EVD-10)."""

    state: Literal["consented", "refused", "unavailable"]
    lat_e7: int | None = None
    lon_e7: int | None = None
    accuracy_m: int | None = None
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"
    mocked: bool = False  # a native shell can know; a web page cannot


class GivenAct(Frozen, frozen=True, kw_only=True):
    """`strokes_salt` and `nonce` are the browser's own; `signature` is over `rules.message`."""

    nonce: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
    strokes_salt: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
    signature: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{10,100}$")]


class SignDocument(Frozen, frozen=True, kw_only=True):
    """Opinion and name (ESG-07). `disagree` needs neither strokes nor act."""

    document: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    shown_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    opinion: Literal["agree", "disagree"]
    comment: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    strokes: Strokes | None = None
    place: GivenPlace | None = None
    act: GivenAct | None = None


SigningCommand = PrepareDocument | ViewDocument | SignDocument
