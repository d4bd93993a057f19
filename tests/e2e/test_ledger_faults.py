"""No fault loses an entry or leaves half of one: many at once, kills, full disks, a server that goes away.

Each in SQLite and in PostgreSQL, and after each the chain verifies and the next entry follows.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine

from seatrial.errors import LedgerError
from seatrial.ledger import Ledger
from servers import Postgres

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("ledger servers"),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no fork"),
]


def _run(script: str, *words: object) -> str:
    """Run a script in a process of its own, which may fork, and return what it prints."""
    done = subprocess.run([sys.executable, "-c", script, *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout


AT_ONCE = """
import os, sys
from seatrial.ledger import Ledger
where, count = sys.argv[1], int(sys.argv[2])
Ledger(where).verify()  # loads what it takes, once for all
children = []
for name in range(count):
    child = os.fork()
    if child == 0:
        for number in range(2):
            Ledger(where).append("decision", f"w{name}", {"number": number})
        os._exit(0)
    children.append(child)
print(sum(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.parametrize("count", [2, 20])
def test_writers_at_once_lose_nothing(where: str, count: int) -> None:
    """They make one chain, two of them from no ledger at all, in which each finds both of its entries in order."""
    if count > 2:
        Ledger(where).ready()
    assert _run(AT_ONCE, where, count) == "0\n"
    entries = Ledger(where).verify()
    assert len(entries) == 2 * count
    for name in range(count):
        assert [entry.body["number"] for entry in entries if entry.author == f"w{name}"] == [0, 1]


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from seatrial.ledger import Ledger
ledger = Ledger(sys.argv[1])
ledger.append("decision", "ann", {"number": 0})
held, at = len(ledger.verify()), 0
while True:
    at += 1
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0
        def tick(*_):
            global count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
        for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(Engine, moment, tick)
        ledger.append("decision", "ann", {"number": at})
        os.write(writer, b"recorded")
        os._exit(0)
    os.close(writer)
    told = os.read(reader, 8)
    os.waitpid(child, 0)
    there = len(ledger.verify())
    assert there == held + bool(told), (at, held, there, told)
    held = there
    if told:
        break
print(at, held)
"""


def test_a_writer_that_is_killed_at_any_statement_leaves_all_or_nothing(where: str) -> None:
    """Before and after each statement, and before the transaction's end: nobody waits for the dead."""
    kills, entries = map(int, _run(KILLED, where).split())
    assert kills >= 12 and entries == 2
    assert Ledger(where).append("decision", "ann", {}).number == 3


FULL = """
import os, resource, signal, sys
from seatrial.errors import LedgerError
from seatrial.ledger import Ledger
ledger = Ledger(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit in map(int, sys.argv[2:]):
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            ledger.append("decision", "ann", {"long": "x" * 100_000})
            print("recorded", flush=True)
        except LedgerError as error:
            print(error, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(len(ledger.verify()), flush=True)
"""


def test_a_disk_that_fills_anywhere_records_nothing(tmp_path: Path) -> None:
    """In the journal, in the table, or on its last page: what was there stays, and the message says that no more is."""
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.append("decision", "ann", {})
    assert ledger.path is not None
    size = ledger.path.stat().st_size
    told = _run(FULL, ledger.path, 0, 512, size, size + 4096, size + 50_000, size + 98_000).splitlines()
    assert told[1::2] == ["1"] * 6
    assert all("cannot be written: " in one and one.endswith("Nothing was recorded.") for one in told[::2]), told
    assert ledger.append("decision", "ann", {}).number == 2


def test_a_server_whose_disk_is_full_records_nothing(postgres: Postgres, tmp_path: Path) -> None:
    """The table cannot grow: the server says so, nothing is recorded, and the next entry follows once there is room."""
    ledger = Ledger(postgres.database(), tmp_path)
    ledger.append("decision", "ann", {})
    postgres.stop()
    room = 2 * 2**20  # above a segment of the server's log, which must be written, or it stops altogether
    postgres.start(room)
    with pytest.raises(LedgerError, match=r"cannot be written: could not (?:extend|write).*Nothing was recorded\."):
        ledger.append("decision", "ann", {"long": os.urandom(2 * room).hex()})
    assert len(ledger.verify()) == 1
    postgres.stop()
    postgres.start()
    assert ledger.append("decision", "ann", {}).number == 2


class _AtStatement:
    """Does something to the server's process right before a statement, once; or before the transaction's end."""

    def __init__(self, begins: str, work: Callable[[int], None]) -> None:
        self._begins, self._work, self._done = begins, work, False

    def __enter__(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._execute)
        event.listen(Engine, "commit", self._commit)

    def __exit__(self, *_: object) -> None:
        event.remove(Engine, "before_cursor_execute", self._execute)
        event.remove(Engine, "commit", self._commit)

    def _execute(self, link: Any, _: Any, statement: str, *__: Any) -> None:
        if statement.startswith(self._begins):
            self._now(link)

    def _commit(self, link: Any) -> None:
        if self._begins == "COMMIT":
            self._now(link)

    def _now(self, link: Any) -> None:
        if not self._done:
            self._done = True
            self._work(link.connection.dbapi_connection.info.backend_pid)


@pytest.mark.parametrize("moment", ["INSERT INTO ledger_entries", "UPDATE ledger_head", "COMMIT"])
def test_a_server_process_that_is_killed_records_nothing(postgres: Postgres, tmp_path: Path, moment: str) -> None:
    """The server recovers by itself; whoever was writing is told that nothing was recorded, or that it is not known."""
    ledger = Ledger(postgres.database(), tmp_path)
    ledger.append("decision", "ann", {})
    refused = pytest.raises(LedgerError, match=r"cannot be written: .*(?:Nothing was recorded|is not known)")
    with refused, _AtStatement(moment, lambda server: os.kill(server, signal.SIGKILL)):
        ledger.append("decision", "ann", {})
    postgres.wait()
    assert len(ledger.verify()) == 1
    assert ledger.append("decision", "ann", {}).number == 2


class _Line:
    """Stands between a writer and the server; once armed, it breaks after the transaction's end was passed on."""

    def __init__(self, port: int) -> None:
        self._server, self.armed = port, False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open: list[socket.socket] = [self._listening]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self._open += [client, server]
                for source, drain in ((client, server), (server, client)):
                    self._threads.append(threading.Thread(target=self._pass, args=(source, drain), daemon=True))
                    self._threads[-1].start()

    def _pass(self, source: socket.socket, drain: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.armed and b"COMMIT" in data:
                    self.armed = False
                    source.shutdown(socket.SHUT_RDWR)  # what the server answers reaches nobody
                drain.sendall(data)
        with suppress(OSError):
            drain.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for one in self._open:
            one.close()


@pytest.fixture
def line(postgres: Postgres) -> Iterator[_Line]:
    """A way to the server that can break."""
    made = _Line(postgres.port)
    yield made
    made.close()


def test_an_acknowledgement_that_is_lost_is_looked_for(postgres: Postgres, line: _Line, tmp_path: Path) -> None:
    """The line breaks after the end of the transaction was sent: the writer is told that the entry is there."""
    url = make_url(postgres.database()).set(port=line.port).render_as_string(hide_password=False)
    ledger = Ledger(url, tmp_path)
    ledger.append("decision", "ann", {})
    line.armed = True
    with pytest.raises(LedgerError, match=r"cannot be written: .*The entry was recorded all the same\."):
        ledger.append("decision", "ann", {})
    assert len(ledger.verify()) == 2
    assert ledger.append("decision", "ann", {}).number == 3
