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


def answer_pairs(rounds: Rounds, decision: Decision) -> tuple[AnswerPair, ...]:
    """Return, for each failing gate (else the most moved ones), the pairs of answers that show it best."""
    failed = [verdict.signal for verdict in decision.verdicts if verdict.verdict == "fail"]
    if not failed:
        moved = sorted(decision.verdicts, key=_movement, reverse=True)
        failed = [verdict.signal for verdict in moved[:GATES_WITHOUT_FAILURE] if verdict.evidence.clusters]
    runs = {run.signal: run for run in rounds.gates}
    return tuple(pair for name in failed for pair in _pairs(runs[name])[:PAIRS_PER_GATE])


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
