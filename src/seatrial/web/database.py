"""A database by URL, opened so that what is written is on the disk: SQLite or PostgreSQL, with numbered migrations."""

from __future__ import annotations

import logging
import sqlite3
import threading
from importlib import resources
from pathlib import Path

import stamina
from sqlalchemy import URL, MetaData, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from seatrial.errors import StoreError
from seatrial.formats.private_files import keep_private

__all__ = ["open_database"]

stamina.instrumentation.set_on_retry_hooks([])  # who waits says nothing of it
_WAIT_FOR_OTHERS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7325748)"}
"""Begins a change of tables: of several processes that open one database, the others wait until it is made."""
_PATIENCE = 10.0
"""Seconds that a connection to SQLite waits for others."""
_MIGRATING = threading.Lock()
"""Alembic keeps what it works on in its module, so the threads of one process take turns as well."""


def open_database(
    url: str | URL, tables: MetaData, migrations: str, versions: str = "alembic_version", *, one_file: bool = False
) -> Engine:
    """Return a database whose tables are those of this version of seatrial.

    Alembic is loaded only where a migration is to be run, for loading it takes longer than all else here.

    Args:
        url: Where it is, in SQLAlchemy's words.
        tables: What it must hold after the last migration.
        migrations: The package of migrations, one numbered module each: `0001_sessions.py`, `0002_…`.
        versions: The table that holds which migrations were run.
        one_file: Whether SQLite keeps all in one file, which can be copied as it is at any time that nobody writes;
            readers wait for writers then. Or else they go on meanwhile, and nobody else on the machine may read it.

    Raises:
        StoreError: it cannot be reached or written, or another version of seatrial made it.
    """
    try:
        kind = _read(url).get_backend_name()
        if kind not in _WAIT_FOR_OTHERS:
            raise StoreError(f"the database cannot be used: it must be SQLite or PostgreSQL, not {kind}.")
        engine = create_engine(url, pool_pre_ping=kind != "sqlite")
        if kind == "sqlite":
            event.listen(engine, "connect", _durable_sqlite if one_file else _careful_sqlite)
        version, latest = _version(engine, versions), _latest(migrations)
        if version < latest:
            _migrate(engine, tables, migrations, versions)
    except (SQLAlchemyError, ImportError, ValueError) as error:  # among others, a driver that is not installed
        raise StoreError(f"the database cannot be used: {error.__class__.__name__}: {error}") from error
    if version > latest:
        raise StoreError(
            f"a later version of seatrial made this database (its tables: {version}, here: {latest}). Install that "
            "version, or name another database."
        )
    return engine


def _read(url: str | URL) -> URL:
    """Return a URL in parts; what is wrong with it is said without its words, for one of them may be a password."""
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError):
        raise StoreError(
            "the database cannot be used: its URL cannot be read. It is sqlite:///FILE or "
            "postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, where / @ and : in a password are %2F %40 and %3A."
        ) from None


def _version(engine: Engine, versions: str) -> str:
    """Return the number of the last migration that a database has seen; empty for a new one and a very old one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(versions):
            return ""
        return connection.execute(text(f"SELECT version_num FROM {versions}")).scalar() or ""


def _latest(migrations: str) -> str:
    return max(file.name[:4] for file in resources.files(migrations).iterdir() if file.name[:4].isdigit())


def _migrate(engine: Engine, tables: MetaData, migrations: str, versions: str) -> None:
    """Run the migrations that a database has not seen: all of them or, where one fails, none."""
    # What a migration did is not for a terminal, though a library that was loaded may have turned all logs on.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    folder = str(resources.files(migrations))
    scripts = ScriptDirectory(folder, version_locations=[folder])
    with _MIGRATING, engine.begin() as connection:
        connection.exec_driver_sql(_WAIT_FOR_OTHERS[engine.dialect.name])
        context = MigrationContext.configure(connection, opts={"version_table": versions})
        unseen = scripts.iterate_revisions("head", context.get_current_revision() or "base")
        with Operations.context(context):
            for migration in reversed(list(unseen)):
                migration.module.upgrade()
                context.stamp(scripts, migration.revision)
        _refuse_what_lacks_columns(connection, tables)


def _refuse_what_lacks_columns(connection: Connection, tables: MetaData) -> None:
    """Raise where tables that were there before the first migration are not those that it makes."""
    held = inspect(connection)
    lacking = [
        f"{table.name}.{column.name}"
        for table in tables.sorted_tables
        for names in [{one["name"] for one in held.get_columns(table.name)}]
        for column in table.columns
        if column.name not in names
    ]
    if lacking:
        raise StoreError(
            f"an earlier version of seatrial made this database: it lacks {', '.join(lacking)}. Close its "
            "session with that version, and name another database."
        )


def _durable_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Have SQLite keep what it acknowledged through a power cut."""
    connection.execute(f"PRAGMA busy_timeout={int(_PATIENCE * 1000)}")
    connection.execute("PRAGMA schema_version")  # fails on what is no database, which stays as it is
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("PRAGMA foreign_keys=ON")


def _careful_sqlite(connection: sqlite3.Connection, _: object) -> None:
    """Have SQLite keep it to itself besides, and let readers read while it writes."""
    _durable_sqlite(connection, _)
    _, _, path = connection.execute("PRAGMA database_list").fetchone()
    for end in ("", "-wal", "-shm") if path else ():
        keep_private(Path(path + end))
    _read_while_others_write(connection)
    connection.execute("PRAGMA synchronous=FULL")


def _in_use(error: Exception) -> bool:
    """Return whether somebody else holds the database, who will be done; a full disk or a bad file gets no better."""
    codes = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in codes


@stamina.retry(on=_in_use, attempts=None, timeout=_PATIENCE, wait_initial=0.01, wait_max=0.1)
def _read_while_others_write(connection: sqlite3.Connection) -> None:
    """Have readers read while another writes. SQLite does not wait by itself where two make a new file at once."""
    connection.execute("PRAGMA journal_mode=WAL")
