"""The pairs of answers that show a change best."""

from __future__ import annotations

import math
from collections.abc import Iterator

from seatrial.instruments import openings
from seatrial.report.result import AnswerPair
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Decision, GateVerdict, Response, Role

__all__ = ["all_pairs", "answer_pairs"]

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


def all_pairs(rounds: Rounds) -> Iterator[tuple[str, list[AnswerPair]]]:
    """Yield each signal whose answers lie here with all its pairs: each item's draws, in their order."""
    for run in rounds.gates:
        draws = {response.draw for response in run.responses["candidate"]}
        found = [pair for draw in sorted(draws) for _, pair in _read(run, draw)]
        if found:
            yield run.signal, found


def _pairs(run: GateRun) -> list[AnswerPair]:
    """Return a gate's answer pairs, the largest change of harm first, one a cluster."""
    pairs: dict[str, AnswerPair] = {}
    for cluster, pair in _read(run, 0):
        if cluster not in pairs or pairs[cluster].harm < pair.harm:
            pairs[cluster] = pair
    return sorted(pairs.values(), key=lambda pair: pair.harm, reverse=True)


def _read(run: GateRun, draw: int) -> Iterator[tuple[str, AnswerPair]]:
    """Yield the pairs of one draw that the instrument can read, with their clusters."""
    signal = run.plan.signal
    drawn: dict[Role, dict[str, Response]] = {
        role: {response.item: response for response in run.responses[role] if response.draw == draw} for role in ROLES
    }
    both = [item for item in run.plan.items if all(item.id in drawn[role] for role in ROLES)]
    sides = [[drawn[role][item.id] for item in both] for role in ROLES]
    for item, before, after, was, now in zip(both, *sides, *map(run.read, sides), strict=True):
        if was is None or now is None:
            continue
        yield (
            item.cluster,
            AnswerPair(
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
            ),
        )


def _shown(run: GateRun, response: Response) -> str:
    return openings(response, 6) if run.plan.signal.instrument.needs == "logprobs" else response.text
