"""What a feedback log says, in words: for the page and for the terminal alike."""

from __future__ import annotations

import math

from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.signals import Signal
from seatrial.evidence.feedback.use_cases import UseCase
from seatrial.report.wording import listed
from seatrial.stats.intervals import Interval

__all__ = [
    "bounds",
    "change_points",
    "daily",
    "fading",
    "headline",
    "look",
    "opposed",
    "outrun",
    "points",
    "reason",
    "share",
    "silent",
    "state",
    "tone",
    "verdict_of",
    "widening",
]

NEXT = "Do not launch on the thumbs."
BOTH = {
    ("up", "down"): "Approval up, benefit down",
    ("up", "up"): "Approval and benefit up",
    ("down", "down"): "Approval and benefit down",
    ("down", "up"): "Approval down, benefit up",
}


def state(found: Feedback) -> tuple[str, str]:
    """Return what approval and benefit do: `up`, `down`, `open`, or `unknown` where nothing measured it."""
    return _word(found.approval), _word(found.benefit)


def _word(one: Signal | None) -> str:
    return "unknown" if one is None else one.word


def opposed(found: Feedback) -> list[str]:
    """Return the use cases in which approval rises and benefit falls."""
    return [one.name for one in found.cases if one.opposed]


def outrun(found: Feedback) -> bool:
    """Return whether approval outruns benefit, over all or in a use case, and benefit is not shown to rise."""
    wide = (found.gap is not None and found.gap.word == "up") or any(one.widens for one in found.cases)
    return wide and state(found)[1] != "up"


def headline(found: Feedback) -> str:
    """Return what the log says, in a few words."""
    approval, benefit = state(found)
    if not found.trusted:
        return "No fair comparison"
    if (approval, benefit) != ("up", "down") and opposed(found):
        return f"{BOTH['up', 'down']} in {listed(opposed(found), 2)}"
    if (approval, benefit) in BOTH:
        return BOTH[approval, benefit]
    if benefit in ("up", "down"):
        return f"Benefit {benefit}"
    if outrun(found):
        return "Approval outruns benefit"
    if approval in ("up", "down"):
        return f"Approval {approval}" + (", benefit unknown" if benefit == "unknown" else "")
    return "No change shown"


def tone(found: Feedback) -> str:
    """Return the report's color for the headline."""
    if not found.trusted:
        return "hold"
    approval, benefit = state(found)
    if benefit == "down" or opposed(found):
        return "block"
    if approval == "down" or outrun(found):
        return "likely"
    return "hold" if "unknown" in (approval, benefit) else "audit"


def reason(found: Feedback) -> str:
    """Return the headline's reason in a few sentences."""
    grave = [one.sentence for one in found.checks if one.standing == "grave"]
    if grave:
        return f"{grave[0]} No number below is to be trusted."
    named = (("approval", found.approval), ("benefit", found.benefit))
    told = f"From {found.baseline} to {found.candidate}, "
    told += f"{', and '.join(f'{name} {verdict_of(one)}' for name, one in named if one is not None)}."
    worse, hidden = opposed(found), [one.name for one in found.cases if one.hidden]
    wide = [one.name for one in found.cases if one.widens]
    if worse:
        told += f" In {listed(worse)} users like it more and it helps them less."
    if hidden:
        told += f" In {listed(hidden)} it helps less, and thumbs do not show it."
    if wide and not worse and not hidden:
        told += f" Approval outruns benefit in {listed(wide)}."
    if found.benefit is None:
        return f"{told} Nobody graded what the conversations were worth, so nothing is known of benefit."
    return f"{told} {NEXT}" if worse or hidden or outrun(found) or state(found) == ("up", "down") else told


def verdict_of(one: Signal) -> str:
    """Return what a signal does: `rises by 5.2 points (75.3 % → 80.6 %)`."""
    word = {"up": "rises by", "down": "falls by"}.get(one.word)
    levels = f"({share(one.baseline.value)} → {share(one.candidate.value)})"
    if word is None:
        return f"shows no sure change {levels}"
    return f"{word} {abs(100 * one.change.estimate):.1f} points {levels}"


def share(value: float) -> str:
    """Return a share in percent with a decimal."""
    return f"{100 * value:.1f} %" if math.isfinite(value) else "—"


def points(found: Interval | None) -> str:
    """Return a change with its interval in points of 100; a dash where there is none."""
    if found is None or math.isnan(found.estimate):
        return "—"
    if math.isnan(found.low):
        return f"{100 * found.estimate:+.1f}".replace("-", "−")
    return f"{100 * found.estimate:+.1f} {bounds(found)}".replace("-", "−")


def change_points(one: Signal | None) -> str:
    """Return the change of a signal as `points` does; a dash where there is none."""
    return points(None if one is None else one.change)


def bounds(found: Interval) -> str:
    """Return an interval in points of 100."""
    return f"[{100 * found.low:.1f}, {100 * found.high:.1f}]".replace("-", "−")


def look(found: Feedback) -> Interval | None:
    """Return the change at the last daily look with the interval that holds at all looks."""
    last = found.last
    return None if last is None else Interval(last.estimate, last.low, last.high)


def daily(found: Feedback) -> str:
    """Return whether the change in approval is shown also to who looked every day."""
    span, last = look(found), found.last
    if span is None or last is None:
        return "Not enough votes with a time for an interval that holds at every daily look."
    shown = span.low > 0 or span.high < 0
    word = (
        "It is shown also to whoever looked every day."
        if shown
        else "Whoever looks every day has not seen a change yet."
    )
    return f"{points(span)} points by {last.day}, at {len(found.looks)} daily looks. {word}"


def silent(found: Feedback) -> str:
    """Return what those who did not vote could change."""
    silence = found.silence
    if silence is None:
        return (
            "The log holds votes only, so nobody knows how many were silent. Export every conversation, with a blank "
            "thumb where nobody voted, for bounds that assume nothing of them."
        )
    alike = change_points(found.approval)
    told = (
        f"{share(silence.baseline)} of the baseline's conversations and {share(silence.candidate)} of the candidate's "
        f"have a vote. If the silent think as the voters do, approval changes by {alike} points; assuming nothing of "
        f"them, by anything in {bounds(silence.anything)}."
    )
    if math.isnan(silence.needed):
        return f"{told} No change is shown that the silent could turn."
    return (
        f"{told} The verdict turns if the change among the silent lies {100 * silence.needed:.1f} points or more from "
        f"that among the voters ({100 * silence.reversed:.1f} for an estimate of no change)."
    )


def fading(found: Feedback) -> str:
    """Return whether the change is one of the first day only."""
    if found.fade is None:
        return "Too few votes, or no times, to tell a first day's novelty from what lasts."
    told = f"On later days the change is {points(found.fade)} points beside that of a user's first day"
    if found.fade.low > 0 or found.fade.high < 0:
        return f"{told}: it does not last as it began, so what the log ends with is not what stays."
    return f"{told}: no sign that novelty makes it."


def widening(one: UseCase) -> str:
    """Return what a use case shows in a word or two."""
    if one.opposed:
        return "liked more, helps less"
    if one.hidden:
        return "helps less, unseen by thumbs"
    if one.widens:
        return "approval outruns benefit"
    return "not known" if one.gap is None else "no gap shown"
