"""The ledger finds whatever was done to it, in SQLite and in PostgreSQL."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from ledger.test_entries import chain
from ledgers import Row, edit, rows, tampered, write_old
from seatrial.errors import LedgerError
from seatrial.ledger import Entry, Ledger, ledger_for
from seatrial.ledger.chain import KEY_VARIABLE, PLACE_VARIABLE, Addition
from seatrial.ledger.entries import GENESIS, Kind, canonical
from seatrial.ledger.signing import make_key
from servers import Postgres, postgres_server


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger with five decisions."""
    ledger = Ledger(tmp_path / "ledger.db")
    for number in range(5):
        ledger.append("decision", "ann", {"decision": "hold", "number": number})
    return ledger


def _row(entry: Entry) -> Row:
    return entry.number, canonical(entry.content()), entry.hash, entry.signature


def _forged(entry: Entry, **change: Any) -> Entry:
    """An entry with another content, and the hash that this content should have."""
    made = replace(entry, **change)
    return replace(made, hash=made.recomputed())


# What is recorded


def test_an_entry_is_what_was_recorded(tmp_path: Path) -> None:
    """Number, time, kind, author and body come back, chained from zeros, with a hash of all of them."""
    ledger = Ledger(tmp_path / "deep" / "ledger.db")
    before = datetime.now(UTC).replace(microsecond=0)
    made = [ledger.append("waiver", "Zoë", {"reason": "it’s fine"}), ledger.append("training", "bo", {"n": [1, None]})]
    assert ledger.verify() == ledger.entries() == Ledger(tmp_path / "deep" / "ledger.db").ready() == made
    first, second = made
    assert (first.number, first.kind, first.author, first.body) == (1, "waiver", "Zoë", {"reason": "it’s fine"})
    assert (second.number, second.kind, second.author, second.body) == (2, "training", "bo", {"n": [1, None]})
    assert (first.previous, second.previous) == (GENESIS, first.hash)
    assert before <= datetime.fromisoformat(first.at) <= datetime.now(UTC)
    assert first.at.endswith("+00:00") and len(first.at) == 25


@pytest.mark.parametrize("name", ["f\udcff", "\ud800", "a\0b", "\u2028\x85"])
def test_a_name_of_any_bytes_is_recorded(tmp_path: Path, name: str) -> None:
    """Names of people and folders come from systems where they are bytes: they are read back as they were."""
    ledger = Ledger(tmp_path / "ledger.db")
    made = [ledger.append("decision", name, {"folder": name, name: [name]}) for _ in range(2)]
    assert ledger.verify() == made


def test_two_halves_of_a_letter_are_read_back_as_the_letter(tmp_path: Path) -> None:
    """JSON joins them, so the chain is over the letter, and goes on behind it."""
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.append("decision", "\ud83d" + "\ude00", {"\ud83d" + "\ude00": 1})
    ledger.append("decision", "ann", {})
    assert [(entry.author, entry.body) for entry in ledger.verify()] == [("\U0001f600", {"\U0001f600": 1}), ("ann", {})]


def test_what_cannot_be_read_back_is_not_written(ledger: Ledger) -> None:
    """NaN is no JSON: an entry that holds it is refused before anything is written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        ledger.append("decision", "ann", {"number": float("nan")})
    assert len(ledger.verify()) == 5


def test_entries_are_signed_while_a_key_is_named(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature lies beside the entry; a key that cannot be read keeps the entry from being written."""
    make_key(tmp_path / "key.pem")
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "key.pem"))
    ledger.append("decision", "ann", {})
    assert [bool(entry.signature) for entry in ledger.verify()] == [False] * 5 + [True]
    monkeypatch.setenv(KEY_VARIABLE, str(tmp_path / "gone.pem"))
    with pytest.raises(LedgerError, match=r"gone\.pem: the key that signs cannot be read"):
        ledger.append("decision", "ann", {})
    assert len(ledger.verify()) == 6


# Where it stands


def test_the_ledger_stands_beside_the_reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All reviews of one folder share one ledger, unless the environment names the team's."""
    review = tmp_path / "reviews" / "one"
    assert ledger_for(review).path == tmp_path / "reviews" / "ledger.db"
    monkeypatch.setenv(PLACE_VARIABLE, "postgresql+psycopg://ann:secret@db.example.org/team")
    team = ledger_for(review)
    assert (team.path, team.folder) == (None, tmp_path / "reviews")
    assert team.name == "postgresql+psycopg://ann:***@db.example.org/team"
    monkeypatch.setenv(PLACE_VARIABLE, f"sqlite:///{tmp_path / 'team.db'}")
    ledger_for(review).append("decision", "ann", {})
    assert (tmp_path / "team.db").exists()


@pytest.mark.parametrize("url", ["postgresql://a:b@c:d@e/x", "sqlite://x:y:z"])
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(LedgerError, match="URL cannot be read") as caught:
        Ledger(url)
    assert url not in str(caught.value)


def test_what_is_neither_sqlite_nor_postgresql_is_refused() -> None:
    """Another kind of database would lock in its own way."""
    with pytest.raises(LedgerError, match="it must be SQLite or PostgreSQL, not mysql"):
        Ledger("mysql://ann@localhost/x").append("decision", "ann", {})


def test_a_ledger_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Before the first decision there is nothing to verify, and looking makes nothing."""
    ledger = Ledger(tmp_path / "deep" / "ledger.db")
    assert (ledger.verify(), ledger.entries(), ledger.exists) == ([], [], False)
    assert list(tmp_path.iterdir()) == []
    assert ledger.ready() == []
    assert ledger.exists
    assert ledger.append("decision", "ann", {}).number == 1


# What was done to it


def test_an_untouched_ledger_verifies(ledger: Ledger) -> None:
    """Entries come back in order, each naming the hash before it; the table as it is can be put back."""
    entries = ledger.verify()
    assert [entry.body["number"] for entry in entries] == [0, 1, 2, 3, 4]
    assert [entry.previous for entry in entries[1:]] == [entry.hash for entry in entries[:-1]]
    tampered(ledger, rows(ledger))
    assert ledger.verify() == entries
    assert [_row(entry) for entry in entries] == rows(ledger)


def test_entries_are_neither_changed_nor_deleted_by_accident(ledger: Ledger) -> None:
    """The database itself refuses: only whoever takes the triggers away can try."""
    assert ledger.path
    with sqlite3.connect(ledger.path) as link:
        for statement in ("UPDATE ledger_entries SET signature = 'x'", "DELETE FROM ledger_entries WHERE number = 5"):
            with pytest.raises(sqlite3.IntegrityError, match="the ledger can only be added to"):
                link.execute(statement)


@pytest.mark.parametrize("place", range(5))
def test_an_edited_entry_is_found(ledger: Ledger, place: int) -> None:
    """Changing one word of any entry names it; mending its hash breaks the chain or the head."""
    held = rows(ledger)
    number, content, own, signature = held[place]
    tampered(ledger, [*held[:place], (number, content.replace("hold", "launch"), own, signature), *held[place + 1 :]])
    with pytest.raises(LedgerError, match=rf"ledger\.db:{place + 1}: entry {place + 1} was edited"):
        ledger.verify()
    tampered(ledger, held)
    forged = _forged(ledger.entries()[place], author="eve")
    tampered(ledger, [*held[:place], _row(forged), *held[place + 1 :]])
    with pytest.raises(LedgerError, match=r"does not follow|head does not match entry 5"):
        ledger.verify()


def test_dropping_moving_or_doubling_entries_is_found(ledger: Ledger) -> None:
    """Of all selections and orders of the contents, numbered anew or not, only the original one verifies."""
    held = rows(ledger)
    for size in range(5):
        for chosen in itertools.permutations(held, size):
            tampered(ledger, [(number, *rest) for number, (_, *rest) in enumerate(chosen, 1)])  # type: ignore[misc]
            with pytest.raises(LedgerError):
                ledger.verify()
            tampered(ledger, sorted(chosen))
            with pytest.raises(LedgerError):
                ledger.verify()
    tampered(ledger, held)
    assert len(ledger.verify()) == 5


@pytest.mark.parametrize("kind", ["decision", "waiver"])
def test_entries_past_the_head_are_found(ledger: Ledger, kind: Kind) -> None:
    """A whole, well-chained entry that the head does not know is named, and nothing is added after it."""
    last = ledger.entries()[-1]
    new = _forged(last, number=6, previous=last.hash, author="eve", kind=kind)
    tampered(ledger, [*rows(ledger), _row(new)])
    for use in (ledger.verify, ledger.ready, lambda: ledger.append("decision", "ann", {})):
        with pytest.raises(LedgerError, match=r"ledger\.db:6: entry 6 lies beyond the head: it was added by hand"):
            use()
    assert len(rows(ledger)) == 6


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ((3, ""), "3: entry 4|lies beyond the head"),
        ((5, "0" * 64), "head does not match entry 5"),
        ((9, "0" * 64), "4 entries were dropped from the end"),
        ((0, GENESIS), "entry 1 lies beyond the head"),
    ],
)
def test_a_head_of_no_entry_is_refused(ledger: Ledger, head: tuple[int, str], message: str) -> None:
    """It holds how many entries there were, and the last hash."""
    tampered(ledger, rows(ledger), head)
    with pytest.raises(LedgerError, match=message):
        ledger.verify()


def test_a_missing_head_or_table_is_no_pass(ledger: Ledger) -> None:
    """Without the head a shortened ledger could not be told from a whole one."""
    assert ledger.path
    with sqlite3.connect(ledger.path) as link:
        link.execute("DELETE FROM ledger_head")
    with pytest.raises(LedgerError, match="the head is missing"):
        ledger.verify()
    with sqlite3.connect(ledger.path) as link:
        link.execute("DROP TABLE ledger_head")
    with pytest.raises(LedgerError, match="cannot be read: no such table: ledger_head"):
        ledger.verify()


@pytest.mark.parametrize(
    "change",
    [
        {"number": 6.0},
        {"number": "5"},
        {"number": True},
        {"at": None},
        {"author": 7},
        {"body": []},
        {"kind": "note"},
        {"previous": None},
        {"more": ""},
    ],
)
def test_a_row_with_a_field_of_another_type_is_no_entry(ledger: Ledger, change: dict[str, Any]) -> None:
    """What this program would not have written is refused with its number, before any hash is looked at."""
    *before, (number, content, own, signature) = rows(ledger)
    tampered(ledger, [*before, (number, canonical(json.loads(content) | change), own, signature)])
    with pytest.raises(LedgerError, match=r"ledger\.db:5: not a ledger entry\. Restore the ledger from a copy\."):
        ledger.verify()


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", "[" * 100_000, "{spaced}", "{twice}"])
def test_a_row_that_is_written_otherwise_is_no_entry(ledger: Ledger, content: str) -> None:
    """No JSON, another form of it, or a key that stands twice, of which readers would take one or the other."""
    *before, (number, whole, own, signature) = rows(ledger)
    made = {"{spaced}": whole.replace(":", ": ", 1), "{twice}": whole.replace("{", '{"author":"eve",', 1)}
    tampered(ledger, [*before, (number, made.get(content, content), own, signature)])
    with pytest.raises(LedgerError, match="5: not a ledger entry"):
        ledger.verify()


def test_nothing_is_added_to_a_broken_chain(ledger: Ledger) -> None:
    """Appending verifies first."""
    edit(ledger, lambda content: content.replace("ann", "eve"))
    with pytest.raises(LedgerError, match="entry 1 was edited"):
        ledger.append("decision", "ann", {})
    assert len(rows(ledger)) == 5


# The file of earlier versions


def test_the_file_of_earlier_versions_is_taken_over(tmp_path: Path) -> None:
    """It is read as it is until the next entry, which takes its entries over, hash for hash, and follows them."""
    write_old(tmp_path / "ledger.jsonl", chain(5))
    for name in ("ledger.jsonl", "ledger.db"):
        assert Ledger(tmp_path / name).verify() == Ledger(tmp_path / name).entries() == chain(5)
        assert Ledger(tmp_path / name).exists
    assert not (tmp_path / "ledger.db").exists()
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert ledger.append("decision", "ann", {}).number == 6
    assert Ledger(tmp_path / "ledger.db").verify()[:5] == chain(5)
    assert ledger.verify()[5].previous == chain(5)[4].hash


def test_getting_ready_takes_over(tmp_path: Path) -> None:
    """Before a call is spent, what earlier versions left is in the database or has been refused."""
    write_old(tmp_path / "ledger.jsonl", chain(3))
    ledger = Ledger(tmp_path / "ledger.db")
    assert ledger.ready() == chain(3)
    assert [number for number, *_ in rows(ledger)] == [1, 2, 3]


def test_a_table_that_was_made_and_not_written_to_hides_nothing(tmp_path: Path) -> None:
    """Killed between the two, a command leaves an empty table: what earlier versions recorded is still read."""
    Ledger(tmp_path / "ledger.db").ready()
    write_old(tmp_path / "ledger.jsonl", chain(3))
    ledger = Ledger(tmp_path / "ledger.db")
    assert ledger.verify() == ledger.entries() == chain(3)
    assert ledger.append("decision", "ann", {}).number == 4
    assert [number for number, *_ in rows(ledger)] == [1, 2, 3, 4]


def test_a_broken_file_is_not_taken_over(tmp_path: Path) -> None:
    """Its fault is named in its own words, and no entry is made."""
    write_old(tmp_path / "ledger.jsonl", chain(5)[:4], f"5 {chain(5)[4].hash}\n")
    ledger = Ledger(tmp_path / "ledger.db")
    for use in (ledger.verify, ledger.entries, ledger.ready, lambda: ledger.append("decision", "ann", {})):
        with pytest.raises(LedgerError, match=r"ledger\.jsonl: 1 entries were dropped from the end"):
            use()


def test_what_an_earlier_version_added_since_is_noticed(tmp_path: Path) -> None:
    """Or a file of another ledger: two histories are never read as one."""
    write_old(tmp_path / "ledger.jsonl", chain(3))
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.append("decision", "ann", {})
    write_old(tmp_path / "ledger.jsonl", chain(4))
    with pytest.raises(LedgerError, match=r"ledger\.jsonl: holds other entries than .*ledger\.db took over from it"):
        ledger.verify()
    (tmp_path / "ledger.jsonl").unlink()
    (tmp_path / "ledger.head").unlink()
    assert len(ledger.verify()) == 4


# Faults


def test_what_is_no_database_is_an_error(tmp_path: Path) -> None:
    """It is named, and stays as it is."""
    path = tmp_path / "ledger.db"
    path.write_bytes(b"\xff\xfe no database, and longer than a header of SQLite is, so that it is read as one" * 4)
    whole = path.read_bytes()
    for use in (Ledger(path).verify, lambda: Ledger(path).append("decision", "ann", {})):
        with pytest.raises(LedgerError, match="file is not a database"):
            use()
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The message says that nothing was recorded."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"ledger\.db: cannot be written: .*\. Nothing was recorded\."):
        Ledger(tmp_path / "file" / "ledger.db").append("decision", "ann", {})


def test_a_ledger_is_read_where_nothing_can_be_written(ledger: Ledger, tmp_path: Path) -> None:
    """A copy is one file, and reading it leaves nothing beside it."""
    assert ledger.path
    copy = tmp_path / "copy" / "ledger.db"
    copy.parent.mkdir()
    shutil.copy(ledger.path, copy)
    os.chmod(copy, 0o444)
    os.chmod(copy.parent, 0o555)
    try:
        assert Ledger(copy).verify() == ledger.verify()
        assert [path.name for path in copy.parent.iterdir()] == ["ledger.db"]
    finally:
        os.chmod(copy.parent, 0o755)


def test_what_cannot_be_acknowledged_is_looked_for(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the end of a transaction fails, the message says whether the entry is there, or that nobody knows."""
    from sqlalchemy.engine import Connection

    real = Connection.commit

    def lost(link: Connection) -> None:
        real(link)
        raise SQLAlchemyError("the connection went away")

    def refused(link: Connection) -> None:
        raise SQLAlchemyError("the connection went away")

    for commit, words, count in ((lost, "The entry was recorded all the same.", 6), (refused, "Nothing was", 6)):
        with monkeypatch.context() as patched:
            patched.setattr(Connection, "commit", commit)
            with pytest.raises(LedgerError, match=f"the connection went away. {words}"):
                ledger.append("decision", "ann", {})
        assert len(ledger.verify()) == count
    with monkeypatch.context() as patched:
        patched.setattr(Connection, "commit", lost)

        def away(_: Ledger) -> list[Entry]:
            raise LedgerError("cannot be read")

        patched.setattr(Ledger, "entries", away)
        with pytest.raises(LedgerError, match="Whether the entry was recorded is not known"):
            ledger.append("decision", "ann", {})


# Many at once


@pytest.mark.slow
def test_threads_that_append_at_once_do_not_fork_the_chain(tmp_path: Path) -> None:
    """Twenty of one process make one chain, from a database that is not there yet."""
    path = tmp_path / "ledger.db"
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda name: Ledger(path).append("decision", f"t{name}", {}), range(20)))
    assert {entry.author for entry in Ledger(path).verify()} == {f"t{name}" for name in range(20)}


def test_a_step_is_entered_as_a_whole_or_not_at_all(ledger: Ledger, tmp_path: Path) -> None:
    """All that it adds follows what it saw; where it refuses, nothing is added, and no ledger is made for it."""

    def two(made: Addition) -> list[Entry]:
        assert [entry.number for entry in made.entries] == [1, 2, 3, 4, 5]
        return [made.add("override", "ann", {}), made.add("release", "ann", {})]

    def refused(made: Addition) -> None:
        made.add("override", "ann", {})
        raise LedgerError("refused")

    assert ledger.enter(two) == ledger.verify()[5:]
    for one in (ledger, Ledger(tmp_path / "new" / "ledger.db")):
        with pytest.raises(LedgerError, match="refused"):
            one.enter(refused)
    assert len(ledger.verify()) == 7 and not (tmp_path / "new").exists()


@pytest.mark.parametrize("killed", [False, True])
def test_an_append_waits_for_another_process(ledger: Ledger, killed: bool) -> None:
    """While another process is at the ledger nothing is written; once that has gone on or was killed, it is."""
    assert ledger.path
    hold = (
        "import sqlite3, sys\n"
        "link = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "link.execute('BEGIN IMMEDIATE')\nprint('held', flush=True)\nsys.stdin.readline()\nlink.rollback()"
    )
    command = [sys.executable, "-c", hold, str(ledger.path)]
    with (
        ThreadPoolExecutor(1) as pool,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        appending = pool.submit(ledger.append, "decision", "ann", {})
        with pytest.raises(TimeoutError):
            appending.result(timeout=0.3)
        assert len(ledger.entries()) == 5
        if killed:
            other.kill()
        else:
            other.communicate("\n")
        assert appending.result().number == 6


# PostgreSQL


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server of this module's own; skipped where PostgreSQL is not installed."""
    with postgres_server() as server:
        yield server


@pytest.mark.slow
def test_the_same_in_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    """Entries come back as they were, cannot be changed, and are found where somebody did."""
    ledger = Ledger(postgres.url, tmp_path)
    assert (ledger.verify(), ledger.exists, ledger.path) == ([], False, None)
    made = [ledger.append("decision", "f\udcff", {"a\0b": ["\ud800"], "n": number}) for number in range(3)]
    assert ledger.verify() == made
    engine = create_engine(postgres.url)
    with engine.connect() as link:
        for statement in (
            "UPDATE ledger_entries SET signature = 'x'",
            "DELETE FROM ledger_entries",
            "TRUNCATE ledger_entries",
        ):
            with pytest.raises(SQLAlchemyError, match="the ledger can only be added to"):
                link.execute(text(statement))
            link.rollback()
    with engine.begin() as link:
        link.execute(text("DROP TRIGGER ledger_entries_stay ON ledger_entries"))
        link.execute(text("DELETE FROM ledger_entries WHERE number > 1"))
    with pytest.raises(LedgerError, match=r"postgres: 2 entries were dropped from the end"):
        ledger.verify()
    engine.dispose()


@pytest.mark.slow
def test_a_server_that_goes_away_in_the_middle_leaves_whole_entries(postgres: Postgres, tmp_path: Path) -> None:
    """It dies inside the transaction: nothing is recorded, the message says so, and the next entry follows."""
    engine = create_engine(postgres.url)
    with engine.begin() as link:
        for table in ("ledger_entries", "ledger_head", "ledger_version"):
            link.execute(text(f"DROP TABLE IF EXISTS {table}"))
        link.execute(text("DROP FUNCTION IF EXISTS ledger_entries_stay"))
    engine.dispose()
    ledger = Ledger(postgres.url, tmp_path)
    ledger.append("decision", "ann", {})
    with pytest.raises(LedgerError, match=r"cannot be written: .*not known; `seatrial ledger verify`"):  # noqa: SIM117
        with ledger._adding() as made:
            made.new.append(_forged(made.entries[0], number=2, previous=made.entries[0].hash))
            postgres.stop()
    with pytest.raises(LedgerError, match="cannot be read: "):
        ledger.verify()
    postgres.start()
    assert len(ledger.verify()) == 1
    assert ledger.append("decision", "ann", {}).number == 2


# Reading on


def test_reading_on_returns_what_is_new(ledger: Ledger) -> None:
    """From any entry that was verified: what follows, nothing where nothing does, and all where nothing was held."""
    entries = ledger.verify()
    for count in range(len(entries) + 1):
        assert ledger.verify_after(entries[:count]) == entries[count:]


@pytest.mark.parametrize("fault", ["edited", "hash", "dropped", "shorter", "other", "anchor", "gone", "head"])
def test_reading_on_believes_nothing_that_does_not_follow(ledger: Ledger, tmp_path: Path, fault: str) -> None:
    """A new entry that was edited, does not follow or lies beyond the head; and a ledger that is another since."""
    entries = ledger.verify()
    held, made = entries[:3], rows(ledger)
    if fault == "edited":
        made[3] = _row(replace(entries[3], author="eve"))
    elif fault == "hash":
        made[3] = _row(_forged(entries[3], author="eve"))
    elif fault == "dropped":
        made = [*made[:3], made[4]]
    elif fault == "shorter":
        made = made[:2]
    elif fault == "other":
        made = [*made[:2], _row(_forged(entries[2], author="e"))]
    elif fault == "anchor":
        made[2] = (made[2][0], made[2][1].replace("ann", "eve"), made[2][2], made[2][3])
    if fault == "gone":
        assert ledger.path is not None
        ledger.path.unlink()
    else:
        last = (7, entries[-1].hash) if fault == "head" else (made[-1][0], made[-1][2])
        tampered(ledger, made, last)
    with pytest.raises(LedgerError):
        ledger.verify_after(held)
    assert fault != "gone" or not (ledger.path and ledger.path.exists())


def test_a_process_that_remembers_adds_to_what_it_verified(tmp_path: Path) -> None:
    """It sees what others add, and is as strict on it; what was changed before, it leaves to who verifies all."""
    code = f"""
from pathlib import Path
from seatrial.errors import LedgerError
from seatrial.ledger import Ledger
from seatrial.ledger.chain import remember_verified
remember_verified()
remember_verified()
ledger, other = Ledger(Path({str(tmp_path / "ledger.db")!r})), Ledger(Path({str(tmp_path / "ledger.db")!r}))
made = [ledger.append("decision", "ann", {{"n": n}}) for n in range(3)]
assert other.verify() == made == ledger.ready(), "all of it"
made.append(other.append("decision", "bo", {{}}))
assert ledger.verify() == made
print(len(made), ledger.append("decision", "ann", {{}}).number)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["4", "5"], done.stderr
    assert len(Ledger(tmp_path / "ledger.db").verify()) == 5
