"""Worlds that are asked live, round by round: a shared budget, draws chosen on the way, gates given up, lost answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.worlds.cell import ALPHA, Array, Cell, Seen, Tally
from benchmarks.worlds.tables import toss
from seatrial import Gate, Policy
from seatrial.collect import Ask, Batch, Failure
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import MOST_DRAWS
from seatrial.gates.verdicts import decide
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import standing
from seatrial.policy import Budget, SignalSpec
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Item, Message, Response

__all__ = ["Answers", "cells", "reviewed"]

STAGES = (200,)
MARGIN = 0.2
Answers = dict[tuple[str, str], Array]
"""Signal and role → the harm of each item's draws, shape (items, MOST_DRAWS); NaN is a request without an answer."""


@cache
def _plans(gates: int, items: int, draws: int) -> tuple[GatePlan, ...]:
    made = []
    for number in range(gates):
        name = f"behavior/gate-{number}"
        signal = declared_signal(name, SignalSpec(column="harm"))
        asked = tuple((Item(str(item), name, (Message("user", "?"),)),) for item in range(items))
        known = standing(signal.instrument, name, {})
        gate = Gate(signal=name, margin=MARGIN)
        made.append(GatePlan(gate, signal, "live", asked, standing=known, depth=draws))
    return tuple(made)


def reviewed(plans: Sequence[GatePlan], answers: Answers, draws: int | str, calls: int) -> tuple[str, pl.DataFrame]:
    """Return what real rounds decide on simulated answers, and the observations: this world's adapter to the code.

    What a review adds to verdicts at its end, the change that could have been seen, decides nothing and takes longest.
    """
    policy = Policy.model_validate(
        {
            "name": "world",
            "alpha": ALPHA,
            "gates": [plan.gate for plan in plans],
            "draws": draws,
            "budget": Budget(calls=calls),
        }
    )
    rounds = Rounds(policy, plans, None)
    remaining = calls
    while asks := rounds.next_asks(remaining):
        remaining -= len(asks)
        rounds.take(_answered(asks, answers))
        rounds.weigh()
    return decide(rounds.weigh(), rounds.severe).outcome, rounds.all_observations()


def _answered(asks: Sequence[Ask], answers: Answers) -> Batch:
    responses, failures = [], []
    for ask in asks:
        request = ask.request
        value = answers[request.item.suite, ask.role][int(request.item.id), request.draw]
        if np.isnan(value):
            failures.append(Failure(ask.role, request, "no answer"))
        else:
            labels = (("harm", f"{value:g}"),)
            responses.append((ask.role, Response(request.item.id, request.item.suite, request.draw, "", labels=labels)))
    return Batch(tuple(responses), tuple(failures))


def _seen(frame: pl.DataFrame, plans: Sequence[GatePlan]) -> Iterator[Seen]:
    """Yield the differences of the clusters that both models answered, as the two plain bounds read them."""
    means = frame.group_by("signal", "cluster").agg(
        (
            pl.col("value").filter(pl.col("role") == "candidate").mean()
            - pl.col("value").filter(pl.col("role") == "baseline").mean()
        ).alias("change")
    )
    for plan in plans:
        own = means.filter(pl.col("signal").cast(pl.String) == plan.gate.signal)["change"].drop_nulls()
        yield Seen(own.to_numpy(), plan.gate.margin)


def _shares(items: int, rise: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return each item's chance of a harmful answer from both models: some are certain, some a toss-up."""
    share = rng.beta(0.5, 1.5, items)
    return share, share + MARGIN * rise * (1 - share) / 0.75


def _shared_budget(
    broken: str, gates: int, items: int, calls: int, rise: float, runs: int, rng: np.random.Generator
) -> Tally:
    plans, total = _plans(gates, items, 2), Tally()
    for _ in range(runs):
        answers: Answers = {}
        for number, plan in enumerate(plans):
            shares = _shares(items, rise if number == 0 or broken == "all" else 0.0, rng)
            for role, share in zip(ROLES, shares, strict=True):
                answers[plan.gate.signal, role] = (rng.random((items, MOST_DRAWS)) < share[:, None]).astype(float)
        decided, frame = reviewed(plans, answers, "auto", calls)
        total += toss(decided, list(_seen(frame, plans)))
    return total


DRAWS = 4


def _lost(side: str, share: float, items: int, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what is decided where requests whose answer would be harmful fail with a chance, others with a tenth of it.

    As in the table of lost draws, an unchanged candidate loses what its baseline does.
    """
    plans, total = _plans(1, items, DRAWS), Tally()
    for _ in range(runs):
        answers: Answers = {}
        for role, level in zip(ROLES, _shares(items, rise, rng), strict=True):
            values = (rng.random((items, DRAWS)) < level[:, None]).astype(float)
            loses = side in (role, "both") and (rise > 0 or side != "candidate")
            gone: NDArray[np.bool_] = rng.random(values.shape) < np.where(values > 0, share, share / 10) * loses
            answers[plans[0].gate.signal, role] = np.where(gone, np.nan, values)
        decided, frame = reviewed(plans, answers, DRAWS, 2 * DRAWS * items)
        total += toss(decided, list(_seen(frame, plans)))
    return total


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    for broken in ("one", "all"):
        for calls in (600, 1600):
            what = f"{broken} of three gates at the margin, {calls} calls, up to 100 clusters each"
            made = partial(_shared_budget, broken, 3, 100, calls)
            yield Cell("live, draws auto, shared budget", what, STAGES, made, quick=broken == "one" and calls == 600)
    for side, share in (("candidate", 0.3), ("candidate", 0.8), ("baseline", 0.8), ("both", 0.8)):
        what = f"{side}, {100 * share:g} % of the harmful, up to 100 clusters"
        yield Cell("draws lost, live", what, STAGES, partial(_lost, side, share, 100))
