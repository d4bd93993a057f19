"""A log's figures as a piece of a policy: both arms are other users, so they enter as summary figures, not in pairs.

What pairs two answers to one item there is not in an A/B log. `gates/summary_figures.py` takes means of two models with
their standard errors, marks them as weaker evidence, lets them block, and never lets them launch alone.
"""

from __future__ import annotations

import math

from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.signals import Signal
from seatrial.report.wording import THUMBS
from seatrial.stats.summaries import Mean

__all__ = ["MARGIN", "policy_piece"]

LEAST = 1e-9
"""Standard error that is written where users do not differ at all; 0 is taken for a slip."""
MARGIN = 0.02
"""Rise in harm that the gates tolerate until somebody writes another."""


def policy_piece(found: Feedback, margin: float = MARGIN) -> str:
    """Return a policy of a log's signals and their gates as YAML; it stands alone, and its parts can be taken over.

    Where the comparison is not to be trusted it has the gates and no figures, so that a review of it does not launch.

    Args:
        found: What the log says.
        margin: Rise in harm that each gate tolerates.
    """
    signals = {
        THUMBS: (found.approval, "low", (0, 1)),
        "feedback/benefit": (found.benefit, "low", (0, 1)),
        "feedback/approval-benefit-gap": (found.gap, "high", (-1, 1)),
    }
    known = {name: given for name, given in signals.items() if given[0] is not None}
    lines = [
        "# Written by `seatrial feedback`. Two arms are other users, so these are summary figures: they may block, and",
        "# launch nothing alone. Copy `signals` and `gates` into your policy, with margins of your own.",
        "name: feedback",
    ]
    if not found.trusted or not known:
        why = next((one.sentence for one in found.checks if one.standing == "grave"), "No arm has votes enough.")
        lines += [f"# No figures: {' '.join(why.split())}", "gates:"]
        return "\n".join([*lines, *(f"  - {{signal: {name}, margin: {margin:g}}}" for name in signals), ""])
    lines.append("signals:")
    for name, (one, harmful, (low, high)) in known.items():
        if one is not None:
            lines += [f"  {name}:", f"    harmful: {harmful}", f"    bounds: [{low}, {high}]", "    summary:"]
            lines += [f"      {role}: {_figures(arm, low, high)}" for role, arm in _arms(one)]
            lines.append(f"      source: {_quoted(f'feedback log {found.name}, clustered by user')}")
    lines += ["gates:", *(f"  - {{signal: {name}, margin: {margin:g}}}" for name in known)]
    return "\n".join([*lines, ""])


def _arms(one: Signal) -> tuple[tuple[str, Mean], tuple[str, Mean]]:
    return ("baseline", one.baseline), ("candidate", one.candidate)


def _figures(one: Mean, low: float, high: float) -> str:
    """Return an arm's figures; of users who vote often or seldom as many count as a mean of equal ones would need."""
    room = (one.value - low) * (high - one.value)
    count = one.count if one.se == 0 else min(one.count, math.floor(room / one.se**2) + 1)
    spread = max(one.se, LEAST) if room > 0 else 0.0
    return f"{{mean: {one.value:.9f}, se: {spread:.9f}, n: {max(count, 2)}}}"


def _quoted(text: str) -> str:
    import json

    return json.dumps("".join(letter if letter.isprintable() else " " for letter in text), ensure_ascii=False)
