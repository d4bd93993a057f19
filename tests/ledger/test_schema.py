"""The tables of the ledger are what its migrations make."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from seatrial.ledger.chain import MIGRATIONS
from seatrial.ledger.schema import VERSIONS, meta
from seatrial.web.database import open_database


def test_migrations_make_the_schema(tmp_path: Path) -> None:
    """A new database is what the schema says, whichever migrations have led there."""
    engine = open_database(f"sqlite:///{tmp_path / 'new.db'}", meta, MIGRATIONS, VERSIONS, one_file=True)
    with engine.connect() as link:
        assert compare_metadata(MigrationContext.configure(link, opts={"version_table": VERSIONS}), meta) == []
    assert set(inspect(engine).get_table_names()) == {*meta.tables, VERSIONS}


def test_sessions_may_lie_in_the_same_database(tmp_path: Path) -> None:
    """Each counts its own migrations, so neither takes the other's for its own."""
    from seatrial.evidence.vibes.store import SessionStore
    from seatrial.ledger import Ledger

    url = f"sqlite:///{tmp_path / 'team.db'}"
    SessionStore(url).engine.dispose()
    assert Ledger(url).append("decision", "ann", {}).number == 1
    SessionStore(url).engine.dispose()
    assert len(Ledger(url).verify()) == 1
