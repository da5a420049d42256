"""Lists as files: dated, closed format, known by the hash of their bytes (`screening-list/1`).

Where lists come from is the deployer's: sanctions of the UN, of 外交部 and 公安部, an institution's own. A version is
its exact file; what was screened against which version can be told years later.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from evidence import decode
from evidence.errors import Error
from evidence.events import Frozen, Sha256
from kyc.screening.errors import ListInvalid

MAX_BYTES = 200_000_000

Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Born = Annotated[str, msgspec.Meta(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")]
Key = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:/-]{1,80}$")]


class Entry(Frozen, frozen=True, kw_only=True):
    """One listed person or organisation, with every name it is known by."""

    id: Key
    names: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=200)], ...], msgspec.Meta(min_length=1)]
    kind: Literal["person", "organisation"] = "person"
    born: tuple[Born, ...] = ()  # any of them; a year alone is common
    numbers: tuple[str, ...] = ()  # identity papers
    remark: str = ""


class ListFile(Frozen, frozen=True, kw_only=True):
    """What the file says."""

    format: Literal["screening-list/1"]
    list: Key
    publisher: str
    dated: Day
    entries: tuple[Entry, ...]


class ListVersion(Frozen, frozen=True, kw_only=True):
    """A list as loaded: `sha256` over the file's bytes names the version."""

    list: str
    publisher: str
    dated: str
    sha256: Sha256
    entries: tuple[Entry, ...]


def load(data: bytes) -> ListVersion:
    """ListInvalid says what is wrong with the file."""
    try:
        said = decode.convert(decode.parse(data, max_bytes=MAX_BYTES), ListFile)
    except Error as error:
        raise ListInvalid(f"{error.code}: {error}") from None
    twice = [name for name, count in Counter(entry.id for entry in said.entries).items() if count > 1]
    if twice:
        raise ListInvalid(f"two entries are called {twice[0]}")
    return ListVersion(
        list=said.list,
        publisher=said.publisher,
        dated=said.dated,
        sha256=hashlib.sha256(data).hexdigest(),
        entries=said.entries,
    )


def newest(versions: Iterable[ListVersion]) -> tuple[ListVersion, ...]:
    """Of each list the version dated last, by name. ListInvalid for two of one date that differ."""
    found: dict[str, ListVersion] = {}
    for version in versions:
        held = found.get(version.list)
        if held is not None and held.dated == version.dated and held.sha256 != version.sha256:
            raise ListInvalid(f"two files of list {version.list} are dated {version.dated}")
        if held is None or held.dated < version.dated:
            found[version.list] = version
    return tuple(found[name] for name in sorted(found))


def read_folder(folder: Path) -> tuple[ListVersion, ...]:
    """The newest version of each list in a folder of `*.json`; none when there is no folder."""
    return newest(load(path.read_bytes()) for path in sorted(folder.glob("*.json")))
