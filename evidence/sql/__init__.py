"""The store on SQLAlchemy: SQLite in a file, or PostgreSQL; one set of adapters, one contract suite."""

from evidence.sql.alarms import SqlAlarms
from evidence.sql.checkpoint import SqlCheckpoints
from evidence.sql.database import Database, migrate
from evidence.sql.follow import SqlLeases, SqlPositions
from evidence.sql.keys import SqlKeys
from evidence.sql.log import SqlLog
from evidence.sql.vault import SqlValues
from evidence.sql.wipe import SqlKeyFiles

__all__ = [
    "Database",
    "SqlAlarms",
    "SqlCheckpoints",
    "SqlKeyFiles",
    "SqlKeys",
    "SqlLeases",
    "SqlLog",
    "SqlPositions",
    "SqlValues",
    "migrate",
]
