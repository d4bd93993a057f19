"""What a plan says comes to pass: its chances against reviews by the code that decides, and `seatrial plan` on scores.

Each world is a policy, its gates' plans and an earlier review that shows how much answers differ. Its answers are
numbers: a declared signal reads each answer's own label, so that nothing but asking, looking and deciding is tried.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from conftest import Command
from seatrial.collect import Ask, Batch
from seatrial.gates.chances import course
from seatrial.gates.operating_characteristic import outlook
from seatrial.gates.plan import GatePlan, with_most
from seatrial.gates.schedule import MOST_DRAWS, SCARCE
from seatrial.gates.simulated_gates import simulated_gates
from seatrial.gates.simulated_reviews import whole_reviews
from seatrial.gates.verdicts import decide
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN
from seatrial.observations import to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy, ModelSpec, SignalSpec
from seatrial.review.rounds import Rounds
from seatrial.stats.resampling import shifted
from seatrial.types import ROLES, Item, Message, Observation, Response

Array = NDArray[np.float64]
REVIEWS = 80
BEFORE = 0.3
"""What every answer of the baseline is worth."""
CHANGES = np.repeat([0.3, 0.0, -0.3], [15, 70, 15])
"""What one answer of the candidate is worth more, where nothing changed on average."""


@dataclass(frozen=True)
class World:
    """A policy, its plans, and by how many margins harm rises in each suite; in shares of the scale in `rises`."""

    policy: LaunchPolicy
    plans: tuple[GatePlan, ...]
    rises: dict[str, float]


def _plan(name: str, clusters: int, family: str = "", depth: int = 1, **gate: Any) -> GatePlan:
    signal = declared_signal(name, SignalSpec(column="score"))
    items = tuple(
        (Item(f"{name}-{place}", name, (Message("user", "?"),), use_case="ab"[place % 2], cluster=f"c{place}"),)
        for place in range(clusters)
    )
    made = Gate.model_validate({"signal": name, "margin": 0.1, **gate})
    return GatePlan(made, signal, "live", items, standing=BY_NATURE, depth=depth, most=clusters, family=family)


def _world(*plans: GatePlan, gates: list[Gate] | None = None, calls: int = 100_000, **rises: float) -> World:
    model = ModelSpec(model="openai-compatible/m")
    policy = LaunchPolicy(
        name="p",
        baseline=model,
        candidate=model,
        gates=gates or [plan.gate for plan in plans],
        budget=Budget(calls=calls),
    )
    return World(
        policy, with_most(policy, plans), {plan.gate.signal: rises.get(plan.gate.signal[2:], 0.0) for plan in plans}
    )


def _family(*clusters: int, calls: int = 100_000, use_case_margin: float | None = None, **rises: float) -> World:
    whole = Gate(signal="family/f", margin=0.06, per="suite", suite_margin=0.14, use_case_margin=use_case_margin)
    members = [_plan(f"s/{'abc'[place]}", count, "family/f", margin=0.14) for place, count in enumerate(clusters)]
    return _world(*members, gates=[whole], calls=calls, **rises)


def _earlier(world: World) -> pl.DataFrame:
    return to_frame(
        [
            Observation(plan.signal.name, role, f"i{place}", f"c{place}", 0, value)
            for plan in world.plans
            for place, change in enumerate(CHANGES)
            for role, value in zip(ROLES, (BEFORE, BEFORE + float(change)), strict=True)
        ]
    )


def _said(world: World) -> tuple[list[tuple[float, float, float]], tuple[float, float, float]]:
    """What the plan says of each gate where the budget is no limit, and of whole reviews."""
    courses = {}
    for gate, (made, _) in zip(
        world.policy.gates, simulated_gates(world.policy, world.plans, _earlier(world)), strict=True
    ):
        own = [plan for plan in world.plans if (plan.family or plan.gate.signal) == gate.signal]
        rises = np.array([world.rises[plan.gate.signal] for plan in own])
        courses[gate.signal] = course(made, rises, world.policy.alpha, np.random.default_rng(1), 600)
    whole, _ = whole_reviews(courses, [gate.signal for gate in world.policy.gates], world.policy.budget.calls)
    return [one.chances for one in courses.values()], whole


def _answers(asks: list[Ask], drawn: dict[str, Array]) -> Batch:
    made = []
    for ask in asks:
        item = ask.request.item
        value = BEFORE
        if ask.role == "candidate":
            value += float(drawn[item.suite][ask.request.draw, int(item.cluster[1:])])
        label = repr(min(max(value, 0.0), 1.0))
        made.append((ask.role, Response(item.id, item.suite, ask.request.draw, "said", labels=(("score", label),))))
    return Batch(tuple(made), ())


def _review(world: World, rng: np.random.Generator) -> tuple[list[str], str]:
    """Review once by the code that decides: the verdict of each gate, and the decision."""
    drawn = {}
    for plan in world.plans:
        shift = world.rises[plan.gate.signal] * plan.standing.shows.or_exact.value
        drawn[plan.gate.signal] = shifted(CHANGES, shift, -1.0, 1.0, (plan.depth, len(plan.clusters)), rng)
    rounds, remaining = Rounds(world.policy, world.plans, None), world.policy.budget.calls
    while asks := rounds.next_asks(remaining):
        remaining -= len(asks)
        rounds.take(_answers(asks, drawn))
        rounds.weigh()
    return [verdict.verdict for verdict in rounds.verdicts], decide(rounds.verdicts).outcome


def _close(came: float, said: float, reviews: int) -> bool:
    """Whether a share agrees with a chance to within four of its standard errors and .03."""
    return abs(came - said) <= 4 * math.sqrt(said * (1 - said) / reviews) + 0.03


def _measured(world: World) -> World:
    """The same world, read by an instrument that shows .75 ± .05 of a change."""
    standing = replace(BY_NATURE, slope=0.75, slope_se=0.05)
    return replace(world, plans=tuple(replace(plan, standing=standing) for plan in world.plans))


WORLDS = {
    "asked once, near the margin": _world(_plan("s/a", 104, margin=0.15), a=0.11),
    "asked once, above it": _world(_plan("s/a", 104, margin=0.15), a=0.188),
    "asked again and again": _world(_plan("s/a", 104, depth=MOST_DRAWS, margin=0.08), calls=2500, a=0.048),
    "bet on": _world(_plan("s/a", SCARCE + 100, margin=0.05), a=0.0325),
    "in each use case": _world(_plan("s/a", 104, margin=0.18, per="use_case"), a=0.11),
    "over the limit": _world(_plan("s/a", 104, margin=0.25, limit=0.42), a=0.155),
    "three suites": _family(60, 90, 150, a=0.039, b=0.039, c=0.039),
    "three suites, harm in the smallest": _family(60, 90, 150, a=0.25),
    "three suites and their use cases": _family(60, 90, 150, use_case_margin=0.065, a=0.03, b=0.03, c=0.03),
    "a measured instrument": _measured(_world(_plan("s/a", 104, margin=0.15), a=0.105)),
}
"""Worlds in which the plan says that something comes to pass about as often as not."""


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_chances_of_a_gate_come_to_pass(name: str) -> None:
    """A gate passes, fails and stays undecided as often as the plan says, to within chance and .03."""
    world = WORLDS[name]
    said, _ = _said(world)
    assert max(said[0]) < 0.93, "the world tells nothing apart"
    rng = np.random.default_rng(5)
    words = [_review(world, rng)[0][0] for _ in range(REVIEWS)]
    for word, chance in zip(("pass", "fail", "inconclusive"), said[0], strict=True):
        came = words.count(word) / REVIEWS
        assert _close(came, chance, REVIEWS), f"{word}: {came:.2f} came, {chance:.2f} was said"


def _two(calls: int, rise: float) -> World:
    plans = [_plan(f"s/{name}", count, depth=MOST_DRAWS) for name, count in (("a", 104), ("b", 80))]
    return _world(*plans, calls=calls, a=rise, b=rise)


@pytest.mark.slow
def test_whole_reviews_whose_budget_ends_come_to_pass() -> None:
    """Two gates share a budget that is spent before they are decided: launch, hold and block as often as is said."""
    rise = 0.05
    world = _two(400, rise)
    _, said = _said(world)
    _, free = _said(_two(100_000, rise))
    assert abs(said[0] - free[0]) + abs(said[2] - free[2]) > 0.15, "the budget is no limit"
    rng = np.random.default_rng(6)
    words = [_review(world, rng)[1] for _ in range(REVIEWS)]
    for word, chance in zip(("launch", "hold", "block"), said, strict=True):
        came = words.count(word) / REVIEWS
        assert _close(came, chance, REVIEWS), f"{word}: {came:.2f} came, {chance:.2f} was said"


@pytest.mark.slow
def test_a_family_with_a_suite_that_may_only_advise_blocks_as_often_as_is_said() -> None:
    """It never launches, as the plan says, and harm in the suites that are read blocks."""
    world = _family(60, 90, 150, a=0.081, b=0.081, c=0.081)
    *read, last = world.plans
    world = replace(world, plans=with_most(world.policy, (*read, replace(last, standing=UNKNOWN))))
    found = outlook(world.policy, world.plans, _earlier(world))
    said, _ = _said(world)
    assert found.unchanged[0] == said[0][0] == 0.0
    assert found.gates[0].advice == UNKNOWN.why
    rng = np.random.default_rng(7)
    words = [_review(world, rng) for _ in range(REVIEWS)]
    assert not any(decision == "launch" for _, decision in words)
    came = sum(gates[0] == "fail" for gates, _ in words) / REVIEWS
    assert 0.05 < said[0][1] < 0.95
    assert _close(came, said[0][1], REVIEWS), f"{came:.2f} came, {said[0][1]:.2f} was said"


POLICY = """
name: right-or-wrong
baseline: {model: scores/old.csv}
candidate: {model: scores/new.csv}
signals: {quality/wrong: {column: score, harmful: high}}
gates:
  - {signal: quality/wrong, margin: 0.3EXTRA}
"""


@pytest.mark.parametrize("extra", ["", ", per: use_case", ", limit: 0.5", ", per: use_case, limit: 0.5"])
def test_scores_of_right_and_wrong_can_be_planned(seatrial: Command, tmp_path: Path, extra: str) -> None:
    """Answers that are right or wrong, whose changes lie at the ends of the scale, end in chances, not in a crash."""
    rng = np.random.default_rng(1)
    for name, rate in (("old", 0.2), ("new", 0.26)):
        rows = [f"i{n},{int(rng.random() < rate)},{'ab'[n % 2]}" for n in range(120)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,score,use_case", *rows]), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY.replace("EXTRA", extra), encoding="utf-8")
    done = seatrial("plan", "policy.yaml", "--json")
    assert done.code in (0, 3), done.err
    (gate,) = json.loads(done.out)["gates"]
    assert gate["clusters"] == 120
    assert seatrial("review", "policy.yaml", "--quiet").code in (0, 1, 3)
