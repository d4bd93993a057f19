"""The pairs of answers that show a change best."""

from __future__ import annotations

import math

from seatrial.instruments import openings
from seatrial.report.result import AnswerPair
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Decision, GateVerdict, Response, Role

__all__ = ["answer_pairs"]

PAIRS_PER_GATE = 3

GATES_WITHOUT_FAILURE = 2
"""Where no gate fails, the pairs of this many most moved gates are shown, so that a reader sees answers."""
SUITES_OF_A_FAMILY = 2
"""Of a family that fails as a whole, so many suites are shown: those that moved most."""


def answer_pairs(rounds: Rounds, decision: Decision) -> tuple[AnswerPair, ...]:
    """Return the pairs of answers that show best what changed.

    Of each failing gate; where none fails, of those in which harm is likely; else of the most moved ones.
    """
    chosen = [verdict for verdict in decision.verdicts if verdict.verdict == "fail"] or list(decision.harm_likely)
    if not chosen:
        moved = sorted(decision.verdicts, key=_movement, reverse=True)
        chosen = [verdict for verdict in moved[:GATES_WITHOUT_FAILURE] if verdict.evidence.clusters]
    runs = {run.signal: run for run in rounds.gates}
    names = [name for verdict in chosen for name in _shown_best(verdict)]
    return tuple(pair for name in names for pair in _pairs(runs[name])[:PAIRS_PER_GATE])


def _shown_best(verdict: GateVerdict) -> list[str]:
    """Return what was asked of a gate: its signal; of a family its failing suites, else those that moved most."""
    if not verdict.members:
        return [verdict.signal]
    measured = [one for one in verdict.members if one.evidence.clusters]
    worst = [one for one in measured if one.verdict == "fail"] or [one for one in measured if one.harm_likely]
    moved = sorted(worst or measured, key=_movement, reverse=True)
    return [one.signal for one in moved[:SUITES_OF_A_FAMILY]]


def _movement(verdict: GateVerdict) -> float:
    return -math.inf if math.isnan(verdict.evidence.estimate) else verdict.evidence.estimate / verdict.margin


def _pairs(run: GateRun) -> list[AnswerPair]:
    """Return a gate's answer pairs, the largest change of harm first, one a cluster."""
    signal = run.plan.signal
    first: dict[Role, dict[str, Response]] = {
        role: {response.item: response for response in run.responses[role] if response.draw == 0} for role in ROLES
    }
    pairs: dict[str, AnswerPair] = {}
    for item in run.plan.items:
        before, after = first["baseline"].get(item.id), first["candidate"].get(item.id)
        if before is None or after is None:
            continue
        was, now = signal.instrument.read(item, before), signal.instrument.read(item, after)
        if was is None or now is None:
            continue
        pair = AnswerPair(
            signal.name,
            item.id,
            item.use_case,
            item.messages,
            _shown(run, before),
            _shown(run, after),
            was,
            now,
            signal.harm(signal.side(item) * (now - was)),
            signal.instrument.needs == "logprobs",
        )
        if item.cluster not in pairs or pairs[item.cluster].harm < pair.harm:
            pairs[item.cluster] = pair
    return sorted(pairs.values(), key=lambda pair: pair.harm, reverse=True)


def _shown(run: GateRun, response: Response) -> str:
    return openings(response, 6) if run.plan.signal.instrument.needs == "logprobs" else response.text
