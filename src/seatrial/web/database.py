"""A database by URL, opened so that what is written is on the disk: SQLite or PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    create_engine,
    event,
    inspect,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from seatrial.errors import StoreError
from seatrial.evidence.vibes.schema import meta

__all__ = ["opened"]


def opened(url: str) -> Engine:
    """Return the database with its tables, which are made where there are none.

    Raises:
        StoreError: it cannot be reached or written, or an earlier version of seatrial made it.
    """
    try:
        engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _careful_sqlite)
        meta.create_all(engine)
        held = inspect(engine)
        lacking = [
            f"{table.name}.{column.name}"
            for table in meta.sorted_tables
            for names in [{one["name"] for one in held.get_columns(table.name)}]
            for column in table.columns
            if column.name not in names
        ]
    except SQLAlchemyError as error:
        raise StoreError(f"the database of sessions cannot be used: {error.__class__.__name__}: {error}") from error
    if lacking:
        raise StoreError(
            f"an earlier version of seatrial made this database of sessions: it lacks {', '.join(lacking)}. Close its "
            "session with that version, and name another database with --db."
        )
    return engine


def _careful_sqlite(connection: Any, _: object) -> None:
    """Have SQLite keep what it acknowledged through a power cut, and let readers read while it writes."""
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
