"""What the team's pages and their API show, as values: one line each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from seatrial.team.standing import GateLine

__all__ = [
    "Behavior", "ForecastLine", "Home", "IncidentLine", "Live", "Point", "ReleaseLine", "ReviewLine", "ReviewPage",
    "Trend", "WaiverLine",
]  # fmt: skip

Stage = Literal["decided", "to sign", "to release", "released", "taken back"]


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A decision, and where it stands.

    Attributes:
        folder: The review's folder, by which pages name it.
        policy: The policy's name.
        baseline: What users have.
        candidate: What is to be shipped.
        status: The decision under the waivers in force.
        decision: The decision itself.
        reason: Why, in a sentence.
        at: When it was entered, ISO 8601 in UTC.
        by: Who ran the review.
        entry: Number of its entry.
        stage: What comes next: nothing, a signature, a release; or what came of it.
        said: The same in a sentence.
    """

    folder: str
    policy: str
    baseline: str
    candidate: str
    status: str
    decision: str
    reason: str
    at: str
    by: str
    entry: int
    stage: Stage
    said: str


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """A gate that somebody lifted.

    Attributes:
        folder: The review's folder.
        signal: The gate.
        person: On whose word.
        reason: Why.
        expires: Last day on which it holds, ISO 8601.
        days: Days that are left; below 0 it has ended.
        entry: Number of its entry.
    """

    folder: str
    signal: str
    person: str
    reason: str
    expires: str
    days: int
    entry: int


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """Harm that was found after a launch.

    Attributes:
        release: Of which release.
        behavior: In which behavior.
        what: What was found.
        found: The day, ISO 8601.
        person: Who reports it.
        entry: Number of its entry.
        answered: Whether its release was taken back or replaced since; empty while it is what users have.
        asked: What the release's review had to say of the behavior: `seen`, `passed`, `blind`, `not asked`; empty where
            its files are not here.
    """

    release: str
    behavior: str
    what: str
    found: str
    person: str
    entry: int
    answered: str
    asked: str


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A model that went out.

    Attributes:
        name: What the team calls it.
        folder: The folder of the review that it rests on.
        policy: The policy's name.
        candidate: The model.
        person: Who released it.
        at: When, ISO 8601 in UTC.
        on: `sign-off` or `override`.
        entry: Number of its entry.
        incidents: How many were found.
        taken_back: Who took it back and why; empty where nobody did.
    """

    name: str
    folder: str
    policy: str
    candidate: str
    person: str
    at: str
    on: str
    entry: int
    incidents: int
    taken_back: str


@dataclass(frozen=True, slots=True)
class Behavior:
    """One behavior of a checked forecast.

    Attributes:
        signal: Its name.
        forecast: Rate that was foretold; None where it is not known.
        came: Rate that was found after the launch; None while it was not checked.
        covered: Whether the two agree within their intervals; None while it was not checked.
    """

    signal: str
    forecast: float | None
    came: float | None
    covered: bool | None


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """What was foretold, and what came.

    Attributes:
        name: Of the policy, or of the training plan.
        of: What was foretold: rates by replay, or shifts by a reward mix.
        by: Who entered it.
        at: When, ISO 8601 in UTC.
        entry: Number of its entry.
        outcome: What came of it, in a sentence.
        behaviors: Each behavior that was foretold.
    """

    name: str
    of: Literal["replay", "reward mix"]
    by: str
    at: str
    entry: int
    outcome: str
    behaviors: list[Behavior]


@dataclass(frozen=True, slots=True)
class Point:
    """One release in a trend, in margins: 0 is no change, 1 the most that is tolerated.

    Attributes:
        release: Its name.
        folder: The review's folder.
        estimate: Rise in harm; None where nothing was measured.
        low: Lower end of its interval.
        high: Upper end.
        verdict: pass, fail, inconclusive, or likely.
        incidents: What was found after the launch, in words.
        taken_back: Whether the release was taken back.
    """

    release: str
    folder: str
    estimate: float | None
    low: float | None
    high: float | None
    verdict: str
    incidents: list[str]
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """One behavior over the releases of a policy.

    Attributes:
        policy: The policy's name.
        signal: The gate.
        title: What it is called.
        counts: Whether it may block.
        change: The last change in words.
        points: The oldest first.
    """

    policy: str
    signal: str
    title: str
    counts: bool
    change: str
    points: list[Point]


@dataclass(frozen=True, slots=True)
class Live:
    """What users of a policy have now: its last release that was not taken back.

    Attributes:
        policy: The policy's name.
        release: The release; empty where none stands.
        candidate: The model.
        at: Since when, ISO 8601 in UTC.
        incidents: How many incidents of it were found.
    """

    policy: str
    release: str
    candidate: str
    at: str
    incidents: int


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page shows.

    Attributes:
        live: What users have, a policy each.
        waiting: Launches that wait for a signature or a release: of each policy the last decision only.
        decisions: The latest.
        count: Reviews in all.
        incidents: Those of releases that users still have, the latest first.
        waivers: Those that end soon or ended lately.
        trends: Each behavior over releases; those with incidents and those nearest their margin first.
        unread: Releases whose review's files are not here or not what the ledger covers, with the reason.
    """

    live: list[Live]
    waiting: list[ReviewLine]
    decisions: list[ReviewLine]
    count: int
    incidents: list[IncidentLine]
    waivers: list[WaiverLine]
    trends: list[Trend]
    unread: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A review, and what somebody may do about it.

    Attributes:
        line: The decision.
        gates: What matters most first.
        blind_spots: What it could not see.
        waivers: Those in force.
        waivable: Gates that stand in the way and that nobody lifted.
        acknowledge: Gates that only advise and point to harm: whoever signs has to name them.
        signed: Who signed last, until when; empty where nobody did.
        answers: Question → what who signed answered.
        saw: Gates that only advise and point to harm, which who signed saw.
        lets_out: Whether it may be released on that signature today.
        ended: The day after which the decision held no longer, ISO 8601; empty while it holds.
        releases: What was released on it.
        unread: Why its files cannot be shown; empty where they can.
        report: Whether its report can be read here.
    """

    line: ReviewLine
    gates: list[GateLine] = field(default_factory=list)
    blind_spots: list[str] = field(default_factory=list)
    waivers: list[WaiverLine] = field(default_factory=list)
    waivable: list[str] = field(default_factory=list)
    acknowledge: list[str] = field(default_factory=list)
    signed: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    saw: list[str] = field(default_factory=list)
    lets_out: bool = False
    ended: str = ""
    releases: list[ReleaseLine] = field(default_factory=list)
    unread: str = ""
    report: bool = False
