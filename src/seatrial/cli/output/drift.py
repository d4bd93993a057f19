"""What `seatrial drift` prints."""

from __future__ import annotations

from typing import Any

from seatrial.cli.output.tables import table, wrapped
from seatrial.drift import Drift
from seatrial.drift.wording import (
    bounds,
    graded,
    headline,
    how_tested,
    left,
    levels,
    part,
    reason,
    standing,
    unlisted,
)
from seatrial.stats.intervals import Interval

__all__ = ["drift_json", "drift_summary"]

FINDINGS, GROUPS = 12, 5
"""Lines of the terminal's tables; the page has all."""
HELD = "* The change with length and layout held fixed: these alone explain much of what people and judges prefer."


def drift_summary(found: Drift, page: str) -> str:
    """Return what changed, for the terminal."""
    lines = [headline(found).upper(), wrapped(reason(found))]
    if found.findings:
        rows = [
            (str(number), levels(one), bounds(one), left(one), one.words)
            for number, one in enumerate(found.findings[:FINDINGS], 1)
        ]
        lines += ["", table(("", "baseline → candidate", "change", "held*", "an answer"), rows), HELD]
        if len(found.findings) > FINDINGS:
            lines.append(f"… and {len(found.findings) - FINDINGS} more.")
    lines += ["", wrapped(unlisted(found))]
    if found.groups:
        where = [(part(group), f"{group.kind}: {group.name}") for group in found.groups[:GROUPS]]
        lines += ["", table(("candidate picked", "where (half would be luck)"), where)]
    if found.proposals:
        said = [(standing(one, found.alpha), graded(one), one.words) for one in found.proposals]
        lines += ["", table(("judge's words", "of 10", "an answer"), said), wrapped(how_tested(found))]
    lines += ["", *(wrapped(line) for line in found.told_of), f"Page: {page}"]
    return "\n".join(lines)


def drift_json(found: Drift, page: str) -> dict[str, Any]:
    """Return what changed, for programs."""
    return {
        "changed": found.changed,
        "p_value": found.p_value,
        "alpha": found.alpha,
        "items": found.items,
        "clusters": found.clusters,
        "answers": found.answers,
        "tried": found.tried,
        "by_kind": found.by_kind,
        "candidate_picked": _interval(found.told),
        "findings": [
            {
                "kind": one.kind,
                "words": one.words,
                "baseline": one.before,
                "candidate": one.after,
                "change": _interval(one.change),
                "p_value": one.p_value,
                "length_and_layout_held_fixed": _interval(one.held),
                "also": list(one.also),
                "items": [{"suite": example.suite, "item": example.item} for example in one.examples],
            }
            for one in found.findings
        ],
        "groups": [
            {"kind": group.kind, "name": group.name, "items": group.items, "candidate_picked": _interval(group.told)}
            for group in found.groups
        ],
        "proposals": [
            {
                "words": one.words,
                "baseline": one.before,
                "candidate": one.after,
                "change": _interval(one.change),
                "p_value": one.p_value,
                "items": one.items,
                "shown": one.p_value <= found.alpha,
            }
            for one in found.proposals
        ],
        "told": list(found.told_of),
        "page": page,
    }


def _interval(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else {"estimate": found.estimate, "low": found.low, "high": found.high}
