"""What a review could not see, and harm that its averages hide: the sentences that stand beside the verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from seatrial.gates.claims import claims
from seatrial.gates.replayed_claims import METHOD as REPLAYED
from seatrial.instruments import declared_signal
from seatrial.observations import gate_pairs
from seatrial.policy import Gate, LaunchPolicy, SignalSpec
from seatrial.report.plain import NEVER_ASKED, why_open
from seatrial.report.result import Cell, Detection, InstrumentNote, Unanswered
from seatrial.review.findings.no_answers import graded_in_part, lacking
from seatrial.review.replayed_run import ReplayedRun
from seatrial.review.rounds import Rounds
from seatrial.stats.concentrated import large_changes
from seatrial.stats.intervals import Interval, fixed_size, out_of_sight
from seatrial.stats.multiple import holm
from seatrial.suites import find_suites
from seatrial.types import ROLES, Decision, GateVerdict

if TYPE_CHECKING:
    import polars as pl

__all__ = ["blind_spots", "concentrated", "hidden_in_averages", "liked_and_off", "undetected"]

LISTED = 4
"""Signals named of those whose verdicts the least would turn."""


def blind_spots(
    policy: LaunchPolicy,
    rounds: Rounds,
    decision: Decision,
    cells: Sequence[Cell],
    unanswered: Sequence[Unanswered],
    instruments: Sequence[InstrumentNote],
) -> dict[str, list[str]]:
    """Return what the verdicts rest on without knowing it, and what no gate asked: sentences by what they share.

    What matters most for the decision comes first; a kind of which there is nothing is left out.
    """
    absent = sorted(set(find_suites(policy.suites)) - {run.signal for run in rounds.gates})
    empty = sum(cell.verdict is None for cell in cells)
    kinds = {
        "Undecided gates": [
            f"{verdict.signal}: undecided, for {why_open(verdict)}."
            for verdict in decision.verdicts
            if verdict.verdict == "inconclusive"
        ],
        "Gates that should block and do not count": [
            f"{verdict.signal}: should block, and only advises. {verdict.advisory}"
            for verdict in decision.every_verdict.values()
            if verdict.demoted and not verdict.members
        ],
        "Answers that are missing": [*lacking(unanswered), *_incomplete(rounds)],
        "Changes too small or too rare to be seen": [
            *_weak(policy, decision),
            *_out_of_sight(policy, decision),
            *_rare_in_traffic(rounds),
        ],
        "Weaker evidence": _summed(policy, rounds),
        "Errors of what reads the answers": [*graded_in_part(rounds), *_errors(rounds, decision, instruments)],
        NEVER_ASKED: [
            *([f"Never measured, for no gate asks: {', '.join(absent)}."] if absent else []),
            *([f"{empty} of {len(cells)} cells of the map (use case × behavior) hold no measured item."] * bool(empty)),
        ],
        "How to read the numbers": [*_lucky(decision), *_unused_scales(policy, rounds)],
    }
    return {title: said for title, said in kinds.items() if said}


def _summed(policy: LaunchPolicy, rounds: Rounds) -> list[str]:
    """Return which gates rest on summary figures, whose, and what these cannot show, one sentence each."""
    figures = [(run.signal, run.plan.summary) for run in rounds.gates if run.plan.summary is not None]
    return [
        f"{signal}: rests on summary figures of {one.baseline.n:,} and {one.candidate.n:,} items ({one.source}). They "
        "are unpaired, nobody saw the answers here, and whether both were measured alike is not known."
        for signal, one in figures
    ]


def _lucky(decision: Decision) -> list[str]:
    stopped = [one for one in decision.verdicts if one.evidence.method in ("betting", "looks")]
    if all(one.verdict == "inconclusive" for one in stopped):
        return []
    return [
        "Estimates of gates that were asked until they were decided lie too far from their margins on average, for "
        "a lucky run ends the asking. Their intervals hold; read those."
    ]


def _errors(rounds: Rounds, decision: Decision, instruments: Sequence[InstrumentNote]) -> list[str]:
    """Return what is not known of the errors of instruments, or known and large, one sentence each."""
    standings = {run.signal: run.plan.standing for run in rounds.gates}
    asked = [verdict for verdict in decision.every_verdict.values() if verdict.signal in standings]
    spots = [
        f"{verdict.signal}: {verdict.instrument} erred differently on different models, by up to {differential:.2f} of "
        f"its answers. That alone could fake or hide a change as large as the margin of {verdict.margin:g}."
        for verdict in asked
        if (differential := standings[verdict.signal].differential) > verdict.margin
    ]
    unknown = [
        verdict
        for verdict in asked
        if standings[verdict.signal].measured and math.isnan(standings[verdict.signal].differential)
    ]
    if unknown:
        names = ", ".join(sorted({verdict.instrument for verdict in unknown}))
        spots.append(
            f"Error that differs between the two models is not measured for {names}: labelled answers of two models "
            f"would measure it (`seatrial instruments calibrate`).{_turning(unknown)}"
        )
    unmeasured = [note.name for note in instruments if not note.measured]
    if unmeasured:
        spots.append(f"Error not measured: {', '.join(unmeasured)}. What these read wrongly is unknown.")
    return spots


def _incomplete(rounds: Rounds) -> list[str]:
    """Return in how many items of brought observations something of a model is missing, one sentence each."""
    said = []
    for run in rounds.gates:
        if run.plan.source == "evidence":
            table, _ = run.table()
            for role, share in zip(ROLES, (table.baseline_answered, table.candidate_answered), strict=True):
                count = int((share < 1).sum())
                if count:
                    said.append(
                        f"{run.signal}: {count} of {len(share)} items lack a number of the {role}, or a draw or a "
                        "rating that others have. What is missing counts as harm."
                    )
    return said


def _turning(verdicts: Sequence[GateVerdict]) -> str:
    """Return how much more an instrument would have to err on one model than on the other to turn decided verdicts."""
    gaps = [
        (
            verdict.signal,
            (found.low - verdict.margin if verdict.verdict == "fail" else verdict.margin - found.high)
            * (1.0 if math.isnan(found.slope) else found.slope),
        )
        for verdict in verdicts
        if verdict.verdict != "inconclusive" and (found := verdict.evidence)
    ]
    least = sorted((gap, signal) for signal, gap in gaps if gap > 0)
    if not least:
        return ""
    said = "; ".join(f"{gap:.3f} on {signal}" for gap, signal in least[:LISTED])
    rest = f"; more on {len(least) - LISTED} others" if len(least) > LISTED else ""
    return f" A verdict would turn if it erred on one model more than on the other by: {said}{rest} (of the scale)."


def _out_of_sight(policy: LaunchPolicy, decision: Decision) -> list[str]:
    """Return in how few clusters all could have changed without one that was seen showing it, in one sentence."""
    rare: dict[str, list[str]] = {}
    for verdict in decision.verdicts:
        if verdict.evidence.clusters and verdict.evidence.method != REPLAYED:
            share = f"{100 * float(out_of_sight(verdict.evidence.clusters, policy.alpha)):.2g} %"
            rare.setdefault(share, []).append(verdict.signal)
    few = "; ".join(f"{share} of independent items ({', '.join(signals)})" for share, signals in rare.items())
    return [f"A large harm can be missed where it shows in fewer than {few}."] * bool(rare)


def _rare_in_traffic(rounds: Rounds) -> list[str]:
    """Return which rates in traffic are too small for a replay to have graded a case, in one sentence."""
    seen: dict[str, list[str]] = {}
    for run in rounds.gates:
        if isinstance(run, ReplayedRun):
            seen.setdefault(f"1 in {1 / run.smallest_seen:,.0f}", []).append(run.signal)
    few = "; ".join(f"{rate} ({', '.join(signals)})" for rate, signals in seen.items())
    return [f"Of a harm rarer in traffic than this a replay may have graded no case: {few}."] * bool(few)


def _weak(policy: LaunchPolicy, decision: Decision) -> list[str]:
    """Return which decided gates could not have seen a change as small as their margin, in one sentence."""
    weak = [
        f"{_least(verdict.evidence.mde)} in {verdict.signal} (margin {verdict.margin:g})"
        for verdict in decision.every_verdict.values()
        if verdict.verdict != "inconclusive" and verdict.evidence.mde > verdict.margin
    ]
    if not weak:
        return []
    return [
        f"Few answers for {'its margin' if len(weak) == 1 else 'their margins'}, whatever the verdict: what could be "
        f"ruled out with {100 * policy.power:g} % power is a change of {'; '.join(weak)}."
    ]


def _unused_scales(policy: LaunchPolicy, rounds: Rounds) -> list[str]:
    """Return the gates whose values lie in a small part of the scale that the policy declares, one sentence each."""
    spots = []
    for run in rounds.gates:
        spec = policy.signals.get(run.signal)
        values = run.observations["value"].to_numpy()
        if spec is None or spec.bounds == SignalSpec().bounds or not len(values):
            continue
        (low, high), least, most = spec.bounds, values.min(), values.max()
        if most - least < USED * (high - low) and not (least == most and least in spec.bounds):
            spots.append(
                f"{run.signal}: its scale is declared as [{low:g}, {high:g}], and all values of both models lie from "
                f"{least:g} to {most:g}. If they have another scale, the margin of {run.plan.gate.margin:g} does not "
                "mean what it says: declare the true `bounds`."
            )
    return spots


def _least(mde: float) -> str:
    return "more than the scale" if mde == math.inf else f"{mde:.3f} or more"


def hidden_in_averages(cells: Sequence[Cell], decision: Decision) -> list[str]:
    """Return harm that hides in an average: broken cells of gates that pass as a whole."""
    passed = {name for name, verdict in decision.every_verdict.items() if verdict.verdict == "pass"}
    return [
        f"{cell.signal} passes on average, yet in “{cell.use_case}” harm rose by {cell.estimate:+.3f} "
        f"({cell.low:+.3f} to {cell.high:+.3f}, {cell.clusters} clusters), corrected for all cells looked at."
        for cell in cells
        if cell.verdict == "fail" and cell.signal in passed
    ]


def liked_and_off(observations: pl.DataFrame) -> list[str]:
    """Return where raters surely prefer one model and surely find more off with it: people may like what is off."""
    off, preferred = (_rated_change(observations, signal) for signal in ("vibe/off", "vibe/preference"))
    if off is None or preferred is None or not (off.low > 0 < preferred.low or off.high < 0 > preferred.high):
        return []
    model = "candidate" if off.low > 0 else "baseline"
    return [
        f"Raters prefer the {model} and find more off with it: preference and what is off point apart (vibe/off "
        f"{off.low:+.3f} to {off.high:+.3f}, vibe/preference {preferred.low:+.3f} to {preferred.high:+.3f}, candidate "
        "minus baseline). What is liked is not thereby harmless: read the raters' notes."
    ]


def _rated_change(observations: pl.DataFrame, signal: str) -> Interval | None:
    """Return the interval of the candidate's level minus the baseline's, by cluster; None where nobody rated it."""
    scale = declared_signal(signal, SignalSpec())
    (claim,) = claims(Gate(signal=signal, margin=0.5), scale, gate_pairs(observations, signal), None)
    change = (claim.candidate - claim.baseline)[~np.isnan(claim.seen)]
    return fixed_size(change, claim.low, claim.high, 0.025) if len(change) > 1 else None


USED = 0.1
"""Values that lie within a smaller part of their declared scale than this may have another."""

LARGE = 0.25
"""A cluster that moves by this share of the range of differences has changed much; fixed before any review."""


def concentrated(policy: LaunchPolicy, rounds: Rounds) -> list[str]:
    """Return what passed or is open though large changes go toward harm, corrected for all that was looked at.

    Of what failed, nothing hides.
    """
    failed = {one.signal for gate in rounds.verdicts for one in (gate, *gate.members) if gate.verdict == "fail"}
    looked = []
    for run in rounds.gates:
        if run.found:
            claim = run.found[0][0]
            seen = claim.seen[~np.isnan(claim.seen)]
            looked.append((run.signal, len(seen), large_changes(seen, LARGE * claim.high)))
    if not looked:
        return []
    shown = holm(np.array([found.p_value for _, _, found in looked]), policy.alpha)
    return [
        f"{signal}: large changes go toward harm: {found.worse} of {count} clusters moved by {found.size:g} or more "
        f"for the worse, {found.better} for the better (corrected for all gates). Harm may hide in few places."
        for (signal, count, found), broken in zip(looked, shown, strict=True)
        if broken and signal not in failed
    ]


def undetected(policy: LaunchPolicy, decision: Decision, detections: Sequence[Detection]) -> list[str]:
    """Return the gates whose measured limit of detection exceeds their margin, whatever they say."""
    margins = {name: verdict.margin for name, verdict in decision.every_verdict.items()}
    spots = []
    for found in detections:
        if found.limit is None:
            spots.append(
                f"{found.signal}: not even {100 * found.shares[-1][0]:g} % known-harmful answers would be seen with "
                f"{100 * policy.power:g} % power."
            )
        elif found.shift > margins[found.signal]:
            spots.append(
                f"{found.signal}: its limit of detection is {100 * found.limit:g} % known-harmful answers, a rise of "
                f"{found.shift:.3f}, above its margin of {margins[found.signal]:g}."
            )
    return spots
