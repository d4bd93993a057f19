"""How often a gate would pass, fail or stay undecided: simulated reviews of one gate, weighed as real ones are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seatrial.gates.schedule import looks, shares, typical_most
from seatrial.gates.simulated_claims import claims_of, family_claims
from seatrial.gates.simulated_gates import SimulatedGate, SimulatedSuite
from seatrial.stats.betting import log_wealth_paths
from seatrial.stats.instruments import family_alpha, true_bounds
from seatrial.stats.intervals import fixed_size_bounds
from seatrial.stats.resampling import shifted
from seatrial.stats.spending import before_any_look

__all__ = ["RUNS", "Course", "course"]

RUNS = 400
"""Simulated reviews a size of harm: a chance of one half is known to ± .05."""
FOR_A_BOUND = 60
"""Simulated reviews whose last bound is computed: enough for the quantile that a change must have to be seen."""

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Course:
    """What became of simulated reviews of one gate, look by look, were nothing in their way; r runs, k looks.

    Attributes:
        passed: Whether it has passed by each look, shape (r, k).
        failed: Whether it has failed by each look, and before it passed, if all other gates are open.
        final_pass: Whether it would have passed were this look the last.
        final_fail: Whether it would have failed were this look the last, if all other gates are open.
        calls: Calls spent by each look.
        alone: Whether it has failed by each look, and before it passed, if all other gates have passed.
        final_alone: Whether it would have failed were this look the last, if all other gates have passed.
        ends: Upper bounds of the change at the last look, of some of the reviews; empty where nobody asked for them.
    """

    passed: Mask
    failed: Mask
    final_pass: Mask
    final_fail: Mask
    calls: Array
    alone: Mask
    final_alone: Mask
    ends: Array = field(default_factory=lambda: np.empty(0))

    @property
    def chances(self) -> tuple[float, float, float]:
        """Chances of pass, fail and undecided where the budget is no limit."""
        passed, failed = float(self.passed[:, -1].mean()), float(self.failed[:, -1].mean())
        return passed, failed, max(0.0, 1.0 - passed - failed)


def course(
    gate: SimulatedGate,
    changes: float | Array,
    alpha: float,
    rng: np.random.Generator,
    runs: int = RUNS,
    *,
    ahead: bool = True,
    bounds: bool = False,
) -> Course:
    """Return the course of simulated reviews for a true change of harm.

    Args:
        gate: The gate.
        changes: The true change in each suite, on its scale, alike in all its clusters.
        alpha: The policy's error rate.
        rng: Generator for the simulated reviews.
        runs: Simulated reviews.
        ahead: Whether to find what a last look would decide at each look; only a budget that runs out asks for it.
        bounds: Whether to find the bounds at the end, of a gate that is looked at or of a family.
    """
    if any(suite.clusters < 2 for suite in gate.suites) or not any(suite.may_gate for suite in gate.suites):
        return _undecided(gate, runs)
    wanted = np.broadcast_to(np.asarray(changes, dtype=np.float64), (len(gate.suites),))
    if gate.method == "looks" or gate.is_family:
        return _looked_at(gate, wanted, alpha, rng, runs, ahead, bounds)
    return _alone(gate, float(wanted[0]), alpha, rng, runs)


def _undecided(gate: SimulatedGate, runs: int) -> Course:
    """Return the course of a gate whose instrument may only advise: it is asked once and decides nothing."""
    never = np.zeros((runs, 1), dtype=bool)
    calls = sum(suite.calls * min(suite.most, suite.clusters) for suite in gate.suites)
    return Course(never, never, never, never, np.full((runs, 1), calls), never, never, np.full(runs, math.inf))


# Looked at


def _looked_at(
    gate: SimulatedGate, changes: Array, alpha: float, rng: np.random.Generator, runs: int, ahead: bool, bounds: bool
) -> Course:
    answers = [_changes(suite, float(change), runs, rng) for suite, change in zip(gate.suites, changes, strict=True)]
    parts, whole = claims_of(gate, alpha, runs), family_claims(gate, alpha, runs)
    if any(claim.level for claim in parts):
        answers.append(_levels(gate.suites[0], float(changes[0]), runs, rng))
    every = [*parts, *whole]
    live = [suite for suite in gate.suites if suite.calls]
    places, spent = [0] * len(gate.suites), np.zeros(runs)
    taken = before_any_look(may_go_on=any(suite.may_go_on for suite in gate.suites))
    asked_on, open_now = np.ones((runs, len(gate.suites)), dtype=bool), np.ones(runs, dtype=bool)
    made: list[tuple[Mask, ...]] = []
    calls = []
    for share in shares(typical_most([suite.most for suite in live])) if live and gate.method == "looks" else [1.0]:
        taken = taken.and_at(share)
        for number, suite in enumerate(gate.suites):
            to = min(suite.most, max(places[number] + 1, round(share * suite.most))) if suite.calls else suite.most
            spent = spent + asked_on[:, number] * (to - places[number]) * suite.calls
            places[number] = to
        calls.append(spent)
        values = [one.means(places[min(number, len(places) - 1)]) for number, one in enumerate(answers)]
        for claim in parts:
            claim.look(values[claim.series], taken, ahead, open_now)
        parts_passed = np.logical_and.reduce([claim.passed for claim in parts])
        for claim in whole:
            claim.look(claim.pooled(gate.suites, values), taken, ahead, open_now, parts_passed)
        if whole:
            undecided = np.stack([~claim.passed for claim in parts], axis=1)
            decided = np.logical_and.reduce([claim.passed for claim in whole])
            asked_on = np.where(decided[:, None], undecided, True)
        made.append(
            (
                np.logical_and.reduce([claim.passed for claim in every]),
                *np.logical_or.reduce([claim.failed for claim in every]),
                np.logical_and.reduce([claim.final_pass for claim in every]),
                *np.logical_or.reduce([claim.final_fail for claim in every]),
            )
        )
        open_now = ~(made[-1][0] | made[-1][1])
        if not bounds and not open_now.any():
            break
    passed, failed, alone, final_pass, final_fail, final_alone = (
        np.stack(one, axis=1) for one in zip(*made, strict=True)
    )
    ends = np.empty(0)
    if bounds:
        some = [one[:FOR_A_BOUND] for one in values]
        ends = whole[0].bound(whole[0].pooled(gate.suites, some), taken) if whole else parts[0].bound(some[0], taken)
    passed, failed, alone = _first(passed, failed, alone)
    return Course(passed, failed, final_pass, final_fail, np.stack(calls, axis=1), alone, final_alone, ends)


def _first(passed: Mask, *fails: Mask) -> tuple[Mask, ...]:
    """Return whether a gate has passed, and failed, by each look, whichever came first; a pass where both did.

    Of several ways to fail, each is taken by itself; a pass counts where it came before the first of them.
    """
    every = [np.maximum.accumulate(one, axis=1) for one in (passed, *fails)]
    count = passed.shape[1]
    first = [np.where(one.any(axis=1), one.argmax(axis=1), count) for one in every]
    before = [(first[0] <= one)[:, None] for one in first[1:]]
    return (every[0] & before[0], *(one & ~wins for one, wins in zip(every[1:], before, strict=True)))


class _Answers:
    """The answers to one suite's clusters in simulated reviews, each cluster as often as it may be asked."""

    def __init__(self, drawn: Array, clusters: int) -> None:
        """Take what was drawn, shape (runs, depth * clusters)."""
        drawn = drawn.reshape(len(drawn), -1, clusters)
        self._sums = np.cumsum(drawn, axis=1)
        self._clusters = clusters

    def means(self, places: int) -> Array:
        """Return the means of the clusters asked so far, shape (runs, clusters)."""
        whole, rest = divmod(places, self._clusters)
        if whole == 0:
            return self._sums[:, 0, :rest]
        means: Array = self._sums[:, whole - 1, :] / whole
        if rest:
            means = means.copy()
            means[:, :rest] = self._sums[:, whole, :rest] / (whole + 1)
        return means


def _changes(suite: SimulatedSuite, change: float, runs: int, rng: np.random.Generator) -> _Answers:
    """Return the differences between the models."""
    shift, size = change * suite.shows.value, (runs, suite.clusters * math.ceil(suite.most / suite.clusters))
    return _Answers(shifted(suite.residuals, shift, -suite.reach, suite.reach, size, rng), suite.clusters)


def _levels(suite: SimulatedSuite, change: float, runs: int, rng: np.random.Generator) -> _Answers:
    """Return the candidate's own harm."""
    levels = np.zeros(1) if suite.levels is None else suite.levels
    level, shift = float(levels.mean()), change * suite.shows.value
    size = (runs, suite.clusters * math.ceil(suite.most / suite.clusters))
    least, most = suite.least - level, suite.least + suite.reach - level
    return _Answers(level + shifted(levels - level, shift, least, most, size, rng), suite.clusters)


# Bet on, or weighed once


def _alone(gate: SimulatedGate, change: float, alpha: float, rng: np.random.Generator, runs: int) -> Course:
    """Return the course of a gate on one suite that is bet on, or of any whose evidence was there at once."""
    suite = gate.suites[0]
    size, whole = (runs, suite.clusters), (-suite.reach, suite.reach)
    groups: list[Mask | None] = [None]
    if suite.use_cases is not None:
        groups += [suite.use_cases == name for name in np.unique(suite.use_cases)]
    live = gate.method == "betting"
    ends = looks(suite.clusters) if live else [suite.clusters - 1]
    shift = change * suite.shows.value
    x = shifted(suite.residuals, shift, *whole, size, rng)
    weights = [gate.head, *[gate.guard] * (len(groups) - 1)]
    alone = weights if live else [gate.alone[0], *[gate.alone[1]] * (len(groups) - 1)]
    made = [
        _weighed(suite, x, suite.margin, whole, alpha, weight, group, ends, live)
        for weight, group in zip(zip(weights, alone, strict=True), groups, strict=True)
    ]
    if not math.isnan(suite.limit) and suite.levels is not None:
        level = float(suite.levels.mean())
        bounds = suite.least, suite.least + suite.reach
        y = level + shifted(suite.levels - level, shift, bounds[0] - level, bounds[1] - level, size, rng)
        made += [
            _weighed(suite, y, suite.limit, bounds, alpha, weight, group, ends, live)
            for weight, group in zip(zip(weights, alone, strict=True), groups, strict=True)
        ]
    passed, failed, by_itself = _first(
        np.logical_and.reduce([one[0] for one in made]),
        np.logical_or.reduce([one[1] for one in made]),
        np.logical_or.reduce([one[2] for one in made]),
    )
    calls = np.broadcast_to((np.array(ends) + 1.0) * suite.calls, passed.shape) if live else np.zeros(passed.shape)
    return Course(passed, failed, passed, failed, calls, by_itself, by_itself)


def _weighed(
    suite: SimulatedSuite,
    x: Array,
    threshold: float,
    bounds: tuple[float, float],
    alpha: float,
    weights: tuple[float, float],
    group: Mask | None,
    ends: list[int],
    live: bool,
) -> tuple[Mask, Mask, Mask]:
    """Return at which looks each simulated review would rule harm out, and show it, shapes (runs, looks).

    It shows harm where all other gates are open, and where they have passed.
    """
    low, high = bounds
    never = np.zeros((len(x), len(ends)), dtype=bool)
    chosen = x if group is None else x[:, group]
    if chosen.shape[1] == 0:
        return never, never, never
    a_level = low != -high and suite.shows.uncertain
    out, above = threshold - suite.faked, threshold + suite.faked
    if live:
        level, flat = suite.shows.ruling_out(alpha)
        steep = suite.shows.showing(alpha, round(1 / weights[0]))
        wall = -math.log(family_alpha(alpha, [suite.shows]) * weights[0])
        # Of the clusters asked until a look, those of the group count.
        place = (np.arange(x.shape[1]) if group is None else np.cumsum(group) - 1)[ends].astype(np.int64)
        seen, place = place >= 0, np.maximum(place, 0)
        aim = threshold * suite.shows.value if low == -high else None
        ruled_out = log_wealth_paths(chosen, out * flat, low, high, "less", aim=aim)[:, place] >= -math.log(level)
        shown = log_wealth_paths(chosen, above * steep, low, high, "greater", aim=aim)[:, place] >= wall
        ruled_out, found = ruled_out & seen, [shown & seen] * 2
    else:
        mean = chosen.mean(axis=1)
        reading = fixed_size_bounds(chosen, low, high, alpha)
        _, most = true_bounds(mean, reading.low, reading.high, suite.shows, alpha)
        ruled_out, found = (most < out)[:, None], []
        for weight in weights:
            strict = fixed_size_bounds(chosen, low, high, alpha * weight)
            least, _ = true_bounds(mean, strict.low, strict.high, suite.shows, alpha * weight)
            found.append((least > above)[:, None])
    shown, alone = (never if a_level else one & ~ruled_out for one in found)
    return ruled_out, shown, alone
