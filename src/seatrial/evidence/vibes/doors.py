"""What the team's pages know of raters' sessions: how far they are, and the way into one's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from seatrial.evidence.vibes.schema import audit, raters, sessions
from seatrial.evidence.vibes.store import SessionStore
from seatrial.web.access import token_hash
from seatrial.web.annex import SessionLine

__all__ = ["SessionDoors"]

LISTED = 50
"""Sessions that are shown, the latest first."""


class SessionDoors:
    """The sessions of one database."""

    def __init__(self, store: SessionStore) -> None:
        """Look into a store."""
        self._store = store

    def listed(self) -> list[SessionLine]:
        """Return the latest sessions, the latest first."""
        chosen = select(sessions).order_by(sessions.c.id.desc()).limit(LISTED)
        with self._store.engine.connect() as link:
            held = link.execute(chosen).all()
        return [
            SessionLine(
                int(row.id),
                str(row.name),
                "labels" if "labels" in json.loads(row.config) else "vibes",
                _day(row.created),
                "" if row.closed is None else _day(row.closed),
                {name: (done, count) for name, done, count in self._store.progress(row.id)},
            )
            for row in held
        ]

    def enter(self, rater: str, session: int) -> str | None:
        """Return a new private link's token for a rater of an open session; the link before it ends.

        A rater has one link, for the database keeps one hash of it; None where the session knows no rater of that name.
        """
        found = (
            select(raters.c.id)
            .join(sessions, sessions.c.id == raters.c.session)
            .where(raters.c.session == session, raters.c.name == rater, sessions.c.closed.is_(None))
        )
        with self._store.engine.connect() as link:
            number = link.execute(found).scalar()
        if number is None:
            return None
        token, ends = self._store.new_link()
        now, what = datetime.now(UTC).timestamp(), "came in from the team's page; the link before it ended"
        with self._store.engine.begin() as link:
            link.execute(update(raters).where(raters.c.id == number).values(token_hash=token_hash(token), expires=ends))
            link.execute(insert(audit).values(at=now, session=session, who=rater, what=what))
        return token


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
