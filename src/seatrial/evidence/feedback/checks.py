"""What makes two arms no comparison: looked at before any number is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from seatrial.evidence.feedback.log import Log
from seatrial.evidence.feedback.moments import share_of
from seatrial.evidence.feedback.totals import Totals
from seatrial.report.wording import number
from seatrial.stats.distributions import binom_sf
from seatrial.stats.summaries import change

__all__ = ["CONTAMINATED", "MISMATCH", "Check", "checks_of", "percent", "split_p_value"]

MISMATCH = 0.001
"""p-value below which the arms' sizes are no chance. Source: Fabijan et al. 2019, "Diagnosing sample ratio mismatch in
online controlled experiments", KDD, who advise .0005 to .001: a fault is rare and chance is asked every day."""
CONTAMINATED = 0.001
"""Share of the users in both arms from which on the comparison is not to be trusted."""
Standing = Literal["fine", "note", "grave"]


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: What was looked at.
        standing: `grave` makes the comparison not to be trusted; a `note` is to be known.
        sentence: What was found.
    """

    name: str
    standing: Standing
    sentence: str


def split_p_value(first: int, second: int, split: float) -> float:
    """Return the two-sided p-value of so many users in two arms (exact binomial, twice the smaller tail).

    Args:
        first: Users of the baseline.
        second: Users of the candidate.
        split: Share of the users that were to get the candidate.
    """
    both = first + second
    above = float(binom_sf(second - 1, both, split))
    below = 1.0 - float(binom_sf(second, both, split))
    return min(1.0, 2 * min(above, below))


def checks_of(log: Log, found: Totals, split: float, alpha: float) -> tuple[Check, ...]:
    """Return what was checked, the gravest first.

    Args:
        log: The log.
        found: Its sums.
        split: Share of the users that were to get the candidate.
        alpha: Error rate of each bound.
    """
    made = [_sizes(log, found, split), _both(found), _apart(found), *_votes(log, found, alpha)]
    made += [Check("rows", "note", one.sentence) for one in log.faults]
    if not log.faults:
        made.append(Check("rows", "fine", f"All {log.rows:,} rows can be used."))
    order = ("grave", "note", "fine")
    return tuple(sorted((one for one in made if one is not None), key=lambda one: order.index(one.standing)))


def percent(share: float) -> str:
    """Return a share in percent with two decimals: those who vote are few."""
    return f"{100 * share:.2f} %"


def _sizes(log: Log, found: Totals, split: float) -> Check:
    old, new = found.people
    if not old or not new:
        called, name = ("baseline", log.arms.baseline) if not old else ("candidate", log.arms.candidate)
        arms = ", ".join(repr(one) for one in list(log.arm_rows)[:5]) or "none"
        return Check(
            "arms",
            "grave",
            f"The arm of the {called}, {name!r}, has no usable row, so nothing can be compared; arms: {arms}.",
        )
    p_value = split_p_value(old, new, split)
    share, meant = percent(new / (old + new)), percent(split)
    told = f"{old:,} users in the baseline and {new:,} in the candidate, {share} where {meant} were meant"
    if p_value < MISMATCH:
        return Check(
            "sample ratio",
            "grave",
            f"The arms' sizes do not fit the split: {told} (p {p_value:.1g}). Users of one arm are missing, and nobody "
            "knows which. Find out how users are assigned, logged and filtered; or give the true --split.",
        )
    return Check("sample ratio", "fine", f"The arms' sizes fit the split: {told} (p {p_value:.2g}).")


def _both(found: Totals) -> Check:
    if not found.both:
        return Check("users in both arms", "fine", "No user is in both arms.")
    share = found.both / (found.both + sum(found.people))
    grave = share >= CONTAMINATED
    more = "the arms are no separate groups, so find out how users are assigned" if grave else "so few change little"
    told = f"Users in both arms: {found.both:,} ({percent(share)}), left out; {more}."
    return Check("users in both arms", "grave" if grave else "note", told)


def _apart(found: Totals) -> Check | None:
    first, second = found.span
    if first is None or second is None:
        return None
    if first[1] < second[0] or second[1] < first[0]:
        return Check(
            "same time",
            "grave",
            "The two arms were not there at the same time: one ended before the other began. What differs may be the "
            "weeks, not the models.",
        )
    return Check("same time", "fine", "Both arms were there at the same time.")


def _votes(log: Log, found: Totals, alpha: float) -> list[Check]:
    """Return what is to be said of who votes."""
    made = []
    for called, one in zip(("baseline", "candidate"), found.all, strict=True):
        if one.users and one.effective("vote") < 2:
            told = f"The {called} has votes of fewer than two users: nothing to compare."
            made.append(Check("votes", "grave", told))
        elif one.sum("vote") and not one.sum("down"):
            told = f"The {called} has no thumb down at all. See that the log holds them, and what --thumb says is down."
            made.append(Check("votes", "note", told))
    return [*made, *_who(found, "vote", "who votes", "have a vote", alpha), *_graded(log, found, alpha)]


def _graded(log: Log, found: Totals, alpha: float) -> list[Check]:
    """Return what is to be said of whose benefit is known."""
    if "benefit" not in log.names:
        return []
    if not all(one.sum("label") for one in found.all) and all(one.users for one in found.all):
        told = f"{log.names['benefit']!r} is blank in one arm or in both, so nothing is known of benefit."
        return [Check("who is graded", "note", told)]
    return _who(found, "label", "who is graded", "are graded", alpha)


def _who(found: Totals, name: str, called: str, doing: str, alpha: float) -> list[Check]:
    """Return whether the same share of both arms' conversations has a vote or a grade."""
    old, new = (share_of(one, (1.0, name, "row")) for one in found.all)
    if not min(old.count, new.count) or math.isclose(old.value, 1.0) or math.isclose(new.value, 1.0):
        return []
    span, _ = change(old, new, 0.0, 1.0, alpha, 0.0)
    other = span.low > 0 or span.high < 0
    told = f"{percent(old.value)} of the baseline's conversations {doing} and {percent(new.value)} of the candidate's"
    if other:
        points = number(100 * span.estimate, sign=True)
        told += f" (change {points} points): other users or other moments, so part of a change may be theirs"
    return [Check(called, "note" if other else "fine", f"{told}.")]
