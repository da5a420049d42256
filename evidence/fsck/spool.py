"""What the events name and what is kept, side by side in a scratch database: sorted on disk, so memory stays flat."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from evidence.fsck.lines import Found

_TABLES = """
    CREATE TABLE named (stream, commitment, seq, class, bytes);
    CREATE TABLE erased (stream, commitment, seq);
    CREATE TABLE wiped (stream, class, seq);
    CREATE TABLE seals (stream, segment, sha256, seq);
    CREATE TABLE claimed (stream, seq, kind, commitment);
    CREATE TABLE kept (stream, commitment, class, bytes);
    CREATE TABLE keys (stream, name, because);
    CREATE TABLE claims (tenant, kind, digest, expires_ms, stream, seq);
"""
_INDEXES = """
    CREATE INDEX IF NOT EXISTS named_at ON named (stream, commitment);
    CREATE INDEX IF NOT EXISTS erased_at ON erased (stream, commitment);
    CREATE INDEX IF NOT EXISTS kept_at ON kept (stream, commitment);
    CREATE INDEX IF NOT EXISTS keys_at ON keys (stream, name);
    CREATE INDEX IF NOT EXISTS claimed_at ON claimed (stream, seq);
    CREATE INDEX IF NOT EXISTS claims_at ON claims (stream, seq);
"""


class Spool:
    """Gone with its folder; nothing in it is worth an fsync."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;")
        self._base.executescript(_TABLES)

    def take(self, found: Found) -> None:
        for name, rows in (
            ("named", found.named),
            ("erased", found.erased),
            ("wiped", found.wiped),
            ("seals", found.seals),
            ("claimed", found.claimed),
        ):
            self.add(name, rows)

    def add(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        waiting = iter(rows)
        while some := list(islice(waiting, 1_000)):
            marks = ", ".join("?" * len(some[0]))
            self._base.execute("BEGIN")
            self._base.executemany(f"INSERT INTO {name} VALUES ({marks})", some)  # noqa: S608 - our own table names
            self._base.execute("COMMIT")

    def ready(self) -> None:
        """Everything was added: from here on it is asked."""
        self._base.executescript(_INDEXES)

    def ask(self, question: str) -> Iterator[Any]:
        yield from self._base.execute(question)

    def count(self, name: str, where: str = "true") -> int:
        question = f"SELECT count(*) FROM {name} WHERE {where}"  # noqa: S608 - our own table names
        return int(self._base.execute(question).fetchone()[0])

    def close(self) -> None:
        self._base.close()
