"""Ledgers that somebody got at: what an attacker with the database in hand can do, and the file of earlier versions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, delete, insert, update

from seatrial.ledger import Entry, Ledger, schema
from seatrial.ledger.entries import canonical, place

__all__ = ["Row", "edit", "replaced", "rows", "tampered", "write_old"]

Row = tuple[int, str, str, str]
"""Number, content, hash and signature, as the table holds them."""


def rows(ledger: Ledger) -> list[Row]:
    """The entries as the table holds them."""
    with sqlite3.connect(_path(ledger)) as link:
        return list(link.execute("SELECT number, content, hash, signature FROM ledger_entries ORDER BY number"))


def tampered(ledger: Ledger, new: Sequence[Row], head: tuple[int, str] | None = None) -> None:
    """Put other rows in the place of all entries, whatever is to keep them as they are, and another head if given."""
    with sqlite3.connect(_path(ledger)) as link:
        for what in ("UPDATE", "DELETE"):
            link.execute(f"DROP TRIGGER IF EXISTS ledger_entries_{what}")
        link.execute("DELETE FROM ledger_entries")
        link.executemany("INSERT INTO ledger_entries VALUES (?, ?, ?, ?)", new)
        if head is not None:
            link.execute("UPDATE ledger_head SET number = ?, hash = ?", head)


def replaced(where: str, entries: Sequence[Entry], head: Entry | None) -> None:
    """Put other entries in the place of all, in either database, and another head if given."""
    engine = create_engine(where)
    with engine.begin() as link:
        if engine.dialect.name == "sqlite":
            for what in ("UPDATE", "DELETE"):
                link.exec_driver_sql(f"DROP TRIGGER IF EXISTS ledger_entries_{what}")
        else:
            link.exec_driver_sql("DROP TRIGGER IF EXISTS ledger_entries_stay ON ledger_entries")
        link.execute(delete(schema.entries))
        for one in entries:
            row = {"number": one.number, "content": canonical(one.content()), "hash": one.hash}
            link.execute(insert(schema.entries), row | {"signature": one.signature})
        if head is not None:
            link.execute(update(schema.head).values(number=head.number, hash=head.hash))
    engine.dispose()


def edit(ledger: Ledger, change: Callable[[str], str]) -> None:
    """Change the words of every entry, and no hash."""
    tampered(ledger, [(number, change(content), own, signature) for number, content, own, signature in rows(ledger)])


def write_old(path: Path, entries: Sequence[Entry], head: str | None = None) -> None:
    """Write the ledger as earlier versions kept it: a line an entry, and the head beside it."""
    path.write_text("".join(canonical(_old(one)) + "\n" for one in entries), encoding="utf-8")
    path.with_suffix(".head").write_text(f"{place(entries[-1])}\n" if head is None else head, encoding="utf-8")


def _old(entry: Entry) -> dict[str, Any]:
    return {key: value for key, value in asdict(entry).items() if key != "signature"}


def _path(ledger: Ledger) -> Path:
    assert ledger.path is not None
    return ledger.path


def as_line(entry: Entry) -> str:
    """An entry as a line of the old file, in Python's own form of JSON."""
    return json.dumps(_old(entry))
