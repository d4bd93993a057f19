"""People with their tokens, the sessions that a login begins, and what was done."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Integer, String, Text

revision, down_revision = "0001", None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "team_keys",
        Column("id", Integer, primary_key=True),
        Column("secret", String(64), nullable=False),
    )
    op.create_table(
        "team_people",
        Column("id", Integer, primary_key=True),
        Column("name", String(200), nullable=False),
        Column("role", String(20), nullable=False),
        Column("token_name", String(16), nullable=False, unique=True),
        Column("token_hash", String(64), nullable=False),
        Column("created", Float, nullable=False),
        Column("expires", Float, nullable=False),
        Column("revoked", Float),
    )
    op.create_table(
        "team_sessions",
        Column("id", Integer, primary_key=True),
        Column("person", Integer, ForeignKey("team_people.id"), nullable=False),
        Column("hash", String(64), nullable=False, unique=True),
        Column("created", Float, nullable=False),
        Column("ends", Float, nullable=False),
    )
    op.create_table(
        "team_audit",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("who", String(200), nullable=False),
        Column("role", String(20), nullable=False),
        Column("what", Text, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("entry", Integer),
    )
