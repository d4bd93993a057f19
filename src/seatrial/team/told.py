"""All that a ledger's entries tell, sorted by what they are about: read once, and grown with each new entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from seatrial.ledger import Entry, Waiver
from seatrial.ledger.releases import Incident, Release, RollBack, SignOff, recorded
from seatrial.ledger.waivers import read_waiver

__all__ = ["Told"]


@dataclass
class Told:
    """What entries tell. What this program would not have written tells nothing.

    Attributes:
        entries: All of them, in their order.
        decisions: Folder → the latest decision on the review in it; what was decided last comes last.
        by_review: Hash of a review → the latest decision on it.
        sign_offs: Hash of a review → the latest sign-off.
        releases: In their order.
        outs: Hash of a review → the releases that rest on it, in their order.
        named: Name → the last release of that name.
        incidents: Name of a release → its incidents.
        roll_backs: Name of a release → the last time that it was taken back.
        waivers: Hash of a review → gate → the latest waiver.
        forecasts: In their order.
        checks: Hash of a forecast's entry → the last check of it.
        trainings: Hash of a plan → what was trained on it.
    """

    entries: list[Entry] = field(default_factory=list)
    decisions: dict[str, Entry] = field(default_factory=dict)
    by_review: dict[str, Entry] = field(default_factory=dict)
    sign_offs: dict[str, tuple[Entry, SignOff]] = field(default_factory=dict)
    releases: list[tuple[Entry, Release]] = field(default_factory=list)
    outs: defaultdict[str, list[tuple[Entry, Release]]] = field(default_factory=lambda: defaultdict(list))
    named: dict[str, tuple[Entry, Release]] = field(default_factory=dict)
    incidents: defaultdict[str, list[tuple[Entry, Incident]]] = field(default_factory=lambda: defaultdict(list))
    roll_backs: dict[str, tuple[Entry, RollBack]] = field(default_factory=dict)
    waivers: defaultdict[str, dict[str, tuple[Entry, Waiver]]] = field(default_factory=lambda: defaultdict(dict))
    forecasts: list[Entry] = field(default_factory=list)
    checks: dict[str, Entry] = field(default_factory=dict)
    trainings: defaultdict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def add(self, new: Sequence[Entry]) -> None:
        """Read the entries that follow."""
        for entry in new:
            self._sort(entry)
        self.sign_offs |= {one.review: (entry, one) for entry, one in recorded(new, SignOff)}
        for entry, release in recorded(new, Release):
            self.releases.append((entry, release))
            self.outs[release.review].append((entry, release))
            self.named[release.name] = entry, release
        for entry, incident in recorded(new, Incident):
            self.incidents[incident.release].append((entry, incident))
        self.roll_backs |= {one.release: (entry, one) for entry, one in recorded(new, RollBack)}
        self.entries += new

    def _sort(self, entry: Entry) -> None:
        body = entry.body
        if entry.kind == "decision" and isinstance(body.get("folder"), str):
            self.decisions.pop(body["folder"], None)
            self.decisions[body["folder"]] = entry
            self.by_review[str(body.get("review"))] = entry
        elif entry.kind == "waiver":
            waiver = read_waiver(body)
            if waiver is not None:
                self.waivers[waiver.review][waiver.signal] = (entry, waiver)
        elif entry.kind == "forecast":
            self.forecasts.append(entry)
        elif entry.kind == "check":
            self.checks[str(body.get("of"))] = entry
        elif entry.kind == "training":
            self.trainings[str(body.get("plan"))].append(entry)

    def lifted(self, review: str, today: date) -> dict[str, tuple[Entry, Waiver]]:
        """Return the waivers of a review that are in force, by gate."""
        return {name: one for name, one in self.waivers.get(review, {}).items() if one[1].holds(today)}
