"""Gates as they are simulated: what is known beforehand, and where from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from seatrial.gates.plan import GatePlan, Source
from seatrial.gates.simulated_gates import (
    FEWEST_SEEN,
    SimulatedGate,
    SimulatedSuite,
    assumed_sd,
    launches_nothing,
    simulated_gates,
)
from seatrial.gates.verdicts import FOR_GUARDS
from seatrial.instruments import Signal, declared_signal, find_instrument
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN
from seatrial.observations import to_frame
from seatrial.policy import Gate, LaunchPolicy, SignalSpec
from seatrial.stats.instruments import EXACT, Slope
from seatrial.types import ROLES, Item, Message, Observation

Array = NDArray[np.float64]
A, B, C = "behavior/a", "behavior/b", "behavior/c"


def plan(
    name: str = A,
    margin: float = 0.2,
    clusters: int = 30,
    source: Source = "live",
    reads: str = "text/length",
    bounds: tuple[float, float] = (0.0, 1.0),
    contrast: tuple[str, str] | None = None,
    family: str = "",
    most: int | None = None,
    depth: int = 1,
    **more: Any,
) -> GatePlan:
    """A gate with so many clusters of two items, half of them about law and half about work."""
    asked = tuple(
        tuple(
            Item(f"{c}-{i}", "s", (Message("user", "?"),), use_case=("law", "work")[c % 2], cluster=f"c{c}")
            for i in range(2)
        )
        for c in range(clusters)
    )
    signal = Signal(name, find_instrument(reads), "high", bounds, contrast)
    gate = Gate(signal=name, margin=margin, **more)
    most = clusters if most is None else most
    return GatePlan(gate, signal, source, asked, standing=BY_NATURE, family=family, most=most, depth=depth)


def policy(*plans: GatePlan, gates: Sequence[Gate] = (), **more: Any) -> LaunchPolicy:
    """A policy with these gates, or those of the plans."""
    return LaunchPolicy(name="p", gates=list(gates) or [one.gate for one in plans], **more)


def earlier(changes: Sequence[float] | Array, *signals: str) -> pl.DataFrame:
    """An earlier review in which the candidate's clusters changed by so much, for each of the signals."""
    return to_frame(
        [
            Observation(signal, role, f"i{n}", f"c{n}", 0, value, use_case=("law", "work")[n % 2])
            for signal in signals or (A,)
            for n, change in enumerate(changes)
            for role, value in zip(ROLES, (0.0, float(change)), strict=True)
        ]
    )


def _held(before: int, after: int) -> GatePlan:
    """A plan on recorded answers, of which the models hold so many to each item."""
    made = plan(source="recorded")
    counts = dict(zip(ROLES, (before, after), strict=True))
    return replace(made, recorded={role: dict.fromkeys((i.id for i in made.items), n) for role, n in counts.items()})


def _one(made: GatePlan, seen: pl.DataFrame | None = None) -> tuple[SimulatedSuite, str]:
    ((gate, basis),) = simulated_gates(policy(made), [made], seen)
    return gate.suites[0], basis


@pytest.mark.parametrize(
    ("reads", "bounds", "contrast", "sd", "basis"),
    [
        ("probe/affirm", (0.0, 1.0), None, 0.06, "assumed: differences of probe instruments spread by 0.06"),
        ("probe/affirm", (-1.0, 1.0), ("x", "y"), 0.06, "assumed: differences of probe instruments spread by 0.06"),
        ("text/length", (-1.0, 3.0), None, 1.0, "assumed: differences of text instruments spread by 1"),
        ("text/length", (0.0, 1.0), ("x", "y"), 0.125, "assumed: differences of text instruments spread by 0.125"),
    ],
)
def test_an_assumed_spread(
    reads: str, bounds: tuple[float, float], contrast: tuple[str, str] | None, sd: float, basis: str
) -> None:
    """Where nothing was seen before, differences are normal, as wide as the kind of instrument makes them."""
    suite, said = _one(plan(reads=reads, bounds=bounds, contrast=contrast))
    assert said == basis
    assert suite.residuals == pytest.approx(sd * norm.ppf((np.arange(200) + 0.5) / 200))
    assert suite.reach == bounds[1] - bounds[0]


@pytest.mark.parametrize(
    ("reads", "bounds", "contrast", "changed", "basis"),
    [
        ("match/contains", (0.0, 1.0), None, 20, "assumed: one answer in 5 changes"),
        ("match/contains", (-1.0, 1.0), ("x", "y"), 5, "assumed: one answer in 20 changes"),
        ("linear/refusal", (-1.0, 3.0), None, 20, "assumed: one answer in 5 changes"),
    ],
)
def test_an_assumed_share_of_changes(
    reads: str, bounds: tuple[float, float], contrast: tuple[str, str] | None, changed: int, basis: str
) -> None:
    """A right-or-wrong scale, and any instrument of another kind, changes by all of its scale in a share of answers."""
    suite, said = _one(plan(reads=reads, bounds=bounds, contrast=contrast))
    reach = bounds[1] - bounds[0]
    assert said == basis
    assert suite.residuals.tolist() == np.repeat([reach, 0.0, -reach], [changed, 200 - 2 * changed, changed]).tolist()


def test_numbers_made_elsewhere_are_taken_for_right_or_wrong() -> None:
    """Evidence of an unnamed maker counts as a right-or-wrong scale."""
    made = replace(plan(source="evidence", clusters=0), signal=declared_signal(A, SignalSpec()))
    assert _one(made)[1] == "assumed: one answer in 5 changes"
    assert assumed_sd("labels/x") == assumed_sd("match/x") == 0.45


@pytest.mark.parametrize(("clusters", "used"), [(FEWEST_SEEN - 1, False), (FEWEST_SEEN, True), (FEWEST_SEEN + 1, True)])
def test_the_spread_of_an_earlier_review(clusters: int, used: bool) -> None:
    """From twenty clusters on, what was seen of this signal is taken, moved so that nothing changed on average."""
    changes = np.resize([0.5, 0.25, 0.0, 0.75], clusters)
    made = plan(margin=0.5, clusters=40, per="use_case", limit=0.5)
    suite, basis = _one(made, earlier(changes))
    assert basis.startswith(f"the spread of {clusters} clusters seen before") is used
    if used:
        assert suite.residuals == pytest.approx(changes - changes.mean())
        assert suite.levels is not None
        assert suite.levels == pytest.approx(changes)
    lost = earlier([*changes, 0.0]).head(2 * clusters + 1)  # an item without the candidate's answer
    assert _one(made, lost)[0].residuals.tolist() == suite.residuals.tolist()
    assert _one(made, earlier(changes, B))[1].startswith("assumed")


def test_what_was_asked_again_and_again_is_seen_as_it_comes_in() -> None:
    """A mean of many answers spreads less than one: a gate that asks one at once is simulated by single answers."""
    rng = np.random.default_rng(5)
    rows = [
        Observation(A, role, f"i{n}", f"c{n}", draw, float(rng.random() < 0.5))
        for n in range(40)
        for role in ROLES
        for draw in range(6)
    ]
    seen = to_frame(rows)
    alone = math.sqrt(2 * 0.25)
    for made, answers in (
        (plan(), 1),
        (replace(plan(), at_once=3), 3),
        (_held(2, 2), 2),
        (_held(6, 6), 6),
        (plan(source="evidence"), 6),
    ):
        suite, basis = _one(made, seen)
        assert basis.startswith("the spread of 40 clusters seen before")
        assert suite.levels is not None and len(suite.levels) == 40 * 6 / answers
        assert suite.residuals.std() == pytest.approx(alone / math.sqrt(answers), rel=0.25)
    few = [row for row in rows if row.draw == 0 or int(row.item[1:]) < 15]
    levels = _one(plan(), to_frame(few))[0].levels
    assert levels is not None and len(levels) == 40 + 15 * 5
    assert _one(plan(), to_frame([row for row in few if int(row.item[1:]) < FEWEST_SEEN - 1]))[1].startswith("assumed")


def test_the_level_beside_a_limit() -> None:
    """Where nothing was seen before it is half of what the limit allows, and the plan says so."""
    suite, basis = _one(plan(limit=0.4))
    assert basis.endswith("; the level beside its limit is assumed to be half of what the limit allows")
    assert suite.levels is not None
    assert (suite.limit, suite.levels.mean(), set(suite.levels)) == (0.4, 0.2, {0.0, 1.0})
    higher = _one(plan(limit=0.8))[0].levels
    assert higher is not None and higher.mean() == 0.4
    turned = plan(limit=0.6)
    low = replace(turned, signal=replace(turned.signal, harmful="low"))
    suite, _ = _one(low)
    assert suite.levels is not None
    assert (suite.limit, suite.least, suite.levels.mean()) == (-0.6, -1.0, -0.8)
    assert math.isnan(_one(plan())[0].limit)


def test_a_suite_is_as_its_plan() -> None:
    """Clusters, calls and the most that is asked; what its instrument shows; whether a larger budget goes on."""
    standing = replace(BY_NATURE, slope=0.75, slope_se=0.05, between=0.03)
    suite, _ = _one(replace(plan(clusters=30, most=90, depth=4), standing=standing))
    assert (suite.clusters, suite.most, suite.calls, suite.may_go_on) == (30, 90, 4.0, True)
    assert (suite.shows, suite.faked, suite.may_gate, suite.why) == (Slope(0.75, 0.05), pytest.approx(0.04), True, "")
    assert not _one(plan(most=120, depth=4))[0].may_go_on
    weak, _ = _one(replace(plan(), standing=UNKNOWN))
    assert (weak.shows, weak.may_gate, weak.why) == (EXACT, False, UNKNOWN.why)
    read, _ = _one(plan(source="recorded", most=7))
    assert (read.most, read.calls) == (30, 0.0)


def test_evidence_has_the_clusters_that_were_brought() -> None:
    """Observations made elsewhere are as many as there are; none before they are there."""
    made = plan(source="evidence", clusters=0, per="use_case")
    suite, _ = _one(made, earlier(np.zeros(25)))
    assert suite.clusters == 25
    assert suite.use_cases is not None
    assert sorted(set(suite.use_cases)) == ["law", "work"]
    assert _one(made)[0].clusters == 0


def test_recorded_answers_to_one_item_count_together() -> None:
    """Of k answers each, differences are assumed to spread by 1 / √k; unlike counts by the mean of their shares."""
    once, said = _one(_held(1, 1))
    assert "answers each" not in said
    assert once.residuals.std() == pytest.approx(_one(plan())[0].residuals.std())
    for counts, times in (((4, 4), 4.0), ((2, 4), 2 / (1 / 2 + 1 / 4))):
        made, said = _one(_held(*counts))
        assert made.residuals.std() == pytest.approx(once.residuals.std() / math.sqrt(times))
        assert said.endswith(f", of {times:.3g} answers each")
    half = replace(_held(4, 4), recorded={"baseline": dict.fromkeys((i.id for i in plan().items), 4)})
    assert _one(half)[0].residuals.std() == pytest.approx(once.residuals.std())


def test_how_many_statements_a_gate_makes() -> None:
    """One over all, one a use case, and each again for a limit: a failure is corrected over all of them."""
    assert [
        _one(plan(**more))[0].claims
        for more in ({}, {"per": "use_case"}, {"limit": 0.5}, {"per": "use_case", "limit": 0.5})
    ] == [1, 3, 2, 6]


def _weights(*gates: tuple[SimulatedGate, str]) -> list[tuple[float, float]]:
    return [(round(gate.head, 6), round(gate.guard, 6)) for gate, _ in gates]


def test_what_showing_harm_may_err_is_split_over_all_statements() -> None:
    """Means share what guards leave; suites of families and use cases share the guards' part."""
    family = Gate(signal="family/f", margin=0.1, per="suite", suite_margin=0.2)
    plans = [plan(B, family="family/f"), plan(C, family="family/f"), plan(A, per="use_case")]
    found = simulated_gates(policy(gates=[family, plans[2].gate]), plans)
    assert _weights(*found) == [pytest.approx((0.95 * (1 - FOR_GUARDS) / 2, 0.95 * FOR_GUARDS / 4))] * 2
    assert [gate.alone for gate, _ in found] == [pytest.approx((0.76, 0.095)), pytest.approx((0.76, 0.095))]
    assert [gate.last for gate, _ in found] == [0.95, 0.95]
    assert [gate.is_family for gate, _ in found] == [True, False]
    assert len(found[0][0].suites) == 2
    cases = family.model_copy(update={"use_case_margin": 0.15})
    (made, _), _ = simulated_gates(policy(gates=[cases, plans[2].gate]), plans)
    assert (made.use_case_margin, made.cases) == (0.15, ["law", "work"])
    assert made.guard == pytest.approx(0.95 * FOR_GUARDS / 6)


def test_gates_that_may_only_advise_are_a_family_of_their_own() -> None:
    """Neither advice that the policy wants nor an instrument that may not gate takes from what the others may err."""
    plans = [plan(A), plan(B, advisory="style, not ours to block"), replace(plan(C), standing=UNKNOWN)]
    assert _weights(*simulated_gates(policy(*plans), plans)) == [(1.0, 1.0), *[(0.475, 0.95)] * 2]
    assert _weights(*simulated_gates(policy(*plans[:1]), plans[:1])) == [(1.0, 1.0)]
    both = [plan(A), plan(B)]
    assert _weights(*simulated_gates(policy(*both), both)) == [(0.475, 0.95)] * 2


def test_a_family_is_looked_at_as_soon_as_one_suite_is() -> None:
    """Beside suites whose answers were brought, those that are asked set the method."""
    family = Gate(signal="family/f", margin=0.1, per="suite", suite_margin=0.2)
    plans = [plan(A, family="family/f", source="recorded"), plan(B, family="family/f")]
    ((made, _),) = simulated_gates(policy(gates=[family]), plans)
    assert made.method == "looks"
    ((made, _),) = simulated_gates(policy(gates=[family]), plans[:1])
    assert made.method == "fixed"


def _summed(name: str = A, **more: Any) -> GatePlan:
    figures = {"baseline": {"mean": 0.3, "se": 0.02, "n": 500}, "candidate": {"mean": 0.3, "se": 0.02, "n": 400}}
    spec = SignalSpec.model_validate({"summary": {**figures, "source": "a model card"}})
    gate = Gate(signal=name, margin=0.1, **more)
    return GatePlan(gate, declared_signal(name, spec), "summary", standing=BY_NATURE, summary=spec.summary)


def test_summary_figures_are_simulated_with_their_own_errors() -> None:
    """As many clusters as the smaller sample has, spread so that their mean has the error of the change."""
    made, other = _summed(limit=0.5), plan(B)
    (gate, basis), _ = simulated_gates(policy(made, other), [made, other])
    suite = gate.suites[0]
    assert basis == "the standard errors of the summary figures"
    assert (suite.clusters, suite.most, suite.calls, suite.margin, suite.limit) == (400, 400, 0.0, 0.1, 0.5)
    assert suite.residuals.std() / 20 == pytest.approx(0.02 * math.sqrt(2), rel=0.01)
    assert suite.levels is not None
    assert suite.levels.mean() == pytest.approx(0.3, abs=1e-3)
    assert (suite.may_gate, suite.why, gate.method) == (True, "", "fixed")


def test_summary_figures_alone_launch_nothing_and_may_block() -> None:
    """A launch hangs on a gate beside them that is no summary, blocks and may gate; a block on none."""
    weak = replace(plan(B), standing=UNKNOWN)
    for others, counts in (
        ([], False),
        ([plan(B)], True),
        ([plan(B, advisory="not ours yet")], False),
        ([weak], False),
    ):
        plans = [_summed(), _summed(C), *others]
        made = [gate.suites[0] for gate, _ in simulated_gates(policy(*plans), plans)]
        assert launches_nothing(plans) is not counts
        assert [(suite.may_gate, suite.why) for suite in made[:2]] == [(True, "")] * 2


def test_a_suite_and_a_gate_are_nothing_more_than_they_are_told() -> None:
    """Asked of both models once, exact, free to gate, without use cases or a limit; all of alpha is the gate's."""
    suite = SimulatedSuite(np.zeros(2), 1.0, 0.1, 4, 4)
    assert (suite.calls, suite.shows, suite.faked, suite.may_gate, suite.why) == (2.0, EXACT, 0.0, True, "")
    assert (suite.may_go_on, suite.use_cases, suite.levels, suite.least) == (False, None, None, 0.0)
    assert math.isnan(suite.limit)
    gate = SimulatedGate((suite,), "looks")
    assert (gate.head, gate.guard, gate.alone, gate.last) == (1.0, 1.0, (1.0, 1.0), 1.0)
    assert (gate.is_family, gate.cases) == (False, [])
