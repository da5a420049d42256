"""What was deleted from the key database must not stay readable in its files (KYC-17).

SQLite overwrites a freed page at once (`secure_delete`), and `SqlKeys` cuts its write-ahead log. PostgreSQL keeps a
deleted row in its page until something needs the room, and a plain VACUUM moves what lives and leaves the bytes of what
does not. Only writing the table anew, into another file, ends them; the old file is cut to nothing at once.
"""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from evidence.errors import StorageFailed
from evidence.sql.database import Database
from evidence.sql.schema import tenant_keys, wrapped_keys

WAIT_MS = 10_000  # for those who read; longer, and it is tried another time


class SqlKeyFiles:
    """The files under the key database."""

    def __init__(self, database: Database) -> None:
        if database.part != "keys":
            raise ValueError("keys stand in a database of their own")
        self._database = database

    async def overwrite(self) -> bool:
        """Write the tables of keys anew; False where nothing has to be done. Who needs a key waits meanwhile.

        StorageFailed when it could not be done, for want of the right (the tables' owner has it) or of a quiet moment.
        """
        if self._database.dialect != "postgresql":
            return False
        # A connection of its own: this may take longer than any statement of a request may.
        engine = create_async_engine(self._database.url, isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                await connection.execute(text(f"SET lock_timeout = {WAIT_MS}"))
                for table in (wrapped_keys, tenant_keys):
                    await connection.execute(text(f"VACUUM (FULL) {table.name}"))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageFailed(type(error).__name__) from error
        finally:
            await engine.dispose()
        return True
