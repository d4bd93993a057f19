"""The tables of sessions as they were when migrations began; a database made before has them already."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Text, UniqueConstraint

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make the tables that are not there."""
    op.create_table(
        "keys",
        Column("id", Integer, primary_key=True),
        Column("secret", String(64), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "sessions",
        Column("id", Integer, primary_key=True),
        Column("name", String(200), nullable=False),
        Column("config", Text, nullable=False),
        Column("admin_hash", String(64), nullable=False),
        Column("created", Float, nullable=False),
        Column("closed", Float),
        if_not_exists=True,
    )
    op.create_table(
        "raters",
        Column("id", Integer, primary_key=True),
        Column("session", Integer, ForeignKey("sessions.id"), nullable=False),
        Column("name", String(200), nullable=False),
        Column("token_hash", String(64), nullable=False, unique=True),
        Column("expires", Float, nullable=False),
        UniqueConstraint("session", "name"),
        if_not_exists=True,
    )
    op.create_table(
        "trials",
        Column("id", String(22), primary_key=True),
        Column("rater", Integer, ForeignKey("raters.id"), nullable=False),
        Column("place", Integer, nullable=False),
        Column("content", Text, nullable=False),
        UniqueConstraint("rater", "place"),
        if_not_exists=True,
    )
    op.create_table(
        "ratings",
        Column("id", Integer, primary_key=True),
        Column("trial", String(22), ForeignKey("trials.id"), nullable=False),
        Column("version", Integer, nullable=False),
        Column("at", Float, nullable=False),
        Column("done", Boolean, nullable=False),
        Column("tab", String(40), nullable=False),
        Column("step", Integer, nullable=False),
        Column("content", Text, nullable=False),
        UniqueConstraint("trial", "version"),
        if_not_exists=True,
    )
    op.create_table(
        "turns",
        Column("id", Integer, primary_key=True),
        Column("trial", String(22), ForeignKey("trials.id"), nullable=False),
        Column("place", Integer, nullable=False),
        Column("at", Float, nullable=False),
        Column("asked", Text, nullable=False),
        Column("left_text", Text),
        Column("right_text", Text),
        UniqueConstraint("trial", "place"),
        if_not_exists=True,
    )
    op.create_table(
        "coined",
        Column("id", Integer, primary_key=True),
        Column("session", Integer, ForeignKey("sessions.id"), nullable=False),
        Column("tag", String(40), nullable=False),
        Column("at", Float, nullable=False),
        UniqueConstraint("session", "tag"),
        if_not_exists=True,
    )
    op.create_table(
        "audit",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("session", Integer, ForeignKey("sessions.id"), nullable=False),
        Column("who", String(200), nullable=False),
        Column("what", Text, nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_audit_session", "audit", ["session"], if_not_exists=True)
