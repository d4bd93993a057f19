"""The first migration of the team's tables."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from seatrial.team.people import People
from seatrial.team.schema import meta


def test_it_makes_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    """Every table and column, and nothing else but the table of versions."""
    people = People(f"sqlite:///{tmp_path / 'team.db'}")
    held = inspect(people.engine)
    assert set(held.get_table_names()) == {*meta.tables, "team_version"}
    for name, table in meta.tables.items():
        assert {one["name"] for one in held.get_columns(name)} == {one.name for one in table.columns}
    people.engine.dispose()
