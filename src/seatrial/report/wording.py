"""How numbers and verdicts are written in every report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seatrial.report.result import Glance
from seatrial.stats.intervals import Estimate
from seatrial.types import Evidence, Spend, Verdict

__all__ = [
    "HEADLINES",
    "at_a_glance",
    "could_see",
    "interval",
    "money",
    "number",
    "percent",
    "ranged",
    "shortened",
    "took",
    "verdict_word",
    "weight",
]

HEADLINES = {"launch": "Launch", "hold": "Hold", "block": "Block", "waived": "Launch, waived"}


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


def verdict_word(verdict: Verdict | None) -> str:
    """Return the verdict as it is written; None is a cell that nobody measured."""
    return verdict or "never measured"


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
