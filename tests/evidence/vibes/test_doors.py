"""What the team's pages know of raters' sessions, and the way into one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.evidence.vibes.doors import SessionDoors
from seatrial.evidence.vibes.planning import Wanted, new_session
from seatrial.evidence.vibes.store import SessionStore
from vibe_sessions import database, review

__all__ = ["database", "review"]


@pytest.mark.slow
def test_a_rater_comes_in_by_a_new_link_and_the_old_one_ends(database: str, review: Path) -> None:
    """Only under the name that the session knows, and only while it is open; it is written down."""
    link = new_session(database, review, ["ana", "ben"], Wanted(4, 2, 1, 0)).links["ana"]
    store = SessionStore(database)
    doors = SessionDoors(store)
    (line,) = doors.listed()
    assert (line.kind, line.closed, set(line.raters)) == ("vibes", "", {"ana", "ben"})
    assert (doors.enter("eve", line.number), doors.enter("ana", line.number + 1)) == (None, None)
    token = doors.enter("ana", line.number)
    assert token is not None
    rater = store.rater(token)
    assert rater is not None and rater.name == "ana" and store.rater(link) is None
    assert store.changes(line.number, 1)[0][1:] == ("ana", "came in from the team's page; the link before it ended")
    store.close(line.number)
    assert doors.enter("ana", line.number) is None and doors.listed()[0].closed
    store.engine.dispose()
