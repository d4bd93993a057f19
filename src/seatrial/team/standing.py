"""What the evidence of a review says, read once from its files: the numbers behind an entry of the ledger."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.ledger import Entry, check_files
from seatrial.report import ReviewResult, load_result
from seatrial.report.plain import Plain, worst_first
from seatrial.review.launch_steps import advisory_breaches
from seatrial.types import GateVerdict

__all__ = ["GateLine", "Standing", "standing_of"]

TITLES = {"vibe/off": "Found off by raters", "vibe/preference": "Preference of raters"}
"""What people's ratings are called beside behaviors, where a word alone says nothing."""


@dataclass(frozen=True, slots=True)
class GateLine:
    """A gate of a review.

    Attributes:
        signal: Its name.
        title: What it is called.
        verdict: pass, fail or inconclusive.
        likely: Whether harm is likely though not shown.
        counts: Whether it may block.
        margin: Largest rise in harm tolerated, in the signal's units.
        estimate: Rise in harm, in the same units; None where nothing was measured.
        low: Lower end of its interval.
        high: Upper end.
        change: The same in words, of a hundred answers where the scale is a rate.
        members: Of a family, its suites.
    """

    signal: str
    title: str
    verdict: str
    likely: bool
    counts: bool
    margin: float
    estimate: float | None
    low: float | None
    high: float | None
    change: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the evidence says, before waivers.

    Attributes:
        outcome: launch, launch-on-trust, hold or block.
        reason: Why, in a sentence.
        likely: Whether it is a hold in which harm is likely.
        gates: What matters most first.
        in_the_way: Gates that keep it from being a launch: those that a waiver may lift.
        beyond: Whether something that is no gate keeps it from being a launch, which no waiver lifts.
        breaches: Gates that only advise and point to harm: whoever signs says that they saw them.
        blind_spots: What it could not see, a sentence each.
        pages: Files of answers side by side, below the review's folder.
    """

    outcome: str
    reason: str
    likely: bool
    gates: tuple[GateLine, ...]
    in_the_way: tuple[str, ...]
    beyond: bool
    breaches: tuple[str, ...]
    blind_spots: tuple[str, ...]
    pages: tuple[str, ...]


def standing_of(folder: Path, entry: Entry) -> Standing:
    """Return what the review in a folder says, whose decision is that entry.

    Raises:
        LedgerError: a file is not what the entry covers.
        StoreError: there is no finished review.
    """
    check_files(folder, [entry])
    content = load_result(folder)
    named = tuple(replace(one, title=TITLES.get(one.signal, one.title)) for one in content.named)
    plain, decision = Plain.of(replace(content, named=named)), content.decision
    return Standing(
        decision.outcome,
        plain.text(decision.reason),
        decision.outcome == "hold" and bool(decision.harm_likely),
        tuple(_gate(one, plain) for one in worst_first(decision.verdicts)),
        decision.in_the_way,
        bool(decision.severe or decision.at_a_glance),
        tuple(one.signal for one in advisory_breaches(content)),
        tuple(map(plain.text, content.blind_spots)),
        _pages(content),
    )


def _gate(verdict: GateVerdict, plain: Plain) -> GateLine:
    found = verdict.evidence
    return GateLine(
        verdict.signal,
        plain.title(verdict.signal),
        verdict.verdict,
        verdict.harm_likely,
        verdict.blocking,
        verdict.margin,
        _finite(found.estimate),
        _finite(found.low),
        _finite(found.high),
        plain.change(verdict),
        tuple(one.signal for one in verdict.members),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pages(content: ReviewResult) -> tuple[str, ...]:
    """Return the files of all pairs; a name that leads elsewhere is none."""
    return tuple(page.file for page in content.pages if ".." not in Path(page.file).parts)
