"""What a feedback log says: checks first, then approval, what it leaves open, and approval against benefit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from seatrial.evidence.feedback.checks import Check, checks_of
from seatrial.evidence.feedback.log import Asked, Log, read_log
from seatrial.evidence.feedback.moments import Moments
from seatrial.evidence.feedback.sequence import Look, looks
from seatrial.evidence.feedback.signals import APPROVAL, BENEFIT, GAP, Signal, signal_of
from seatrial.evidence.feedback.silence import Silence, silence_of
from seatrial.evidence.feedback.totals import Cells, totals_of
from seatrial.evidence.feedback.use_cases import Conversation, Given, UseCase, hearts_of, use_cases_of
from seatrial.stats.intervals import Interval

__all__ = ["AIM", "ALPHA", "Cell", "Feedback", "read_feedback"]

ALPHA = 0.05
"""Chance that an interval misses the truth, both sides together."""
AIM = 0.02
"""The change for which the interval that holds at every look is narrowest, in shares of votes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The change in approval in a part of the votes, with an interval for this part alone; None with too few votes."""

    name: str
    votes: int
    approval: Signal | None


@dataclass(frozen=True)
class Feedback:
    """What a log says.

    Attributes:
        name: The file.
        baseline: What its arm is called.
        candidate: What its arm is called.
        rows: Rows of the file.
        users: Users of each arm.
        votes: Votes of each arm.
        labels: Graded conversations of each arm.
        benefit_name: The column of benefit, or empty.
        alpha: Chance that an interval misses the truth.
        aim: What the sequence was made narrowest for.
        checks: What was checked, the gravest first.
        approval: Thumbs up among votes; None with too few.
        benefit: Mean benefit of graded conversations.
        gap: Approval − benefit; its change is that of approval less that of benefit.
        looks: The change in approval at the end of each day, at the level of all looks together.
        silence: What those who did not vote could change; None where the log holds votes only.
        ages: Approval by day since a user's first conversation.
        fade: The change in approval on later days − that on the first day.
        hours: Approval by time of day.
        cases: By use case, the widest gap first.
        hearts: Conversations with a thumb up and little benefit in the candidate's arm.
        told: How the log was read, in sentences.
    """

    name: str
    baseline: str
    candidate: str
    rows: int
    users: tuple[int, int]
    votes: tuple[int, int]
    labels: tuple[int, int]
    benefit_name: str
    alpha: float
    aim: float
    checks: tuple[Check, ...]
    approval: Signal | None
    benefit: Signal | None
    gap: Signal | None
    looks: tuple[Look, ...]
    silence: Silence | None
    ages: tuple[Cell, ...]
    fade: Interval | None
    hours: tuple[Cell, ...]
    cases: tuple[UseCase, ...]
    hearts: tuple[Conversation, ...]
    told: tuple[str, ...]

    @property
    def trusted(self) -> bool:
        """Whether nothing grave was found."""
        return all(one.standing != "grave" for one in self.checks)

    @property
    def last(self) -> Look | None:
        """Return the last look whose bounds count, if there is one."""
        return next((one for one in reversed(self.looks) if not math.isnan(one.low)), None)


def read_feedback(
    path: Path, asked: Asked, *, split: float = 0.5, alpha: float = ALPHA, aim: float = AIM
) -> tuple[Feedback, Log]:
    """Return what a log says, and the log itself.

    Args:
        path: CSV, JSON Lines, JSON or Parquet, one row a conversation.
        asked: What the options say of it.
        split: Share of the users that were to get the candidate.
        alpha: Chance that an interval misses the truth, both sides together.
        aim: The change for which the sequence is narrowest.

    Raises:
        EvidenceError: the log cannot be read or can be read in more than one way.
    """
    log = read_log(path, asked)
    found = totals_of(log)
    side = alpha / 2
    approval, benefit, gap = (signal_of(found.all, parts, side) for parts in (APPROVAL, BENEFIT, GAP))
    told = [*log.told, *_missing(log)]
    hearts = hearts_of(log)
    made = Feedback(
        path.name,
        log.arms.baseline,
        log.arms.candidate,
        log.rows,
        found.people,
        _counts(found.all, "vote"),
        _counts(found.all, "label"),
        log.names.get("benefit", ""),
        alpha,
        aim,
        checks_of(log, found, split, side),
        approval,
        benefit,
        gap,
        looks(found.days, alpha, aim),
        silence_of(*found.all, approval.change, side) if approval is not None else None,
        _cells(found.ages, side),
        _fade(found.fade, side),
        _cells(found.hours, side),
        use_cases_of(_signals(found.cases, side), hearts, alpha),
        hearts,
        tuple(told),
    )
    return made, log


def _missing(log: Log) -> list[str]:
    """Return what could not be looked at for want of a column."""
    lost = {
        "conversation": "rows that repeat a conversation could not be told",
        "time": "novelty, time of day and the interval for daily looks could not be given",
        "use-case": "use cases could not be told apart",
        "benefit": "whether what is liked is of benefit is not known",
    }
    return [
        f"No column for the {what.replace('-', ' ')}: {why}." for what, why in lost.items() if what not in log.names
    ]


def _counts(arms: tuple[Moments, Moments], name: str) -> tuple[int, int]:
    return int(arms[0].sum(name)), int(arms[1].sum(name))


def _cells(cells: Cells, alpha: float) -> tuple[Cell, ...]:
    return tuple(
        Cell(name, sum(_counts(arms, "vote")), signal_of(arms, APPROVAL, alpha)) for name, arms in cells.items()
    )


def _fade(arms: tuple[Moments, Moments], alpha: float) -> Interval | None:
    found = signal_of(arms, ((1.0, "up later", "vote later"), (-1.0, "up first", "vote first")), alpha)
    return None if found is None else found.change


def _signals(cells: Cells, alpha: float) -> dict[str, Given]:
    return {
        name: (
            sum(_counts(arms, "vote")),
            signal_of(arms, APPROVAL, alpha),
            signal_of(arms, BENEFIT, alpha),
            signal_of(arms, GAP, alpha),
        )
        for name, arms in cells.items()
    }
