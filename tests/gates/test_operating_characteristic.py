"""What a policy could see, before anything is asked."""

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

from seatrial.gates.chances import RUNS, shifted
from seatrial.gates.operating_characteristic import SIZES, GateOutlook, blind_gates, outlook, smallest_visible_margin
from seatrial.gates.plan import GatePlan, Source
from seatrial.gates.schedule import looks
from seatrial.instruments import Signal, declared_signal, find_instrument
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN
from seatrial.observations import to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy, SignalSpec
from seatrial.stats import betting, intervals, power
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Item, Message, Observation

Array = NDArray[np.float64]
A, B, C = "behavior/a", "behavior/b", "behavior/c"


def _plan(
    name: str = A,
    margin: float = 0.2,
    clusters: int = 30,
    source: Source = "live",
    reads: str = "text/length",
    bounds: tuple[float, float] = (0.0, 1.0),
    contrast: tuple[str, str] | None = None,
    items: int = 1,
    **more: Any,
) -> GatePlan:
    """A gate with so many clusters of so many items, read on the scale from one bound to the other."""
    asked = tuple(
        tuple(Item(f"{c}-{i}", "s", (Message("user", "?"),), cluster=f"c{c}") for i in range(items))
        for c in range(clusters)
    )
    signal = Signal(name, find_instrument(reads), "high", bounds, contrast)
    return GatePlan(Gate(signal=name, margin=margin, **more), signal, source, asked, standing=BY_NATURE)


def _policy(*plans: GatePlan, **more: Any) -> LaunchPolicy:
    return LaunchPolicy(name="p", gates=[plan.gate for plan in plans], **more)


def _earlier(changes: Sequence[float] | Array, *signals: str) -> pl.DataFrame:
    """An earlier review in which the candidate's clusters changed by so much, for each of the signals."""
    return to_frame(
        [
            Observation(signal, role, f"i{n}", f"c{n}", 0, value, use_case=("law", "work")[n % 2])
            for signal in signals or (A,)
            for n, change in enumerate(changes)
            for role, value in zip(ROLES, (0.0, float(change)), strict=True)
        ]
    )


def _gate(plan: GatePlan, earlier: pl.DataFrame | None = None, **more: Any) -> GateOutlook:
    return outlook(_policy(plan, **more), [plan], earlier).gates[0]


ALIKE = np.zeros(25)
"""An earlier review in which no two answers differed: what comes is certain."""
MIXED = np.resize([0.75, -0.5, 0.25, 0.0, -0.75, 0.5, -0.25], 28)


def test_sizes_of_harm() -> None:
    """Harm is simulated from an improvement by one margin to a rise by four; none and one are among the sizes."""
    assert SIZES == (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
    assert tuple(size for size, _ in _gate(_plan(clusters=0)).outcomes) == SIZES


@pytest.mark.parametrize(
    ("mde", "blind"), [(0.1, False), (0.2, False), (0.21, True), (math.inf, True), (math.nan, True)]
)
def test_a_blind_gate(mde: float, blind: bool) -> None:
    """A gate is blind unless the smallest change that it sees is known and within its margin."""
    assert GateOutlook(A, 0.2, True, 9, 18, mde, None, None, "assumed", ()).blind is blind


# Chances


def _sequential(x: Array, margin: float, reach: float, alpha: float, family: int) -> int:
    """Follow one review look by look: 0 if it passes, 1 if it fails, 2 if it ends undecided."""
    passing = betting.log_wealth_against(x, margin, -reach, reach, "less")[1:]
    failing = betting.log_wealth_against(x, margin, -reach, reach, "greater")[1:]
    for end in looks(len(x)):
        ruled_out, shown = passing[end] >= -math.log(alpha), failing[end] >= math.log(family / alpha)
        if ruled_out or shown:
            return 2 if ruled_out and shown else 0 if ruled_out else 1
    return 2


@pytest.mark.parametrize(("clusters", "family"), [(26, 1), (40, 3)])
def test_chances_of_a_live_gate(clusters: int, family: int) -> None:
    """The chances are shares of many reviews, each drawn from what was seen and followed look by look."""
    plans = [_plan(margin=0.3, clusters=clusters), *(_plan(name, clusters=0) for name in (B, C)[: family - 1])]
    policy = _policy(*plans, alpha=0.2, power=0.8, seed=3)
    found = outlook(policy, plans, _earlier(MIXED)).gates[0]
    rng = generator(3, "outlook", A)
    assert found.mde == power.mde_betting(MIXED, -1, 1, 0.2, 0.8, rng, n=clusters)
    assert found.needed == power.required_betting(MIXED, 0.3, -1, 1, 0.2, 0.8, rng)
    for size, chances in found.outcomes:
        drawn = shifted(MIXED, size * 0.3, -1, 1, (RUNS, clusters), rng)
        ends = [_sequential(x, 0.3, 1.0, 0.2, family) for x in drawn]
        assert chances == pytest.approx([ends.count(end) / RUNS for end in (0, 1, 2)])


def test_chances_of_a_gate_read_at_once() -> None:
    """The chances are shares of many reviews with one look; a fail counts against the family of all gates."""
    plans = [_plan(margin=0.3, clusters=16, source="recorded"), _plan(B, clusters=0), _plan(C, clusters=0)]
    found = outlook(_policy(*plans, alpha=0.2, power=0.8, seed=3), plans, _earlier(MIXED)).gates[0]
    rng = generator(3, "outlook", A)
    assert found.mde == power.mde_fixed(rng.choice(MIXED, 16), -1, 1, 0.2, 0.8, rng)
    for size, chances in found.outcomes:
        drawn = shifted(MIXED, size * 0.3, -1, 1, (RUNS, 16), rng)
        passed = intervals.fixed_size_bounds(drawn, -1, 1, 0.2).high < 0.3
        failed = (intervals.fixed_size_bounds(drawn, -1, 1, 0.2 / 3).low > 0.3) & ~passed
        assert chances == pytest.approx((passed.mean(), failed.mean(), 1 - passed.mean() - failed.mean()))


@pytest.mark.parametrize("source", ["live", "recorded"])
def test_chances_that_anyone_would_expect(source: Source) -> None:
    """A margin far above the spread nearly always passes unchanged, and harm of several margins nearly always fails."""
    found = _gate(_plan(margin=0.25, clusters=120, source=source), _earlier(MIXED / 10))
    chances = dict(found.outcomes)
    assert chances[0.0][0] > 0.99
    assert chances[-1.0][0] > 0.99
    assert chances[1.0][0] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)
    assert chances[3.0][1] > 0.99
    assert chances[4.0][1] > 0.99
    assert all(sum(three) == pytest.approx(1.0) for three in chances.values())
    assert not found.blind


@pytest.mark.parametrize("source", ["live", "recorded"])
def test_one_cluster_decides_nothing(source: Source) -> None:
    """With fewer than two clusters every review ends undecided and no change is large enough to be seen."""
    for clusters in (0, 1):
        found = _gate(_plan(clusters=clusters, source=source, margin=0.9), _earlier(ALIKE), alpha=0.45)
        assert set(dict(found.outcomes).values()) == {(0.0, 0.0, 1.0)}
        assert found.mde == math.inf
    found = _gate(_plan(clusters=2, source=source, margin=0.9), _earlier(ALIKE), alpha=0.45)
    assert dict(found.outcomes)[0.0] == (1.0, 0.0, 0.0)
    assert found.mde < 0.9


def test_an_instrument_that_may_not_gate_has_no_chance() -> None:
    """A gate whose instrument may only advise neither passes nor fails, and holds every launch."""
    good = _plan(B, margin=0.9, clusters=60)
    weak = replace(_plan(A, margin=0.9, clusters=60), standing=UNKNOWN)
    found = outlook(_policy(good, weak), [good, weak], _earlier(ALIKE, A, B))
    assert found.gates[1].advice == UNKNOWN.why
    assert dict(found.gates[1].outcomes)[0.0] == (0.0, 0.0, 1.0)
    assert dict(dict(found.decisions)[B])[0.0] == (0.0, 1.0, 0.0)


# Clusters and calls


def test_the_budget_is_shared_by_live_gates() -> None:
    """Every live gate gets the same share of its clusters; a call goes to both models, once a draw of every item."""
    plans = [
        replace(_plan(A, clusters=10, items=2), first_draws=3),
        _plan(B, clusters=8),
        _plan(C, clusters=7, source="recorded"),
    ]
    for calls, clusters, spent in (
        (1000, [10, 8, 7], [120, 16, 0]),
        (136, [10, 8, 7], [120, 16, 0]),
        (70, [5, 4, 7], [60, 8, 0]),
    ):
        found = outlook(_policy(*plans, budget=Budget(calls=calls)), plans, _earlier(ALIKE, A, B, C))
        assert [gate.clusters for gate in found.gates] == clusters
        assert [gate.calls for gate in found.gates] == spent
        assert (found.calls, found.budget) == (sum(spent), calls)
        needed = found.gates[0].needed
        assert needed is not None
        assert [gate.needed_calls for gate in found.gates] == [needed * 12, needed * 2, 0]


def test_clusters_of_many_sizes_are_counted_as_they_are() -> None:
    """Calls are those of the clusters asked first, and what a gate needs is priced by their mean."""
    big, small = _plan(clusters=3, items=4), _plan(clusters=7)
    plan = replace(small, clusters=(*big.clusters, *small.clusters))
    found = _gate(plan, _earlier(ALIKE), budget=Budget(calls=19))
    assert (found.clusters, found.calls) == (5, 2 * (3 * 4 + 2))
    assert found.needed is not None
    assert found.needed_calls == math.ceil(found.needed * 28 / 5)


def test_numbers_brought_take_no_calls() -> None:
    """Evidence has the clusters that were seen before, or none known; it is never asked for."""
    plan = _plan(margin=0.9, source="evidence", clusters=0)
    known, unknown = _gate(plan, _earlier(ALIKE)), _gate(plan)
    assert (known.clusters, known.calls, known.needed_calls) == (25, 0, 0)
    assert (unknown.clusters, unknown.calls, unknown.needed_calls, unknown.mde) == (0, 0, 0, math.inf)
    assert _gate(_plan(source="recorded", clusters=9), _earlier(ALIKE)).clusters == 9
    assert outlook(_policy(plan), [plan]).calls == 0


def test_what_a_gate_is_called() -> None:
    """An outlook names its gate, margin and whether it blocks."""
    plans = [_plan(B, 0.3, 0), _plan(clusters=0, advisory="style, not ours to block")]
    found = outlook(_policy(*plans), plans)
    assert [(gate.signal, gate.margin, gate.blocking) for gate in found.gates] == [(B, 0.3, True), (A, 0.2, False)]


# What it would take


@pytest.mark.parametrize(("margin", "wanted"), [(0.9, 5), (0.4, 6), (0.2, 14), (0.1, 29)])
def test_the_clusters_needed_at_once(margin: float, wanted: int) -> None:
    """Where no two answers differ, a gate read at once needs just so many clusters as exact bounds take."""
    needed = _gate(_plan(margin=margin, clusters=0, source="recorded"), _earlier(ALIKE)).needed
    fewest = next(n for n in range(5, 200) if intervals.fixed_size(np.zeros(n), -1, 1, 0.05).high <= margin)
    assert needed == fewest == wanted


@pytest.mark.parametrize("clusters", [6, 14])
def test_a_margin_that_is_just_seen(clusters: int) -> None:
    """Clusters whose bound is the margin to the last bit see it, but the chance to pass is that of bounds below it."""
    margin = intervals.fixed_size(np.zeros(clusters), -1, 1, 0.05).high
    found = _gate(_plan(margin=margin, clusters=clusters, source="recorded"), _earlier(ALIKE))
    assert (found.needed, found.mde, found.blind) == (clusters, margin, False)
    assert dict(found.outcomes)[0.0] == (0.0, 0.0, 1.0)


def test_the_clusters_needed_are_found_to_a_fiftieth() -> None:
    """The search starts from one seed and ends up to two percent above the fewest; none is begun beyond reason."""
    halves = np.resize([0.5, -0.5], 40)
    for spread, margin in ((MIXED, 0.5), (MIXED, 0.2), (halves, 0.02)):
        needed = _gate(_plan(margin=margin, clusters=0, source="recorded"), _earlier(spread)).needed
        assert needed is not None
        for clusters, sees in ((needed, True), (int(0.97 * needed), False)):
            rng = np.random.default_rng(0)
            assert (power.mde_fixed(rng.choice(spread, clusters), -1, 1, 0.05, 0.9, rng) <= margin) is sees
    never = _gate(_plan(margin=0.001, clusters=0, source="recorded"), _earlier(halves))
    assert (never.needed, never.needed_calls) == (None, None)


@pytest.mark.parametrize("slope", [1.0, 0.5, 0.01, math.nan])
def test_what_is_seen_of_true_harm(slope: float) -> None:
    """An instrument that shows half of a change sees only changes twice as large, and none beyond the scale."""
    standing = replace(BY_NATURE, slope=slope)
    found = _gate(replace(_plan(clusters=60, bounds=(0.0, 2.0)), standing=standing), _earlier(ALIKE))
    readings = smallest_visible_margin(60, 2.0, 0.05)
    wanted = math.inf if slope == 0.01 else readings if math.isnan(slope) else readings / slope
    assert found.mde == pytest.approx(wanted)


# The spread


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
    reach = bounds[1] - bounds[0]
    found = _gate(_plan(margin=0.9 * reach, clusters=5, reads=reads, bounds=bounds, contrast=contrast), seed=4)
    assert found.basis == basis
    drawn = sd * norm.ppf((np.arange(200) + 0.5) / 200)
    rng = generator(4, "outlook", A)
    assert found.mde == pytest.approx(power.mde_betting(drawn, -reach, reach, 0.05, 0.9, rng, n=5))


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
    reach = bounds[1] - bounds[0]
    found = _gate(_plan(margin=0.9 * reach, clusters=5, reads=reads, bounds=bounds, contrast=contrast), seed=4)
    assert found.basis == basis
    drawn = np.repeat([reach, 0.0, -reach], [changed, 200 - 2 * changed, changed])
    rng = generator(4, "outlook", A)
    assert found.mde == pytest.approx(power.mde_betting(drawn, -reach, reach, 0.05, 0.9, rng, n=5))


def test_numbers_made_elsewhere_are_taken_for_right_or_wrong() -> None:
    """Evidence of an unnamed maker counts as a right-or-wrong scale."""
    plan = replace(_plan(source="evidence", clusters=0), signal=declared_signal(A, SignalSpec()))
    assert _gate(plan).basis == "assumed: one answer in 5 changes"


@pytest.mark.parametrize(("clusters", "used"), [(19, False), (20, True), (21, True)])
def test_the_spread_of_an_earlier_review(clusters: int, used: bool) -> None:
    """From twenty clusters on, what was seen of this signal is taken, moved so that nothing changed on average."""
    changes = np.resize([0.5, 0.25, 0.0, 0.75], clusters)
    plan = _plan(margin=0.5, clusters=40, per="use_case", limit=0.5)
    found = _gate(plan, _earlier(changes), seed=4)
    assert found.basis.startswith(f"the spread of {clusters} clusters seen before") is used
    if used:
        rng = generator(4, "outlook", A)
        assert found.mde == pytest.approx(power.mde_betting(changes - changes.mean(), -1, 1, 0.05, 0.9, rng, n=40))
        free = _plan(margin=0.5, clusters=40, per="use_case")
        assert _gate(free, _earlier(changes), seed=4) == _gate(free, _earlier(changes - changes.mean()), seed=4)
    lost = _earlier([*changes, 0.0]).head(2 * clusters + 1)  # an item without the candidate's answer
    assert _gate(plan, lost, seed=4) == found
    assert _gate(plan, _earlier(changes, B)).basis.startswith("assumed")


# Decisions


def test_a_launch_needs_all_gates_and_a_block_any() -> None:
    """With harm in one gate alone, launch is that all pass and block that any fails; the rest is a hold."""
    plans = [
        _plan(A, 0.03, 40),
        _plan(B, 0.2, 24),
        _plan(C, 0.3, 2, advisory="style, not ours to block"),
        _plan("behavior/d", 0.3, 24),
    ]
    earlier = pl.concat([_earlier(MIXED, A, B), _earlier(MIXED / 3, C, "behavior/d")])
    found = outlook(_policy(*plans, alpha=0.45, power=0.55), plans, earlier)
    gates = {gate.signal: dict(gate.outcomes) for gate in found.gates if gate.blocking}
    assert [name for name, _ in found.decisions] == [A, B, "behavior/d"]
    assert 0.0 < gates[A][0.0][1] < 0.9
    assert 0.0 < gates[B][0.0][0] < 1.0
    for name, sizes in found.decisions:
        assert [size for size, _ in sizes] == list(SIZES)
        for size, (launch, hold, block) in sizes:
            three = [chances[size if signal == name else 0.0] for signal, chances in gates.items()]
            assert launch == pytest.approx(math.prod(passes for passes, _, _ in three))
            assert block == pytest.approx(1 - math.prod(1 - fails for _, fails, _ in three))
            assert launch + hold + block == pytest.approx(1.0)


def test_only_blocking_gates_weigh_in_the_family() -> None:
    """Advisory gates change no other gate's chances; blocking ones do."""
    plan = _plan(margin=0.3, clusters=40)
    alone = outlook(_policy(plan), [plan], _earlier(MIXED)).gates[0]
    for advisory, same in (("style, not ours to block", True), (None, False)):
        others = [_plan(name, clusters=0, advisory=advisory) for name in (B, C)]
        found = outlook(_policy(plan, *others), [*others, plan], _earlier(MIXED)).gates[2]
        assert (found == alone) is same


def test_a_policy_that_only_advises_has_no_decision() -> None:
    """Without a blocking gate there is an outlook for each gate, and no decision to speak of."""
    plan = _plan(margin=0.3, clusters=40, advisory="style, not ours to block")
    found = outlook(_policy(plan), [plan], _earlier(MIXED))
    assert found.decisions == ()
    blocking = replace(plan, gate=Gate(signal=A, margin=0.3))
    assert found.gates[0].outcomes == _gate(blocking, _earlier(MIXED)).outcomes


# Margins that nothing could show


@pytest.mark.parametrize(
    ("clusters", "reach", "alpha"), [(1, 1.0, 0.05), (30, 1.0, 0.05), (30, 2.0, 0.05), (99, 1, 0.2)]
)
def test_the_smallest_visible_margin(clusters: int, reach: float, alpha: float) -> None:
    """It is the upper bound that clusters without any change leave."""
    known = betting.confidence_bound_at_end(np.zeros(clusters), -reach, reach, alpha)[1]
    assert smallest_visible_margin(clusters, reach, alpha) == pytest.approx(known)


def test_blind_gates_are_found_before_anything_is_asked() -> None:
    """Live gates whose margin equal answers could not rule out are named, with what such answers would rule out."""
    least = smallest_visible_margin(30, 4.0, 0.05)
    plans = [
        _plan(C, 0.01, 3, source="recorded"),
        _plan(A, least, bounds=(-1.0, 3.0)),
        _plan(B, least + 1e-9, bounds=(-1.0, 3.0)),
        _plan("behavior/d", 0.05, 20),
    ]
    found = blind_gates(_policy(*plans), plans)
    assert [(gate.signal, gate.margin, gate.least, gate.clusters) for gate in found] == [
        (A, least, least, 30),
        ("behavior/d", 0.05, smallest_visible_margin(20, 1.0, 0.05), 20),
    ]
    assert str(replace(found[1], least=0.12345)) == (
        "behavior/d cannot see its margin of 0.05: even if nothing differed, 20 clusters rule out changes from 0.123 "
        "up. `seatrial plan` says what it would take."
    )
    assert blind_gates(_policy(*plans, alpha=0.2), plans[1:2]) == []
