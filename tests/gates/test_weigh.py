"""From claims to evidence: what clusters show, what they could have shown, and the chance that more decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy import stats

from seatrial.gates.claims import Claim, Statement, claims
from seatrial.gates.schedule import Method
from seatrial.gates.weigh import (
    Bets,
    aimed,
    at_look,
    chance_at_end,
    decision_chance,
    evidence,
    in_true_harm,
    with_mde,
    with_mde_at_end,
)
from seatrial.instruments import declared_signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec
from seatrial.stats import betting, intervals, power
from seatrial.stats.instruments import EXACT, Slope
from seatrial.stats.running_bound import RunningBound
from seatrial.stats.spending import SOONER, Looks, nominal_level, p_at_any_look
from seatrial.types import Evidence

NAN = float("nan")
SIGNAL = declared_signal("behavior/x", SignalSpec())
GATE = Gate(signal="behavior/x", margin=0.05)
MARGIN = Statement("margin", 0.1)
Array = NDArray[np.float64]


def _claim(
    seen: Sequence[float] | Array,
    best: Sequence[float] | Array | None = None,
    worst: Sequence[float] | Array | None = None,
    statement: Statement = MARGIN,
    models: tuple[Sequence[float] | Array, Sequence[float] | Array] = ((), ()),
    sign: float = 1.0,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> Claim:
    """A claim with these clusters; nothing is missing unless `best` and `worst` say so."""
    series = [np.asarray(seen if one is None else one, dtype=float) for one in (seen, best, worst)]
    baseline, candidate = (np.asarray(one, dtype=float) for one in models)
    return Claim(statement, *bounds, series[0], series[1], series[2], 70, 3, baseline, candidate, sign)


def _noisy(size: int = 60) -> Claim:
    """A claim whose last clusters were not seen, with extremes that differ from what was."""
    rng = np.random.default_rng(0)
    seen = rng.normal(0.05, 0.2, size).clip(-0.7, 0.7)
    seen[-3:] = NAN
    best, worst = np.nan_to_num(seen - 0.01, nan=-1.0), np.nan_to_num(seen + 0.02, nan=1.0)
    return _claim(seen, best, worst, models=(rng.random(size), rng.random(size) + 0.1))


def _table(before: Array, after: Array, clusters: NDArray[np.int64] | None = None) -> PairedTable:
    count = len(before)
    names = np.arange(count) if clusters is None else clusters
    return PairedTable(
        pl.Series([f"i{n}" for n in range(count)]),
        pl.Series([f"c{n}" for n in names]),
        pl.Series(["general"] * count),
        np.asarray(before, dtype=float),
        np.asarray(after, dtype=float),
    )


def _whole(table: PairedTable) -> Claim:
    return claims(GATE, SIGNAL, table, list(dict.fromkeys(table.clusters)))[0]


# Evidence


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_evidence_sums_up_its_clusters(method: Method) -> None:
    """Estimate, counts, means of both models and both extremes are in the evidence, by whichever method."""
    claim = _claim(
        [0.25, NAN, 0.75], [0.25, -1.0, 0.75], [0.25, 1.0, 0.75], models=([0.5, NAN, 0.25], [NAN, 0.75, NAN])
    )
    found = evidence(claim, method, 0.05)
    assert (found.estimate, found.clusters, found.items, found.missing) == (0.5, 2, 70, 3)
    assert (found.baseline, found.candidate) == (0.375, 0.75)
    assert (found.missing_low, found.missing_high) == pytest.approx((0.0, 2 / 3))
    assert math.isnan(found.mde)


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_an_estimate_takes_the_share_as_it_was_measured(method: Method) -> None:
    """A share at a discount rules less harm out, and makes no more of what was read; so does what was not answered."""
    seen = np.full(80, 0.1) + np.tile([-0.02, 0.02], 40)
    claim = _claim(seen, seen - 0.01, seen + 0.01, models=(seen, 2 * seen))
    plain, discounted = (evidence(claim, method, 0.05, shows) for shows in (Slope(0.5), Slope(0.2, top=0.5)))
    for name in ("estimate", "missing_low", "missing_high", "unpaired_low", "unpaired_high"):
        assert getattr(discounted, name) == pytest.approx(getattr(plain, name), nan_ok=True)
    assert plain.estimate == pytest.approx(plain.reading / 0.5)
    assert (plain.slope, discounted.slope) == (0.5, 0.2)
    assert discounted.low < discounted.estimate < plain.high < discounted.high


@pytest.mark.parametrize("method", ["betting", "fixed"])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_all_numbers_lie_on_the_scale(method: Method, side: float) -> None:
    """Readings near an end, over the share that they show, would lie far beyond it."""
    claim = _claim(np.full(40, side * 0.9) + np.tile([-0.05, 0.05], 20))
    found = evidence(claim, method, 0.05, Slope(0.2))
    assert found.estimate == found.missing_low == found.missing_high == side
    assert (found.low if side < 0 else found.high) == side
    assert -1.0 <= found.low <= found.high <= 1.0


def test_the_error_of_a_share_widens_bets_on_both_sides() -> None:
    """Below 0 the larger share is the cautious one for the upper bound; what shows harm is split over the claims."""
    below, above = (_claim(np.full(200, mean) + np.tile([-0.1, 0.1], 100)) for mean in (-0.3, 0.3))
    known, unsure = Slope(0.5), Slope(0.5, 0.05)
    assert evidence(below, "betting", 0.05, unsure).high > evidence(below, "betting", 0.05, known).high + 0.01
    assert evidence(above, "betting", 0.05, unsure).low < evidence(above, "betting", 0.05, known).low - 0.01
    few, many = (evidence(above, "betting", 0.05, unsure, family).e_value for family in (1, 50))
    assert many < few


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_nothing_is_no_evidence(method: Method) -> None:
    """Without a cluster seen on both models there is no interval and no method, only what is missing."""
    found = evidence(_claim([NAN, NAN], [-1, -1], [1, 1], models=([NAN, NAN], [0.5, 0.0])), method, 0.05)
    assert (found.clusters, found.missing, found.method) == (0, 3, "none")
    assert all(map(math.isnan, (found.estimate, found.low, found.high, found.p_value, found.e_value, found.baseline)))
    assert (found.candidate, found.missing_low, found.missing_high) == (0.25, -1.0, 1.0)
    assert evidence(_claim([0.0], models=([0.5], [0.5])), method, 0.05).clusters == 1


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_sequential_evidence_is_by_betting(alpha: float) -> None:
    """Harm is shown on the harmless series, ruled out on the harmful one; the p-value counts the best look so far."""
    claim = _noisy()
    found = evidence(claim, "betting", alpha)
    capital = betting.log_wealth_against(claim.best, 0.1, -1, 1, "greater", aim=0.1)
    assert found.low == pytest.approx(betting.confidence_bound_at_end(claim.best, -1, 1, alpha, aim=0.1)[0], abs=1e-5)
    assert found.high == pytest.approx(betting.confidence_bound_at_end(claim.worst, -1, 1, alpha, aim=0.1)[1], abs=1e-5)
    assert found.e_value == pytest.approx(math.exp(capital[-1]))
    assert found.p_value == pytest.approx(math.exp(-capital.max()))
    assert capital[-1] < capital.max()
    assert found.method == "betting"
    assert math.isnan(found.unpaired_low)


def test_bets_aim_at_one_margin() -> None:
    """A claim of a margin aims as far as its threshold, in readings; a level, or what no scale holds, has no aim."""
    assert aimed(_claim([0.0]), EXACT) == 0.1
    assert aimed(_claim([0.0]), Slope(0.6, 0.1)) == pytest.approx(0.06)
    assert aimed(_claim([0.0], statement=Statement("limit", 0.1)), EXACT) is None
    assert aimed(_claim([0.0], statement=Statement("margin", 2.0)), EXACT) is None
    assert aimed(_claim([0.0]), Slope(0.0)) is None


def test_e_values_and_p_values_end_somewhere() -> None:
    """Overwhelming harm gives a number that can be written down; the absence of any gives a p-value of 1."""
    harm = evidence(_claim(np.ones(3000)), "betting", 0.05)
    assert harm.e_value == math.exp(700)
    assert harm.p_value < 1e-100
    calm = evidence(_claim(np.full(30, -0.5)), "betting", 0.05)
    assert calm.p_value == 1.0
    assert calm.e_value < 0.5


def test_the_e_value_is_fair() -> None:
    """Where a claim just holds the e-value's expectation is 1: it is the capital at the end, not at its best."""
    expected = 0.0
    for number in range(2**9):
        ups = np.array([bool(number >> place & 1) for place in range(9)])
        found = evidence(_claim(np.where(ups, 1.0, -1.0)), "betting", 0.05)
        expected += float(np.where(ups, 0.55, 0.45).prod()) * found.e_value
    assert expected == pytest.approx(1.0)


@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_evidence_at_once_is_by_the_sharpest_valid_interval(alpha: float) -> None:
    """Harm is shown on the harmless series and ruled out on the harmful one, whose method is named."""
    noisy = _noisy()
    claim = replace(noisy, best=np.full(60, 0.25))
    found = evidence(claim, "fixed", alpha)
    assert found.low == intervals.fixed_size(claim.best, -1, 1, alpha).low
    upper = intervals.fixed_size(claim.worst, -1, 1, alpha)
    assert (found.high, found.method) == (upper.high, upper.method)
    assert found.method != intervals.fixed_size(claim.best, -1, 1, alpha).method
    assert found.p_value == intervals.fixed_size_p_values(claim.best[None, :], 0.1, -1, 1)[0]
    assert math.isnan(found.e_value)
    plain = evidence(replace(noisy, best=np.nan_to_num(noisy.seen)), "fixed", alpha)
    assert plain.p_value == intervals.fixed_size_p_values(np.nan_to_num(noisy.seen)[None, :], 0.1, -1, 1)[0]


def test_a_limit_is_weighed_on_its_own_scale() -> None:
    """The bounds of a claim and not those of a change decide what its numbers can show."""
    rng = np.random.default_rng(5)
    claim = _claim(rng.random(30), statement=Statement("limit", 0.4), bounds=(0.0, 1.0))
    found = evidence(claim, "betting", 0.05)
    bounds = betting.confidence_bound_at_end(claim.seen, 0, 1, 0.05)
    assert (found.low, found.high) == pytest.approx(bounds, abs=1e-5)
    assert found.e_value == pytest.approx(betting.e_value(claim.seen, 0.4, 0, 1, "greater"))
    fixed = evidence(claim, "fixed", 0.05)
    sharpest = intervals.fixed_size(claim.seen, 0, 1, 0.05)
    assert (fixed.low, fixed.high) == (sharpest.low, sharpest.high)
    assert fixed.p_value == intervals.fixed_size_p_values(claim.seen[None, :], 0.4, 0, 1)[0]


@pytest.mark.parametrize(
    ("baseline", "candidate"),
    [
        ([0.0, NAN, 0.5, 0.25], [1.0, 0.5, NAN, 0.75]),
        ([0.0, 0.5], [1.0, 0.5, 0.25]),
        ([0.0, 0.5, 0.25], [1.0, 0.5]),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_comparison_without_pairs(sign: float, baseline: list[float], candidate: list[float]) -> None:
    """The unpaired bounds are Welch's over the answers there are, turned so that + is harm."""
    claim = _claim(np.linspace(-0.5, 0.5, 9), models=(baseline, candidate), sign=sign)
    found = evidence(claim, "fixed", 0.05)
    before, after = ([one for one in held if not math.isnan(one)] for held in (baseline, candidate))
    known = stats.ttest_ind(after, before, equal_var=False).confidence_interval(0.9)
    bounds = (known.low, known.high) if sign > 0 else (-known.high, -known.low)
    assert (found.unpaired_low, found.unpaired_high) == pytest.approx(bounds)


@pytest.mark.parametrize(
    ("kind", "baseline", "candidate"),
    [
        ("limit", [0.0, 0.5, 0.25], [1.0, 0.5, 0.25]),
        ("margin", [0.0, NAN], [1.0, 0.5]),
        ("margin", [0.0, 0.5], [1.0, NAN, NAN]),
    ],
)
def test_no_comparison_without_pairs(kind: str, baseline: list[float], candidate: list[float]) -> None:
    """A limit compares nothing, and one answer of a model has no spread: there is no unpaired interval."""
    statement = Statement("limit" if kind == "limit" else "margin", 0.1)
    claim = _claim(np.linspace(-0.5, 0.5, 9), models=(baseline, candidate), statement=statement)
    found = evidence(claim, "fixed", 0.05)
    assert math.isnan(found.unpaired_low)
    assert math.isnan(found.unpaired_high)


# Evidence from tables


def test_items_of_a_cluster_count_once() -> None:
    """Asking the same thing again in the same cluster adds nothing to the evidence."""
    rng = np.random.default_rng(0)
    before, after = rng.random(60), rng.random(60)
    once = _table(before, after)
    twice = _table(np.tile(before, 2), np.tile(after, 2), np.tile(np.arange(60), 2))
    one, two = (evidence(_whole(table), "fixed", 0.05) for table in (once, twice))
    assert (one.low, one.high, one.clusters) == pytest.approx((two.low, two.high, two.clusters))
    assert two.items == 120


def test_the_unit_is_the_cluster() -> None:
    """With a shock shared by each cluster the interval is that of the cluster means; that of items is too narrow."""
    rng = np.random.default_rng(1)
    names = np.repeat(np.arange(300), 8)
    change = rng.normal(0, 0.1, 300)[names] + rng.normal(0, 0.02, 2400)
    before = np.full(2400, 0.5)
    found = evidence(_whole(_table(before, before + change, names)), "fixed", 0.05)
    known = stats.ttest_1samp(change.reshape(300, 8).mean(axis=1), 0.0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=2e-3)
    ignored = evidence(_whole(_table(before, before + change)), "fixed", 0.05)
    assert ignored.high - ignored.low < 0.5 * (found.high - found.low)


def test_looking_again_never_widens_sequential_evidence() -> None:
    """Bounds that hold at all looks jointly only draw in as clusters come; a bound for one look does not."""
    change = np.random.default_rng(6).normal(0.1, 0.3, 100).clip(-1, 1)
    looks, bets = [_claim(change[:count]) for count in range(40, 101, 12)], Bets()
    kept = [evidence(one, "betting", 0.05, bets=bets) for one in looks]
    highs, lows = zip(*((found.high, found.low) for found in kept), strict=True)
    assert list(highs) == sorted(highs, reverse=True)
    assert list(lows) == sorted(lows)
    assert highs[0] - highs[-1] > 0.05
    afresh = evidence(looks[-1], "betting", 0.05)
    assert (afresh.low, afresh.high) == pytest.approx((lows[-1], highs[-1]), abs=1e-4)
    assert (afresh.e_value, afresh.p_value) == pytest.approx((kept[-1].e_value, kept[-1].p_value))
    fixed = [evidence(look, "fixed", 0.05).high for look in looks]
    assert fixed != sorted(fixed, reverse=True)


def test_pairing_is_what_makes_it_sharp() -> None:
    """The same answers compared without their pairing give a far wider interval."""
    rng = np.random.default_rng(2)
    before = (rng.random(200) < 0.5).astype(float)
    found = evidence(_whole(_table(before, np.where(rng.random(200) < 0.05, 1 - before, before))), "fixed", 0.05)
    assert found.high - found.low < 0.4 * (found.unpaired_high - found.unpaired_low)


def test_missing_answers_widen_both_ways() -> None:
    """An answer that one model lacks can only make harm harder to show and harder to rule out."""
    rng = np.random.default_rng(3)
    before, after = rng.random(80), rng.random(80)
    gone = np.where(np.arange(80) < 8, np.nan, after)
    full, part = (evidence(_whole(_table(before, one)), "betting", 0.05) for one in (after, gone))
    assert part.low < full.low
    assert part.high > full.high
    assert part.missing == 8


# What could have been seen


@pytest.mark.parametrize(
    ("slope", "factor", "planned", "counted"), [(1.0, 1.0, 10, 57), (0.5, 2.0, 70, 70), (NAN, 1.0, 10, 57)]
)
def test_the_mde_of_sequential_evidence(slope: float, factor: float, planned: int, counted: int) -> None:
    """The MDE is that of all clusters planned, never fewer than seen, and larger by what the instrument hides."""
    claim = _noisy()
    found = evidence(claim, "betting", 0.05)
    got = with_mde(found, claim, "betting", 0.05, 0.9, planned, np.random.default_rng(3), Slope(slope))
    aim = 0.1 if math.isnan(slope) else 0.1 * slope
    readings = power.mde_betting(claim.seen[:57], -1, 1, 0.05, 0.9, np.random.default_rng(3), n=counted, aim=aim)
    assert got.mde == pytest.approx(factor * readings)
    assert got.slope == pytest.approx(slope, nan_ok=True)
    assert replace(got, mde=found.mde, slope=found.slope) == found


@pytest.mark.parametrize(("slope", "factor"), [(1.0, 1.0), (0.5, 2.0), (NAN, 1.0)])
def test_the_mde_of_evidence_at_once(slope: float, factor: float) -> None:
    """The MDE is that of the clusters seen, whatever was planned, and larger by what the instrument hides."""
    claim = _noisy()
    got = with_mde(
        evidence(claim, "fixed", 0.05), claim, "fixed", 0.05, 0.9, 5000, np.random.default_rng(3), Slope(slope)
    )
    readings = power.mde_fixed(claim.seen[:57], -1, 1, 0.05, 0.9, np.random.default_rng(3))
    assert got.mde == pytest.approx(factor * readings)
    assert got.slope == pytest.approx(slope, nan_ok=True)


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_the_mde_follows_level_power_and_scale(method: Method) -> None:
    """Alpha, power and both ends of the scale reach the calculation; an instrument shows all of a change by default."""
    claim = _claim([0.5, -0.25, 0.0, 0.25, -0.5], bounds=(-1.0, 2.0))
    got = with_mde(Evidence(), claim, method, 0.2, 0.7, 40, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    known = (
        power.mde_betting(claim.seen, -1, 2, 0.2, 0.7, rng, n=40, aim=0.1)
        if method == "betting"
        else power.mde_fixed(claim.seen, -1, 2, 0.2, 0.7, rng)
    )
    assert (got.mde, got.slope) == (known, 1.0)


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_an_mde_needs_two_clusters_and_a_scale_that_holds_it(method: Method) -> None:
    """One cluster tells no spread; a change beyond the scale, or behind an instrument that shows none, is infinite."""
    found, rng = Evidence(estimate=0.5, mde=0.125), np.random.default_rng(0)
    one = with_mde(found, _claim([0.25, NAN], [0.25, -1], [0.25, 1]), method, 0.05, 0.9, 8, rng, Slope(0.5))
    assert math.isnan(one.mde)
    assert (one.slope, one.estimate) == (0.5, 0.5)
    two = _claim([0.25, -0.25])
    assert 0 < with_mde(found, two, method, 0.05, 0.9, 8, rng).mde <= 1
    assert with_mde(found, two, method, 0.05, 0.9, 8, rng, Slope(0.05)).mde == math.inf
    assert with_mde(found, two, method, 0.05, 0.9, 8, rng, Slope(0.0)).mde == math.inf


def test_what_could_be_seen_of_true_harm() -> None:
    """An instrument that shows half of a change needs twice the change; more than the scale allows is nothing."""
    assert in_true_harm(0.1, Slope(0.5), 0.05, 1.0) == pytest.approx(0.2)
    assert in_true_harm(0.5, Slope(0.5), 0.05, 1.0) == 1.0
    assert in_true_harm(0.1, Slope(0.05), 0.05, 1.0) == math.inf
    assert in_true_harm(0.1, Slope(0.05), 0.05, 3.0) == pytest.approx(2.0)
    assert in_true_harm(0.1, Slope(0.0), 0.05, 1.0) == math.inf
    assert math.isnan(in_true_harm(0.1, Slope(math.nan), 0.05, 1.0))


# The chance of a decision


def _enough(value: float, threshold: float, side: betting.Side, wall: float) -> int:
    """How many clusters of this value bring the capital over the wall."""
    capital = betting.log_wealth_against(np.full(400, value), threshold, -1, 1, side, aim=0.1)
    return int(np.argmax(capital >= wall))


@pytest.mark.parametrize(
    ("value", "side", "alpha", "family", "wall"),
    [
        (-0.25, "less", 0.05, 1, 1 / 0.05),
        (-0.25, "less", 0.05, 9, 1 / 0.05),
        (-0.25, "less", 0.2, 9, 1 / 0.2),
        (0.75, "greater", 0.05, 1, 1 / 0.05),
        (0.75, "greater", 0.05, 9, 9 / 0.05),
        (0.75, "greater", 0.2, 9, 9 / 0.2),
    ],
)
def test_a_certain_decision_comes_when_it_is_due(
    value: float, side: betting.Side, alpha: float, family: int, wall: float
) -> None:
    """Clusters that never vary decide with the one that brings the capital to its wall; a fail is corrected."""
    needed = _enough(value, 0.1, side, math.log(wall))
    claim = _claim(np.full(5, value))
    rng = np.random.default_rng(0)
    assert needed > 6
    assert decision_chance(claim, needed - 5, alpha, family, rng) == 1.0
    assert decision_chance(claim, needed - 6, alpha, family, rng) == 0.0


@pytest.mark.parametrize(("value", "extreme"), [(-0.25, 1.0), (0.75, -1.0)])
def test_missing_clusters_count_against_a_decision(value: float, extreme: float) -> None:
    """What is missing stands in the past as harmful as can be for a pass, as harmless as can be for a fail."""
    held = [value] * 5 + [NAN] * 5
    gone = {"best": np.nan_to_num(held, nan=-1.0), "worst": np.nan_to_num(held, nan=1.0)}
    claim = _claim(held, gone["best"], gone["worst"])
    whole = np.array([value] * 5 + [extreme] * 5 + [value] * 400)
    side: betting.Side = "less" if value < 0 else "greater"
    needed = int(np.argmax(betting.log_wealth_against(whole, 0.1, -1, 1, side, aim=0.1) >= -math.log(0.05)))
    rng = np.random.default_rng(0)
    assert decision_chance(claim, needed - 10, 0.05, 1, rng) == 1.0
    assert decision_chance(claim, needed - 11, 0.05, 1, rng) == 0.0


def test_the_chance_of_a_decision_is_a_share_of_futures() -> None:
    """Of two hundred futures drawn from what was seen, those count in which harm is ruled out or shown at some look."""
    seen = np.array([0.5, -0.75, 0.0, -0.25, 0.75, -0.5, NAN])
    claim = _claim(seen, np.nan_to_num(seen, nan=-1.0), np.nan_to_num(seen, nan=1.0))
    drawn = np.random.default_rng(7).choice(seen[:6], (200, 60))
    decided = 0
    for future in drawn:
        passing = betting.log_wealth_against([*claim.worst, *future], 0.1, -1, 1, "less", aim=0.1).max()
        failing = betting.log_wealth_against([*claim.best, *future], 0.1, -1, 1, "greater", aim=0.1).max()
        decided += passing >= -math.log(0.2) or failing >= math.log(2 / 0.2)
    got = decision_chance(claim, 60, 0.2, 2, np.random.default_rng(7))
    assert 0.05 < got < 0.95
    assert got == decided / 200


# Looked at


def _spread(mean: float, size: int = 60, statement: Statement = MARGIN, seed: int = 4) -> Claim:
    """Clusters whose mean is exactly this, of a spread of about a fifth."""
    drawn = np.random.default_rng(seed).normal(0.0, 0.2, size).clip(-0.6, 0.6)
    return _claim(drawn - drawn.mean() + mean, statement=statement)


HALF = Looks((0.25, 0.5))


@pytest.mark.parametrize("slope", [EXACT, Slope(0.6), Slope(0.6, 0.04)])
@pytest.mark.parametrize("looks", [Looks((0.2,)), HALF, Looks((0.2,), final=True), Looks((0.5, 1.0), final=True)])
def test_a_look_tests_at_its_nominal_level(looks: Looks, slope: Slope) -> None:
    """Bounds are those of evidence of fixed size at the look's level; its p-value is one over all looks."""
    claim = _noisy()
    found = at_look(claim, 0.05, slope, looks, None)
    fixed = evidence(claim, "fixed", nominal_level(0.05, looks), slope)
    assert (found.low, found.high) == (fixed.low, fixed.high)
    assert found.p_value == p_at_any_look(fixed.p_value, looks)
    assert found.method == "looks"
    same = replace(fixed, p_value=found.p_value, method="looks")
    assert repr(found) == repr(same)


@pytest.mark.parametrize("mean", [0.16, 0.2, 0.25])
def test_the_p_value_of_a_look_is_where_its_bound_meets_the_threshold(mean: float) -> None:
    """Harm is shown at a level just where the lower bound at that level of error lies above the threshold."""
    claim = _spread(mean)
    found = at_look(claim, 0.05, EXACT, HALF, None)
    assert 1e-6 < found.p_value < 0.5
    assert at_look(claim, found.p_value * 1.06, EXACT, HALF, None).low > 0.1
    assert at_look(claim, found.p_value * 0.94, EXACT, HALF, None).low < 0.1


def test_what_a_look_found_stays() -> None:
    """Bounds and p-values that held at an earlier look hold on; whatever else is said is of the present one."""
    early, late = _spread(0.2, 40), _spread(0.05, 60)
    first = at_look(early, 0.05, EXACT, Looks((0.25,)), None)
    second = at_look(late, 0.05, EXACT, HALF, first)
    alone = at_look(late, 0.05, EXACT, HALF, None)
    assert (second.low, second.high) == (first.low, alone.high)
    assert second.p_value == first.p_value < alone.p_value
    assert (second.estimate, second.clusters) == (alone.estimate, 60)
    turned = at_look(early, 0.05, EXACT, HALF, at_look(late, 0.05, EXACT, Looks((0.25,)), None))
    assert turned.high == pytest.approx(at_look(late, 0.05, EXACT, Looks((0.25,)), None).high)
    nothing = evidence(_claim([NAN], [-1], [1]), "fixed", 0.05)
    assert repr(at_look(late, 0.05, EXACT, HALF, nothing)) == repr(alone)


def test_a_look_that_may_spend_nothing_shows_nothing() -> None:
    """Below the least level that counts, anything on the scale is still possible; a last look spends what is left."""
    claim = _spread(0.3)
    for looks in (Looks(), Looks((0.001,))):
        found = at_look(claim, 1e-7, EXACT, looks, None)
        assert (found.low, found.high, found.p_value) == (-1.0, 1.0, 1.0)
        assert found.estimate == pytest.approx(0.3)
    assert at_look(claim, 0.05, EXACT, Looks((0.001,), final=True), None).low > 0.1
    flagrant = at_look(_claim(np.tile([0.85, 0.95], 300)), 1e-7, EXACT, Looks((0.001,)), None)
    assert (flagrant.low, flagrant.high, flagrant.p_value) == (-1.0, 1.0, 1.0)


def test_a_look_at_nothing_is_no_evidence() -> None:
    """Where no cluster was seen there is no interval and no method, whatever the looks."""
    found = at_look(_claim([NAN], [-1], [1]), 0.05, EXACT, HALF, None)
    assert (found.clusters, found.method) == (0, "none")
    assert math.isnan(found.p_value)


@pytest.mark.parametrize(
    ("looks", "end", "share"),
    [
        (HALF, Looks((0.25, 0.5, 1.0), final=True), 0.5),
        (Looks((0.2,)), Looks((0.2, 1.0), final=True), 0.2),
        (Looks((0.5, 1.0), final=True), Looks((0.5, 1.0), final=True), 1.0),
        (Looks((0.25,), final=True), Looks((0.25,), final=True), 1.0),
    ],
)
@pytest.mark.parametrize("slope", [EXACT, Slope(0.5, 0.02)])
def test_the_mde_of_a_gate_that_is_looked_at(looks: Looks, end: Looks, share: float, slope: Slope) -> None:
    """It is that of all that it may ask, or of what it asked if the last look is taken; larger by what is hidden."""
    claim, rng = _noisy(120), np.random.default_rng(9)
    known = claim.seen[~np.isnan(claim.seen)]
    level = nominal_level(0.05, end)
    shown = power.mde_fixed(known, -1, 1, level, 0.8, np.random.default_rng(9)) * math.sqrt(share)
    found = with_mde_at_end(evidence(claim, "fixed", 0.05), claim, 0.05, 0.8, looks, rng, slope)
    assert found.mde == pytest.approx(in_true_harm(shown, slope, level, 1.0))
    assert found.slope == slope.value


def test_an_mde_at_the_end_needs_two_clusters_and_a_look() -> None:
    """Of one cluster, or before the first look, nothing is known; an unknown slope leaves the readings as they are."""
    rng = np.random.default_rng(1)
    for claim, looks in ((_claim([0.1]), HALF), (_spread(0.0), Looks())):
        known = replace(evidence(claim, "fixed", 0.05), mde=0.125)
        assert math.isnan(with_mde_at_end(known, claim, 0.05, 0.9, looks, rng).mde)
    claim = _spread(0.0)
    unknown = with_mde_at_end(evidence(claim, "fixed", 0.05), claim, 0.05, 0.9, HALF, rng, Slope(math.nan))
    assert 0 < unknown.mde < 1
    assert math.isnan(unknown.slope)


def _decided_in_the_end(mean: float, size: int, share: float, slope: Slope, weight: float) -> float:
    """How often the whole decides, where truths are as the part seen leaves them possible: by drawing what follows."""
    rng, runs, sd = np.random.default_rng(3), 40_000, 0.2
    whole = round(size / share)
    truth = rng.normal(mean, sd / math.sqrt(size), runs)
    rest = rng.normal(truth, sd / math.sqrt(whole - size))
    end = share * mean + (1 - share) * rest
    final = Looks((share, 1.0), final=True)
    error = math.hypot(sd / math.sqrt(whole), 0.1 * slope.se)
    room = 0.1 * slope.value
    levels = [nominal_level(level, final) for level in (0.05, 0.05 * weight)]
    reach = [float(stats.norm.isf(level)) * error for level in levels]
    unseen = [float(intervals.out_of_sight(whole, level)) for level in levels]
    passes = end + np.maximum(reach[0], unseen[0] * (1 - end)) < room
    fails = end - np.maximum(reach[1], unseen[1] * (end + 1)) > room
    return float((passes | fails).mean())


@pytest.mark.parametrize("mean", [0.0, 0.06, 0.09, 0.13, 0.2])
@pytest.mark.parametrize(
    ("share", "slope", "weight"), [(0.3, EXACT, 1.0), (0.5, EXACT, 0.1), (0.5, Slope(0.8, 0.1), 0.2)]
)
def test_the_chance_at_the_end_is_that_of_what_may_follow(
    mean: float, share: float, slope: Slope, weight: float
) -> None:
    """It agrees with futures that are drawn from the truths which what was seen leaves possible."""
    claim = _spread(mean, 60)
    scale = 0.2 / float(claim.seen.std(ddof=1))
    claim = _claim(mean + (claim.seen - mean) * scale)
    found = chance_at_end(claim, 0.05, weight, slope, Looks((share,)), round(60 / share))
    assert found == pytest.approx(_decided_in_the_end(mean, 60, share, slope, weight), abs=0.015)


def test_the_chance_at_the_end_counts_what_is_missing() -> None:
    """Lost answers stand against a pass, in the part seen; one cluster says nothing of what is to come."""
    claim = _spread(0.0)
    lost = replace(claim, worst=claim.worst + 0.1, best=claim.best - 0.1)
    whole, less = (chance_at_end(one, 0.05, 1.0, EXACT, HALF, 120) for one in (claim, lost))
    assert less < whole / 2
    assert chance_at_end(_claim([0.1]), 0.05, 1.0, EXACT, HALF, 120) == 1.0
    assert chance_at_end(_claim([-0.9, 0.9]), 0.05, 1.0, EXACT, HALF, 120) < 1.0


def test_so_few_clusters_cannot_decide_however_little_they_differ() -> None:
    """Where all that may be asked leaves more unseen than the room, asking on is hopeless; with more clusters not."""
    still = _claim(np.tile([0.0, 0.001], 15))
    assert chance_at_end(still, 0.05, 1.0, EXACT, HALF, 30) < 0.01
    assert chance_at_end(still, 0.05, 1.0, EXACT, HALF, 300) == pytest.approx(1.0)
    harm = _claim(np.tile([0.15, 0.151], 15))
    assert chance_at_end(harm, 0.05, 1.0, EXACT, HALF, 30) < 0.01
    assert chance_at_end(harm, 0.05, 1.0, EXACT, HALF, 300) == pytest.approx(1.0)


@pytest.mark.parametrize("clusters", [30, 60, 300])
@pytest.mark.parametrize("mean", [0.0, 0.09, 0.15])
def test_the_chance_at_the_end_is_the_same_in_any_unit(mean: float, clusters: int) -> None:
    """Readings, margin and scale four times as large are the same evidence, also where few clusters leave much open."""
    seen = mean + np.tile([0.0, 0.001], 15)
    wide = _claim(4 * seen, statement=replace(MARGIN, threshold=0.4), bounds=(-4.0, 4.0))
    plain, scaled = (chance_at_end(one, 0.05, 1.0, EXACT, HALF, clusters) for one in (_claim(seen), wide))
    assert scaled == pytest.approx(plain, abs=1e-6)


@pytest.mark.parametrize(
    ("worse", "better", "count"), [(1, 1, 250), (2, 2, 250), (1, 3, 250), (3, 1, 250), (1, 1, 30), (1, 1, 1000)]
)
def test_few_changes_among_many_clusters_leave_a_near_bound(worse: int, better: int, count: int) -> None:
    """Of a few worse and a few better the bound is no farther than an exact one on the share of worse alone."""
    seen = np.zeros(count)
    seen[:worse], seen[worse : worse + better] = 1.0, -1.0
    found = evidence(_claim(seen), "fixed", 0.05)
    exact = stats.binomtest(worse, count).proportion_ci(0.90, "exact").high
    assert found.estimate < found.high <= exact
    fewer = stats.binomtest(better, count).proportion_ci(0.90, "exact").high
    assert -fewer <= found.low < found.estimate


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_an_instrument_with_an_error_shows_no_level_of_harm(method: Method) -> None:
    """Its false positives add to a level: far above a limit nothing is shown, which an exact instrument shows."""
    claim = _claim(np.tile([0.8, 1.0], 100), statement=Statement("limit", 0.2), bounds=(0.0, 1.0))
    found = evidence(claim, method, 0.05, Slope(0.9, 0.01))
    assert (found.low, found.e_value, found.p_value) == (0.0, 0.0, 1.0)
    assert evidence(claim, method, 0.05).p_value < 0.001


def test_a_lower_bound_of_bets_below_nothing_takes_the_smallest_share() -> None:
    """Where the readings' bound lies below 0 a smaller share moves it outwards, where above a larger one."""
    shows = Slope(0.5, 0.05)
    level, flat = shows.ruling_out(0.05)
    for mean, share in ((0.0, flat), (0.3, shows.high(0.05 - level))):
        claim = _claim(mean + np.tile([-0.1, 0.1], 100))
        against = 0.1 * shows.showing(0.05, 1)
        bound = RunningBound(-1, 1, "greater", level, against, aim=aimed(claim, shows)).take(claim.best).bound
        assert (bound > 0) is (mean > 0)
        assert evidence(claim, "betting", 0.05, shows).low == pytest.approx(bound / share)


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_an_instrument_with_an_error_shows_a_lack_of_what_is_good(method: Method) -> None:
    """Its false positives only add to a level: where little is read there is little, and that alone can be shown."""
    shows, limit = Slope(0.9, 0.01), -0.6
    claim = _claim(np.tile([-0.4, -0.2], 100), statement=Statement("limit", limit), bounds=(-1.0, 0.0))
    found = evidence(claim, method, 0.05, shows)
    assert found.high == 0.0
    assert limit < found.low < found.estimate == pytest.approx(-0.3 / 0.9)
    assert found.p_value < 0.001
    if method == "betting":
        least = limit * shows.ruling_out(0.05)[1]
        assert found.e_value == pytest.approx(betting.e_value(claim.seen, least, -1, 0, "greater"))


@pytest.mark.parametrize("method", ["betting", "fixed"])
@pytest.mark.parametrize(
    ("shows", "mean"), [(Slope(0.0, 0.02), 0.01), *((Slope(0.0), mean) for mean in (-0.5, -0.01, 0.0, 0.01, 0.5))]
)
def test_an_instrument_that_shows_nothing_of_a_change_bounds_none(method: Method, shows: Slope, mean: float) -> None:
    """What is read is told, and nothing is made of it: there is no estimate, and all of the scale may be true."""
    found = evidence(_claim(mean + np.tile([-0.11, 0.11], 100)), method, 0.05, shows)
    assert found.reading == pytest.approx(mean)
    assert all(map(math.isnan, (found.estimate, found.missing_low, found.missing_high)))
    assert (found.low, found.high, found.p_value) == (-1.0, 1.0, 1.0)
    assert not found.e_value > 1
    if method == "betting" and shows.high(0.05) <= 0:
        assert found.e_value == 0.0


def test_harm_is_shown_at_a_level_of_its_own() -> None:
    """The lower bound is that of the level for showing harm, the upper one that for ruling it out, also at a look."""
    claim = _noisy()
    for showing in (0.01, 0.2):
        found = evidence(claim, "fixed", 0.05, showing=showing)
        assert found.low == evidence(claim, "fixed", showing).low
        assert found.high == evidence(claim, "fixed", 0.05).high
    looks = Looks((0.25, 0.5), power=SOONER)
    shown, ruled_out = nominal_level(0.05, looks.showing), nominal_level(0.05, looks)
    assert shown < ruled_out
    found = at_look(claim, 0.05, EXACT, looks, None)
    assert (found.low, found.high) == (
        evidence(claim, "fixed", shown).low, evidence(claim, "fixed", ruled_out).high
    )  # fmt: skip
