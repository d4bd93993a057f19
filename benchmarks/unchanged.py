"""How often an unchanged model passes at the margins of the policy that `seatrial init` writes."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from benchmarks.decides import default_policy
from seatrial.gates.chances import course
from seatrial.gates.simulated_gates import SimulatedGate, SimulatedSuite
from seatrial.suites import find_suites, load_suite

__all__ = ["SPREADS", "unchanged_passes"]

SPREADS = (("text scores", 0.25), ("probes", 0.06))
"""Standard deviation of a cluster's difference between two unchanged models, as a share of the scale."""


def unchanged_passes(spread: float, runs: int) -> tuple[float, float, float]:
    """Return how often an unchanged model passes at the margins of the policy, each cluster asked once.

    Args:
        spread: Standard deviation of a cluster's difference; normal, and cut at the ends of the scale.
        runs: Simulated reviews of each gate.

    Returns:
        The mean over the suites, each gated alone; the least of these; the mean over the families.
    """
    residuals = np.clip(spread * norm.ppf((np.arange(400) + 0.5) / 400), -1, 1)
    rng = np.random.default_rng(22)
    folders, suites, families = find_suites(), [], []
    for gate in default_policy().gates:
        sizes = [len(load_suite(folders[name]).clusters) for name in gate.suites]
        parts = tuple(SimulatedSuite(residuals, 1.0, gate.suite_margin or 0.0, size, size) for size in sizes)
        suites += [_passes(SimulatedGate((part,), "looks"), runs, rng) for part in parts]
        families += [_passes(SimulatedGate(parts, "looks", gate.margin), runs, rng)] if parts else []
    return float(np.mean(suites)), min(suites), float(np.mean(families))


def _passes(gate: SimulatedGate, runs: int, rng: np.random.Generator) -> float:
    return course(gate, 0.0, default_policy().alpha, rng, runs, ahead=False).chances[0]
