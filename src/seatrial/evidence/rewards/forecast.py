"""What a reward mix would do to each behavior, from samples of the present model: before a training step.

The optimum of KL-regularized training is π* ∝ π_ref · exp(Σ w r / β), so draws of π_ref, weighed, stand for draws of
π*. That tells where training would go if it went all the way at that strength; what a trainer reaches differs.
Best-of-n of the same draws is the case that can be checked exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import EvidenceError
from seatrial.evidence.rewards.table import RewardTable
from seatrial.stats.groups import Groups, ratio
from seatrial.stats.intervals import Estimate
from seatrial.stats.reweighting import best_of_kl, best_of_probabilities, divergence, effective_size, jackknifed, tilted

__all__ = [
    "SUPPORT",
    "BestOf",
    "Forecast",
    "Needed",
    "Point",
    "best_of",
    "forecast",
    "needed_completions",
    "needed_size",
    "point",
    "strengths",
]

Array = NDArray[np.float64]
SUPPORT = 1.6
"""The effective draws of a prompt must be this many times the root of its draws; below, intervals missed too often.
`benchmarks/rewards.py` measures what is left in worlds that this was not set on."""
STEPS = 12
"""Strengths along the KL axis."""
TOLD = 100_000
"""The most completions of a prompt that are named as what a forecast would need; beyond, they cannot be told."""
SEARCH = 24
"""Halvings when the weight is searched at which a gate fails."""


@dataclass(frozen=True)
class Point:
    """A mix at one strength.

    Attributes:
        strength: Multiple of the mix; 1 is the mix as written at the plan's beta.
        kl: Mean KL divergence from the present model in nats, as the draws show it.
        effective: Mean effective draws of a prompt.
        supported: Whether the samples bear it.
        shifts: Behavior → forecast change from the present model.
        gains: Signal → forecast change of its reward.
    """

    strength: float
    kl: float
    effective: float
    supported: bool
    shifts: dict[str, Estimate]
    gains: dict[str, Estimate]


@dataclass(frozen=True)
class BestOf:
    """A mix as best-of-n.

    Attributes:
        n: Completions of which the best is taken.
        most_kl: The most that it can diverge, in nats.
        shifts: Behavior → expected change from the present model; unbiased.
        gains: Signal → expected change of its reward.
    """

    n: int
    most_kl: float
    shifts: dict[str, Estimate]
    gains: dict[str, Estimate]


@dataclass(frozen=True)
class Needed:
    """Completions of each prompt that a forecast of a mix needs.

    Attributes:
        there: Mean completions of a prompt.
        least: Fewer would not do, as the share of completions that count only falls when more are drawn.
        about: How many would do if the number that counts goes on to grow as from half of them to all; inf where it
            grows too slowly ever to do.
    """

    there: float
    least: int
    about: float

    @property
    def sentence(self) -> str:
        """Whether those that are there do, else how many more it takes."""
        if self.least <= self.there:
            return f"the {self.there:.0f} completions of each prompt bear a forecast"
        about = f", and about {self.about:,.0f} by how many of these count" if self.about < TOLD else ""
        return f"a forecast needs at least {self.least:,} completions of each prompt, not {self.there:.0f}{about}"


@dataclass(frozen=True)
class Forecast:
    """A mix along the KL axis.

    Attributes:
        mix: Its name.
        weights: Signal → weight.
        beta: Strength of the KL penalty at strength 1.
        wanted: The mix as written; its numbers count only where `wanted.supported`.
        path: Strengths that the samples bear, weakest first.
        farthest: The largest strength that the samples bear.
        best_of: Best-of-n for n = 2, 4, … as far as the draws go.
        refusal: Why nothing is said of the mix as written; empty where it is supported.
    """

    mix: str
    weights: dict[str, float]
    beta: float
    wanted: Point
    path: tuple[Point, ...]
    farthest: float
    best_of: tuple[BestOf, ...]
    refusal: str


def needed_size(table: RewardTable) -> float:
    """Return the mean effective draws of a prompt that a forecast needs."""
    return SUPPORT * float(np.sqrt(table.groups.sizes).mean())


def needed_completions(table: RewardTable, weights: Mapping[str, float], beta: float) -> Needed:
    """Return how many completions of each prompt a forecast of a mix needs, by those that are there."""
    groups = table.groups
    scores = table.rewards @ table.weights(dict(weights)) / beta
    there, need = float(groups.sizes.mean()), needed_size(table)
    size = float(effective_size(tilted(scores, groups), groups).mean())
    if size >= need:
        return Needed(there, int(there), there)
    least = math.ceil((SUPPORT * there / size) ** 2)
    place, owner = np.arange(groups.rows) - groups.spread(groups.starts), groups.spread(np.arange(len(groups.sizes)))
    first = place < groups.spread(groups.sizes) / 2
    halves = [(scores[half], Groups.of(owner[half])) for half in (first, ~first) if half.any()]
    half = float(np.mean([effective_size(tilted(some, held), held).mean() for some, held in halves]))
    growth = math.log2(size / half) - 0.5  # the size that is needed grows with the root
    about = there * (need / size) ** min(1 / growth, 50.0) if growth > 0 else math.inf
    return Needed(there, least, max(about, float(least)))


def _estimates(table: RewardTable, names: Sequence[str], values: Array, alpha: float) -> dict[str, Estimate]:
    """Return the mean over prompts of each column of `values`, shape (G, M), with intervals by cluster."""
    made = {}
    for place, name in enumerate(names):
        column = values[:, place]
        known = ~np.isnan(column)
        clusters = table.clusters[known]
        if len(set(clusters.tolist())) < 2:
            made[name] = Estimate(*[float("nan")] * 3)
            continue
        found = ratio(column[known], np.ones(int(known.sum())), clusters, alpha)
        made[name] = Estimate(float(found.estimate), float(found.low), float(found.high))
    return made


def point(
    table: RewardTable, weights: Mapping[str, float], beta: float, strength: float = 1.0, alpha: float = 0.025
) -> Point:
    """Return what a mix would do at one strength.

    Args:
        table: Completions of the present model.
        weights: Signal → weight.
        beta: Strength of the KL penalty.
        strength: Multiple of the mix.
        alpha: Error rate of each bound.
    """
    groups = table.groups
    share = tilted(strength / beta * (table.rewards @ table.weights(dict(weights))), groups)
    size = float(effective_size(share, groups).mean())
    read = np.column_stack([table.read, table.rewards])
    shift = jackknifed(read, share, groups) - groups.mean(read)
    behaviors = len(table.behaviors)
    return Point(
        strength,
        float(divergence(share, groups).mean()),
        size,
        size >= needed_size(table),
        _estimates(table, table.behaviors, shift[:, :behaviors], alpha),
        _estimates(table, table.signals, shift[:, behaviors:], alpha),
    )


def best_of(table: RewardTable, weights: Mapping[str, float], n: int, alpha: float = 0.025) -> BestOf:
    """Return what taking the best of `n` completions by the mix would do, unbiased.

    Raises:
        EvidenceError: a prompt has fewer than `n` completions.
    """
    if int(table.groups.sizes.min()) < n:
        raise EvidenceError(f"best of {n}: a prompt has {int(table.groups.sizes.min())} completions only")
    share = best_of_probabilities(table.rewards @ table.weights(dict(weights)), table.groups, n)
    read = np.column_stack([table.read, table.rewards])
    shift = table.groups.total(share[:, None] * read) - table.groups.mean(read)
    behaviors = len(table.behaviors)
    return BestOf(
        n,
        best_of_kl(n),
        _estimates(table, table.behaviors, shift[:, :behaviors], alpha),
        _estimates(table, table.signals, shift[:, behaviors:], alpha),
    )


def strengths(table: RewardTable, weights: Mapping[str, float], beta: float) -> tuple[Array, float]:
    """Return strengths from 0 to the farthest that the samples bear (at most 8), and that farthest one."""
    mixed = table.rewards @ table.weights(dict(weights)) / beta
    need = needed_size(table)

    def bears(strength: float) -> bool:
        return float(effective_size(tilted(strength * mixed, table.groups), table.groups).mean()) >= need

    low, high = 0.0, 8.0
    if bears(high):
        low = high
    else:
        for _ in range(SEARCH):
            middle = (low + high) / 2
            low, high = (middle, high) if bears(middle) else (low, middle)
    return np.linspace(0.0, low, STEPS + 1)[1:], low


def forecast(
    table: RewardTable, name: str, weights: Mapping[str, float], beta: float, alpha: float = 0.025
) -> Forecast:
    """Return the forecast of a mix along the KL axis, refused where the samples do not bear it.

    Args:
        table: Completions of the present model.
        name: The mix's name.
        weights: Signal → weight.
        beta: Strength of the KL penalty.
        alpha: Error rate of each bound.

    Raises:
        EvidenceError: the mix names a signal that the table lacks.
    """
    steps, farthest = strengths(table, weights, beta)
    wanted = point(table, weights, beta, 1.0, alpha)
    path = tuple(point(table, weights, beta, float(step), alpha) for step in steps)
    refusal = ""
    if not wanted.supported:
        borne = f"{farthest:.2g} (beta {beta / farthest:.2g})" if farthest else "nothing"
        refusal = (
            f"{name}: at beta {beta:g} a prompt's {table.groups.sizes.mean():.0f} completions count as only "
            f"{wanted.effective:.2f}, and {needed_size(table):.2f} are needed. The samples bear {borne} of the mix: "
            f"{needed_completions(table, weights, beta).sentence}. Sample more, or forecast a larger beta."
        )
    ns = [n for n in (2, 4, 8, 16, 32, 64) if n <= int(table.groups.sizes.min())]
    return Forecast(
        name,
        dict(weights),
        beta,
        wanted,
        path,
        farthest,
        tuple(best_of(table, weights, n, alpha) for n in ns),
        refusal,
    )
