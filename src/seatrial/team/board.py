"""What the pages say of a ledger: who waits for whom, what is live, what ends soon, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from seatrial.ledger import Entry
from seatrial.ledger.releases import Incident, Release, SignOff
from seatrial.review.launch_steps import LAUNCHES
from seatrial.review.validity import window_of
from seatrial.team.lines import (
    Behavior,
    ForecastLine,
    Home,
    IncidentLine,
    Live,
    Point,
    ReleaseLine,
    ReviewLine,
    ReviewPage,
    Stage,
    Trend,
    WaiverLine,
)
from seatrial.team.standing import GateLine, Standing
from seatrial.team.told import Told, keys_of

__all__ = ["LATEST", "POINTS", "SOON", "Board"]

SOON = 14
"""Days before its end in which a waiver is shown as ending."""
LATELY = 7
"""Days after its end in which it is still shown."""
POLICIES = 6
"""Policies whose trends are shown: those that were decided on last."""
LATEST = 8
"""Decisions on the first page."""
POINTS = 12
"""Releases in a trend."""
MOST_LISTED = 100
"""Lines of a list, the latest first; what came before is a page further."""


@dataclass(frozen=True)
class Board:
    """A ledger on one day; what several pages show is found once.

    Attributes:
        told: What its entries tell.
        standings: Folder → what the review's evidence says, or why its files cannot be read. Not all are read.
        today: The day.
    """

    told: Told
    standings: Mapping[str, Standing | str]
    today: date

    # Reviews

    def wanted(self) -> dict[str, Entry]:
        """Return the reviews whose evidence the first page shows: folder → the decision's entry."""
        told = self.told
        shown = {release.folder for _, release in self._in_trends}
        shown |= {name for name, entry in list(told.decisions.items())[-LATEST:]}
        shown |= {str(self.told.decisions[one].body["folder"]) for one in self._last_of_policies.values()}
        return {name: told.decisions[name] for name in sorted(shown) if name in told.decisions}

    def line(self, folder: str) -> ReviewLine:
        """Return the decision on the review in a folder, which there must be."""
        entry = self.told.decisions[folder]
        body, held = entry.body, self.standings.get(folder)
        decision = _text(body, "decision") or (held.outcome if isinstance(held, Standing) else "unknown")
        stage, said = self._stage(entry, status := self._status(folder, decision))
        reason = held.reason if isinstance(held, Standing) else _text(body, "reason")
        policy, before, after = (_text(body, name) for name in ("policy_name", "baseline", "candidate"))
        return ReviewLine(
            folder, policy, before, after, status, decision, reason, entry.at, entry.author, entry.number, stage, said
        )

    def reviews(self, before: int = 0) -> list[ReviewLine]:
        """Return decisions, the latest first: those before an entry, or all."""
        held = [name for name, entry in self.told.decisions.items() if not before or entry.number < before]
        return [self.line(name) for name in held[: -MOST_LISTED - 1 : -1]]

    def review(self, folder: str) -> ReviewPage:
        """Return all about the review in a folder, which there must be."""
        entry, held = self.told.decisions[folder], self.standings.get(folder, "")
        line, lifted, signed = self.line(folder), self.told.lifted(entry, self.today), self._last_signed(entry)
        page = ReviewPage(
            line,
            waivers=[self._waiver(folder, *one) for one in lifted.values()],
            signed=f"{signed.person} signed it; it may be released until {signed.until}" if signed else "",
            answers=dict(signed.answers) if signed else {},
            saw=list(signed.acknowledged) if signed else [],
            lets_out=self._signed(entry) is not None,
            ended=self._ended(entry),
            releases=[self._release(*one) for one in self._outs(entry)],
        )
        if not isinstance(held, Standing):
            return replace(page, unread=held)
        return replace(
            page,
            gates=list(held.gates),
            blind_spots=list(held.blind_spots),
            waivable=[name for name in held.in_the_way if name not in lifted],
            acknowledge=list(held.breaches),
            report=True,
        )

    def _status(self, folder: str, decision: str) -> str:
        """Return the decision under the waivers in force, as `review.apply_waivers` has it."""
        held = self.standings.get(folder)
        lifted = self.told.lifted(self.told.decisions[folder], self.today)
        if not lifted or not isinstance(held, Standing) or held.beyond or not held.in_the_way:
            return decision
        return "waived" if set(held.in_the_way) <= set(lifted) else decision

    def _last_signed(self, entry: Entry) -> SignOff | None:
        """Return the last sign-off of a decision, whether or not it still holds; None where nobody signed it."""
        made = [self.told.sign_offs[key] for key in keys_of(entry) if key in self.told.sign_offs]
        since = [one for one in made if one[0].number > entry.number]
        return max(since, key=lambda one: one[0].number)[1] if since else None

    def _signed(self, entry: Entry) -> SignOff | None:
        """Return the sign-off on which a decision may be released today; None where there is none."""
        made = self._last_signed(entry)
        return made if made and self.today <= date.fromisoformat(made.until) and not self._ended(entry) else None

    def _ended(self, entry: Entry) -> str:
        """Return on which day a decision ceased to hold; empty where it holds, or its entry keeps no days."""
        window = window_of(entry)
        return window.until.isoformat() if window is not None and self.today > window.until else ""

    def _outs(self, entry: Entry) -> list[tuple[Entry, Release]]:
        """Return the releases that rest on a review, in their order."""
        found = [one for key in keys_of(entry) for one in self.told.outs.get(key, ())]
        return sorted(found, key=lambda one: one[0].number)

    def _stage(self, entry: Entry, status: str) -> tuple[Stage, str]:
        out = [one for _, one in self._outs(entry)]
        if out and self._is_back(out[-1].name):
            return "taken back", f"released as {out[-1].name}, and taken back"
        if out:
            how = ", against the decision" if out[-1].on == "override" else ""
            return "released", f"released as {out[-1].name}{how}"
        if status not in LAUNCHES:
            return "decided", ""
        if ended := self._ended(entry):
            return "decided", f"held until {ended} and was not released; review it again, in another folder"
        signed = self._signed(entry)
        if signed:
            return "to release", f"{signed.person} signed it, until {signed.until}; nobody released it yet"
        return "to sign", "waits for a signature"

    @cached_property
    def _last_of_policies(self) -> dict[str, str]:
        """The folder of the last decision of each policy; the policy that was decided on last comes first."""
        found: dict[str, str] = {}
        for folder, entry in reversed(self.told.decisions.items()):
            found.setdefault(_text(entry.body, "policy_name"), folder)
        return found

    # Releases, and what came of them

    @cached_property
    def _by_policy(self) -> dict[str, list[tuple[Entry, Release]]]:
        """The releases of each policy, the oldest first."""
        found: dict[str, list[tuple[Entry, Release]]] = {}
        for one in self.told.releases:
            found.setdefault(self._policy(one[1]), []).append(one)
        return found

    @cached_property
    def _in_trends(self) -> list[tuple[Entry, Release]]:
        """The last releases of the policies that were decided on last, the oldest of each first."""
        shown = list(self._last_of_policies)[:POLICIES]
        return [one for policy in shown for one in self._by_policy.get(policy, [])[-POINTS:]]

    def _policy(self, release: Release) -> str:
        entry = self.told.by_review.get((release.review, release.id))
        return _text(entry.body, "policy_name") if entry is not None else ""

    def _is_back(self, name: str) -> bool:
        """Return whether the last release of a name was taken back."""
        back = self.told.roll_backs.get(name)
        return back is not None and back[0].number > self.told.named[name][0].number

    def releases(self) -> list[ReleaseLine]:
        """Return releases, the latest first."""
        return [self._release(*one) for one in self.told.releases[: -MOST_LISTED - 1 : -1]]

    def _release(self, entry: Entry, one: Release) -> ReleaseLine:
        back = self.told.roll_backs.get(one.name)
        words = f"{back[1].person}: {back[1].reason}" if back is not None and back[0].number > entry.number else ""
        found = len(self.told.incidents.get(one.name, ()))
        return ReleaseLine(
            one.name, one.folder, self._policy(one), one.candidate, one.person, entry.at, one.on, entry.number, found,
            words,
        )  # fmt: skip

    @cached_property
    def _found(self) -> list[IncidentLine]:
        """All incidents, the latest first."""
        found = [one for held in self.told.incidents.values() for one in held]
        found.sort(key=lambda one: -one[0].number)
        last = {policy: held[-1][1].name for policy, held in self._by_policy.items()}
        return [self._incident(entry, one, last) for entry, one in found]

    def incidents(self) -> list[IncidentLine]:
        """Return incidents, the latest first."""
        return self._found[:MOST_LISTED]

    def _incident(self, entry: Entry, one: Incident, last: Mapping[str, str]) -> IncidentLine:
        out = self.told.named.get(one.release)
        held = self.standings.get(out[1].folder) if out else None
        asked = _hindsight(held, one.behavior) if isinstance(held, Standing) else ""
        back, next_out = self.told.roll_backs.get(one.release), last.get(self._policy(out[1])) if out else None
        answered = f"replaced by {next_out}" if next_out not in (None, one.release) else ""
        answered = "taken back" if back is not None and back[0].number > entry.number else answered
        return IncidentLine(one.release, one.behavior, one.what, one.found, one.person, entry.number, answered, asked)

    def live(self) -> list[Live]:
        """Return what users have of the policies that were decided on last."""
        found = []
        for policy in list(self._last_of_policies)[:POLICIES]:
            for entry, one in reversed(self._by_policy.get(policy, ())):
                if not self._release(entry, one).taken_back:
                    harm = len(self.told.incidents.get(one.name, ()))
                    found.append(Live(policy, one.name, one.candidate, entry.at, harm))
                    break
        return found

    # Waivers and forecasts

    def waivers(self) -> list[WaiverLine]:
        """Return the waivers that end soon or ended lately, of reviews as they stand now; the first to end first."""
        last = (self.today + timedelta(days=SOON)).isoformat()
        first = (self.today - timedelta(days=LATELY)).isoformat()
        found = [
            self._waiver(_text(self.told.by_review[key].body, "folder"), *one)
            for key, held in self.told.waivers.items()
            if key in self.told.by_review
            for one in held.values()
            if first <= one[1].expires <= last
        ]
        return sorted(found, key=lambda one: (one.days < 0, one.days))[:MOST_LISTED]

    def _waiver(self, folder: str, entry: Entry, waiver: Any) -> WaiverLine:
        days = (date.fromisoformat(waiver.expires) - self.today).days
        return WaiverLine(folder, waiver.signal, waiver.person, waiver.reason, waiver.expires, days, entry.number)

    def forecasts(self) -> list[ForecastLine]:
        """Return forecasts with what came of them, the latest first."""
        return [self._forecast(entry) for entry in self.told.forecasts[: -MOST_LISTED - 1 : -1]]

    def _forecast(self, entry: Entry) -> ForecastLine:
        body, check = entry.body, self.told.checks.get(entry.hash)
        name = _text(body, "name")
        if body.get("of") != "replay":
            trained = [one for one in self.told.trainings.get(_text(body, "plan"), ()) if one.number > entry.number]
            listed = body.get("mixes")
            mixes = ", ".join(map(str, listed if isinstance(listed, list) else ()))
            outcome = f"trained since: {_text(trained[-1].body, 'mix')}" if trained else "nothing was trained on it yet"
            return ForecastLine(name, "reward mix", entry.author, entry.at, entry.number, f"{mixes}: {outcome}", [])
        rates, came = _mapping(body, "rates"), _mapping(check.body if check else {}, "behaviors")
        rows = [
            Behavior(str(signal), _number(rate, "value"), _number(came.get(signal), "truth"), _flag(came.get(signal)))
            for signal, rate in rates.items()
        ]
        known = [one.covered for one in rows if one.covered is not None]
        outcome = f"{sum(known)} of {len(known)} came as foretold" if known else "not checked yet"
        if known and check is not None and check.body.get("moved"):
            outcome += "; the traffic was no longer that which it was made for"
        return ForecastLine(name, "replay", entry.author, entry.at, entry.number, outcome, rows)

    # The first page

    def home(self) -> Home:
        """Return what the first page shows."""
        told = self.told
        last = sorted(map(self.line, self._last_of_policies.values()), key=lambda one: -one.entry)
        out, live = self._in_trends, self.live()
        users = {one.release for one in live}
        unread = {one.name: held for _, one in out if isinstance(held := self.standings.get(one.folder, ""), str)}
        return Home(
            live,
            [line for line in last[:MOST_LISTED] if line.stage in ("to sign", "to release")],
            [self.line(name) for name in list(told.decisions)[: -LATEST - 1 : -1]],
            len(told.decisions),
            [one for one in self._found if not one.answered and one.release in users],
            self.waivers(),
            self.trends(),
            unread,
        )

    def trends(self) -> list[Trend]:
        """Return each behavior over the releases of its policy; what did harm or is nearest its margin comes first."""
        points: dict[tuple[str, str], list[Point]] = {}
        last: dict[tuple[str, str], GateLine] = {}
        for entry, release in self._in_trends:
            held = self.standings.get(release.folder)
            for gate in held.gates if isinstance(held, Standing) else ():
                key = self._policy(release), gate.signal
                points.setdefault(key, []).append(self._point(entry, release, gate))
                last[key] = gate
        found = [
            Trend(key[0], key[1], last[key].title, last[key].counts, last[key].change, held)
            for key, held in points.items()
        ]
        return sorted(found, key=_urgency)

    def _point(self, entry: Entry, release: Release, gate: GateLine) -> Point:
        here, low, high = (one if one is None else one / gate.margin for one in (gate.estimate, gate.low, gate.high))
        about = {gate.signal, *gate.members}
        found = [one.what for _, one in self.told.incidents.get(release.name, ()) if one.behavior in about]
        back = bool(self._release(entry, release).taken_back)
        verdict = "likely" if gate.likely else gate.verdict
        return Point(release.name, release.folder, here, low, high, verdict, found, back)


def _urgency(trend: Trend) -> tuple[str, bool, bool, float]:
    last = trend.points[-1]
    return trend.policy, not any(one.incidents for one in trend.points), not trend.counts, -(last.high or 0.0)


def _hindsight(held: Standing, behavior: str) -> str:
    """Return in a word what a review had to say of a behavior that did harm later."""
    about = [one for one in held.gates if behavior in (one.signal, *one.members)]
    if not about:
        return "not asked"
    if any(one.verdict == "fail" or one.likely for one in about):
        return "seen"
    return "passed" if all(one.verdict == "pass" for one in about) else "blind"


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _mapping(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, Mapping) else {}


def _number(held: object, name: str) -> float | None:
    value = held.get(name) if isinstance(held, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _flag(held: object) -> bool | None:
    value = held.get("covered") if isinstance(held, Mapping) else None
    return value if isinstance(value, bool) else None
