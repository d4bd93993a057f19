"""A PostgreSQL of a test's own, which can be stopped and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url

__all__ = ["Postgres", "postgres", "postgres_server", "where"]


@dataclass
class Postgres:
    """A server that runs, and how to reach it."""

    folder: Path
    programs: Path
    port: int
    synced: bool = True

    @property
    def url(self) -> str:
        """The database that every server has."""
        return f"postgresql+psycopg://vibe@127.0.0.1:{self.port}/postgres"

    def database(self) -> str:
        """Make an empty database and return its URL."""
        name, engine = f"d{uuid4().hex}", create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as link:
            link.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, program: str, *options: str, before: tuple[str, ...] = ()) -> None:
        """Run one of its programs, as another program runs it where one is given."""
        become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*become, *before, str(self.programs / program), "-D", str(self.folder / "data"), *options]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)

    def start(self, room: int = 0) -> None:
        """Start it; where `room` is given, its disk is as good as full: no file may have more bytes."""
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync={'on' if self.synced else 'off'}"
        )
        before = ("prlimit", f"--fsize={room}", "--") if room else ()
        self.run("pg_ctl", "-w", "-o", options, "-l", str(self.folder / "log"), "start", before=before)

    def stop(self) -> None:
        """Stop it at once, as a power cut does."""
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")

    def wait(self) -> None:
        """Wait until it answers: a process of its own that died takes all others along, and it begins anew."""
        program = str(self.programs / "pg_isready")
        until = time.monotonic() + 30
        while subprocess.run([program, "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode:
            assert time.monotonic() < until, "the server does not come back"
            time.sleep(0.05)


@contextmanager
def postgres_server(synced: bool = True) -> Iterator[Postgres]:
    """Run a server on a free port; skip the test where PostgreSQL is not installed.

    One that is not synced is as safe against kills, not against power cuts, and comes back from a kill at once.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    folder = Path("/tmp") / f"seatrial-{uuid4().hex[:12]}"  # the path of a socket must be short
    folder.mkdir()
    server = Postgres(folder, programs[-1], port, synced)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        server.run("initdb", "-U", "vibe", "-A", "trust", "--no-sync", "--wal-segsize=1")
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server of a module's own; skipped where PostgreSQL is not installed."""
    with postgres_server(synced=False) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger that is not there yet, in a database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()
