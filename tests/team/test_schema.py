"""The team's tables beside those of raters' sessions."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from seatrial.evidence.vibes.schema import meta as raters
from seatrial.evidence.vibes.store import SessionStore
from seatrial.team.people import People
from seatrial.team.schema import meta


def test_both_fit_into_one_database(tmp_path: Path) -> None:
    """No table of the one is called as one of the other; either may come first."""
    assert not set(meta.tables) & set(raters.tables)
    for order in ((SessionStore, People), (People, SessionStore)):
        url = f"sqlite:///{tmp_path / order[0].__name__}.db"
        made = [one(url) for one in order]
        assert set(inspect(made[0].engine).get_table_names()) >= {*meta.tables, *raters.tables}
        for one in made:
            one.engine.dispose()
