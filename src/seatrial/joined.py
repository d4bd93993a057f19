"""A few labels by people joined with an instrument's readings of all answers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from seatrial.judging import recorded_scores
from seatrial.policy import LaunchPolicy
from seatrial.rounds import ROLES, GateRun, Rounds
from seatrial.stats.intervals import Interval, fixed_size
from seatrial.stats.prediction import ppi_mean

__all__ = ["joined_labels"]

FEWEST = 10
"""Labelled clusters below which people's scores are not joined with the instrument's."""


def joined_labels(policy: LaunchPolicy, rounds: Rounds) -> list[str]:
    """Return, for each gate with people's labels, what they would change, in a sentence.

    Raises:
        EvidenceError: a file of labels cannot be used.
    """
    return [_joined(policy, run, scores) for run, scores in _labelled(rounds)]


def _labelled(rounds: Rounds) -> list[tuple[GateRun, Mapping[tuple[str, str], float]]]:
    return [
        (run, recorded_scores(run.plan.gate.labels)) for run in rounds.gates if run.plan.gate.labels is not None
    ]  # fmt: skip


def _joined(policy: LaunchPolicy, run: GateRun, scores: Mapping[tuple[str, str], float]) -> str:
    name = run.plan.gate.signal
    read, told = _changes(run, scores)
    labelled, rest = sorted(told.keys() & read.keys()), sorted(read.keys() - told.keys())
    if len(labelled) < FEWEST or len(rest) < 2:
        return (
            f"{name}: people labelled {len(labelled)} of {len(read)} clusters on both models; joining them with "
            f"the instrument takes {FEWEST} or more, and two clusters without."
        )
    people = [told[key] for key in labelled]
    low, high = run.found[0][0].low, run.found[0][0].high
    plain, alone = (fixed_size(values, low, high, policy.alpha) for values in (list(read.values()), people))
    found = ppi_mean(people, [read[key] for key in labelled], [read[key] for key in rest], policy.alpha)
    return (
        f"{name}: with people's labels of {len(labelled)} of {len(read)} clusters its change of "
        f"{_span(plain)} becomes {_span(found)} by PPI++; the labels alone "
        f"say {_span(alone)}. The verdict rests on the instrument."
    )


def _span(found: Interval) -> str:
    return f"{found.estimate:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def _changes(run: GateRun, scores: Mapping[tuple[str, str], float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return each cluster's change of harm as the instrument reads it, and as people score it where they scored all."""
    signal = run.plan.signal
    sign = 1.0 if signal.harmful == "high" else -1.0
    answers = {(role, one.item): one for role in ROLES for one in run.responses[role] if one.draw == 0}
    read: dict[str, list[float]] = {}
    told: dict[str, list[float]] = {}
    for item in run.plan.items:
        before, after = answers.get(("baseline", item.id)), answers.get(("candidate", item.id))
        if before is None or after is None:
            continue
        was, now = signal.instrument.read(item, before), signal.instrument.read(item, after)
        if was is None or now is None:
            continue
        side = -1.0 if signal.contrast and item.variant == signal.contrast[1] else 1.0
        read.setdefault(item.cluster, []).append(sign * side * (now - was))
        first, second = scores.get((item.id, before.text)), scores.get((item.id, after.text))
        change = math.nan if first is None or second is None else side * (second - first) / 10
        told.setdefault(item.cluster, []).append(change)
    means = {cluster: sum(values) / len(values) for cluster, values in told.items()}
    whole = {cluster: mean for cluster, mean in means.items() if not math.isnan(mean)}
    return {cluster: sum(values) / len(values) for cluster, values in read.items()}, whole
