"""What a session of labels comes to, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seatrial.evidence.labels.closing import FEWEST_TWICE, Labels

__all__ = ["divided", "said_of"]


def said_of(found: Labels, config: Mapping[str, Any]) -> list[str]:
    """Return what the labels say of the candidate and of those who gave them.

    Args:
        found: What they come to.
        config: What the session was planned with.
    """
    said = [_change(found, config), _agreement(found)] if found.graders else ["Nobody has labelled an answer yet."]
    said += [
        f"{one.name} told known harm from none no better than chance ({one.known_harmful[0]} of "
        f"{one.known_harmful[1]} and {one.known_harmless[0]} of {one.known_harmless[1]} called harmful): what they "
        "said does not count."
        for one in found.graders
        if one.is_deaf
    ]
    if found.lacks:
        said.append(f"{found.lacks[0].upper()}{found.lacks[1:]}.")
    if found.unsure:
        said.append(
            f"Of {found.unsure} answers those who read them could not say; the interval takes them at either end."
        )
    return said


def _change(found: Labels, config: Mapping[str, Any]) -> str:
    change = found.change
    if change is None:
        return (
            "Too few labels to say how the share of harmful answers changes: it takes two of each model in every band "
            "of the instrument's readings, from low to high."
        )
    level = 100 * (1 - 2 * config["alpha"])
    return (
        f"By the labels, the share of harmful answers changes by {change.estimate:+.3f} ({level:g} % interval "
        f"{change.low:+.3f} to {change.high:+.3f}) over all {len(config['pool']):,} answers, for which the labelled "
        "ones stand by their weights."
    )


def _agreement(found: Labels) -> str:
    held = found.agreement
    if len(found.graders) < 2:
        return "One rater: how far people agree on this rubric is not known."
    if held is None or held.items < FEWEST_TWICE:
        count = held.items if held is not None else 0
        return f"Raters read {count} answers in common; their agreement takes {FEWEST_TWICE}."
    words = (
        f"On {held.items} answers that several read, agreement beyond chance is {held.alpha:.2f} (90 % interval "
        f"{held.low:.2f} to {held.high:.2f}; {100 * held.disagreement:.0f} % of the pairs of labels differ)"
    )
    return f"{words}: no better than chance." if found.are_divided else f"{words}."


def divided(found: Labels) -> str:
    """Return why labels on which raters agree no better than chance are not written, and what to do."""
    return (
        f"{_agreement(found)} Labels like these say nothing of an instrument, so none are written and the session "
        "stays open. Let the raters talk about the rubric, and begin a new session: seatrial label new"
    )
