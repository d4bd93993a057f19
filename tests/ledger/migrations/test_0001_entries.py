"""The first migration: an empty ledger that ends at zero, and entries that stay as they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from seatrial.ledger.chain import MIGRATIONS
from seatrial.ledger.entries import GENESIS
from seatrial.ledger.schema import VERSIONS, meta
from seatrial.web.database import open_database


def test_a_new_ledger_ends_at_zero_and_can_only_be_added_to(tmp_path: Path) -> None:
    """The head is there from the first; the database itself refuses to change or delete an entry."""
    path = tmp_path / "new.db"
    open_database(f"sqlite:///{path}", meta, MIGRATIONS, VERSIONS, one_file=True).dispose()
    with sqlite3.connect(path) as link:
        assert list(link.execute("SELECT * FROM ledger_head")) == [(1, 0, GENESIS)]
        link.execute("INSERT INTO ledger_entries VALUES (1, '{}', 'h', '')")
        for statement in ("UPDATE ledger_entries SET content = ''", "DELETE FROM ledger_entries"):
            with pytest.raises(sqlite3.IntegrityError, match="the ledger can only be added to"):
                link.execute(statement)
