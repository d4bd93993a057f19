"""The margins and calls that a policy takes to launch what is unchanged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import seatrial.gates.solve as module
from seatrial.gates.chances import Course
from seatrial.gates.plan import GatePlan, with_most
from seatrial.gates.solve import MOST_TIMES, WIDER, WIDEST, _widened, solve
from seatrial.instruments import Signal, find_instrument
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN, Standing
from seatrial.observations import to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy
from seatrial.types import ROLES, Item, Message, Observation

A, B = "behavior/a", "behavior/b"
CHANGES = np.repeat([0.5, 0.0, -0.5], [10, 30, 10])
PlansOf = Callable[[LaunchPolicy], Sequence[GatePlan]]


def _plan(name: str = A, margin: float = 0.1, clusters: int = 60, depth: int = 32, **more: Any) -> GatePlan:
    high = more.pop("high", 1.0)
    asked = tuple((Item(f"{c}", "s", (Message("user", "?"),), cluster=f"c{c}"),) for c in range(clusters))
    signal = Signal(name, find_instrument("text/length"), "high", (0.0, high), None)
    standing, family = more.pop("standing", BY_NATURE), more.pop("family", "")
    gate = Gate(signal=name, margin=margin, **more)
    return GatePlan(gate, signal, "live", asked, standing=standing, depth=depth, most=clusters, family=family)


def _policy(*plans: GatePlan, calls: int, gates: Sequence[Gate] = ()) -> LaunchPolicy:
    return LaunchPolicy(name="p", gates=list(gates) or [plan.gate for plan in plans], budget=Budget(calls=calls))


def _plans_of(*plans: GatePlan) -> PlansOf:
    """Plans of a policy with other calls or margins."""

    def made(policy: LaunchPolicy) -> Sequence[GatePlan]:
        gates = {gate.signal: gate for gate in policy.gates}
        return with_most(
            policy, [plan if plan.family else replace(plan, gate=gates[plan.gate.signal]) for plan in plans]
        )

    return made


SEEN: pl.DataFrame = to_frame(
    [
        Observation(signal, role, f"i{n}", f"c{n}", 0, value)
        for signal in (A, B)
        for n, change in enumerate(CHANGES)
        for role, value in zip(ROLES, (0.0, float(change)), strict=True)
    ]
)


def test_what_launches_already_is_left_as_it_is() -> None:
    """Nothing is changed of a policy that reaches its power, not even an odd budget."""
    plan = _plan(margin=0.3)
    policy = _policy(plan, calls=3_333)
    found = solve(policy, _plans_of(plan), SEEN)
    assert (found.policy, found.changes, found.cannot) == (policy, (), ())
    assert found.launches >= policy.power


def test_calls_come_before_margins() -> None:
    """Where more calls do, no margin is touched, and no more calls are taken than it needs."""
    plan = _plan(margin=0.1)
    policy = _policy(plan, calls=200)
    steps: list[str] = []
    found = solve(policy, _plans_of(plan), SEEN, steps.append)
    assert found.launches >= policy.power
    assert 200 < found.policy.budget.calls < 200 * MOST_TIMES
    assert found.policy.gates == policy.gates
    assert found.changes == (f"budget: 200 calls become {found.policy.budget.calls:,}",)
    assert steps[0] == "200 calls"
    assert len(steps) > 1


def test_margins_are_widened_only_of_what_stands_in_the_way() -> None:
    """A gate that can be asked no further gets a wider margin; one that passes keeps its own, and few calls suffice."""
    stuck, easy = _plan(A, 0.05, 60, depth=1), _plan(B, 0.2, 60, depth=1)
    policy = _policy(stuck, easy, calls=1000)
    found = solve(policy, _plans_of(stuck, easy), SEEN)
    assert found.launches >= policy.power
    assert 0.05 < found.policy.gates[0].margin <= WIDEST
    assert found.policy.gates[1] == policy.gates[1]
    assert found.policy.budget.calls == 1000
    assert found.changes == (f"{A}: the margin 0.05 becomes {found.policy.gates[0].margin:g}",)


def test_what_cannot_be_reached_is_said() -> None:
    """Where neither calls nor the widest margins do, gate and chance are named; margins end at a quarter of a scale."""
    stuck = _plan(A, 0.05, 6, depth=1)
    found = solve(_policy(stuck, calls=1000), _plans_of(stuck), SEEN)
    assert found.policy.gates[0].margin == WIDEST
    (said,) = found.cannot
    assert A in said
    assert "would still often be undecided" in said
    assert 0.0 <= found.launches < found.policy.power
    assert f"launches with {100 * found.launches:.0f} % at most" in said


def test_the_widest_margin_is_a_share_of_the_scale() -> None:
    """On a scale of ten a margin may grow to 2.5; one that is wider already is left."""
    stuck = _plan(A, 0.5, 6, depth=1, high=10.0)
    found = solve(_policy(stuck, calls=1000), _plans_of(stuck))
    assert found.policy.gates[0].margin == pytest.approx(10 * WIDEST)
    wide = _plan(A, 4.0, 6, depth=1, high=10.0)
    assert solve(_policy(wide, calls=1000), _plans_of(wide)).policy.gates[0].margin == 4.0


def test_a_family_is_widened_with_the_margin_of_its_suites() -> None:
    """Both margins of a family grow, and both are told."""
    whole = Gate(signal="family/f", margin=0.03, per="suite", suite_margin=0.05)
    plans = [_plan(name, 0.05, 40, depth=1, family="family/f") for name in (A, B)]

    def plans_of(policy: LaunchPolicy) -> Sequence[GatePlan]:
        margin = policy.gates[0].suite_margin or 0.0
        return with_most(policy, [replace(one, gate=one.gate.model_copy(update={"margin": margin})) for one in plans])

    found = solve(_policy(gates=[whole], calls=1000), plans_of, SEEN)
    (gate,) = found.policy.gates
    assert 0.03 < gate.margin < WIDEST
    assert gate.suite_margin is not None
    assert gate.suite_margin > 0.05
    assert found.changes == (
        f"family/f: the margin 0.03 becomes {gate.margin:g}",
        f"family/f: the suite_margin 0.05 becomes {gate.suite_margin:g}",
    )


def test_what_may_only_advise_is_told_once_an_instrument() -> None:
    """However many suites one instrument reads, they stand in one sentence, with what would change it."""
    whole = Gate(signal="family/f", margin=0.1, per="suite", suite_margin=0.2)
    plans = [_plan(f"behavior/{n}", 0.2, family="family/f", standing=UNKNOWN) for n in "cdefgh"]
    good = _plan(A, 0.3)
    (said,) = solve(_policy(gates=[whole, good.gate], calls=20_000), _plans_of(*plans, good), SEEN).cannot
    assert said == (
        f"family/f: text/length may only advise, whatever is asked. {UNKNOWN.why} On labelled answers its error can be "
        "measured: seatrial instruments calibrate labels.csv -i text/length"
    )
    part = [replace(plans[0], standing=BY_NATURE), *plans[1:3]]
    (said,) = solve(_policy(gates=[whole], calls=2000), _plans_of(*part)).cannot
    assert said.startswith("family/f (behavior/d, behavior/e): text/length may only advise")
    other = replace(plans[2], standing=Standing(False, "Worse.", 0.1, 0.1, True))
    (said,) = solve(_policy(gates=[whole], calls=2000), _plans_of(*plans[:2], other)).cannot
    assert "(so for the first; `seatrial instruments` has the others)" in said


def test_what_may_only_advise_is_left_aside() -> None:
    """The chance to launch is that of the gates that can pass; with none there is none, and nothing is tried."""
    weak, good = _plan(B, standing=UNKNOWN), _plan(A, 0.3)
    found = solve(_policy(weak, good, calls=5000), _plans_of(weak, good), SEEN)
    assert found.launches >= 0.9
    assert found.changes == ()
    alone = solve(_policy(weak, calls=5000), _plans_of(weak))
    assert (alone.launches, alone.changes, len(alone.cannot)) == (0.0, (), 1)


def test_calls_of_gates_that_only_advise_count() -> None:
    """What is asked for advice is gone from the budget: a policy with much of it needs more calls."""
    good = _plan(A, 0.1)
    watched = _plan(B, 0.001, clusters=300, depth=1, advisory="style, not ours to block")
    alone = solve(_policy(good, calls=200), _plans_of(good), SEEN)
    enough = alone.policy.budget.calls
    beside = solve(_policy(good, watched, calls=enough), _plans_of(good, watched), SEEN)
    assert alone.launches >= 0.9
    assert beside.policy.budget.calls > enough


def test_the_calls_that_are_tried_are_round_and_grow_to_the_most() -> None:
    """The budget itself first, then half as much again and whole times, rounded up to hundreds from a thousand on."""
    stuck, steps = _plan(A, 0.05, 6, depth=1), list[str]()
    solve(_policy(stuck, calls=1010), _plans_of(stuck), SEEN, steps.append)
    assert MOST_TIMES == 16
    wanted = (1010, 1600, 2100, 3100, 4100, 6100, 8100, 12200, 16200)
    assert steps[:9] == [f"{calls:,} calls" for calls in wanted]
    assert steps[9] == f"wider margins for {A}, step 1"
    assert steps[10] == "16,200 calls"
    assert steps[11].startswith("wider margins")
    few = list[str]()
    solve(_policy(stuck, calls=301), _plans_of(stuck), SEEN, few.append)
    assert few[:4] == ["301 calls", "452 calls", "602 calls", "903 calls"]


def test_a_margin_grows_by_steps_on_its_own_scale() -> None:
    """By a quarter a step, rounded up to a hundredth of a scale that need not begin at 0; the last is the widest."""
    gate = Gate(signal=A, margin=1.0)
    wider = _widened(gate, -5.0, 5.0)
    assert wider.margin == pytest.approx(10 * math.ceil(round(100 * WIDER * 0.1, 6)) / 100)
    assert _widened(Gate(signal=A, margin=0.031), 0.0, 1.0).margin == pytest.approx(
        math.ceil(round(3.1 * WIDER, 6)) / 100
    )
    assert _widened(Gate(signal=A, margin=2.4), -5.0, 5.0).margin == pytest.approx(2.5)


def test_of_all_calls_the_fewest_that_do_are_taken_under_wider_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once margins are wide enough the budget is tried again from the least on, up to the most."""
    plan = _plan(A, 0.1)
    for enough in (1000, 2000, 12_000, 16_000):

        def launches(policy: LaunchPolicy, *_: Any, enough: int = enough) -> tuple[float, frozenset[str]]:
            done = policy.gates[0].margin > 0.1 and policy.budget.calls >= enough
            return (0.95 if done else 0.5), frozenset({A})

        monkeypatch.setattr(module, "_launches", launches)
        found = solve(_policy(plan, calls=1000), _plans_of(plan))
        assert (found.policy.budget.calls, found.launches) == (enough, 0.95)


def test_a_gate_stands_in_the_way_that_passes_seldomer_than_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two gates each must pass with the root of the power; where each does and that is too seldom, both do."""
    plans = _plan(A), _plan(B)
    policy = _policy(*plans, calls=10**6).model_copy(update={"power": 0.81})
    for first, second, wanted in ((0.95, 0.85, {B}), (0.85, 0.95, {A}), (0.85, 0.8, {A, B}), (0.9, 0.95, {A, B})):
        shares = iter((first, second))

        def passing(*_: Any, shares: Iterator[float] = shares) -> Course:
            passed = (np.arange(20) < round(20 * next(shares)))[:, None]
            never = np.zeros((20, 1), dtype=bool)
            return Course(passed, never, passed, never, np.zeros((20, 1)), never, never)

        monkeypatch.setattr(module, "course", passing)
        launches, in_the_way = module._launches(policy, plans, None)
        assert launches == min(first, second)
        assert in_the_way == wanted
