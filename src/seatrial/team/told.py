"""All that a ledger's entries tell, sorted by what they are about: read once, and grown with each new entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from seatrial.ledger import Entry, Waiver
from seatrial.ledger.releases import Incident, Release, RollBack, SignOff, recorded
from seatrial.ledger.reviews import id_of
from seatrial.ledger.waivers import read_waiver

__all__ = ["Key", "Told", "keys_of"]

Key = tuple[str, str]
"""A review: the hash of its policy and evidence, and its own id."""


@dataclass
class Told:
    """What entries tell. What this program would not have written tells nothing.

    Attributes:
        entries: All of them, in their order.
        decisions: Folder → the latest decision on the review in it; what was decided last comes last.
        by_review: Key of a review → the latest decision on it. Two reviews of the same numbers under the same policy
            have one hash, so a key is the hash with the review's own id; that of earlier versions is empty.
        sign_offs: Key of a review → the latest sign-off.
        releases: In their order.
        outs: Key of a review → the releases that rest on it, in their order.
        named: Name → the last release of that name.
        incidents: Name of a release → its incidents.
        roll_backs: Name of a release → the last time that it was taken back.
        waivers: Key of a review → gate → the latest waiver.
        forecasts: In their order.
        checks: Hash of a forecast's entry → the last check of it.
        trainings: Hash of a plan → what was trained on it.
    """

    entries: list[Entry] = field(default_factory=list)
    decisions: dict[str, Entry] = field(default_factory=dict)
    by_review: dict[Key, Entry] = field(default_factory=dict)
    sign_offs: dict[Key, tuple[Entry, SignOff]] = field(default_factory=dict)
    releases: list[tuple[Entry, Release]] = field(default_factory=list)
    outs: defaultdict[Key, list[tuple[Entry, Release]]] = field(default_factory=lambda: defaultdict(list))
    named: dict[str, tuple[Entry, Release]] = field(default_factory=dict)
    incidents: defaultdict[str, list[tuple[Entry, Incident]]] = field(default_factory=lambda: defaultdict(list))
    roll_backs: dict[str, tuple[Entry, RollBack]] = field(default_factory=dict)
    waivers: defaultdict[Key, dict[str, tuple[Entry, Waiver]]] = field(default_factory=lambda: defaultdict(dict))
    forecasts: list[Entry] = field(default_factory=list)
    checks: dict[str, Entry] = field(default_factory=dict)
    trainings: defaultdict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def add(self, new: Sequence[Entry]) -> None:
        """Read the entries that follow."""
        for entry in new:
            self._sort(entry)
        self.sign_offs |= {(one.review, one.id): (entry, one) for entry, one in recorded(new, SignOff)}
        for entry, release in recorded(new, Release):
            self.releases.append((entry, release))
            self.outs[release.review, release.id].append((entry, release))
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
            for key in keys_of(entry):
                self.by_review[key] = entry
        elif entry.kind == "waiver":
            waiver = read_waiver(body)
            if waiver is not None:
                self.waivers[waiver.review, waiver.id][waiver.signal] = (entry, waiver)
        elif entry.kind == "forecast":
            self.forecasts.append(entry)
        elif entry.kind == "check":
            self.checks[str(body.get("of"))] = entry
        elif entry.kind == "training":
            self.trainings[str(body.get("plan"))].append(entry)

    def lifted(self, decision: Entry, today: date) -> dict[str, tuple[Entry, Waiver]]:
        """Return the waivers in force of the review that a decision is on, by gate."""
        latest = {name: one for key in keys_of(decision) for name, one in self.waivers.get(key, {}).items()}
        return {name: one for name, one in latest.items() if one[1].holds(today)}


def keys_of(decision: Entry) -> tuple[Key, Key]:
    """Return the keys of the review that a decision is on: that of records of earlier versions, and its own."""
    review = str(decision.body.get("review"))
    return (review, ""), (review, id_of(decision))
