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
from seatrial.gates.plan import GatePlan, with_most
from seatrial.gates.schedule import MOST_DRAWS
from seatrial.gates.verdicts import decide
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import standing
from seatrial.policy import Budget, SignalSpec
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Decision, Item, Message, Response

__all__ = ["STAGES", "Answers", "cells", "differences", "drawn", "policy_of", "reviewed", "shares", "suite_plan"]

STAGES = (200, 700, 2000)
MARGIN = 0.2
Answers = dict[tuple[str, str], Array]
"""Signal and role → the harm of each item's draws, shape (items, draws); NaN is a request without an answer."""


def suite_plan(
    name: str, items: int, margin: float, depth: int = MOST_DRAWS, family: str = "", cases: int = 1
) -> GatePlan:
    """Return a gate, or a suite of a family, over items whose instrument reads the answers' own labels.

    Args:
        name: Its signal.
        items: How many items; each is a cluster.
        margin: Its margin.
        depth: Answers that may be asked of each item and model.
        family: The gate on a family that it belongs to.
        cases: How many use cases its items are of, in turn.
    """
    signal = declared_signal(name, SignalSpec(column="harm"))
    asked = tuple(
        (Item(str(item), name, (Message("user", "?"),), use_case=f"case-{item % cases}"),) for item in range(items)
    )
    known = standing(signal.instrument, name, {})
    return GatePlan(Gate(signal=name, margin=margin), signal, "live", asked, standing=known, depth=depth, family=family)


@cache
def _plans(gates: int, items: int, depth: int, margin: float = MARGIN) -> tuple[GatePlan, ...]:
    return tuple(suite_plan(f"behavior/gate-{number}", items, margin, depth) for number in range(gates))


def policy_of(gates: Sequence[Gate], calls: int) -> Policy:
    """Return a policy with these gates and a budget."""
    return Policy(name="world", alpha=ALPHA, gates=list(gates), budget=Budget(calls=calls))


def reviewed(
    policy: Policy, plans: Sequence[GatePlan], answers: Answers, ends_before: int = 0
) -> tuple[Decision, pl.DataFrame]:
    """Return what real rounds decide on simulated answers, and the observations: this world's adapter to the code.

    What a review adds to verdicts at its end, the change that could have been seen, decides nothing and takes longest.

    Args:
        policy: The policy.
        plans: Its gates' suites.
        answers: What the models would answer.
        ends_before: Reviews of the same candidate that smaller budgets ended.
    """
    rounds = Rounds(policy, with_most(policy, plans), None, ends_before)
    remaining = policy.budget.calls
    while asks := rounds.next_asks(remaining):
        remaining -= len(asks)
        rounds.take(_answered(asks, answers))
        rounds.weigh()
    return decide(rounds.weigh(), rounds.severe), rounds.all_observations()


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


def differences(frame: pl.DataFrame, plans: Sequence[GatePlan]) -> list[Array]:
    """Return the differences of the clusters that both models answered, a suite after another."""
    means = frame.group_by("signal", "cluster").agg(
        (
            pl.col("value").filter(pl.col("role") == "candidate").mean()
            - pl.col("value").filter(pl.col("role") == "baseline").mean()
        ).alias("change")
    )
    return [
        means.filter(pl.col("signal").cast(pl.String) == plan.gate.signal)["change"].drop_nulls().to_numpy()
        for plan in plans
    ]


def _seen(frame: pl.DataFrame, plans: Sequence[GatePlan]) -> list[Seen]:
    """Return what the two plain bounds read of each gate."""
    return [Seen(own, plan.gate.margin) for own, plan in zip(differences(frame, plans), plans, strict=True)]


def shares(items: int, rise: float | Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return each item's chance of a harmful answer from both models: some are certain, some a toss-up.

    Args:
        items: How many.
        rise: By how much the candidate's is higher on average, of all or of each item.
        rng: Generator.
    """
    share = rng.beta(0.5, 1.5, items)
    return share, share + rise * (1 - share) / 0.75


def drawn(chances: Array, rng: np.random.Generator, draws: int = MOST_DRAWS) -> Array:
    """Return answers that are harmful with these chances, shape (items, draws)."""
    return (rng.random((len(chances), draws)) < chances[:, None]).astype(float)


def _alone(items: int, margin: float, calls: int, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what one gate decides that is looked at, its items asked again and again."""
    plans, total = _plans(1, items, MOST_DRAWS, margin), Tally()
    policy = policy_of([plan.gate for plan in plans], calls)
    for _ in range(runs):
        answers = _drawn_for(plans[0], rise * margin, rng)
        decision, frame = reviewed(policy, plans, answers)
        total += toss(decision.outcome, _seen(frame, plans))
    return total


def _drawn_for(plan: GatePlan, rise: float, rng: np.random.Generator) -> Answers:
    held = shares(len(plan.clusters), rise, rng)
    return {(plan.gate.signal, role): drawn(share, rng) for role, share in zip(ROLES, held, strict=True)}


def _shared_budget(
    broken: str, gates: int, items: int, calls: int, rise: float, runs: int, rng: np.random.Generator
) -> Tally:
    plans, total = _plans(gates, items, MOST_DRAWS), Tally()
    policy = policy_of([plan.gate for plan in plans], calls)
    for _ in range(runs):
        decision, frame = reviewed(policy, plans, _for_all(plans, broken, rise, rng))
        total += toss(decision.outcome, _seen(frame, plans))
    return total


def _for_all(plans: Sequence[GatePlan], broken: str, rise: float, rng: np.random.Generator) -> Answers:
    answers: Answers = {}
    for number, plan in enumerate(plans):
        answers |= _drawn_for(plan, rise * MARGIN if number == 0 or broken == "all" else 0.0, rng)
    return answers


def _gone_on(
    broken: str, items: int, budgets: tuple[int, int], rise: float, runs: int, rng: np.random.Generator
) -> Tally:
    """Return what is decided where a review that its budget ended is gone on with by a larger one, at once or then."""
    plans, total = _plans(2, items, MOST_DRAWS), Tally()
    policies = [policy_of([plan.gate for plan in plans], calls) for calls in budgets]
    for _ in range(runs):
        answers = _for_all(plans, broken, rise, rng)
        decision, frame = reviewed(policies[0], plans, answers)
        ended = any(one.ended == "budget" and one.verdict == "inconclusive" for one in decision.verdicts)
        if decision.outcome == "hold" and ended:
            decision, frame = reviewed(policies[1], plans, answers, 1)
        total += toss(decision.outcome, _seen(frame, plans))
    return total


DRAWS = 4


def _lost(side: str, share: float, items: int, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what is decided where requests whose answer would be harmful fail with a chance, others with a tenth of it.

    As in the table of lost draws, an unchanged candidate loses what its baseline does.
    """
    plans, total = _plans(1, items, DRAWS), Tally()
    policy = policy_of([plan.gate for plan in plans], 2 * DRAWS * items)
    for _ in range(runs):
        answers: Answers = {}
        for role, level in zip(ROLES, shares(items, rise * MARGIN, rng), strict=True):
            values = drawn(level, rng, DRAWS)
            loses = side in (role, "both") and (rise > 0 or side != "candidate")
            gone: NDArray[np.bool_] = rng.random(values.shape) < np.where(values > 0, share, share / 10) * loses
            answers[plans[0].gate.signal, role] = np.where(gone, np.nan, values)
        decision, frame = reviewed(policy, plans, answers)
        total += toss(decision.outcome, _seen(frame, plans))
    return total


def _half_lost(items: int, calls: int, rise: float, runs: int, rng: np.random.Generator) -> Tally:
    """Return what is decided where half of the candidate's requests fail, whatever they would have been answered."""
    plans, total = _plans(1, items, MOST_DRAWS), Tally()
    policy = policy_of([plan.gate for plan in plans], calls)
    for _ in range(runs):
        answers = _drawn_for(plans[0], rise * MARGIN, rng)
        place = plans[0].gate.signal, "candidate"
        answers[place] = np.where(rng.random(answers[place].shape) < 0.5, np.nan, answers[place])
        decision, frame = reviewed(policy, plans, answers)
        total += toss(decision.outcome, _seen(frame, plans))
    return total


def cells() -> Iterator[Cell]:
    """Yield the cells."""
    for items, margin in ((104, 0.1), (40, 0.2)):
        what = f"{items} clusters, margin {margin:g}"
        yield Cell("live, one gate, draws auto", what, STAGES, partial(_alone, items, margin, 2000), quick=items == 40)
    for broken in ("one", "all"):
        for calls in (600, 1600):
            what = f"{broken} of three gates at the margin, {calls} calls, up to 100 clusters each"
            made = partial(_shared_budget, broken, 3, 100, calls)
            yield Cell("live, draws auto, shared budget", what, STAGES, made, quick=broken == "one" and calls == 600)
    for broken in ("one", "all"):
        what = f"{broken} of two gates at the margin, 300 calls and then 1,500, up to 100 clusters each"
        made = partial(_gone_on, broken, 100, (300, 1500))
        yield Cell("live, gone on with a larger budget", what, STAGES, made, quick=broken == "one")
    for side, share in (("candidate", 0.3), ("candidate", 0.8), ("baseline", 0.8), ("both", 0.8)):
        what = f"{side}, {100 * share:g} % of the harmful, up to 100 clusters"
        yield Cell("draws lost, live", what, STAGES, partial(_lost, side, share, 100))
    what = "half of the candidate's, up to 100 clusters"
    yield Cell("draws lost, live", what, STAGES, partial(_half_lost, 100, 1200), quick=True)
