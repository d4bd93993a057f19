"""The tables that a ledger is kept in: SQLite by default, PostgreSQL by URL.

A change here comes with a migration of its own: the next number in `migrations/`.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

__all__ = ["VERSIONS", "entries", "head", "meta"]

VERSIONS = "ledger_version"
"""The table that holds which migrations were run: raters' sessions may lie in the same database."""

meta = MetaData()

entries = Table(
    "ledger_entries",
    meta,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("signature", Text, nullable=False),
)

head = Table(
    "ledger_head",
    meta,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
