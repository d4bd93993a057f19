"""The entries, which can be added to and neither changed nor deleted, and the head, which says where they end."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, String, Text

revision, down_revision = "0001", None

SQLITE = """
CREATE TRIGGER ledger_entries_{what} BEFORE {what} ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger can only be added to'); END
"""
POSTGRESQL = (
    """
    CREATE FUNCTION ledger_entries_stay() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'the ledger can only be added to'; END $$
    """,
    """
    CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_stay()
    """,
)


def upgrade() -> None:
    """Make the tables, and what keeps entries from being changed by accident."""
    op.create_table(
        "ledger_entries",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("content", Text, nullable=False),
        Column("hash", String(64), nullable=False, unique=True),
        Column("signature", Text, nullable=False),
    )
    op.create_table(
        "ledger_head",
        Column("id", Integer, primary_key=True),
        Column("number", Integer, nullable=False),
        Column("hash", String(64), nullable=False),
    )
    op.execute(f"INSERT INTO ledger_head (id, number, hash) VALUES (1, 0, '{'0' * 64}')")
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(what=what))
    else:
        for statement in POSTGRESQL:
            op.execute(statement)
