"""Worlds that come as a table of observations: draws that were lost, clusters of unequal size, cells, limits, gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

import seatrial
from benchmarks.worlds.cell import ALPHA, Array, Cell, Seen, Tally, plainly_passed
from seatrial import Gate, Policy
from seatrial.gates.plan import plan_gates
from seatrial.gates.verdicts import decide
from seatrial.instruments.records import load_records
from seatrial.observations import from_frame
from seatrial.review.brought_evidence import scales
from seatrial.review.findings.at_a_glance import glances
from seatrial.review.rounds import Rounds

__all__ = ["Table", "cells", "observations", "outcome", "simulate", "toss"]

STAGES = (400, 1200, 4000)
MARGIN = 0.05
NAME = "behavior/simulated"


@dataclass(frozen=True, slots=True)
class Table:
    """One simulated review: the observations, and the same as the two plain bounds read them."""

    frame: pl.DataFrame
    seen: tuple[Seen, ...]


def outcome(gates: Sequence[Gate], frame: pl.DataFrame, policy: Policy | None = None, *, whole: bool = False) -> str:
    """Return what is decided on a table: this world's adapter to the code.

    A review decides, and then gathers all that its report says, which takes twice as long and decides nothing. So only
    where `whole` is asked for is it made to its end, and has to come to the same.
    """
    policy = policy or Policy(name="world", alpha=ALPHA, gates=list(gates))
    evidence = from_frame(frame, gates[0].signal if len(gates) == 1 else None, bounds=scales(policy))
    rounds = Rounds(policy, plan_gates(policy, {}, evidence, load_records(policy.records)), evidence)
    odd = [one.said for one in glances(policy, rounds) if one.holds]
    found = decide(rounds.weigh(), rounds.severe, odd).outcome
    if whole and (other := seatrial.decide(gates, frame, policy=policy).outcome) != found:
        raise AssertionError(f"a whole review comes to {other}, and its gates to {found}")
    return found


def observations(
    before: Array,
    after: Array,
    clusters: NDArray[np.int64] | None = None,
    use_cases: NDArray[np.int64] | None = None,
    signal: str = NAME,
) -> pl.DataFrame:
    """Return two models' values, shape (items,) or (items, draws), as observations; NaN has no row."""
    parts = []
    for role, values in (("baseline", before), ("candidate", after)):
        held = values.reshape(len(values), -1)
        item, draw = np.nonzero(~np.isnan(held))
        columns = {"item": item, "draw": draw, "value": held[item, draw]}
        columns["cluster"] = item if clusters is None else clusters[item]
        columns["use_case"] = np.zeros_like(item) if use_cases is None else use_cases[item]
        parts.append(pl.DataFrame(columns).with_columns(pl.lit(role).alias("role"), pl.lit(signal).alias("signal")))
    return pl.concat(parts).with_columns(pl.col("item", "cluster", "use_case").cast(pl.String))


def simulate(
    made: Callable[[float, np.random.Generator], Table],
    gates: Sequence[Gate],
    rise: float,
    runs: int,
    rng: np.random.Generator,
) -> Tally:
    """Return what is decided on `runs` tables."""
    total = Tally()
    for number in range(runs):
        table = made(rise, rng)
        total += toss(outcome(gates, table.frame, whole=number == 0), table.seen)
    return total


def toss(decided: str, seen: Sequence[Seen]) -> Tally:
    """Return the tally of one review."""
    plain = [plainly_passed(one.numbers[None, :], one.threshold, one.low, one.high) for one in seen]
    betting, t = (all(bool(pair[place][0]) for pair in plain) for place in (0, 1))
    return Tally(1, int(decided == "launch"), int(decided == "block"), int(betting), int(t))


def _even(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return noise between ± .25, which never reaches an end of the scale where levels lie between .3 and .7."""
    return rng.uniform(-0.25, 0.25, shape)


DRAWS, BASE = 4, 1 / 6


def _lost(side: str, share: float, items: int, rise: float, rng: np.random.Generator) -> Table:
    """Return four 0/1 draws an item, the harmful ones of one side lost with a chance, the harmless with a tenth of it.

    A baseline that loses draws does so whatever the candidate is; an unchanged candidate loses what its baseline does.
    """
    shares = rng.beta(1.0, 5.0, items)
    raised = shares + MARGIN * rise * (1 - shares) / (1 - BASE)
    held = []
    for role, level in (("baseline", shares), ("candidate", raised)):
        values = (rng.random((items, DRAWS)) < level[:, None]).astype(float)
        loses = side in (role, "both") and (rise > 0 or side != "candidate")
        gone = rng.random((items, DRAWS)) < np.where(values > 0, share, share / 10) * loses
        held.append(np.where(gone, np.nan, values))
    means = []
    for values in held:
        count = (~np.isnan(values)).sum(axis=1)
        means.append(np.where(count > 0, np.nansum(values, axis=1) / np.maximum(count, 1), np.nan))
    difference = means[1] - means[0]
    return Table(observations(held[0], held[1]), (Seen(difference[~np.isnan(difference)], MARGIN),))


def _sizes(counted: str, clusters: int, rise: float, rng: np.random.Generator) -> Table:
    """Return clusters of one item (four in five) or of twenty; harm rises in one kind and falls by .05 in the other.

    `counted` says whether a cluster or an item counts once in the true rise, and so where harm rises.
    """
    large = rng.random(clusters) < 0.2
    if counted == "cluster":
        up, falls = (MARGIN * rise + 0.2 * 0.05) / 0.8, large
    else:
        up, falls = (4.8 * MARGIN * rise + 0.8 * 0.05) / 4.0, ~large
    effect = np.where(falls, -0.05, up) if rise else np.zeros(clusters)
    shift = effect + rng.uniform(-0.2, 0.2, clusters)
    place = np.repeat(np.arange(clusters), np.where(large, 20, 1))
    before = rng.uniform(0.35, 0.65, len(place))
    after = before + shift[place]
    means = np.bincount(place, after - before) / np.bincount(place)
    return Table(observations(before, after, place), (Seen(means, MARGIN),))


def _use_cases(broken: str, items: int, rise: float, rng: np.random.Generator) -> Table:
    """Return four use cases; in one of them or in all harm rises by the margin, in the others by none."""
    case = np.repeat(np.arange(4), items)
    effect = np.where((case == 0) | (broken == "all"), MARGIN * rise, 0.0)
    before = rng.uniform(0.4, 0.6, len(case))
    after = before + effect + _even((len(case),), rng)
    seen = tuple(Seen((after - before)[case == one], MARGIN) for one in range(4))
    return Table(observations(before, after, use_cases=case), seen)


LIMIT, BELOW = 0.4, 0.05


def _limit(items: int, rise: float, rng: np.random.Generator) -> Table:
    """Return a candidate whose own level is at the limit, or .05 below it; against the baseline it never rises."""
    level = LIMIT - BELOW * (1 - rise)
    shared = rng.uniform(level - 0.2, level + 0.2, items)
    before, after = (shared + rng.uniform(-0.1, 0.1, items) for _ in range(2))
    return Table(observations(before, after), (Seen(after - before, 0.3), Seen(after, LIMIT, 0.0, 1.0)))


GATES = 5


def _correlated(broken: str, share: float, items: int, rise: float, rng: np.random.Generator) -> Table:
    """Return five gates whose noise shares so much of its variance; one or all of them at the margin."""
    shared = rng.normal(size=items)
    frames, seen = [], []
    for gate in range(GATES):
        own = ndtr(share**0.5 * shared + (1 - share) ** 0.5 * rng.normal(size=items))
        before = rng.uniform(0.4, 0.6, items)
        after = before + (own - 0.5) / 2 + MARGIN * rise * (gate == 0 or broken == "all")
        frames.append(observations(before, after, signal=f"{NAME}-{gate}"))
        seen.append(Seen(after - before, MARGIN))
    return Table(pl.concat(frames), tuple(seen))


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    one = [Gate(signal=NAME, margin=MARGIN)]
    for side in ("candidate", "baseline", "both"):
        for share, items in product((0.3, 0.8), (60, 200, 500)):
            what = f"{side}, {100 * share:g} % of the harmful, {items} clusters"
            quick = side == "candidate" and share == 0.8 and items == 200
            yield _cell("draws lost, as a table", what, partial(_lost, side, share, items), one, quick)
    for counted, clusters in product(("cluster", "item"), (60, 200)):
        what = f"harm counted by {counted}, {clusters} clusters"
        yield _cell("cluster sizes tied to the effect", what, partial(_sizes, counted, clusters), one)
    per = [Gate(signal=NAME, margin=MARGIN, per="use_case")]
    for broken, items in product(("one", "all"), (20, 100)):
        what = f"{broken} of four at the margin, {items} clusters each"
        yield _cell("gate per use case", what, partial(_use_cases, broken, items), per)
    for items in (20, 60, 200):
        gate = [Gate(signal=NAME, margin=0.3, limit=LIMIT)]
        yield _cell("gate with a limit", f"level at the limit, {items} clusters", partial(_limit, items), gate)
    five = [Gate(signal=f"{NAME}-{gate}", margin=MARGIN) for gate in range(GATES)]
    for broken, share in product(("one", "all"), (0.5, 0.9)):
        what = f"{broken} of five at the margin, correlation {share:g}, 150 clusters"
        yield _cell("correlated gates", what, partial(_correlated, broken, share, 150), five)


def _cell(world: str, what: str, made: Callable[..., Table], gates: Sequence[Gate], quick: bool = False) -> Cell:
    return Cell(world, what, STAGES, partial(simulate, made, gates), quick=quick)
