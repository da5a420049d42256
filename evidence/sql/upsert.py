"""What both engines need said in their own way, and how times are stored: milliseconds since 1970, UTC."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Table, Text, TextClause, text
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


async def insert_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...] = ()
) -> None:
    """Many rows, whole ones; those with a known `key` are set anew. PostgreSQL gets one statement over arrays: row by
    row, the same rows cost it twice as much."""
    if connection.dialect.name != "postgresql":
        await connection.execute(upsert(connection, table, key) if key else table.insert(), list(rows))
        return
    await connection.execute(
        _over_arrays(table, key), {item.name: [row[item.name] for row in rows] for item in table.c}
    )


_ARRAYS: dict[Any, str] = {BigInteger: "bigint[]", Integer: "integer[]", LargeBinary: "bytea[]", Text: "text[]"}


@cache
def _over_arrays(table: Table, key: tuple[str, ...]) -> TextClause:
    names = ", ".join(item.name for item in table.c)
    arrays = ", ".join(f"CAST(:{item.name} AS {_ARRAYS[type(item.type)]})" for item in table.c)
    statement = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of ours
    if key:
        rest = ", ".join(f"{name} = excluded.{name}" for name in names.split(", ") if name not in key)
        statement += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {rest}"
    return text(statement)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
