"""What a reward mix trains on: who has the say in the advantage, and which signal pulls which behavior where.

Everything is read off completions of the model as it is, before a training step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import EvidenceError
from seatrial.evidence.rewards.forecast import Needed, needed_completions
from seatrial.evidence.rewards.table import RewardTable
from seatrial.stats.advantages import Aggregation, advantage_shares, flips, influence, within_correlation
from seatrial.stats.groups import Ratio, ratio
from seatrial.stats.intervals import Estimate

__all__ = ["AGGREGATIONS", "Audit", "FlipRate", "Pull", "audit"]

AGGREGATIONS: tuple[Aggregation, ...] = ("sum-then-normalize", "normalize-then-sum")


@dataclass(frozen=True, slots=True)
class FlipRate:
    """How often the wanted mix turns around what the present one ranks, over one kind of prompts.

    Attributes:
        kind: Use case of the prompts, or `all prompts`.
        prompts: How many there are.
        pairs: Share of the ranked pairs of completions that are turned around.
        best: Share of the prompts whose best completion is another.
    """

    kind: str
    prompts: int
    pairs: Estimate
    best: Estimate


@dataclass(frozen=True)
class Pull:
    """What the two mixes do to one behavior at the start of training.

    Attributes:
        behavior: Its name.
        by_signal: Signal → dE[behavior]/dw, the influence: what a unit of its weight moves the behavior by.
        before: What the present mix pulls it by: Σ w · influence.
        after: What the wanted mix does.
        change: What lies between the two: what changing one mix for the other pulls it by.
        sentence: Which signal held it in check or drives it, and what the new ones change.
    """

    behavior: str
    by_signal: dict[str, Estimate]
    before: Estimate
    after: Estimate
    change: Estimate
    sentence: str


@dataclass(frozen=True)
class Audit:
    """What a reward mix trains on.

    Attributes:
        prompts: Number of prompts.
        completions: Number of completions.
        beta: Strength of the KL penalty that the influences hold for.
        before: Weights of the present mix.
        after: Weights of the wanted mix.
        shares: How rewards are aggregated → mix (`before`, `after`) → signal → its share of the advantage.
        flips: By kind of prompt, all prompts first.
        correlations: Signals and behaviors within prompts: name → name → correlation.
        pulls: One a behavior.
        needed: Completions of each prompt that a forecast of the wanted mix at this beta needs.
        notes: What was left out, filled in or looks wrong.
        digest: SHA-256 of the table.
    """

    prompts: int
    completions: int
    beta: float
    before: dict[str, float]
    after: dict[str, float]
    shares: dict[Aggregation, dict[str, dict[str, Estimate]]]
    flips: tuple[FlipRate, ...]
    correlations: dict[str, dict[str, float]]
    pulls: tuple[Pull, ...]
    needed: Needed
    notes: tuple[str, ...] = field(default=())
    digest: str = ""


def audit(
    table: RewardTable,
    before: Mapping[str, float],
    after: Mapping[str, float],
    beta: float,
    *,
    alpha: float = 0.025,
    seed: int = 20250425,
) -> Audit:
    """Return the audit of changing one mix for another.

    Args:
        table: Completions of the model as it is.
        before: The present mix: signal → weight.
        after: The wanted mix.
        beta: Strength of the KL penalty.
        alpha: Error rate of each bound of an interval.
        seed: Of the random pairs, where prompts have very many completions.

    Raises:
        EvidenceError: a mix names a signal that the table lacks, or ranks nothing.
    """
    old, new = table.weights(dict(before)), table.weights(dict(after))
    for name, weights in (("present", old), ("wanted", new)):
        if not (np.abs(table.groups.centered(table.rewards @ weights)) > 0).any():
            raise EvidenceError(f"the {name} mix gives all completions of every prompt one reward: it trains nothing")
    shares = {
        how: {
            name: dict(
                zip(
                    table.signals,
                    _estimates(advantage_shares(table.rewards, w, table.groups, table.clusters, alpha, how)),
                    strict=True,
                )
            )
            for name, w in (("before", old), ("after", new))
        }
        for how in AGGREGATIONS
    }
    slopes = influence(table.read, table.rewards, table.groups, beta)
    return Audit(
        len(table.prompts),
        table.groups.rows,
        beta,
        dict(before),
        dict(after),
        shares,
        _flip_rates(table, old, new, alpha, seed),
        _correlations(table),
        tuple(_pull(table, place, slopes[:, place], old, new, alpha) for place in range(len(table.behaviors))),
        needed_completions(table, after, beta),
        table.notes,
        table.digest,
    )


def _estimates(made: Ratio) -> list[Estimate]:
    numbers = zip(np.atleast_1d(made.estimate), np.atleast_1d(made.low), np.atleast_1d(made.high), strict=True)
    return [Estimate(float(value), float(low), float(high)) for value, low, high in numbers]


def _flip_rates(
    table: RewardTable, old: NDArray[np.float64], new: NDArray[np.float64], alpha: float, seed: int
) -> tuple[FlipRate, ...]:
    turned = flips(table.rewards @ old, table.rewards @ new, table.groups, np.random.default_rng(seed))
    kinds = sorted(set(table.kinds.tolist()))
    chosen = [("all prompts", np.ones(len(table.kinds), dtype=np.bool_))]
    if len(kinds) > 1:
        chosen += [(kind, table.kinds == kind) for kind in kinds]
    rates = []
    for kind, inside in chosen:
        clusters = table.clusters[inside]
        if len(set(clusters.tolist())) < 2 or not turned.ranked[inside].sum():
            continue
        (pairs,) = _estimates(ratio(turned.flipped[inside], turned.ranked[inside], clusters, alpha))
        (best,) = _estimates(ratio(turned.best[inside].astype(float), np.ones(inside.sum()), clusters, alpha))
        rates.append(FlipRate(kind, int(inside.sum()), pairs, best))
    return tuple(rates)


def _correlations(table: RewardTable) -> dict[str, dict[str, float]]:
    names = (*table.signals, *table.behaviors)
    columns = np.column_stack([table.rewards, np.where(np.isnan(table.read), 0.0, table.read)])
    found = within_correlation(columns, table.groups)
    return {one: dict(zip(names, map(float, found[place]), strict=True)) for place, one in enumerate(names)}


def _pull(
    table: RewardTable,
    place: int,
    slopes: NDArray[np.float64],
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    alpha: float,
) -> Pull:
    """Return what the mixes do to one behavior; `slopes` has shape (G, K)."""
    known = ~np.isnan(slopes).any(axis=1)
    name = table.behaviors[place]
    if len(set(table.clusters[known].tolist())) < 2:
        nothing = Estimate(*[float("nan")] * 3)
        why = f"{name}: fewer than two prompts have readings, so nothing can be said of it."
        return Pull(name, dict.fromkeys(table.signals, nothing), nothing, nothing, nothing, why)
    columns = np.column_stack([slopes, slopes @ old, slopes @ new, slopes @ (new - old)])[known]
    made = _estimates(ratio(columns, np.ones(int(known.sum())), table.clusters[known], alpha))
    by_signal = dict(zip(table.signals, made, strict=False))
    before, after, change = made[-3:]
    return Pull(
        name, by_signal, before, after, change, _sentence(name, table.signals, by_signal, old, new, before, after)
    )


def _sentence(
    behavior: str,
    signals: tuple[str, ...],
    by_signal: dict[str, Estimate],
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    before: Estimate,
    after: Estimate,
) -> str:
    """Say which signal held a behavior in check, and by how much the wanted mix weakens that."""
    was = {name: by_signal[name].value * weight for name, weight in zip(signals, old, strict=True)}
    will = {name: by_signal[name].value * weight for name, weight in zip(signals, new, strict=True)}
    sure = {name for name in signals if by_signal[name].above or by_signal[name].below}
    holding = min((name for name in sure if was[name] < 0), key=lambda name: was[name], default="")
    pushing = max(
        (name for name in sure if will[name] > was[name]), key=lambda name: will[name] - was[name], default=""
    )
    start = f"{behavior}: "
    if not holding and not pushing:
        lifting = max((name for name in sure if will[name] > 0), key=lambda name: will[name], default="")
        lowering = min(
            (name for name in sure if will[name] < was[name]), key=lambda name: will[name] - was[name], default=""
        )
        if lowering:
            first = f"{lifting} pulls it up ({_signed(will[lifting])})" if lifting else "nothing held it in check"
            return start + f"{first}; {lowering} pulls it down ({_signed(will[lowering] - was[lowering])})."
        if lifting:
            return start + f"{lifting} pulls it up ({_signed(will[lifting])}), and the wanted mix does not change that."
        return start + "no signal is shown to pull it either way."
    if not pushing:
        return start + f"{holding} holds it down ({_signed(was[holding])}), and the wanted mix does not weaken that."
    push = will[pushing] - was[pushing]
    if not holding:
        return start + f"nothing held it in check; {pushing} pulls it up ({_signed(push)})."
    took = push / -was[holding]
    outcome = (
        "so that it now rises" if after.above else "so that it still falls" if after.below else "which way is open"
    )
    return start + (
        f"{holding} held it in check ({_signed(was[holding])}); {pushing} pulls it up ({_signed(push)}) and takes back "
        f"{100 * took:.0f} % of that ({_signed(before.value)} before, {_signed(after.value)} after), {outcome}."
    )


def _signed(value: float) -> str:
    return (f"{value:+.3f}" if abs(value) >= 0.0005 or not value else f"{value:+.1g}").replace("-", "−")
