"""How many model calls a decision takes, against the plans that people run now and against the limit.

One gate, paired 0/1 answers, a look after every item. The same simulated items go through every procedure:

- *seatrial*: the betting sequences of a live gate, aimed at its margin; stops at a pass or a fail.
- *paired plan*: as many items as a paired test needs for the margin at the same error rates, one look at the end.
- *unpaired plan*: the same for two independent samples, as users of Inspect and lm-eval compare runs.
- *oracle*: Wald's test told the true distribution: the bet that grows fastest against the margin, which nobody
  can know beforehand. No valid test decides sooner on average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from seatrial.stats.betting import log_wealth_paths

__all__ = ["EFFECTS", "NEAR", "Row", "plans", "run", "summary", "told_plan"]

EFFECTS = (-2.0, -1.0, 0.0, 0.5, 1.5, 2.0, 3.0, 4.0)
"""True changes in margins that are averaged over."""
NEAR = (0.75, 1.0, 1.25)
"""True changes within a quarter margin of the margin itself, listed apart: hardly anyone decides them."""
MARGIN, DISCORDANT, BASE, ALPHA, POWER = 0.05, 0.2, 0.4, 0.05, 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """Mean calls to a decision at one true change (in margins), and how often each procedure decided rightly."""

    effect: float
    seatrial: float
    oracle: float
    paired_plan: int
    unpaired_plan: int
    decided: float
    wrong: float


def _draw(effect: float, runs: int, items: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return paired differences, shape (runs, items): −1, 0 or 1, discordant at least as often as the change needs."""
    change = effect * MARGIN
    discordant = max(DISCORDANT, abs(change))
    up = (discordant + change) / 2
    u = rng.random((runs, items))
    return np.where(u < up, 1.0, np.where(u < discordant, -1.0, 0.0))


def plans() -> tuple[int, int]:
    """Return the calls of the paired and the unpaired fixed-size plan for the margin, both models counted."""
    reach = (stats.norm.ppf(1 - ALPHA) + stats.norm.ppf(POWER)) ** 2 / MARGIN**2
    paired = reach * DISCORDANT
    unpaired = reach * 2 * BASE * (1 - BASE)
    return 2 * int(np.ceil(paired)), 2 * int(np.ceil(unpaired))


def told_plan(effect: float) -> int | None:
    """Return the calls of a paired fixed-size plan that decides with its power at this true change, told beforehand.

    None at the margin itself, which no number of calls decides.
    """
    change = effect * MARGIN
    if effect == 1:
        return None
    reach = (stats.norm.ppf(1 - ALPHA) + stats.norm.ppf(POWER)) ** 2 / (change - MARGIN) ** 2
    return 2 * int(np.ceil(reach * (max(DISCORDANT, abs(change)) - change**2)))


def _oracle_items(effect: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the items at which the best fixed bet against the margin crosses 1 / alpha, by run."""
    change = effect * MARGIN
    discordant = max(DISCORDANT, abs(change))
    chances = np.array([(discordant + change) / 2, 1 - discordant, (discordant - change) / 2])
    outcomes = np.array([1.0, 0.0, -1.0])
    side = 1.0 if change > MARGIN else -1.0

    def growth(bet: float) -> float:
        return -float((chances * np.log1p(bet * side * (outcomes - MARGIN))).sum())

    # The payoff of a bet is least where the difference is farthest against it.
    most = 1 / (1 + MARGIN) if side > 0 else 1 / (1 - MARGIN)
    best = optimize.minimize_scalar(growth, bounds=(0, most * (1 - 1e-9)), method="bounded").x
    return _first(np.cumsum(np.log1p(best * side * (x - MARGIN)), axis=1))


def _first(log_wealth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the item at which each path first reaches 1 / alpha; all items where none does."""
    reached = log_wealth >= -np.log(ALPHA)
    first: NDArray[np.float64] = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, reached.shape[1])
    return first.astype(float)


def run(runs: int, items: int, seed: int = 0, effects: tuple[float, ...] = EFFECTS) -> list[Row]:
    """Return one row a true change, from `runs` simulated reviews of at most `items` items each."""
    rows = []
    paired, unpaired = plans()
    for effect in effects:
        rng = np.random.default_rng([seed, int(effect * 100) + 1000])
        took, oracle, wrong, decided = [], [], 0, 0
        for start in range(0, runs, 50):
            x = _draw(effect, min(50, runs - start), items, rng)
            passing = _first(log_wealth_paths(x, MARGIN, -1, 1, "less", aim=MARGIN))
            failing = _first(log_wealth_paths(x, MARGIN, -1, 1, "greater", aim=MARGIN))
            stop = np.minimum(passing, failing)
            took.append(stop)
            oracle.append(_oracle_items(effect, x))
            decided += int((stop < items).sum())
            wrong += int(_wrong(effect, passing, failing, items).sum())
        rows.append(
            Row(
                effect,
                2 * float(np.concatenate(took).mean()),
                2 * float(np.concatenate(oracle).mean()),
                paired,
                unpaired,
                decided / runs,
                wrong / runs,
            )
        )
    return rows


def _wrong(effect: float, passing: NDArray[np.float64], failing: NDArray[np.float64], items: int) -> NDArray[np.bool_]:
    """Return which runs decided wrongly; at the margin itself either decision is."""
    if effect == 1:
        return np.minimum(passing, failing) < items
    wrong: NDArray[np.bool_] = (failing < passing) if effect < 1 else (passing < failing)
    return wrong


def summary(rows: list[Row]) -> dict[str, float]:
    """Return seatrial's mean calls over the grid as shares of each alternative's; changes near the margin left out."""
    kept = [row for row in rows if row.effect not in NEAR]
    mean = float(np.mean([row.seatrial for row in kept]))
    return {
        "mean calls": mean,
        "of the oracle": mean / float(np.mean([row.oracle for row in kept])),
        "of the paired plan": mean / kept[0].paired_plan,
        "of the unpaired plan": mean / kept[0].unpaired_plan,
        "of the plan that decides everywhere": mean / max(told_plan(row.effect) or 0 for row in kept),
    }
