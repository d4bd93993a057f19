"""The tables that sessions are kept in: SQLite by default, PostgreSQL by URL.

A change here comes with a migration of its own: the next number in `migrations/`.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["audit", "coined", "keys", "meta", "raters", "ratings", "sessions", "trials", "turns"]

meta = MetaData()

keys = Table(
    "keys",
    meta,
    Column("id", Integer, primary_key=True),
    Column("secret", String(64), nullable=False),
)

sessions = Table(
    "sessions",
    meta,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("config", Text, nullable=False),
    Column("admin_hash", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("closed", Float),
)

raters = Table(
    "raters",
    meta,
    Column("id", Integer, primary_key=True),
    Column("session", ForeignKey("sessions.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("expires", Float, nullable=False),
    UniqueConstraint("session", "name"),
)

trials = Table(
    "trials",
    meta,
    Column("id", String(22), primary_key=True),
    Column("rater", ForeignKey("raters.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("rater", "place"),
)

ratings = Table(
    "ratings",
    meta,
    Column("id", Integer, primary_key=True),
    Column("trial", ForeignKey("trials.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("tab", String(40), nullable=False),
    Column("step", Integer, nullable=False),
    Column("content", Text, nullable=False),
    UniqueConstraint("trial", "version"),
)

turns = Table(
    "turns",
    meta,
    Column("id", Integer, primary_key=True),
    Column("trial", ForeignKey("trials.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("asked", Text, nullable=False),
    Column("left_text", Text),
    Column("right_text", Text),
    UniqueConstraint("trial", "place"),
)

coined = Table(
    "coined",
    meta,
    Column("id", Integer, primary_key=True),
    Column("session", ForeignKey("sessions.id"), nullable=False),
    Column("tag", String(40), nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("session", "tag"),
)

audit = Table(
    "audit",
    meta,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("session", ForeignKey("sessions.id"), nullable=False, index=True),
    Column("who", String(200), nullable=False),
    Column("what", Text, nullable=False),
)
