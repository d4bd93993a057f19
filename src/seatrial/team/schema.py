"""The tables of people, their tokens and what they did; they may lie in the database of raters' sessions.

A change here comes with a migration of its own: the next number in `migrations/`.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, MetaData, String, Table, Text

__all__ = ["VERSIONS", "audit", "keys", "meta", "people", "sessions"]

VERSIONS = "team_version"
"""The table that holds which migrations were run."""

meta = MetaData()

keys = Table(
    "team_keys",
    meta,
    Column("id", Integer, primary_key=True),
    Column("secret", String(64), nullable=False),
)

people = Table(
    "team_people",
    meta,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("token_name", String(16), nullable=False, unique=True),
    Column("token_hash", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("revoked", Float),
)
"""One row a token."""

sessions = Table(
    "team_sessions",
    meta,
    Column("id", Integer, primary_key=True),
    Column("person", ForeignKey("team_people.id"), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("ends", Float, nullable=False),
)

audit = Table(
    "team_audit",
    meta,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("what", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("entry", Integer),
)
"""Only added to."""
