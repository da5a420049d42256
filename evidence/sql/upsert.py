"""What both engines need said in their own way, and how times are stored: milliseconds since 1970, UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(connection: AsyncConnection, table: Table, key: tuple[str, ...]) -> Any:
    """Insert, or set every other column of the row with the same key."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    rest = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=rest)


def insert_new(connection: AsyncConnection, table: Table) -> Any:
    """Insert, or leave what is there."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
