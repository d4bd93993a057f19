"""A database by URL, and the migrations that it has seen. PostgreSQL is tried with the migrations of sessions."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, inspect, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from seatrial.errors import StoreError
from seatrial.web.database import open_database

Open = Callable[[str], Engine]
Migration = Callable[[str, str], None]

TABLES = MetaData()
Table("boats", TABLES, Column("id", Integer, primary_key=True), Column("name", String(20)))
Table("trips", TABLES, Column("id", Integer, primary_key=True), Column("boat", ForeignKey("boats.id"), nullable=False))
FIRST = """
op.create_table("boats", Column("id", Integer, primary_key=True), Column("name", String(20)), if_not_exists=True)
op.create_table(
    "trips",
    Column("id", Integer, primary_key=True),
    Column("boat", Integer, ForeignKey("boats.id"), nullable=False),
    if_not_exists=True,
)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package of migrations with none in it."""
    name = f"migrations_of_{tmp_path.name}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.fixture
def migration(tmp_path: Path, package: str) -> Migration:
    """What adds a migration: a number and what it does. The first is there; it makes the tables."""

    def add(number: str, does: str) -> None:
        before = f"{int(number) - 1:04}" if number != "0001" else None
        head = f"""
            import time
            from alembic import op
            from sqlalchemy import Column, ForeignKey, Integer, String
            revision, down_revision = {number!r}, {before!r}
            def upgrade():
        """
        module = dedent(head) + indent(dedent(does), "    ")
        (tmp_path / package / f"{number}_change.py").write_text(module, encoding="utf-8")

    add("0001", FIRST)
    return add


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a database that is not made yet."""
    return f"sqlite:///{tmp_path / 'new.db'}"


@pytest.fixture
def opened(package: str, migration: Migration) -> Open:
    """What opens a database with the migrations of this test."""
    return lambda url: open_database(url, TABLES, package)


def _one(engine: Engine, query: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar()


def _do(engine: Engine, change: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))


def test_sqlite_keeps_what_it_acknowledges(opened: Open, url: str) -> None:
    """Each connection flushes in full, lets readers read while it writes, holds to references and waits its turn."""
    engine = opened(url)
    for _ in range(2):
        assert _one(engine, "PRAGMA synchronous") == 2
        assert _one(engine, "PRAGMA journal_mode") == "wal"
        assert _one(engine, "PRAGMA foreign_keys") == 1
        assert _one(engine, "PRAGMA busy_timeout") == 10_000
        engine.dispose()


def test_a_reader_reads_while_another_writes(opened: Open, url: str) -> None:
    """An open change of one connection keeps no page of another waiting, and is not seen before it is done."""
    one, other = opened(url), opened(url)
    with one.begin() as connection:
        connection.execute(text("INSERT INTO boats (id, name) VALUES (1, 'a')"))
        assert _one(other, "SELECT count(*) FROM boats") == 0
    assert _one(other, "SELECT count(*) FROM boats") == 1


def test_a_reference_to_nothing_is_refused(opened: Open, url: str) -> None:
    """A row whose boat is not there cannot be kept."""
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        _do(opened(url), "INSERT INTO trips (boat) VALUES (7)")


def test_a_migration_runs_once(opened: Open, url: str, migration: Migration) -> None:
    """Opening again makes nothing anew and loses nothing; what comes later runs on what is there, in its order."""
    _do(opened(url), "INSERT INTO boats (id, name) VALUES (1, 'a')")
    assert _one(opened(url), "SELECT name FROM boats") == "a"
    migration("0002", """op.execute("UPDATE boats SET name = name || 'b'")""")
    migration("0003", """op.execute("UPDATE boats SET name = name || 'c'")""")
    for _ in range(2):
        assert _one(opened(url), "SELECT name FROM boats") == "abc"
    assert _one(opened(url), "SELECT version_num FROM alembic_version") == "0003"


def test_a_migration_that_fails_changes_nothing(opened: Open, url: str, migration: Migration) -> None:
    """Neither it nor those before it leave a trace: the tables are as they were, and so is the version."""
    opened(url)
    migration("0002", 'op.create_table("sails", Column("id", Integer))')
    migration("0003", 'op.create_table("oars", Column("id", Integer))\nop.execute("no such words")')
    with pytest.raises(StoreError, match="cannot be used: OperationalError"):
        opened(url)
    migration("0003", "pass")
    migration("0002", "pass")
    engine = opened(url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "boats", "trips"}


def test_a_database_made_before_migrations_is_recognized(opened: Open, url: str, tmp_path: Path) -> None:
    """Tables that are there without a version are those of the first migration, and keep their rows."""
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute("CREATE TABLE boats (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))")
        connection.execute("INSERT INTO boats (name) VALUES ('old')")
    connection.close()
    engine = opened(url)
    assert _one(engine, "SELECT name FROM boats") == "old"
    assert _one(engine, "SELECT count(*) FROM trips") == 0
    assert _one(engine, "SELECT version_num FROM alembic_version") == "0001"


def test_a_database_that_lacks_columns_is_refused_in_words(opened: Open, url: str, tmp_path: Path) -> None:
    """It says each column that is lacking and what to do, and leaves tables and rows alone."""
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute("CREATE TABLE trips (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO trips (id) VALUES (5)")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"lacks trips\.boat\..* name another database"):
            opened(url)
    assert connection.execute("SELECT * FROM trips").fetchall() == [(5,)]
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("trips",)]
    connection.close()


def test_a_database_of_a_later_version_is_refused_in_words(opened: Open, url: str) -> None:
    """Pages do not write to tables that they do not know."""
    _do(opened(url), "UPDATE alembic_version SET version_num = '0002'")
    with pytest.raises(StoreError, match=r"a later version of seatrial made this database .*0002, here: 0001"):
        opened(url)


OPEN = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from sqlalchemy import MetaData
from seatrial.web.database import open_database
Path(sys.argv[4]).touch()
while len(list(Path(sys.argv[4]).parent.glob("ready-*"))) < int(sys.argv[5]):
    time.sleep(0.01)
open_database(sys.argv[1], MetaData(), sys.argv[2])
print("alembic" in sys.modules)
"""


def _open_elsewhere(url: str, package: str, tmp_path: Path, count: int) -> list[str]:
    """Have as many processes open the database at the same moment; return whether each has loaded Alembic."""
    places = [str(tmp_path / f"ready-{number}") for number in range(count)]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url, package, str(tmp_path), place, str(count)],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for place in places
    ]
    told = [one.communicate()[0].strip() for one in started]
    assert [one.returncode for one in started] == [0] * count
    return told


@pytest.mark.slow
def test_processes_that_open_at_once_migrate_once(url: str, package: str, migration: Migration, tmp_path: Path) -> None:
    """Of processes that open a new database at once, one makes the tables, and the others wait for it."""
    migration("0001", 'op.create_table("boats", Column("id", Integer))\ntime.sleep(0.3)')
    migration("0002", 'op.execute("INSERT INTO boats VALUES (1)")')
    _open_elsewhere(url, package, tmp_path, 2)
    assert _one(open_database(url, MetaData(), package), "SELECT count(*) FROM boats") == 1


def test_a_new_file_in_which_another_writes_is_waited_for(opened: Open, url: str, tmp_path: Path, caplog: Any) -> None:
    """SQLite does not wait by itself where a file becomes one that is read while it is written; and nothing is told."""
    held = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        engine = pool.submit(opened, url)
        time.sleep(0.3)
        assert not engine.done()
        held.execute("COMMIT")
        held.close()
        assert _one(engine.result(), "PRAGMA journal_mode") == "wal"
    assert not caplog.records


def test_what_gets_no_better_is_not_waited_for(opened: Open, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full is said at once; only who holds the database is waited for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"it waits {seconds} s"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StoreError, match="the database cannot be used"):
            opened(url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_threads_that_open_at_once_migrate_each_their_own(opened: Open, migration: Migration, tmp_path: Path) -> None:
    """Databases that are opened by threads at once do not get each other's tables."""
    migration("0002", "time.sleep(0.02)\nop.execute(\"INSERT INTO boats (name) VALUES ('one')\")")
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        engines = list(pool.map(opened, urls))
    assert [_one(engine, "SELECT count(*) FROM boats") for engine in engines] == [1] * 6


@pytest.mark.slow
def test_alembic_is_loaded_only_to_migrate(opened: Open, url: str, package: str, tmp_path: Path) -> None:
    """A database that has seen all migrations is opened without it."""
    opened(url)
    assert _open_elsewhere(url, package, tmp_path, 1) == ["False"]


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "sqlite:////no/such/folder/x.db", "oracle-of-delphi://x", "http://x", "mysql://ana:secret@x/y",
        "postgresql+nothing://x/y", "postgresql+asyncpg://x/y", "postgresql+psycopg://ana@host:port/y",
        "postgresql+psycopg://ana:x@host:secret/y", "ana:secret@host",
    ],
)  # fmt: skip
def test_a_url_that_opens_nothing_is_refused_in_words(opened: Open, url: str) -> None:
    """No URL, no such kind of database, folder, driver or port: said as such, without its password."""
    with pytest.raises(StoreError, match="cannot be used") as refused:
        opened(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_refused_in_words(opened: Open) -> None:
    """A PostgreSQL that nobody serves: the words of its driver stand in one of ours."""
    with pytest.raises(StoreError, match="cannot be used: OperationalError"):
        opened("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=5")


def test_a_file_that_is_no_database_is_refused_in_words(opened: Open, tmp_path: Path) -> None:
    """A text file under that name is not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("notes of my own, longer than the head of a database " * 40, encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be used"):
        opened(f"sqlite:///{path}")
    assert path.read_text(encoding="utf-8").startswith("notes of my own")


def test_a_file_database_is_its_owners_alone(opened: Open, tmp_path: Path) -> None:
    """Nobody else reads a new one or what is written beside it; of an older one everybody's rights are taken."""
    path = tmp_path / "kept.db"
    for mode, expected in ((None, 0o600), (0o644, 0o640)):
        if mode is not None:
            path.chmod(mode)
        engine = opened(f"sqlite:///{path}")
        with engine.begin() as link:
            link.execute(text("INSERT INTO boats (name) VALUES ('Ida')"))
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("kept.db*")}
        assert set(modes) == {"kept.db", "kept.db-wal", "kept.db-shm"}
        assert modes["kept.db"] == expected
        assert set(modes.values()) <= {expected, 0o600}
        engine.dispose()
    notes = tmp_path / "notes.txt"
    notes.write_text("no database, and longer than the head of one " * 40, encoding="utf-8")
    notes.chmod(0o644)
    with pytest.raises(StoreError, match="cannot be used"):
        opened(f"sqlite:///{notes}")
    assert stat.S_IMODE(notes.stat().st_mode) == 0o644
