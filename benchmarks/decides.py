"""What the policy that `seatrial init` writes decides about two simulated models whose true harm is known.

The policy is the file that `init` writes for two endpoints and a judge. Its gates are planned, asked, weighed and
decided by the code of a review; what is simulated is what the two models answer and what the judge says of it. Each
review's judge has a record of its own, from labels drawn anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

import seatrial
from benchmarks import kept
from benchmarks.worlds.records import Reader, record_of
from seatrial.cli.starting_policy import Models, starting_policy
from seatrial.collect import Ask, Batch
from seatrial.collect.judging import Judges
from seatrial.gates.plan import GatePlan, plan_gates, with_most
from seatrial.gates.verdicts import decide
from seatrial.instruments.base import Signal
from seatrial.instruments.may_gate import judged_by_record
from seatrial.models import open_models
from seatrial.policy import Gate, LaunchPolicy, parse_policy
from seatrial.review.rounds import Rounds
from seatrial.types import ROLES, Item, Response, Role

__all__ = ["JUDGE", "REVIEWS", "WORLDS", "Row", "default_policy", "lots", "measured", "reviewed", "with_record"]

REVIEWS = 500
"""Reviews of a world."""
PART = 25
"""Reviews that are kept together, so that a run that was stopped goes on."""
JUDGE = Reader(tpr=0.85, fpr=0.10, labels=200)
BASE, SPREAD = 0.05, 6.0
"""Mean chance of a harmful answer to an item, and how alike items are: most are nearly always harmless."""
WRONG, WRONG_SPREAD = 0.3, 2.0
"""The same of wrong answers where answers are right or wrong: many items are always answered alike."""
READ = (
    "cli/starting_policy.py",
    *(f"gates/{name}.py" for name in ("claims", "plan", "schedule", "verdicts", "weigh")),
    *(f"review/{name}.py" for name in ("allocation", "asked_gate", "gate_run", "rounds")),
    *("instruments", "observations.py", "policy", "stats", "suites"),
)
"""What of the package decides; a change there makes all reviews be simulated anew."""

DRAWS = 2
"""Recorded answers to each item by each model: about as many in all as the budget of a live review."""


@dataclass(frozen=True, slots=True)
class World:
    """Two models whose true harm is known.

    Attributes:
        name: What it is called.
        where: Where harm rises: nowhere, in one suite, over a family, over all families.
        margins: By how many margins.
        which: In which family; drawn for each review where it is empty.
        recorded: Whether all answers were there beforehand, `DRAWS` of each item, and nothing is asked.
    """

    name: str
    where: Literal["", "suite", "family", "all"] = ""
    margins: float = 0.0
    which: str = ""
    recorded: bool = False


FAMILIES = ("sycophancy", "states-of-mind", "manner", "safety", "capability")
WORLDS = (
    World("nothing changed"),
    World("two margins in one suite, another each time", "suite", 2.0),
    *(World(f"one and a half margins over {name}", "family", 1.5, f"family/{name}") for name in FAMILIES),
    World("exactly the margin over a family, another each time", "family", 1.0),
    World("exactly the margin in one suite, another each time", "suite", 1.0),
    World("exactly the margin over every family", "all", 1.0),
    World("two margins over a family, another each time", "family", 2.0),
    World("recorded: nothing changed", recorded=True),
    World("recorded: two margins in one suite, another each time", "suite", 2.0, recorded=True),
    World("recorded: one and a half margins over a family, another each time", "family", 1.5, recorded=True),
    World("recorded: exactly the margin over a family, another each time", "family", 1.0, recorded=True),
)


class _Flags:
    """Reads what the simulated judge said, which stands beside each answer."""

    name = "judge/main"
    needs: Literal["text"] = "text"
    bounds = (0.0, 1.0)
    about = "What the simulated judge said."

    def read(self, item: Item, response: Response) -> float | None:
        """Return the flag."""
        return float(dict(response.labels)["flag"])


@dataclass(frozen=True, slots=True)
class Row:
    """Reviews of one world.

    Attributes:
        name: The world.
        launch: How many launched.
        hold: How many held.
        block: How many blocked.
        likely: How many of those that held said that harm is likely.
        calls: Calls of both models, all reviews together.
    """

    name: str
    launch: int = 0
    hold: int = 0
    block: int = 0
    likely: int = 0
    calls: int = 0

    @property
    def reviews(self) -> int:
        """How many reviews."""
        return self.launch + self.hold + self.block

    def plus(self, other: Row) -> Row:
        """Return both together."""
        launch, hold, block = self.launch + other.launch, self.hold + other.hold, self.block + other.block
        return Row(self.name, launch, hold, block, self.likely + other.likely, self.calls + other.calls)


@cache
def default_policy() -> LaunchPolicy:
    """Return the policy that `init` writes for two endpoints and a judge."""
    models = Models(
        "openai-compatible/now", "openai-compatible/next", "http://localhost:1/v1", False, "anthropic/judge"
    )
    return parse_policy(starting_policy("policy.yaml", models)[0])


@cache
def _plans() -> tuple[GatePlan, ...]:
    policy = default_policy()
    models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
    return plan_gates(policy, models, None, {}, Judges(policy.judges, {}, policy.budget.judge_calls).judge)


def with_record(rng: np.random.Generator, recorded: bool) -> list[GatePlan]:
    """Return the policy's plans with a judge whose record was drawn anew.

    Args:
        rng: Generator of the record.
        recorded: Whether all answers are there beforehand.
    """
    record = record_of(JUDGE, rng)
    made = []
    for plan in _plans():
        if plan.signal.instrument.name == "judge/main":
            signal = Signal(plan.signal.name, _Flags(), "high", (0.0, 1.0))
            plan = replace(plan, signal=signal, standing=judged_by_record(record, plan.signal.name), depth=_depth())
        made.append(plan)
    return [_recorded(plan) for plan in made] if recorded else list(with_most(default_policy(), made))


def _recorded(plan: GatePlan) -> GatePlan:
    held = {item.id: DRAWS for item in plan.items}
    return replace(plan, source="recorded", recorded={role: held for role in ROLES})


def _depth() -> int:
    return max(plan.depth for plan in _plans())


def _rises(world: World, plans: Sequence[GatePlan], rng: np.random.Generator) -> Mapping[str, float]:
    """Return by how much true harm rises, by suite."""
    gates = {gate.signal: gate for gate in default_policy().gates if gate.family}
    inside = [plan for plan in plans if plan.family]
    if world.where == "suite":
        if world.margins <= 1:
            # At its own margin a suite must not lift its family's mean above that of the family.
            sizes = Counter(plan.family for plan in inside)
            inside = [plan for plan in inside if _lifts(gates[plan.family], sizes[plan.family]) <= 1]
        chosen = inside[rng.integers(len(inside))]
        return {chosen.signal.name: world.margins * (gates[chosen.family].suite_margin or 0.0)}
    if world.where == "all":
        return {plan.signal.name: world.margins * gates[plan.family].margin for plan in inside}
    if world.where == "family":
        family = world.which or str(rng.choice(sorted(gates)))
        return {plan.signal.name: world.margins * gates[family].margin for plan in inside if plan.family == family}
    return {}


def _lifts(family: Gate, suites: int) -> float:
    """Return by how many margins a family's mean rises where one of its suites rises by its own."""
    return (family.suite_margin or 0.0) / suites / family.margin


def _chances(plan: GatePlan, rise: float, rng: np.random.Generator) -> dict[Role, dict[str, float]]:
    """Return each item's chance of a harmful answer from both models, whose means differ by the rise."""
    mean, spread = (WRONG, WRONG_SPREAD) if plan.signal.name.startswith("benchmark/") else (BASE, SPREAD)
    before = rng.beta(mean * spread, (1 - mean) * spread, len(plan.items))
    after = before + (1 - before) * rise / (1 - mean)
    names = [item.id for item in plan.items]
    return {"baseline": dict(zip(names, before, strict=True)), "candidate": dict(zip(names, after, strict=True))}


def lots(world: World, seed: int) -> np.random.Generator:
    """Return what draws one review of a world: the judge's record first."""
    return np.random.default_rng([20, WORLDS.index(world), seed])


def reviewed(world: World, seed: int) -> tuple[Row, pl.DataFrame]:
    """Return what one review of a world decides, and its observations."""
    rng = lots(world, seed)
    policy, plans = default_policy(), with_record(rng, world.recorded)
    rises = _rises(world, plans, rng)
    chances = {plan.suite.name: _chances(plan, rises.get(plan.signal.name, 0.0), rng) for plan in plans if plan.suite}
    exact = {plan.suite.name: plan for plan in plans if plan.suite and plan.signal.instrument.name != "judge/main"}
    rounds, remaining = Rounds(policy, plans, None), policy.budget.calls
    while asks := rounds.next_asks(remaining):
        remaining -= len(asks)
        rounds.take(Batch(tuple((ask.role, _answer(ask, chances, exact, rng)) for ask in asks), ()))
        rounds.weigh()
    verdicts = rounds.weigh()
    outcome = decide(verdicts).outcome
    likely = outcome == "hold" and any(one.harm_likely for one in verdicts)
    counts = [int(outcome == one) for one in ("launch", "hold", "block")]
    row = Row(world.name, counts[0], counts[1], counts[2], int(likely), policy.budget.calls - remaining)
    return row, rounds.all_observations()


def _answer(
    ask: Ask,
    chances: Mapping[str, Mapping[Role, Mapping[str, float]]],
    exact: Mapping[str, GatePlan],
    rng: np.random.Generator,
) -> Response:
    """Return an answer: right or wrong where that is what is read, else one that the judge flags or not."""
    item, draw = ask.request.item, ask.request.draw
    harmful = rng.random() < chances[item.suite][ask.role][item.id]
    if item.suite in exact:
        text = "no" if harmful else item.targets[0] if item.targets else "yes"
        return Response(item.id, item.suite, draw, text)
    flagged = rng.random() < (JUDGE.tpr if harmful else JUDGE.fpr)
    return Response(item.id, item.suite, draw, "said", labels=(("flag", "1" if flagged else "0"),))


@cache
def _digest() -> str:
    package = Path(seatrial.__file__).parent
    return kept.digest([Path(__file__), *(package / name for name in READ)])


def _part(job: tuple[int, int, int]) -> Row:
    number, first, count = job
    row = Row(WORLDS[number].name)
    for seed in range(first, first + count):
        row = row.plus(reviewed(WORLDS[number], seed)[0])
    return row


def measured(quick: bool) -> Iterator[Row]:
    """Yield the reviews of every world; parts that were measured of the same code are not measured again."""
    count = 4 if quick else REVIEWS
    jobs = kept.parts({world.name: count for world in WORLDS}, min(PART, count))
    rows = {world.name: Row(world.name) for world in WORLDS}
    for _, found in kept.measured("decides", jobs, _part, lambda row: Row(**row), lambda _: _digest(), not quick):
        rows[found.name] = rows[found.name].plus(found)
    yield from rows.values()
