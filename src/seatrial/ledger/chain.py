"""The ledger: a table in which every entry carries the hash of the one before, in SQLite or PostgreSQL.

An edited entry no longer matches its own hash; a dropped or moved one breaks the chain; entries cut off the end are
missed by the head, a row that holds the number of entries and the last hash. An entry and the head are written in one
transaction, so a crash leaves both or neither, and an entry beyond the head was put there by something else. Whoever
can write the database can write history anew: what the chain gives is that nothing changes *unnoticed* by someone who
kept a hash, as every report and every anchor does, or by someone who knows the key that signs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from sqlalchemy import URL, Connection, Engine, create_engine, insert, inspect, make_url, select, true, update
from sqlalchemy.exc import SQLAlchemyError

from seatrial.errors import LedgerError, StoreError
from seatrial.ledger import schema
from seatrial.ledger.entries import FIELDS, GENESIS, Entry, Kind, canonical, check_chain, place
from seatrial.ledger.old_file import old_entries
from seatrial.web.database import open_database

__all__ = ["KEY_VARIABLE", "PLACE_VARIABLE", "Addition", "Ledger", "ledger_for", "ledger_in", "remember_verified"]

PLACE_VARIABLE = "SEATRIAL_LEDGER"
"""Environment variable that names the team's ledger by URL; without it one lies beside each folder of reviews."""
KEY_VARIABLE = "SEATRIAL_LEDGER_KEY"
"""Environment variable that names the file of the private key that signs entries."""
MIGRATIONS = "seatrial.ledger.migrations"
BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7325749)"}
"""Begins an addition: whoever else adds waits until it is made."""


_VERIFIED: dict[URL, list[Entry]] | None = None
"""The ledgers that were verified here, in a process that remembers them."""


def remember_verified() -> None:
    """Have this process verify, from now on, only what follows what it verified of a ledger before.

    For one that writes again and again, beside another that verifies the whole chain from time to time: what was
    changed before the last entry is not found by the next addition here.
    """
    global _VERIFIED
    _VERIFIED = _VERIFIED if _VERIFIED is not None else {}


def ledger_for(review: Path) -> Ledger:
    """Return the ledger of a review in a folder."""
    return ledger_in(review.resolve().parent)


def ledger_in(reviews: Path) -> Ledger:
    """Return the ledger of a folder of reviews: the team's where the environment names one, else the one in it."""
    return Ledger(os.environ.get(PLACE_VARIABLE) or reviews / "ledger.db", reviews)


Came = TypeVar("Came")


@dataclass(slots=True)
class Addition:
    """One transaction, in which nobody else adds.

    Attributes:
        entries: Those that are there, verified.
        new: Those that are written when it ends.
    """

    entries: list[Entry] = field(default_factory=list)
    new: list[Entry] = field(default_factory=list)

    def add(self, kind: Kind, author: str, body: dict[str, Any]) -> Entry:
        """Return a new entry that follows all others; signed where a key is configured."""
        last = (self.new or self.entries)[-1] if self.new or self.entries else None
        at = datetime.now(UTC).isoformat(timespec="seconds")
        number, previous = (last.number + 1, last.hash) if last is not None else (1, GENESIS)
        draft = Entry(number, at, kind, author, body, previous, "")
        self.new.append(_signed(replace(draft, hash=draft.recomputed())))
        return self.new[-1]


class Ledger:
    """A hash-chained table. Additions take turns, so that reviews that end at once do not fork the chain.

    Attributes:
        path: The file, where it is SQLite; it is made by the first entry. None of a server.
        folder: Where the reviews lie that it holds decisions on.
        name: How messages call it, without a password.
    """

    def __init__(self, where: str | Path, folder: Path | None = None) -> None:
        """Use a ledger.

        Args:
            where: A file, or the URL of a database. The file of earlier versions, `ledger.jsonl`, stands for the
                database beside it, which takes its entries over.
            folder: Where the reviews lie; by default the file's folder, or `reviews` for a server.

        Raises:
            LedgerError: the URL cannot be read.
        """
        self._url = _url(where)
        is_file = self._url.get_backend_name() == "sqlite" and self._url.database
        self.path = Path(cast(str, self._url.database)) if is_file else None
        self.name = str(self.path) if self.path else self._url.render_as_string(hide_password=True)
        self.folder = folder or (self.path.resolve().parent if self.path else Path("reviews"))
        self._old = self.path.with_suffix(".jsonl") if self.path else None

    @property
    def exists(self) -> bool:
        """Whether there is a ledger already, or one of an earlier version to be taken over."""
        if self.path is None:
            return bool(self.entries())
        return self.path.exists() or (self._old is not None and self._old.exists())

    def append(self, kind: Kind, author: str, body: dict[str, Any]) -> Entry:
        """Write one entry and return it; signed where a key is configured.

        Raises:
            LedgerError: the ledger cannot be written, or is broken already: nothing is added to a broken chain.
        """
        with self._adding() as made:
            return made.add(kind, author, body)

    def enter(self, step: Callable[[Addition], Came]) -> Came:
        """Return what a step returns that looks at all entries and adds some: all of them are written, or none.

        The chain is verified once, and what the step saw is what its entries follow. Where there is no ledger yet, the
        step is tried before one is made: what it refuses leaves nothing behind.

        Raises:
            LedgerError: as `append`.
        """
        if self.path is not None and not self.exists:
            step(Addition())
        with self._adding() as made:
            return step(made)

    def ready(self) -> list[Entry]:
        """Return all entries if the chain holds and another entry could be written; older ones are taken over.

        Raises:
            LedgerError: the chain is broken, or the ledger cannot be written.
        """
        with self._adding() as made:
            return made.entries

    def verify(self) -> list[Entry]:
        """Return all entries if the chain holds.

        Raises:
            LedgerError: an entry was edited, dropped, added or moved; names it.
        """
        held = _VERIFIED.get(self._url) if _VERIFIED is not None else None
        if held:
            return self._remembered([*held, *self.verify_after(held)])
        return self._remembered(self._checked(self._rows()))

    def _remembered(self, entries: list[Entry]) -> list[Entry]:
        if _VERIFIED is not None:
            _VERIFIED[self._url] = entries
        return entries

    def verify_after(self, held: Sequence[Entry]) -> list[Entry]:
        """Return the entries that follow those held, which were verified before: only what is new is read and checked.

        Raises:
            LedgerError: a new entry does not hold, or the ledger is no longer the one that was held.
        """
        if not held:
            return self.verify()
        if self.path is not None and not self.path.exists():
            raise LedgerError(f"{self.name}: the ledger that was read here is gone. Restore a copy.")
        with self._reading() as link:
            return self._after(link, held[-1])

    def _after(self, link: Connection, last: Entry) -> list[Entry]:
        """Return the entries that follow one, which still has to stand where it stood."""
        here = schema.entries.c.number
        number, digest = link.execute(select(schema.head.c.number, schema.head.c.hash)).one()
        if (number, digest) == (last.number, last.hash):
            return []
        found = select(schema.entries).where(here >= last.number, here <= number).order_by(here)
        read = [self._entry(dict(row)) for row in link.execute(found).mappings()]
        if not read or read[0].content() != last.content() or read[0].hash != last.hash:
            raise LedgerError(
                f"{self.name}:{last.number}: entry {last.number} is not the one that was read here before: the ledger "
                "was put back to an older copy, or written anew. `seatrial ledger verify` says more."
            )
        check_chain(read[1:], self.name, after=last)
        if (number, digest) != (read[-1].number, read[-1].hash):
            raise LedgerError(f"{self.name}: its head does not match entry {number}.")
        return read[1:]

    def entries(self) -> list[Entry]:
        """Return all entries as they stand, unverified.

        Raises:
            LedgerError: the ledger cannot be read, or holds what is no entry.
        """
        rows = self._rows()
        held = [self._entry(row) for row in rows or () if row["number"] is not None]
        return held or self._taken_over()

    def _checked(self, rows: list[dict[str, Any]] | None) -> list[Entry]:
        """Return the entries of these rows, or of the file that is to be taken over, if all of it holds."""
        old = self._taken_over()
        if rows is None:
            return old
        entries = [self._entry(row) for row in rows if row["number"] is not None]
        check_chain(entries, self.name)
        if not rows:
            raise LedgerError(
                f"{self.name}: the head is missing, so entries cut off the end would go unnoticed. Restore a copy."
            )
        number, last = rows[0]["last_number"], rows[0]["last_hash"]
        if number > len(entries):
            raise LedgerError(f"{self.name}: {number - len(entries)} entries were dropped from the end.")
        if number < len(entries):
            raise LedgerError(
                f"{self.name}:{number + 1}: entry {number + 1} lies beyond the head: it was added by hand. Restore a "
                "copy, and do again what it records."
            )
        if last != (entries[-1].hash if entries else GENESIS):
            raise LedgerError(f"{self.name}: its head does not match entry {number}.")
        if not entries:  # made, and not written to yet
            return old
        if [place(one) for one in old] != [place(one) for one in entries[: len(old)]]:
            raise LedgerError(
                f"{self._old}: holds other entries than {self.name} took over from it: an earlier version added to it "
                "since, or it is another ledger's. Move the file away once you know what it holds."
            )
        return entries

    def _taken_over(self) -> list[Entry]:
        return old_entries(self._old) if self._old else []

    def _entry(self, row: dict[str, Any]) -> Entry:
        try:
            content = json.loads(row["content"])
            types = {name: type(value) for name, value in content.items()}
            known = types == FIELDS and content["kind"] in get_args(Kind) and canonical(content) == row["content"]
            if not known or content["number"] != row["number"]:
                raise ValueError
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise LedgerError(
                f"{self.name}:{row['number']}: not a ledger entry. Restore the ledger from a copy."
            ) from None
        return Entry(**content, hash=str(row["hash"]), signature=str(row["signature"]))

    # The database

    def _rows(self, link: Connection | None = None) -> list[dict[str, Any]] | None:
        """Return all entries beside the head, seen at one moment; None where there are no tables."""
        if link is None:
            if self.path is not None and not self.path.exists():
                return None
            with self._reading() as reader:
                return self._rows(reader)
        held = schema.entries
        if not inspect(link).has_table(held.name):
            return None
        last = schema.head.c.number.label("last_number"), schema.head.c.hash.label("last_hash")
        found = select(*last, *held.c).select_from(schema.head.outerjoin(held, true())).order_by(held.c.number)
        return [dict(row) for row in link.execute(found).mappings()]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Open what is there, and change nothing: it may lie on a disk that cannot be written."""
        engine = create_engine(self._url)
        try:
            with engine.connect() as link:
                yield link
        except (SQLAlchemyError, ImportError) as error:
            raise LedgerError(f"{self.name}: cannot be read: {_words(error)}") from error
        finally:
            engine.dispose()

    @contextmanager
    def _adding(self) -> Iterator[Addition]:
        """Open a transaction that no other addition shares, with the verified entries that are there then."""
        made = Addition()
        engine = self._open()
        try:
            with engine.connect() as link:
                link.exec_driver_sql(BEGIN[engine.dialect.name])
                held = _VERIFIED.get(self._url) if _VERIFIED is not None else None
                if held:
                    made.entries = [*held, *self._after(link, held[-1])]
                else:
                    rows = self._rows(link) or []
                    made.entries = self._checked(rows)
                    if rows[0]["number"] is None:  # nothing is in the table: what there is comes from the file
                        made.new += made.entries
                yield made
                if made.new:
                    _add(link, made.new)
                link.commit()
        except SQLAlchemyError as error:
            raise LedgerError(f"{self.name}: cannot be written: {_words(error)}. {self._outcome(made.new)}") from error
        finally:
            engine.dispose()

    def _outcome(self, new: Sequence[Entry]) -> str:
        """Return whether an addition that failed was recorded: a server may go away while it acknowledges it."""
        if not new:
            return "Nothing was recorded."
        try:
            there = {place(entry) for entry in self.entries()}
        except LedgerError:
            return "Whether the entry was recorded is not known; `seatrial ledger verify` says so once it is back."
        return "The entry was recorded all the same." if place(new[-1]) in there else "Nothing was recorded."

    def _open(self) -> Engine:
        """Open the database to write to it; it is made where it is not there."""
        try:
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            return open_database(self._url, schema.meta, MIGRATIONS, schema.VERSIONS, one_file=True)
        except (StoreError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
            raise LedgerError(f"{self.name}: cannot be written: {why}. Nothing was recorded.") from error


def _url(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        path = Path(where)
        return URL.create("sqlite", database=str(path.with_suffix(".db") if path.suffix == ".jsonl" else path))
    try:
        return make_url(where)
    except (SQLAlchemyError, ValueError):
        raise LedgerError(
            "the ledger's URL cannot be read. It is a file, or postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, "
            "where / @ and : in a password are %2F %40 and %3A."
        ) from None


def _signed(entry: Entry) -> Entry:
    """Return the entry signed by the key that the environment names; as it is where it names none."""
    path = os.environ.get(KEY_VARIABLE)
    if not path:
        return entry
    from seatrial.ledger.signing import signed  # what it stands on takes a while to load

    return signed(entry, Path(path))


def _words(error: Exception) -> str:
    """Return what a database says, in its own words and without the statement."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split()).rstrip(".") or type(cause).__name__


def _add(link: Connection, entries: Sequence[Entry]) -> None:
    """Write entries, and where they end."""
    rows = [
        {"number": one.number, "content": canonical(one.content()), "hash": one.hash, "signature": one.signature}
        for one in entries
    ]
    link.execute(insert(schema.entries), rows)
    link.execute(update(schema.head).values(number=entries[-1].number, hash=entries[-1].hash))
