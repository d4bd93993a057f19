"""Approval, benefit and the gap between them in both arms, and their changes, clustered by user."""

from __future__ import annotations

from dataclasses import dataclass

from seatrial.evidence.feedback.moments import Moments, Part, share_of
from seatrial.stats.intervals import Interval
from seatrial.stats.summaries import Mean, change

__all__ = ["APPROVAL", "BENEFIT", "GAP", "Signal", "signal_of"]

APPROVAL: tuple[Part, ...] = ((1.0, "up", "vote"),)
BENEFIT: tuple[Part, ...] = ((1.0, "benefit", "label"),)
GAP: tuple[Part, ...] = (*APPROVAL, (-1.0, "benefit", "label"))


@dataclass(frozen=True, slots=True)
class Signal:
    """A number of both arms and its change, clustered by user.

    Attributes:
        baseline: Level of the baseline.
        candidate: Level of the candidate.
        change: Candidate − baseline.
        rises: One-sided p-value of "it does not rise".
    """

    baseline: Mean
    candidate: Mean
    change: Interval
    rises: float

    @property
    def word(self) -> str:
        """Return `up` or `down` where that is shown, else `open`."""
        return "up" if self.change.low > 0 else "down" if self.change.high < 0 else "open"


def signal_of(arms: tuple[Moments, Moments], parts: tuple[Part, ...], alpha: float) -> Signal | None:
    """Return a signal of two arms; None where one of them has fewer than two users for it.

    Welch's interval of the two arms' linearized ratios, never nearer to the estimate than what the samples cannot have
    shown (`stats.summaries.change`).

    Args:
        arms: Sums over the users of each arm.
        parts: What it is made of, as `moments.share_of` takes it.
        alpha: Error rate of each bound.
    """
    old, new = (share_of(one, *parts) for one in arms)
    if min(old.count, new.count) < 2:
        return None
    low = -1.0 if len(parts) > 1 else 0.0
    span, p_value = change(old, new, low, 1.0, alpha, 0.0)
    reach = 1.0 - low
    return Signal(old, new, _within(span, reach), p_value)


def _within(span: Interval, reach: float) -> Interval:
    return Interval(span.estimate, max(span.low, -reach), min(span.high, reach), span.se, span.df, "clustered by user")
