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

from seatrial.gates import operating_characteristic
from seatrial.gates.chances import course
from seatrial.gates.operating_characteristic import (
    SIZES,
    GateOutlook,
    Outlook,
    blind_gates,
    outlook,
    smallest_visible_margin,
)
from seatrial.gates.plan import GatePlan, Source
from seatrial.gates.schedule import SCARCE, Method, shares
from seatrial.gates.simulated_gates import SimulatedSuite, simulated_gates
from seatrial.instruments import Signal, find_instrument
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN
from seatrial.observations import to_frame
from seatrial.policy import Budget, Gate, LaunchPolicy
from seatrial.stats import betting, intervals, power
from seatrial.stats.instruments import Slope
from seatrial.stats.seeding import generator
from seatrial.stats.spending import Looks, nominal_level
from seatrial.types import ROLES, Item, Message, Observation

Array = NDArray[np.float64]
A, B, C = "behavior/a", "behavior/b", "behavior/c"
FAMILY = Gate(signal="family/f", margin=0.1, per="suite", suite_margin=0.2)
STYLE = "style, not ours to block"


def _plan(
    name: str = A,
    margin: float = 0.2,
    clusters: int = 30,
    source: Source = "live",
    bounds: tuple[float, float] = (0.0, 1.0),
    family: str = "",
    most: int | None = None,
    **more: Any,
) -> GatePlan:
    """A gate with so many clusters of one item, read on the scale from one bound to the other."""
    asked = tuple((Item(f"{c}", "s", (Message("user", "?"),), cluster=f"c{c}"),) for c in range(clusters))
    signal = Signal(name, find_instrument("text/length"), "high", bounds, None)
    gate = Gate(signal=name, margin=margin, **more)
    most = clusters if most is None else most
    return GatePlan(gate, signal, source, asked, standing=BY_NATURE, family=family, most=most)


def _policy(*plans: GatePlan, gates: Sequence[Gate] = (), **more: Any) -> LaunchPolicy:
    return LaunchPolicy(name="p", gates=list(gates) or [plan.gate for plan in plans], **more)


def _earlier(changes: Sequence[float] | Array, *signals: str) -> pl.DataFrame:
    """An earlier review in which the candidate's clusters changed by so much, for each of the signals."""
    return to_frame(
        [
            Observation(signal, role, f"i{n}", f"c{n}", 0, value)
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
    """Harm is simulated from an improvement by one margin to a rise by three; none, one and two are among the sizes."""
    assert SIZES == (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
    assert tuple(size for size, _ in _gate(_plan(clusters=0)).outcomes) == SIZES


@pytest.mark.parametrize(
    ("mde", "blind"), [(0.1, False), (0.2, False), (0.21, True), (math.inf, True), (math.nan, True)]
)
def test_a_blind_gate(mde: float, blind: bool) -> None:
    """A gate is blind unless the smallest change that it sees is known and within its margin."""
    assert GateOutlook(A, 0.2, True, 9, 18, 18, mde, "assumed", ()).blind is blind


@pytest.mark.parametrize(("clusters", "source"), [(40, "live"), (40, "recorded"), (SCARCE + 20, "live")])
def test_chances_are_those_of_simulated_reviews(clusters: int, source: Source) -> None:
    """Looked at, read at once or bet on: a gate's chances are its course's, at each size of harm in margins."""
    plans = [_plan(margin=0.3, clusters=clusters, source=source), _plan(B, clusters=0)]
    policy = _policy(*plans, alpha=0.2, power=0.8, seed=3)
    found = outlook(policy, plans, _earlier(MIXED)).gates[0]
    (made, _), _ = simulated_gates(policy, plans, _earlier(MIXED))
    for size in (0.0, 2.0):
        rng = generator(3, "outlook", A, f"{size:g}")
        assert dict(found.outcomes)[size] == course(made, size * 0.3, 0.2, rng).chances


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
    """A gate whose instrument may only advise neither passes nor fails, sees nothing, holds launches, and says why."""
    good = _plan(B, margin=0.3, clusters=60)
    weak = replace(_plan(A, margin=0.3, clusters=60), standing=UNKNOWN)
    found = outlook(_policy(good, weak), [good, weak], _earlier(ALIKE, A, B))
    assert (found.gates[1].advice, found.gates[1].mde) == (UNKNOWN.why, math.inf)
    assert found.gates[0].advice == ""
    assert dict(found.gates[1].outcomes)[0.0] == (0.0, 0.0, 1.0)
    assert [name for name, _ in found.decisions] == [B]
    assert found.unchanged == dict(dict(found.decisions)[B])[0.0] == (0.0, 1.0, 0.0)
    assert dict(dict(found.decisions)[B])[3.0] != (0.0, 1.0, 0.0)


# What it sees


def test_what_a_gate_that_is_looked_at_sees() -> None:
    """Nine in ten reviews of equal answers end with the bound of the last look: that is what it sees."""
    found = _gate(_plan(clusters=60), _earlier(ALIKE))
    assert found.mde == pytest.approx(smallest_visible_margin(60, 1.0, 0.05))


def test_what_a_gate_that_is_bet_on_sees() -> None:
    """Its smallest change is that of the power of bets."""
    rng = generator(3, "mde", A)
    found = _gate(_plan(margin=0.3, clusters=SCARCE + 20), _earlier(MIXED), seed=3)
    assert found.mde == power.mde_betting(MIXED, -1, 1, 0.05, 0.9, rng, n=SCARCE + 20, aim=0.3)


@pytest.mark.parametrize("clusters", [16, 60, 2_200, 30_000])
def test_what_a_gate_that_is_read_at_once_sees(clusters: int) -> None:
    """Nine in ten samples of equal models rule out the smallest change that it is said to see, whatever the seed."""
    differences = np.concatenate([np.zeros(88), np.full(6, 1.0), np.full(6, -1.0)])
    samples = np.random.default_rng(7).choice(differences, size=(min(4000, 10_000_000 // clusters), clusters))
    high = intervals.fixed_size_bounds(samples, -1, 1, 0.05).high
    suite = SimulatedSuite(differences, 1.0, 0.3, clusters, clusters)
    seeds = (np.random.default_rng(seed) for seed in range(6))
    ruled_out = [(high <= operating_characteristic._mde(suite, 0.05, 0.9, False, rng)).mean() for rng in seeds]
    plan = _plan(margin=0.3, clusters=16, source="recorded")
    sees = operating_characteristic._mde(replace(suite, clusters=16), 0.05, 0.9, False, generator(3, "mde", A))
    assert _gate(plan, _earlier(differences), seed=3).mde == sees
    assert np.abs(np.array(ruled_out) - 0.9).max() < 0.035


@pytest.mark.parametrize("source", ["live", "recorded"])
@pytest.mark.parametrize("slope", [1.0, 0.5, 0.01, math.nan])
def test_what_is_seen_of_true_harm(slope: float, source: Source) -> None:
    """An instrument that shows half of a change sees only changes twice as large, and none beyond the scale."""
    standing = replace(BY_NATURE, slope=slope)
    plan = replace(_plan(clusters=60, bounds=(0.0, 2.0), source=source), standing=standing)
    method: Method = "looks" if source == "live" else "fixed"
    readings = smallest_visible_margin(60, 2.0, 0.05, method)
    wanted = math.inf if slope == 0.01 else readings if math.isnan(slope) else readings / slope
    assert _gate(plan, _earlier(ALIKE)).mde == pytest.approx(wanted, rel=2e-3)


def test_a_family_sees_less_than_its_suites_could_each() -> None:
    """It is one gate: its clusters and calls are those of its suites, its margin a share of their scales."""
    plans = [_plan(name, 0.2, clusters, family="family/f") for name, clusters in ((A, 30), (B, 90))]
    found = outlook(_policy(gates=[FAMILY]), plans, _earlier(MIXED / 3, A, B))
    (gate,) = found.gates
    assert (gate.signal, gate.margin, gate.clusters, gate.calls) == ("family/f", 0.1, 120, 240)
    assert gate.mde < min(_gate(_plan(name, clusters=30), _earlier(MIXED / 3, A, B)).mde for name in (A, B))
    assert [name for name, _ in found.decisions] == ["family/f"]


def test_harm_in_one_suite_is_tried_in_the_one_least_seen() -> None:
    """Twice its margin in the smallest suite alone fails a family less often than in all, and a gate has no suites."""
    plans = [_plan(name, 0.2, clusters, family="family/f") for name, clusters in ((A, 90), (B, 24))]
    (gate,) = outlook(_policy(gates=[FAMILY]), plans, _earlier(MIXED / 2, A, B)).gates
    assert gate.in_one_suite is not None
    assert 0.0 < gate.in_one_suite[1] < 1.0
    other = [
        replace(plans[0], clusters=plans[0].clusters[:24], most=24),
        replace(plans[1], clusters=plans[0].clusters, most=90),
    ]
    (swapped,) = outlook(_policy(gates=[FAMILY]), other, _earlier(MIXED / 2, A, B)).gates
    assert swapped.in_one_suite is not None
    assert swapped.in_one_suite[1] == pytest.approx(gate.in_one_suite[1], abs=0.2)
    assert _gate(_plan(clusters=24)).in_one_suite is None


def test_the_headline_says_how_often_harm_spread_over_a_family_blocks() -> None:
    """Two margins may be plain where one and a half over a family are not, and other gates are no families."""
    plans = [_plan(name, 0.2, clusters, family="family/f") for name, clusters in ((A, 90), (B, 24))]
    found = outlook(_policy(gates=[FAMILY]), plans, _earlier(MIXED / 2, A, B))
    name, blocks = found.least_blocked_family
    assert (name, blocks) == ("family/f", dict(found.decisions[0][1])[1.5][2])
    assert 0.0 < blocks < found.least_blocked[1]
    assert found.headline.endswith(
        f" One and a half margins, spread over a family's suites, block with {100 * blocks:.0f} %."
    )
    beside = replace(found, decisions=(*found.decisions, (C, _rows(0.1))))
    assert beside.least_blocked == (C, 0.1)
    assert beside.least_blocked_family == (name, blocks)
    assert beside.headline.endswith(f"block with {100 * blocks:.0f} % or more (least in family/f).")
    advised = replace(found.gates[0], signal="family/g", advice="no record", in_one_suite=(0.0, 0.0, 1.0))
    watched = replace(found, gates=(*found.gates, advised)).headline
    assert f" spread over the suites of a family that may block, block with {100 * blocks:.0f} %." in watched
    assert _outlook().least_blocked_family == ("", 0.0)


# Clusters and calls


def test_calls_are_those_of_both_models() -> None:
    """A gate takes at most what asking all that it may takes, and usually less; what is recorded takes none."""
    plans = [_plan(A, clusters=60, margin=0.5), _plan(C, clusters=7, source="recorded")]
    found = outlook(_policy(*plans), plans, _earlier(ALIKE, A))
    assert [(gate.calls, gate.clusters) for gate in found.gates] == [(120, 60), (0, 7)]
    assert (found.gates[0].usual, found.gates[1].usual) == (2 * round(60 * shares(60)[0]), 0)
    assert (found.most, found.budget) == (120, Budget().calls)
    undecided = _gate(_plan(clusters=60, margin=0.05), _earlier(ALIKE))
    assert undecided.usual == undecided.calls == 120
    again = _plan(A, clusters=60, most=300)
    assert _gate(again).calls == 600


def test_evidence_asks_nothing() -> None:
    """Where evidence is brought, its clusters count; where it is not there yet, there are none."""
    plan = _plan(margin=0.9, source="evidence", clusters=0)
    known, unknown = _gate(plan, _earlier(ALIKE)), _gate(plan)
    assert (known.clusters, known.calls, known.usual) == (25, 0, 0)
    assert (unknown.clusters, unknown.calls, unknown.mde) == (0, 0, math.inf)
    assert outlook(_policy(plan), [plan]).calls == 0


def test_what_a_gate_is_called() -> None:
    """An outlook names its gate, margin and whether it blocks."""
    plans = [_plan(B, 0.3, 0), _plan(clusters=0, advisory=STYLE)]
    found = outlook(_policy(*plans), plans)
    assert [(gate.signal, gate.margin, gate.blocking) for gate in found.gates] == [(B, 0.3, True), (A, 0.2, False)]


# Decisions


def test_a_launch_needs_all_gates_and_a_block_any() -> None:
    """Harm in one gate blocks; a gate that is seldom decided holds what the others would launch."""
    plans = [_plan(A, 0.3, 40), _plan(B, 0.3, 40), _plan(C, 0.3, 2, advisory=STYLE)]
    found = outlook(_policy(*plans), plans, _earlier(MIXED / 5, A, B))
    assert [name for name, _ in found.decisions] == [A, B]
    for _, rows in found.decisions:
        chances = dict(rows)
        assert chances[0.0] == found.unchanged == (1.0, 0.0, 0.0)
        assert chances[3.0] == (0.0, 0.0, 1.0)
        assert all(sum(three) == pytest.approx(1.0) for three in chances.values())
    few = [plans[0], _plan(B, 0.3, 3)]
    assert outlook(_policy(*few), few, _earlier(MIXED / 5, A, B)).unchanged == (0.0, 1.0, 0.0)


def test_the_budget_is_shared() -> None:
    """A budget that ends before all gates are decided makes launches rarer, and no review takes more than it."""
    plans = [_plan(name, 0.1, 60) for name in (A, B, C)]
    found = {
        calls: outlook(_policy(*plans, budget=Budget(calls=calls)), plans, _earlier(MIXED / 5, A, B, C))
        for calls in (120, 10_000)
    }
    assert found[120].unchanged[0] < found[10_000].unchanged[0] - 0.3
    assert found[120].calls <= 120 < found[10_000].calls
    assert (found[120].budget, found[120].most) == (120, 360)


def test_only_blocking_gates_take_from_what_a_gate_may_err() -> None:
    """Advisory gates change no other gate's chances; blocking ones do."""
    plan = _plan(margin=0.3, clusters=40)
    alone = outlook(_policy(plan), [plan], _earlier(MIXED)).gates[0]
    for advisory, same in ((STYLE, True), (None, False)):
        others = [_plan(name, clusters=0, advisory=advisory) for name in (B, C)]
        found = outlook(_policy(plan, *others), [plan, *others], _earlier(MIXED)).gates[0]
        assert (found == alone) is same


def test_a_policy_that_only_advises_has_no_decision() -> None:
    """Without a blocking gate there is an outlook for each gate, and no decision to speak of."""
    plan = _plan(margin=0.3, clusters=40, advisory=STYLE)
    found = outlook(_policy(plan), [plan], _earlier(MIXED))
    assert (found.decisions, found.unchanged, found.least_blocked) == ((), (0.0, 1.0, 0.0), ("", 0.0))
    assert found.headline == "No gate of this policy may block, so nothing can launch."
    blocking = replace(plan, gate=Gate(signal=A, margin=0.3))
    assert found.gates[0].outcomes == _gate(blocking, _earlier(MIXED)).outcomes


# The headline


def _rows(blocks: float) -> tuple[tuple[float, tuple[float, float, float]], ...]:
    return ((0.0, (0.9, 0.1, 0.0)), (2.0, (0.0, 1 - blocks, blocks)), (3.0, (0.0, 0.0, 1.0)))


def _outlook(*advised: bool, blocking: bool = True) -> Outlook:
    """Two gates that may block, and others that may only advise, wanted as such or not."""
    plain = GateOutlook(A, 0.2, True, 9, 18, 18, 0.1, "assumed", ())
    more = [replace(plain, signal=C, advice="no record", blocking=blocking) for _ in advised]
    return Outlook(
        (plain, replace(plain, signal=B), *more), ((A, _rows(0.8)), (B, _rows(0.7))), (0.93, 0.07, 0.0), 9, 36, 99
    )


def test_the_headline_says_how_often_it_launches_and_blocks() -> None:
    """It names the gate in which harm blocks least often, where there are several."""
    found = _outlook()
    assert found.least_blocked == (B, 0.7)
    assert found.headline == (
        "An unchanged model launches with 93 %; a rise of two margins in any one gate blocks with 70 % or more (least "
        "in behavior/b)."
    )
    assert replace(found, decisions=found.decisions[:1]).headline.endswith("in any one gate blocks with 80 %.")


def test_the_headline_says_what_is_only_watched() -> None:
    """Gates that the policy wants to advise are counted; harm in them blocks nothing."""
    assert "in any one gate that may block blocks with 70 %" in _outlook(True, blocking=False).headline
    assert _outlook(True, blocking=False).headline.endswith(
        "One gate rules nothing out: what reads it may only advise."
    )
    silent = replace(_outlook(True, blocking=False).gates[-1], advice="")
    mixed = _outlook(True, blocking=False)
    assert "rules nothing out" not in replace(mixed, gates=(*mixed.gates[:2], silent)).headline
    assert _outlook(True, True, blocking=False).headline.endswith(
        "2 gates rule nothing out: what reads them may only advise."
    )


def test_the_headline_says_why_nothing_can_launch() -> None:
    """A gate that should block and cannot holds every launch: that is said first."""
    assert _outlook(True).headline.startswith(
        "Nothing can launch, for a gate that should block has an instrument that may only advise; a rise"
    )
    assert _outlook(True, True).headline.startswith("Nothing can launch, for 2 gates that should block have")


# Margins that nothing could show


@pytest.mark.parametrize(
    ("clusters", "reach", "alpha"), [(1, 1.0, 0.05), (30, 1.0, 0.05), (30, 2.0, 0.05), (99, 1, 0.2)]
)
def test_the_smallest_visible_margin(clusters: int, reach: float, alpha: float) -> None:
    """It is the upper bound that clusters without any change leave: at the last look, after all bets, or at once."""
    known = betting.confidence_bound_at_end(np.zeros(clusters), -reach, reach, alpha)[1]
    assert smallest_visible_margin(clusters, reach, alpha, "betting") == pytest.approx(known)
    once = intervals.fixed_size(np.zeros(clusters), -reach, reach, alpha).high
    assert smallest_visible_margin(clusters, reach, alpha, "fixed") == pytest.approx(once, rel=1e-3)
    taken = Looks()
    for share in shares(clusters):
        taken = taken.and_at(share)
    level = nominal_level(alpha, taken)
    looked = intervals.fixed_size(np.zeros(clusters), -reach, reach, level).high
    assert smallest_visible_margin(clusters, reach, alpha) == pytest.approx(looked)
    assert looked >= once * 0.999


def test_blind_gates_are_found_before_anything_is_asked() -> None:
    """Live gates whose margin equal answers could not rule out are named, with what such answers would rule out."""
    least = smallest_visible_margin(30, 4.0, 0.05)
    plans = [
        _plan(C, 0.01, 3, source="recorded"),
        _plan(A, least, bounds=(-1.0, 3.0)),
        _plan(B, least + 1e-9, bounds=(-1.0, 3.0)),
        _plan("behavior/seen", 0.5, 105),
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


def test_a_blind_gate_that_is_bet_on_is_told_what_its_bets_could_see() -> None:
    """Bets on equal clusters rule out less than looks at as many would: a margin between the two is not seen."""
    many = SCARCE + 20
    by_bets, by_looks = (smallest_visible_margin(many, 1.0, 0.05, method) for method in ("betting", "looks"))
    assert by_looks < by_bets
    plan = _plan(A, (by_looks + by_bets) / 2, many)
    assert [(gate.least, gate.clusters) for gate in blind_gates(_policy(plan), [plan])] == [(by_bets, many)]


def test_a_margin_that_is_seen_for_certain_takes_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most margins are far wider than what equal answers rule out, which nobody needs to know then."""

    def searched(*args: object) -> float:
        raise AssertionError

    monkeypatch.setattr(operating_characteristic, "nominal_level", searched)
    assert blind_gates(_policy(_plan(A, 0.2, 105)), [_plan(A, 0.2, 105)]) == []
    with pytest.raises(AssertionError):
        blind_gates(_policy(_plan(A, 0.035, 105)), [_plan(A, 0.035, 105)])


def test_a_budget_that_pays_for_few_clusters_makes_a_gate_blind() -> None:
    """What counts is how many clusters a gate may ask, not how many it has."""
    seen, cut = _plan(A, 0.1, 100), _plan(A, 0.1, 100, most=24)
    assert blind_gates(_policy(seen), [seen]) == []
    assert [gate.clusters for gate in blind_gates(_policy(cut), [cut])] == [24]


def test_what_is_seen_is_held_against_the_scale_of_the_gate() -> None:
    """On a scale of four a change of more than one can be seen; of a family, whose changes are shares, it cannot."""
    wide = _gate(_plan(margin=2.0, clusters=8, bounds=(0.0, 4.0)), _earlier(ALIKE))
    assert 1.0 < wide.mde == pytest.approx(smallest_visible_margin(8, 4.0, 0.05))
    weak = replace(BY_NATURE, slope=0.25)
    plans = [replace(_plan(name, 2.0, 5, family="family/f", bounds=(0.0, 4.0)), standing=weak) for name in (A, B)]
    (family,) = outlook(_policy(gates=[FAMILY]), plans, _earlier(np.resize([3.0, -3.0], 10), A, B)).gates
    assert math.isinf(family.mde)


def test_the_greatest_power_is_that_of_the_widest_bound() -> None:
    """Where nearly every review should see it, the smallest change is the one that the least lucky review sees."""
    found = [_gate(_plan(clusters=60), _earlier(MIXED), power=power).mde for power in (0.8, 0.9999)]
    assert found[0] < found[1] < math.inf


def test_bets_on_an_instrument_with_an_error_see_at_the_level_that_is_left() -> None:
    """Part of alpha is for the slope: the smallest change in readings is that of the rest, and of true harm larger."""
    shows = Slope(0.8, 0.02)
    standing = replace(BY_NATURE, slope=shows.value, slope_se=shows.se)
    plan = replace(_plan(margin=0.3, clusters=SCARCE + 20), standing=standing)
    level, flat = shows.ruling_out(0.05)
    rng = generator(3, "mde", A)
    read = power.mde_betting(MIXED, -1, 1, level, 0.9, rng, n=SCARCE + 20, aim=0.3 * 0.8)
    assert _gate(plan, _earlier(MIXED), seed=3).mde == pytest.approx(read / flat)
