"""How numbers and verdicts are written in every report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seatrial.report.result import Glance, ReviewResult, Step
from seatrial.stats.intervals import Estimate
from seatrial.types import Ended, Evidence, GateVerdict, Spend, Verdict

__all__ = [
    "HEADLINES",
    "THUMBS",
    "at_a_glance",
    "beside_the_reason",
    "could_see",
    "headline",
    "interval",
    "listed",
    "money",
    "number",
    "percent",
    "ranged",
    "shortened",
    "step_words",
    "took",
    "verdict_word",
    "weight",
    "why_ended",
    "with_suites",
]

HEADLINES = {
    "launch": "Launch",
    "launch-on-trust": "Launch, on trust",
    "hold": "Hold",
    "block": "Block",
    "waived": "Launch, waived",
}
THUMBS = "feedback/thumbs-up"
"""The signal that `seatrial feedback` writes of a log's thumbs."""
ENDED: dict[Ended, str] = {
    "": "",
    "decided": "asked until it was decided",
    "used up": "asked all that it may",
    "futile": "given up: what remained could hardly decide it",
    "budget": "the budget ended it",
}


def headline(content: ReviewResult, *, where: bool = False) -> str:
    """Return the decision in a word or two; a hold in which harm is likely is told from a plain one.

    Args:
        content: The review.
        where: Whether to say in which gates harm is likely.
    """
    word, likely = HEADLINES[content.status], content.decision.harm_likely
    if content.status != "hold" or not likely:
        return word
    return f"{word}: harm likely" + (f" in {', '.join(one.points_to for one in likely)}" if where else "")


def beside_the_reason(content: ReviewResult) -> str:
    """Return what belongs beside the decision's reason on every output, in sentences; empty where nothing does."""
    return " ".join(filter(None, (_liked_and_worse(content), _standing_on(content))))


def _liked_and_worse(content: ReviewResult) -> str:
    """Return where users surely give more thumbs up to what gets worse: they like what flatters them."""
    every = content.decision.every_verdict
    liked = every.get(THUMBS)
    if liked is None or not liked.evidence.high < 0:
        return ""
    worse = [name for name, one in every.items() if one is not liked and (one.verdict == "fail" or one.harm_likely)]
    if not worse:
        return ""
    return (
        "Users like it better, and it is worse: thumbs up rise with the candidate, and so does harm, shown or likely, "
        f"in {listed(worse, 3)}. What is liked is not thereby harmless."
    )


def _standing_on(content: ReviewResult) -> str:
    """Return which gates count on trust or on starter records, where the reason of the decision does not say it."""
    if content.decision.outcome in ("launch", "launch-on-trust"):
        return ""
    trusted, starters = (
        [one.signal for one in found] for found in (content.decision.on_trust, content.decision.on_starters)
    )
    said = []
    if trusted:
        said.append(f"Read on trust, by what is not known to see this harm: {listed(trusted, len(trusted))}.")
    if starters:
        said.append(f"Read by a judge tried on the suites' graded answers only: {listed(starters, len(starters))}.")
    return " ".join(said)


def with_suites(verdicts: Sequence[GateVerdict]) -> list[tuple[str, GateVerdict]]:
    """Return all verdicts with the names they are listed by: gates, below each family its suites, set in."""
    return [
        (one.signal if one is gate else f"↳ {one.signal}", one) for gate in verdicts for one in (gate, *gate.members)
    ]


def why_ended(ended: Ended) -> str:
    """Return why a gate was asked no more, in words; empty where it was not asked."""
    return ENDED[ended]


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return names as part of a sentence, each once; of more than `most` the first, and how many more there are."""
    few = list(dict.fromkeys(names))
    few = few if len(few) <= most else [*few[: most - 1], f"{len(few) - most + 1} more"]
    return few[0] if len(few) == 1 else f"{', '.join(few[:-1])} and {few[-1]}"


def step_words(step: Step) -> str:
    """Return a step with its cost and what its numbers assume, in a line or two."""
    cost = f" Cost: {step.cost}." if step.cost else ""
    return f"{step.text}{cost}{f' Assumed: {step.assumes}.' if step.assumes else ''}"


def number(value: float, *, sign: bool = False) -> str:
    """Return a number with three decimals and a true minus sign, a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    if abs(value) < 0.0005:
        return "0.000"
    return f"{value:{'+' if sign else ''}.3f}".replace("-", "−")


def percent(value: float) -> str:
    """Return a share in percent, a dash where there is none."""
    return f"{round(100 * value)} %".replace("-", "−") if math.isfinite(value) else "—"


def weight(value: float) -> str:
    """Return a weight with three digits, a dash where there is none."""
    return f"{value:.3g}".replace("-", "−") if math.isfinite(value) else "—"


def could_see(mde: float) -> str:
    """Return the smallest change that could have been seen; `nothing` where the scale allows none so large."""
    return "nothing" if mde == math.inf else number(mde)


def interval(found: Evidence) -> str:
    """Return an interval as `[low, high]`, empty where there is none."""
    if not math.isfinite(found.low) or not math.isfinite(found.high):
        return ""
    return f"[{number(found.low)}, {number(found.high)}]"


def took(spends: Sequence[tuple[str, Spend]]) -> str:
    """Return the calls that were made now, and beside them the answers that were there already."""
    calls, kept, taken = (
        sum(getattr(spend, name) for _, spend in spends) for name in ("calls", "reused", "taken_over")
    )
    parts = [f"{calls:,} {'call' if calls == 1 else 'calls'}"]
    if kept:
        parts.append(f"{kept:,} {'answer' if kept == 1 else 'answers'} kept from an earlier run")
    if taken:
        parts.append(f"{taken:,} taken over from other reviews")
    return ", ".join(parts)


def verdict_word(verdict: Verdict | None, likely: bool = False) -> str:
    """Return the verdict as people read it; None is a cell that nobody measured.

    *Inconclusive* is called undecided, as sentences call it: two words for one thing are two things to a reader.

    Args:
        verdict: The verdict.
        likely: Whether it is open and harm is likely, which is then said instead.
    """
    if likely:
        return "harm likely"
    return "undecided" if verdict == "inconclusive" else verdict or "never measured"


def at_a_glance(seen: Sequence[Glance]) -> str:
    """Return what is seen in all answers in one line, the baseline's before the candidate's; empty where nothing is."""
    each = "; ".join(
        f"{one.title} {one.baseline}" + (f" → {one.candidate}" if one.candidate != one.baseline else "") for one in seen
    )
    return f"All answers at a glance, baseline → candidate: {each}." if each else ""


def money(dollars: float) -> str:
    """Return an amount in US dollars."""
    return f"${dollars:,.2f}" if dollars >= 0.01 or dollars == 0 else f"${dollars:.4f}"


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` letters of a text, and how many were left out."""
    left = len(text) - longest
    return text if left <= 0 else f"{text[:longest]} … ({left:,} more letters)"


def ranged(made: Estimate) -> str:
    """Return an estimate with its interval, a dash where there is none."""
    if math.isnan(made.value):
        return "–"
    return f"{number(made.value, sign=True)} [{number(made.low)}, {number(made.high)}]"
