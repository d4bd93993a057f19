"""The tables of sessions, and what they do not let in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from seatrial.evidence.vibes.schema import audit, coined, keys, meta, raters, ratings, sessions, trials, turns
from seatrial.web.database import open_database

TABLES = (keys, sessions, raters, trials, ratings, turns, coined, audit)
ROWS: dict[str, dict[str, Any]] = {
    "keys": {"id": 1, "secret": "s" * 64},
    "sessions": {"id": 1, "name": "spring", "config": "{}", "admin_hash": "a" * 64, "created": 0.0},
    "raters": {"id": 1, "session": 1, "name": "ana", "token_hash": "t" * 64, "expires": 0.0},
    "trials": {"id": "n" * 22, "rater": 1, "place": 0, "content": "{}"},
    "ratings": {"trial": "n" * 22, "version": 1, "at": 0.0, "done": True, "tab": "", "step": 0, "content": "{}"},
    "turns": {"trial": "n" * 22, "place": 0, "at": 0.0, "asked": "hi"},
    "coined": {"session": 1, "tag": "gushing", "at": 0.0},
    "audit": {"at": 0.0, "session": 1, "who": "ana", "what": "came in"},
}


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """A database with one row in each table."""
    made = open_database(database, meta, "seatrial.evidence.vibes.migrations")
    with made.begin() as link:
        for table in TABLES:
            link.execute(insert(table).values(**ROWS[table.name]))
    yield made
    made.dispose()


def test_the_tables_are_these(engine: Engine) -> None:
    """Every table of the database has a name in the module, and each holds its row."""
    assert set(inspect(engine).get_table_names()) == {table.name for table in TABLES} | {"alembic_version"}
    with engine.connect() as link:
        assert [link.execute(select(func.count()).select_from(table)).scalar() for table in TABLES] == [1] * 8


@pytest.mark.parametrize(
    ("table", "same"),
    [
        (keys, {"id": 1, "secret": "another"}),
        (raters, {"id": 2, "token_hash": "another"}),
        (raters, {"id": 2, "name": "ben"}),
        (trials, {"place": 1}),
        (trials, {"id": "another"}),
        (ratings, {"at": 9.0, "content": "[]"}),
        (turns, {"asked": "hi again"}),
        (coined, {"at": 9.0}),
    ],
    ids=lambda one: getattr(one, "name", "-".join(one) if isinstance(one, dict) else None),
)
def test_what_may_stand_once_stands_once(engine: Engine, table: Any, same: dict[str, Any]) -> None:
    """One key, one rater of a name, one link, one trial at a place, one rating of a version, one turn, one coin."""
    with pytest.raises(IntegrityError, match="UNIQUE"), engine.begin() as link:
        link.execute(insert(table).values(**{**ROWS[table.name], **same}))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (raters, "session"),
        (trials, "rater"),
        (ratings, "trial"),
        (turns, "trial"),
        (coined, "session"),
        (audit, "session"),
    ],
    ids=str,
)
def test_what_belongs_to_nothing_is_refused(engine: Engine, table: Any, column: str) -> None:
    """No rater without a session, no rating without a trial, no entry of the log without a session."""
    row = {
        **ROWS[table.name],
        column: 99,
        "name": "x",
        "token_hash": "x",
        "id": 50,
        "version": 9,
        "place": 9,
        "tag": "x",
    }
    known = {name: value for name, value in row.items() if name in table.c}
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), engine.begin() as link:
        link.execute(insert(table).values(**known))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "column"),
    [(table, column.name) for table in TABLES for column in table.c if not column.nullable and column.name != "id"],
    ids=str,
)
def test_what_must_be_there_is_there(engine: Engine, table: Any, column: str) -> None:
    """Only the end of a session and both answers to a question may be missing."""
    row = {**ROWS[table.name], column: None}
    if "id" in row:
        row["id"] = "m" * 22 if table is trials else 2
    with pytest.raises(IntegrityError, match="NOT NULL"), engine.begin() as link:
        link.execute(insert(table).values(**row))
    assert {one.name for table in TABLES for one in table.c if one.nullable} == {"closed", "left_text", "right_text"}


def test_times_are_kept_to_a_fraction_of_a_second(engine: Engine) -> None:
    """Which of two things came first within a second can be told."""
    now = time.time()
    with engine.begin() as link:
        link.execute(insert(audit).values(at=now, session=1, who="ana", what="x"))
        assert link.execute(select(func.max(audit.c.at))).scalar() == now


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])  # type: ignore[no-untyped-call]
def test_both_databases_can_make_the_tables(dialect: Any) -> None:
    """The same tables are written in the words of either."""
    for table in TABLES:
        assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=dialect))
