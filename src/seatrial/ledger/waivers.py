"""Waivers: a named person's override of one gate of one review, with a reason and an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from seatrial.errors import LedgerError
from seatrial.ledger.chain import Entry, Ledger

__all__ = ["Waiver", "enter_waiver", "waivers_for"]


@dataclass(frozen=True, slots=True)
class Waiver:
    """What a waiver says.

    Attributes:
        review: Hash that identifies the review: its policy and its evidence.
        signal: The gate that is waived.
        person: Who takes the responsibility.
        reason: Why.
        expires: Last day on which it holds, ISO 8601, UTC.
    """

    review: str
    signal: str
    person: str
    reason: str
    expires: str

    def holds(self, today: date) -> bool:
        """Return whether the waiver is in force on that day."""
        return today <= date.fromisoformat(self.expires)


def enter_waiver(ledger: Ledger, waiver: Waiver, today: date | None = None) -> Entry:
    """Append a waiver to the ledger and return its entry.

    Raises:
        LedgerError: it names nobody, gives no reason, has no valid end, or ended already.
    """
    if not waiver.person.strip():
        raise LedgerError("a waiver needs the name of the person who takes the responsibility: --person NAME")
    if len(waiver.reason.strip()) < 8:
        raise LedgerError('a waiver needs its reason in words: --reason "…"')
    try:
        expired = not waiver.holds(today or datetime.now(UTC).date())
    except ValueError:
        raise LedgerError(f"--expires {waiver.expires!r} is not a date; write it as YYYY-MM-DD") from None
    if expired:
        raise LedgerError(f"--expires {waiver.expires} lies in the past: the waiver would never hold")
    return ledger.append("waiver", waiver.person, asdict(waiver))


def waivers_for(entries: Sequence[Entry], review: str, today: date | None = None) -> list[tuple[Entry, Waiver]]:
    """Return the waivers of one review that are in force, the latest for each gate."""
    day = today or datetime.now(UTC).date()
    found: dict[str, tuple[Entry, Waiver]] = {}
    for entry in entries:
        if entry.kind == "waiver" and entry.body.get("review") == review:
            waiver = _read(entry.body)
            if waiver.holds(day):
                found[waiver.signal] = (entry, waiver)
    return list(found.values())


def _read(body: dict[str, Any]) -> Waiver:
    return Waiver(body["review"], body["signal"], body["person"], body["reason"], body["expires"])
