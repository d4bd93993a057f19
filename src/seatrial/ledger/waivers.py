"""Waivers: a named person's override of one gate of one review, with a reason and an end."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from seatrial.errors import LedgerError
from seatrial.ledger.bodies import SHORTEST, is_day, read_body, seen
from seatrial.ledger.chain import Addition, Ledger
from seatrial.ledger.entries import Entry

__all__ = ["Waiver", "added_waiver", "enter_waiver", "read_waiver", "remarks", "waivers_for"]


@dataclass(frozen=True, slots=True)
class Waiver:
    """What a waiver says.

    Attributes:
        review: Hash that identifies the review: its policy and its evidence.
        signal: The gate that is waived.
        person: Who takes the responsibility.
        reason: Why.
        expires: Last day on which it holds, ISO 8601, UTC.
        id: The review's own id; entries of earlier versions have none.
    """

    review: str
    signal: str
    person: str
    reason: str
    expires: str
    id: str = ""

    def holds(self, today: date) -> bool:
        """Return whether the waiver is in force on that day."""
        return today <= date.fromisoformat(self.expires)


def enter_waiver(ledger: Ledger, waiver: Waiver, today: date | None = None) -> Entry:
    """Append a waiver to the ledger and return its entry; one that is the latest of its gate already keeps its entry.

    Raises:
        LedgerError: it names nobody, gives no reason, has no valid end, or ended already.
    """
    return ledger.enter(lambda made: added_waiver(made, waiver, today))


def added_waiver(made: Addition, waiver: Waiver, today: date | None = None) -> Entry:
    """Add a waiver within a transaction, as `enter_waiver` does.

    Raises:
        LedgerError: it names nobody, gives no reason, has no valid end, or ended already.
    """
    if not seen(waiver.person):
        raise LedgerError("a waiver needs the name of the person who takes the responsibility: --person NAME")
    if len(seen(waiver.reason)) < SHORTEST:
        raise LedgerError('a waiver needs its reason in words: --reason "…"')
    try:
        expired = not waiver.holds(today or datetime.now(UTC).date())
    except ValueError:
        raise LedgerError(f"--expires {waiver.expires!r} is not a date; write it as YYYY-MM-DD") from None
    if expired:
        raise LedgerError(f"--expires {waiver.expires} lies in the past: the waiver would never hold")
    body = asdict(waiver)
    earlier = [
        entry
        for entry in made.entries
        if entry.kind == "waiver" and all(entry.body.get(name, "") == body[name] for name in ("review", "signal", "id"))
    ]
    return earlier[-1] if earlier and earlier[-1].body == body else made.add("waiver", waiver.person, body)


def waivers_for(
    entries: Sequence[Entry], review: str, today: date | None = None, known: Container[str] = ("",)
) -> list[tuple[Entry, Waiver]]:
    """Return the waivers of one review that are in force: of each gate the latest, if its day has not passed.

    A later waiver that ends sooner ends the earlier one too, which would otherwise come back to life after it.

    Args:
        entries: The ledger's.
        review: Hash of its policy and its evidence.
        today: The day; by default this one.
        known: Ids under which the review is known, as `known_as` has them.
    """
    day = today or datetime.now(UTC).date()
    found: dict[str, tuple[Entry, Waiver]] = {}
    for entry in entries:
        if entry.kind == "waiver" and entry.body.get("review") == review:
            waiver = read_waiver(entry.body)
            if waiver is not None and waiver.id in known:
                found[waiver.signal] = (entry, waiver)
    return [one for one in found.values() if one[1].holds(day)]


def read_waiver(body: dict[str, Any]) -> Waiver | None:
    """Return the waiver; None of what this program would not have entered, which holds nothing and lifts nothing."""
    waiver = read_body(Waiver, body)
    if waiver is None or not is_day(waiver.expires):
        return None
    return waiver if seen(waiver.person) and len(seen(waiver.reason)) >= SHORTEST else None


def remarks(entries: Sequence[Entry]) -> list[str]:
    """Return what is odd about entries whose chain holds: waivers that hold nothing, odd times."""
    found = [
        f"Entry {entry.number} is a waiver with a field missing, unknown or malformed: it never holds."
        for entry in entries
        if entry.kind == "waiver" and read_waiver(entry.body) is None
    ]
    found += [
        f"Entry {one.number} is dated {one.at!r}, which is no time with a zone." for one in entries if not _time(one)
    ]
    return found + [
        f"Entry {after.number} is dated {after.at}, before entry {before.number} ({before.at})."
        for before, after in pairwise(entries)
        if (start := _time(before)) and (end := _time(after)) and end < start
    ]


def _time(entry: Entry) -> datetime | None:
    """Return when an entry was made; None where it does not say so in full."""
    try:
        at = datetime.fromisoformat(entry.at)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
