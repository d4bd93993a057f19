"""How what changed is told: in counts of a hundred answers, in words, and with what explains it."""

from __future__ import annotations

import math

from seatrial.drift.found import KINDS, Drift, Finding, Group, Proposal
from seatrial.report.wording import number, percent
from seatrial.stats.intervals import Interval

__all__ = [
    "BY_LUCK",
    "bounds",
    "graded",
    "headline",
    "how_tested",
    "left",
    "levels",
    "part",
    "reason",
    "standing",
    "unlisted",
]

BY_LUCK = 0.5


def headline(found: Drift) -> str:
    """Return what was found in a few words."""
    return "The answers changed" if found.changed else "No change found"


def reason(found: Drift) -> str:
    """Return in sentences what the headline rests on."""
    asked = (
        f"{found.items:,} items were answered by both models ({found.answers:,} answers, {found.clusters:,} clusters)"
    )
    chance = f"p {found.p_value:.2g}" if found.p_value >= 0.001 else "p < 0.001"
    told = ""
    if found.told is not None:
        told = (
            f" Who learnt from half of the items how the models differ picks the candidate's answer in "
            f"{_ranged(found.told)} of the other half; half of them would be luck."
        )
    if found.changed:
        clearest = f" {_clearest(found.findings[0])}" if found.findings else ""
        return f"{asked}. They differ by more than two runs of one model would ({chance}).{clearest}{told}"
    return (
        f"{asked}. What differs is within what chance gives two runs of one model ({chance}). That is no proof that "
        f"nothing changed: a small or rare change is not seen in so many.{told}"
    )


def _clearest(found: Finding) -> str:
    level = levels(found)
    return f"Clearest: {found.words}{f', {level}' if level else ''}."


def levels(found: Finding) -> str:
    """Return both levels: `98 → 24 of 100 answers`."""
    if found.share:
        return f"{100 * found.before:.0f} → {100 * found.after:.0f} of 100 answers"
    if found.kind == "length":
        return f"{found.before:.0f} → {found.after:.0f}"
    if found.kind == "meaning":
        return ""
    return f"{number(found.before)} → {number(found.after)}"


def bounds(found: Finding) -> str:
    """Return the change with its interval, in the unit of the levels; empty for a direction of meaning."""
    change = found.change
    if found.kind == "meaning":
        return ""
    if found.share:
        return f"{100 * change.estimate:+.0f} [{100 * change.low:+.0f}, {100 * change.high:+.0f}]"
    if found.kind == "length":
        return f"{change.estimate:+.0f} [{change.low:+.0f}, {change.high:+.0f}]"
    return f"{number(change.estimate, sign=True)} [{number(change.low, sign=True)}, {number(change.high, sign=True)}]"


def left(found: Finding) -> str:
    """Return what is left of a change with length and layout held fixed, in a few words."""
    if found.held is None:
        return ""
    if found.explained:
        return "may be nothing"
    if found.held.estimate * found.change.estimate < 0 and found.kind != "meaning":
        return "turns round"
    return f"{100 * found.held.estimate:+.0f}" if found.share else "stays"


def part(group: Group) -> str:
    """Return how well the candidate's answers are told in a part of the items."""
    return _ranged(group.told)


def _ranged(share: Interval) -> str:
    return f"{percent(share.estimate)} [{percent(share.low)}, {percent(share.high)}]"


def unlisted(found: Drift) -> str:
    """Return in a sentence what was tried, and what of it shows nothing."""
    still = [words for kind, words in KINDS.items() if found.by_kind.get(kind, 1.0) > found.alpha]
    tried = (
        f"{found.tried:,} differences were tried. The chance that anything is listed where nothing changed is at most "
        f"{percent(found.alpha)}, all of them counted."
    )
    return f"{tried} Nothing is seen in {_listed(still)}." if still and found.changed else tried


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def standing(one: Proposal, alpha: float) -> str:
    """Return whether the other half of the items bears out a proposal."""
    return "shown" if one.p_value <= alpha else "not shown"


def graded(one: Proposal) -> str:
    """Return how much of a proposal both models' answers show, of ten."""
    if math.isnan(one.before):
        return "not graded"
    return f"{10 * one.before:.1f} → {10 * one.after:.1f}"


def how_tested(found: Drift) -> str:
    """Return how a judge's proposals were tested."""
    items = max(one.items for one in found.proposals)
    return (
        f"A judge saw answers to one half of the items and proposed these; then it graded single answers to {items:,} "
        "items of the other half, without knowing whose they were. What is not shown is listed too: it may be nothing. "
        f"Anything is shown where nothing changed with a chance of at most {percent(found.alpha)}."
    )
