"""The tables that sessions are kept in: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from seatrial.errors import StoreError

__all__ = ["audit", "coined", "keys", "opened", "raters", "ratings", "sessions", "trials", "turns"]

meta = MetaData()
keys = Table(
    "keys",
    meta,
    Column("id", Integer, primary_key=True),
    Column("secret", String(64), nullable=False),
)
sessions = Table(
    "sessions",
    meta,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("config", Text, nullable=False),
    Column("admin_hash", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("closed", Float),
)
raters = Table(
    "raters",
    meta,
    Column("id", Integer, primary_key=True),
    Column("session", ForeignKey("sessions.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("expires", Float, nullable=False),
    UniqueConstraint("session", "name"),
)
trials = Table(
    "trials",
    meta,
    Column("id", String(22), primary_key=True),
    Column("rater", ForeignKey("raters.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("rater", "place"),
)
ratings = Table(
    "ratings",
    meta,
    Column("id", Integer, primary_key=True),
    Column("trial", ForeignKey("trials.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("tab", String(40), nullable=False),
    Column("step", Integer, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("trial", "version"),
)
turns = Table(
    "turns",
    meta,
    Column("id", Integer, primary_key=True),
    Column("trial", ForeignKey("trials.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("asked", Text, nullable=False),
    Column("left_text", Text),
    Column("right_text", Text),
    UniqueConstraint("trial", "place"),
)
coined = Table(
    "coined",
    meta,
    Column("id", Integer, primary_key=True),
    Column("session", ForeignKey("sessions.id"), nullable=False),
    Column("tag", String(40), nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("session", "tag"),
)
audit = Table(
    "audit",
    meta,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("session", ForeignKey("sessions.id"), nullable=False, index=True),
    Column("who", String(200), nullable=False),
    Column("what", Text, nullable=False),
)


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
