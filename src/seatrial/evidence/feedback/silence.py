"""What is known of all users' approval when few of them vote, and not at random.

Sources: Manski 1990, American Economic Review 80(2), for bounds that assume nothing of those who do not answer; Imbens
and Manski 2004, Econometrica 72(6), for their sampling error, here at the level of both ends, so that the interval
covers all that is possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from seatrial.evidence.feedback.moments import Moments, share_of
from seatrial.stats.distributions import norm_isf
from seatrial.stats.intervals import Interval

__all__ = ["Silence", "silence_of"]


@dataclass(frozen=True, slots=True)
class Silence:
    """What the silent could change.

    Attributes:
        baseline: Share of the baseline's conversations with a vote.
        candidate: Share of the candidate's.
        anything: The change of approval over all conversations, whatever the silent think: its estimate is the middle
            of what is possible.
        needed: How far the change among the silent must lie from that among the voters for the change over all
            conversations no longer to be shown, in shares of votes; NaN where none is shown.
        reversed: How far for its estimate to be 0.
    """

    baseline: float
    candidate: float
    anything: Interval
    needed: float
    reversed: float


def silence_of(before: Moments, after: Moments, change: Interval, alpha: float) -> Silence | None:
    """Return what the silent could change; None where every row of the log has a vote.

    The candidate's approval over all conversations is at least its thumbs up over all of them, where all silent would
    vote down, and at most 1 less its thumbs down. The same holds of the baseline, and the change lies between the
    extremes of both.

    Args:
        before: The baseline's sums over users, of `row`, `up`, `down` and `vote`.
        after: The candidate's.
        change: The change in approval among votes with its interval.
        alpha: Error rate of each bound.
    """
    if any(one.sum("row") <= one.sum("vote") for one in (before, after)):
        return None
    old, new = ({name: share_of(one, (1.0, name, "row")) for name in ("up", "down", "vote")} for one in (before, after))
    low = new["up"].value + old["down"].value - 1.0
    high = 1.0 - new["down"].value - old["up"].value
    z = float(norm_isf(alpha))
    least = low - z * math.hypot(new["up"].se, old["down"].se)
    most = high + z * math.hypot(new["down"].se, old["up"].se)
    silent = 1.0 - min(old["vote"].value, new["vote"].value)
    shown = change.low if change.low > 0 else -change.high if change.high < 0 else math.nan
    return Silence(
        old["vote"].value,
        new["vote"].value,
        Interval((low + high) / 2, max(least, -1.0), min(most, 1.0), method="manski"),
        shown / silent,
        abs(change.estimate) / silent if shown == shown else math.nan,
    )
