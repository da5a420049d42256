"""Who must have seen a tree head: C2SP tlog-policy files. Pure, and stricter than it must be.

Beyond the specification, two witnesses with one key name are refused: signature lines name the key, not the policy.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from evidence.checkpoint import COSIGNATURE, ED25519, NoteKey
from evidence.errors import NotVerified

LIMIT = 64  # of logs, of witnesses and of groups; the specification asks for 32
MAX_BYTES = 64 * 1024
_OCTETS = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_URL = re.compile(r"https?://[!-~]{1,400}")
NONE = "none"


@dataclass(frozen=True)
class Witness:
    """`name` is the policy's own; signature lines carry `key.name`. `url`: submission prefix without a last slash."""

    name: str
    key: NoteKey
    url: str | None


@dataclass(frozen=True)
class Group:
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """In the order of the file, which is the order of signature lines in a cosigned checkpoint."""

    logs: tuple[NoteKey, ...]
    witnesses: tuple[Witness, ...]
    quorum: str
    groups: Mapping[str, Group] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: bytes) -> "Policy":
        """NotVerified names the first bad line."""
        if len(data) > MAX_BYTES or not _OCTETS.fullmatch(data) or (data and not data.endswith(b"\n")):
            raise NotVerified("policy: too long, a control character, or no newline at the end")
        reader = _Reader()
        # Octets with the high bit set are opaque: Latin-1 maps each to itself.
        for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                reader.take(words)
            except NotVerified as error:
                raise NotVerified(f"policy line {number}: {error.detail}") from None
        if reader.quorum is None:
            raise NotVerified("policy: no quorum line")
        return cls(tuple(reader.logs), tuple(reader.witnesses), reader.quorum, reader.groups)

    @property
    def keys(self) -> tuple[NoteKey, ...]:
        return tuple(witness.key for witness in self.witnesses)

    @property
    def vkeys(self) -> bytes:
        """`witnesses.vkey` for auditors: one key a line, in order."""
        return "".join(f"{key.vkey}\n" for key in self.keys).encode()

    def reached(self, signed: Collection[str]) -> bool:
        """Whether cosignatures of these key names make the quorum."""
        return self.quorum == NONE or self._witnessed(self.quorum, signed)

    def _witnessed(self, name: str, signed: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return any(witness.key.name in signed for witness in self.witnesses if witness.name == name)
        return sum(self._witnessed(member, signed) for member in group.members) >= group.threshold


class _Reader:
    """Takes the lines in order; a name can only be used after it was defined, so nothing can go round in circles."""

    def __init__(self) -> None:
        self.logs: list[NoteKey] = []
        self.witnesses: list[Witness] = []
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._grouped: set[str] = set()

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", vkey, *rest] if len(rest) <= 1:
                self._log(vkey, rest)
            case ["witness", name, vkey, *rest] if len(rest) <= 1:
                self._witness(name, vkey, rest)
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise NotVerified("a second quorum")
                if name != NONE:
                    self._known(name)
                self.quorum = name
            case _:
                raise NotVerified("not a line of a policy")

    def _log(self, vkey: str, rest: list[str]) -> None:
        key = _key(vkey, ED25519)
        if any(key.public == other.public for other in self.logs) or len(self.logs) >= LIMIT:
            raise NotVerified("a log twice, or too many")
        _url(rest)
        self.logs.append(key)

    def _witness(self, name: str, vkey: str, rest: list[str]) -> None:
        key = _key(vkey, COSIGNATURE)
        self._new(name)
        same = any(key.public == other.key.public or key.name == other.key.name for other in self.witnesses)
        if same or len(self.witnesses) >= LIMIT:
            raise NotVerified("a witness twice, or too many")
        self.witnesses.append(Witness(name, key, _url(rest)))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        self._new(name)
        for member in members:
            self._known(member)
            if member in self._grouped:
                raise NotVerified(f"{member} is a member twice")
            self._grouped.add(member)
        least = {"any": "1", "all": str(len(members))}.get(threshold, threshold)
        if not _NUMBER.fullmatch(least) or int(least) > len(members) or len(self.groups) >= LIMIT:
            raise NotVerified("threshold is not between 1 and the number of members")
        self.groups[name] = Group(int(least), tuple(members))

    def _new(self, name: str) -> None:
        if name == NONE or name in self.groups or any(name == witness.name for witness in self.witnesses):
            raise NotVerified(f"{name} is taken")

    def _known(self, name: str) -> None:
        if name not in self.groups and not any(name == witness.name for witness in self.witnesses):
            raise NotVerified(f"{name} is not defined above")


def _key(vkey: str, kind: bytes) -> NoteKey:
    key = NoteKey.parse(vkey)
    if key.kind != kind:
        raise NotVerified("a key of another kind")
    return key


def _url(rest: list[str]) -> str | None:
    if rest and not _URL.fullmatch(rest[0]):
        raise NotVerified("not an http or https URL")
    return rest[0].rstrip("/") if rest else None
