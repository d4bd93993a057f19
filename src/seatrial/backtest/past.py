"""Past releases as the ledger has them: when they went out, what came of them, and how long holds lasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from seatrial.errors import LedgerError
from seatrial.ledger import Entry, review_names
from seatrial.ledger.releases import Incident, Release, RollBack, recorded

__all__ = ["CLEAN_AFTER", "Fate", "PastRelease", "holds_ended", "past_releases", "unreleased"]

CLEAN_AFTER = 30
"""Days without an incident after which a release counts as clean, unless the user says otherwise."""

Fate = Literal["incident", "clean", "taken back", "too young"]
"""What came of a release. One that was taken back without an incident, or is too young, tells neither."""


@dataclass(frozen=True, slots=True)
class PastRelease:
    """A release, and what came of it.

    Attributes:
        name: What the team calls it.
        review: Hash that identifies the review that it rests on.
        folder: That review's folder.
        on: What let it out.
        day: The day on which it went out, UTC.
        incidents: Harm that was found after it, in the order of the ledger.
        taken_back: The day on which it was taken back; None where it was not.
        fate: What came of it.
        id: The review's own id; entries of earlier versions have none.
    """

    name: str
    review: str
    folder: str
    on: Literal["sign-off", "override"]
    day: date
    incidents: tuple[Incident, ...]
    taken_back: date | None
    fate: Fate
    id: str = ""

    @property
    def behaviors(self) -> tuple[str, ...]:
        """The behaviors of its incidents, each once."""
        return tuple(dict.fromkeys(one.behavior for one in self.incidents))

    @property
    def harmful_days(self) -> int:
        """Days from its release until it was taken back, or else until its first incident was found."""
        ends = [self.taken_back] if self.taken_back else [date.fromisoformat(one.found) for one in self.incidents[:1]]
        return max(0, (ends[0] - self.day).days) if ends else 0


def past_releases(entries: Sequence[Entry], today: date, clean_after: int = CLEAN_AFTER) -> list[PastRelease]:
    """Return all releases, oldest first; of a name that was used twice, the latest, with all incidents of that name.

    Args:
        entries: All entries of the ledger.
        today: The day up to which a release has been watched.
        clean_after: Days without an incident after which it counts as clean.

    Raises:
        LedgerError: an entry is dated with what is no time.
    """
    incidents: dict[str, list[Incident]] = {}
    for entry, harm in recorded(entries, Incident):
        known = min(date.fromisoformat(harm.found), _day(entry))  # whatever day it names, it was found by then
        incidents.setdefault(harm.release, []).append(replace(harm, found=known.isoformat()))
    back = {record.release: entry for entry, record in recorded(entries, RollBack)}
    made: dict[str, PastRelease] = {}
    for entry, release in recorded(entries, Release):
        made.pop(release.name, None)
        after = back.get(release.name)
        taken_back = _day(after) if after is not None and after.number > entry.number else None
        found = tuple(incidents.get(release.name, ()))
        made[release.name] = _past(release, _day(entry), found, taken_back, today - timedelta(days=clean_after))
    return sorted(made.values(), key=lambda one: one.day)


def _past(
    release: Release, day: date, found: tuple[Incident, ...], taken_back: date | None, clean_if_by: date
) -> PastRelease:
    fate: Fate
    if found:
        fate = "incident"
    elif taken_back is not None:
        fate = "taken back"
    else:
        fate = "clean" if day <= clean_if_by else "too young"
    return PastRelease(
        release.name, release.review, release.folder, release.on, day, found, taken_back, fate, release.id
    )


def unreleased(entries: Sequence[Entry]) -> int:
    """Return how many reviewed candidates never went out: of what they would have done nothing is known."""
    names = review_names(entries)
    out = {names[entry.number] for entry, _ in recorded(entries, Release)}
    return len({names[one.number] for one in entries if one.kind == "decision"} - out)


def holds_ended(entries: Sequence[Entry]) -> list[int]:
    """Return the days of each hold that ended in a release: from the first hold or block of a review to its release.

    Raises:
        LedgerError: an entry is dated with what is no time.
    """
    names = review_names(entries)
    held: dict[str, date] = {}
    days = []
    for entry in entries:
        review = names.get(entry.number, "")
        if entry.kind == "decision" and entry.body.get("decision") in ("hold", "block"):
            held.setdefault(review, _day(entry))
        elif entry.kind == "release" and review in held:
            days.append((_day(entry) - held.pop(review)).days)
    return days


def _day(entry: Entry) -> date:
    try:
        return datetime.fromisoformat(entry.at).astimezone(UTC).date()
    except (ValueError, OverflowError):
        raise LedgerError(
            f"entry {entry.number} is dated {entry.at!r}, which is no time, so nothing can be put in order of time; "
            "`seatrial ledger verify` lists such entries"
        ) from None
