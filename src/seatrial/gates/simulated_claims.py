"""What a simulated gate states, while it is looked at in all simulated reviews at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from seatrial.gates.claims import family_slope, part_scales
from seatrial.gates.simulated_gates import SimulatedGate, SimulatedSuite
from seatrial.stats.instruments import Slope, true_below, true_bounds
from seatrial.stats.intervals import fixed_size_bounds
from seatrial.stats.spending import LEAST_LEVEL, Looks, nominal_level

__all__ = ["SimulatedClaim", "claims_of", "family_claims"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class SimulatedClaim:
    """One statement while it is looked at, in all simulated reviews; `rows` are the clusters that it is about.

    A review that is decided, and a statement that has passed, are not weighed again: nothing is asked for them. Showing
    harm may err by `weights` of alpha: where all gates are open, where the others have passed, and where its gate's
    other statements have passed too. `failed` and `final_fail` say by which of the first two it fails, shape (2, runs).
    """

    threshold: float
    shows: Slope
    faked: float
    alpha: float
    weights: tuple[float, float, float]
    runs: int
    reach: tuple[float, float] = (-1.0, 1.0)
    rows: Mask | None = None
    level: bool = False
    series: int = 0
    use_case: str = ""
    may_pass: bool = True
    passed: Mask = field(init=False)
    failed: Mask = field(init=False)
    final_pass: Mask = field(init=False)
    final_fail: Mask = field(init=False)

    def __post_init__(self) -> None:
        """Start with nothing decided."""
        self.passed, self.failed = np.zeros(self.runs, dtype=bool), np.zeros((2, self.runs), dtype=bool)
        self.final_pass, self.final_fail = self.passed, self.failed

    def look(self, values: Array, taken: Looks, ahead: bool, open_now: Mask, is_last: Mask | None = None) -> None:
        """Weigh the clusters' means of the reviews that are open, shape (runs, clusters).

        Args:
            values: The means.
            taken: The looks.
            ahead: Whether to find what a last look would decide.
            open_now: The reviews in which it is weighed, shape (runs,).
            is_last: Those in which its gate's other statements have passed; none by default.
        """
        chosen = values if self.rows is None else values[:, self.rows[: values.shape[1]]]
        at = np.flatnonzero(open_now & ~self.passed)
        self.final_pass, self.final_fail = self.passed, self.failed
        if chosen.shape[1] == 0 or not self.may_pass or len(at) == 0:
            return
        alone = np.zeros(len(at), dtype=bool) if is_last is None else is_last[at]
        now = self._decided(chosen[at], taken, alone)
        self.passed, self.failed = _with(self.passed, at, now[0]), _with(self.failed, at, now[1])
        self.final_pass, self.final_fail = self.passed, self.failed
        if ahead and not taken.final:
            last = self._decided(chosen[at], replace(taken, final=True), alone)
            self.final_pass, self.final_fail = _with(self.passed, at, last[0]), _with(self.failed, at, last[1])

    def _decided(self, chosen: Array, taken: Looks, alone: Mask) -> tuple[Mask, Mask]:
        out = self._below(chosen, self.threshold - self.faked, nominal_level(self.alpha, taken), 1)
        shown = np.zeros((2, len(chosen)), dtype=bool)
        if self.level and self.shows.uncertain:
            return out, shown
        above = self.threshold + self.faked
        # Only a mean above the threshold can show harm: few are, where nothing changed.
        far = ~out & (chosen.mean(axis=1) > above * self.shows.value)
        every, others, last = self.weights
        for row, of, weight in ((0, far, every), (1, far & ~alone, others), (1, far & alone, last)):
            if of.any():
                shown[row, of] = self._below(chosen[of], above, nominal_level(self.alpha * weight, taken.showing), -1)
        return out, shown

    def _below(self, chosen: Array, threshold: float, level: float, sign: int) -> Mask:
        if level < LEAST_LEVEL:
            return np.zeros(len(chosen), dtype=bool)
        low, high = self.reach if sign > 0 else (-self.reach[1], -self.reach[0])
        return true_below(sign * chosen, sign * threshold, low, high, self.shows, level)

    def pooled(self, suites: Sequence[SimulatedSuite], values: Sequence[Array]) -> Array:
        """Return the clusters' means of all suites that may gate, as they enter a claim over a family.

        In the mean suites count alike, in a use case clusters.
        """
        parts = [(suite, one) for suite, one in zip(suites, values, strict=True) if suite.may_gate]
        scales = part_scales([suite.reach for suite, _ in parts], [suite.shows for suite, _ in parts])
        if not self.use_case:
            total = sum(one.shape[1] for _, one in parts)
            by = [total / (len(parts) * max(1, one.shape[1])) for _, one in parts]
        else:
            cases = [np.empty(0) if suite.use_cases is None else suite.use_cases for suite, _ in parts]
            rows = [case[: one.shape[1]] == self.use_case for case, (_, one) in zip(cases, parts, strict=True)]
            parts = [(suite, one[:, chosen]) for (suite, one), chosen in zip(parts, rows, strict=True)]
            by = [1.0] * len(parts)
        times = [scale * weight for scale, weight in zip(scales, by, strict=True)]
        widest = max(suite.reach * one for (suite, _), one in zip(parts, times, strict=True))
        self.reach = (-widest, widest)
        return np.hstack([one * scale for (_, one), scale in zip(parts, times, strict=True)])

    def bound(self, values: Array, taken: Looks) -> Array:
        """Return the upper bounds of the true change at a last look."""
        level = nominal_level(self.alpha, replace(taken, final=True))
        found = fixed_size_bounds(values, *self.reach, level)
        return true_bounds(values.mean(axis=1), found.low, found.high, self.shows, level)[1]


def _with(before: Mask, at: NDArray[np.int64], found: Mask) -> Mask:
    """Return the mask with what was found in some of its places besides."""
    made = before.copy()
    made[..., at] |= found
    return made


def _weights(gate: SimulatedGate, guards: bool) -> tuple[float, float, float]:
    """Return what a statement may err as more and more others have passed: see `SimulatedClaim`."""
    return (gate.guard if guards else gate.head), gate.alone[guards], gate.last


def claims_of(gate: SimulatedGate, alpha: float, runs: int) -> list[SimulatedClaim]:
    """Return what is claimed of each suite: of the one of a gate also in each use case, and of its level."""
    if gate.is_family:
        return [
            SimulatedClaim(
                suite.margin,
                suite.shows,
                suite.faked,
                alpha,
                _weights(gate, True),
                runs,
                (-suite.reach, suite.reach),
                series=number,
                may_pass=suite.may_gate,
            )
            for number, suite in enumerate(gate.suites)
        ]
    suite = gate.suites[0]
    groups: list[Mask | None] = [None]
    if suite.use_cases is not None:
        groups += [suite.use_cases == name for name in np.unique(suite.use_cases)]
    made = []
    for rows in groups:
        weights = _weights(gate, rows is not None)
        reach = (-suite.reach, suite.reach)
        made.append(SimulatedClaim(suite.margin, suite.shows, suite.faked, alpha, weights, runs, reach, rows))
        if not math.isnan(suite.limit):
            reach = (suite.least, suite.least + suite.reach)
            made.append(
                SimulatedClaim(suite.limit, suite.shows, suite.faked, alpha, weights, runs, reach, rows, True, 1)
            )
    return made


def family_claims(gate: SimulatedGate, alpha: float, runs: int) -> list[SimulatedClaim]:
    """Return what is claimed over a family's suites that may gate: of their mean, and of each use case."""
    if not gate.is_family:
        return []
    readable = [suite for suite in gate.suites if suite.may_gate]
    shows = family_slope([suite.shows for suite in readable])
    faked = sum(suite.faked / suite.reach for suite in readable) / len(readable)
    made = [SimulatedClaim(gate.margin, shows, faked, alpha, _weights(gate, False), runs)]
    return made + [
        SimulatedClaim(gate.use_case_margin, shows, faked, alpha, _weights(gate, True), runs, use_case=case)
        for case in gate.cases
    ]
