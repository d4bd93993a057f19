"""The first migration: a database made before migrations began becomes one that is just like a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from seatrial.evidence.vibes.schema import meta
from seatrial.evidence.vibes.store import SessionStore
from seatrial.web.database import _WAIT_FOR_OTHERS, open_database
from servers import postgres_server

MIGRATIONS = "seatrial.evidence.vibes.migrations"
MADE_BEFORE = """
CREATE TABLE keys (id INTEGER NOT NULL, secret VARCHAR(64) NOT NULL, PRIMARY KEY (id));
CREATE TABLE sessions (id INTEGER NOT NULL, name VARCHAR(200) NOT NULL, config TEXT NOT NULL,
    admin_hash VARCHAR(64) NOT NULL, created FLOAT NOT NULL, closed FLOAT, PRIMARY KEY (id));
CREATE TABLE raters (id INTEGER NOT NULL, session INTEGER NOT NULL, name VARCHAR(200) NOT NULL,
    token_hash VARCHAR(64) NOT NULL, expires FLOAT NOT NULL, PRIMARY KEY (id), UNIQUE (session, name),
    FOREIGN KEY(session) REFERENCES sessions (id), UNIQUE (token_hash));
CREATE TABLE coined (id INTEGER NOT NULL, session INTEGER NOT NULL, tag VARCHAR(40) NOT NULL, at FLOAT NOT NULL,
    PRIMARY KEY (id), UNIQUE (session, tag), FOREIGN KEY(session) REFERENCES sessions (id));
CREATE TABLE audit (id INTEGER NOT NULL, at FLOAT NOT NULL, session INTEGER NOT NULL, who VARCHAR(200) NOT NULL,
    what TEXT NOT NULL, PRIMARY KEY (id), FOREIGN KEY(session) REFERENCES sessions (id));
CREATE INDEX ix_audit_session ON audit (session);
CREATE TABLE trials (id VARCHAR(22) NOT NULL, rater INTEGER NOT NULL, place INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (id), UNIQUE (rater, place), FOREIGN KEY(rater) REFERENCES raters (id));
CREATE TABLE ratings (id INTEGER NOT NULL, trial VARCHAR(22) NOT NULL, version INTEGER NOT NULL, at FLOAT NOT NULL,
    done BOOLEAN NOT NULL, tab VARCHAR(40) NOT NULL, step INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (id),
    UNIQUE (trial, version), FOREIGN KEY(trial) REFERENCES trials (id));
CREATE TABLE turns (id INTEGER NOT NULL, trial VARCHAR(22) NOT NULL, place INTEGER NOT NULL, at FLOAT NOT NULL,
    asked TEXT NOT NULL, left_text TEXT, right_text TEXT, PRIMARY KEY (id), UNIQUE (trial, place),
    FOREIGN KEY(trial) REFERENCES trials (id));
INSERT INTO keys VALUES (1, 'k');
INSERT INTO sessions VALUES (1, 'spring', '{"pairs": 4}', 'a', 0.0, NULL);
INSERT INTO raters VALUES (1, 1, 'ana', 't', 0.0);
INSERT INTO audit VALUES (1, 0.0, 1, 'ana', 'opened the link');
"""
"""A database as seatrial made it when it counted no versions, with a session in it."""


def _differences(engine: Engine) -> list[Any]:
    """Return what a database has otherwise than the schema says: tables, columns, types, keys, indexes."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), meta))


def _version(engine: Engine) -> object:
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def test_migrations_make_the_schema(tmp_path: Path) -> None:
    """A new database is what the schema says, whichever migrations have led there."""
    engine = open_database(f"sqlite:///{tmp_path / 'new.db'}", meta, MIGRATIONS)
    assert _differences(engine) == []
    assert set(inspect(engine).get_table_names()) == {*meta.tables, "alembic_version"}


def test_a_database_made_before_keeps_its_session(tmp_path: Path) -> None:
    """It is recognized by its tables, gets the first version, and loses nothing."""
    with sqlite3.connect(tmp_path / "old.db") as connection:
        connection.executescript(MADE_BEFORE)
        before = list(connection.iterdump())
    store = SessionStore(f"sqlite:///{tmp_path / 'old.db'}")
    assert store.config(1) == {"pairs": 4}
    assert store.latest() == (1, "spring")
    assert store.changes(1, 5) == [(0.0, "ana", "opened the link")]
    assert _version(store.engine) == "0001"
    assert _differences(store.engine) == []
    assert set(before) <= set(connection.iterdump())
    connection.close()


@pytest.fixture
def postgres() -> Iterator[str]:
    """A PostgreSQL of this test's own; skipped where it is not installed."""
    with postgres_server() as server:
        yield server.url


@pytest.mark.slow
def test_the_same_in_postgresql(postgres: str) -> None:
    """A new database waits while another process migrates it; one without a version is recognized and loses nothing."""
    elsewhere = create_engine(postgres)
    with ThreadPoolExecutor(1) as pool:
        with elsewhere.begin() as connection:
            connection.exec_driver_sql(_WAIT_FOR_OTHERS["postgresql"])
            opening = pool.submit(SessionStore, postgres)
            with pytest.raises(TimeoutError):
                opening.result(timeout=1.0)
            assert inspect(connection).get_table_names() == []
        store = opening.result()
    engine = store.engine
    assert _differences(engine) == []
    assert _version(engine) == "0001"
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO sessions VALUES (7, 'spring', '{}', 'a', 0.0, NULL)"))
        connection.execute(text("DROP TABLE alembic_version"))
    again = SessionStore(postgres)
    assert again.latest() == (7, "spring")
    assert _version(again.engine) == "0001"
    assert _differences(again.engine) == []
    for one in (elsewhere, engine, again.engine):
        one.dispose()
