"""How long a decision holds: models change behind their names, and policies are rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from seatrial.ledger import Entry

__all__ = ["DAYS", "Window", "day_of", "window_of"]

DAYS = 30
"""Days for which a decision holds after that of its entry; as many as a release may rest on a sign-off."""


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a decision holds, UTC: the first and the last."""

    since: date
    until: date

    def holds(self, day: date) -> bool:
        """Return whether the decision holds on that day."""
        return self.since <= day <= self.until


def window_of(entry: Entry) -> Window | None:
    """Return the days on which a decision holds: from that of its entry on, as many more as the entry keeps.

    None where the entry keeps no number of days, as those of earlier versions, or is not dated.
    """
    days, since = entry.body.get("valid_days"), day_of(entry)
    if type(days) is not int or days < 0 or since is None:
        return None
    try:
        return Window(since, since + timedelta(days=days))
    except OverflowError:
        return None


def day_of(entry: Entry) -> date | None:
    """Return the day of an entry, UTC; None where it names no time with its zone."""
    try:
        at = datetime.fromisoformat(entry.at)
    except ValueError:
        return None
    return at.astimezone(UTC).date() if at.tzinfo is not None else None
