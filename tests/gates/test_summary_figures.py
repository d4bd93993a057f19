"""Gates on summary figures."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seatrial.errors import PolicyError
from seatrial.gates.summary_figures import STEPS, check_summary, like_figures, summary_claims
from seatrial.instruments import Signal, declared_signal
from seatrial.policy import Figures, Gate, SignalSpec, SummarySpec
from seatrial.stats import summaries
from seatrial.stats.summaries import Mean
from seatrial.types import Evidence, Harmful

GATE = Gate(signal="benchmark/x", margin=0.05)
BEFORE, AFTER = Figures(mean=0.7, se=0.02, n=400), Figures(mean=0.66, se=0.025, n=300)
SUMMARY = SummarySpec(baseline=BEFORE, candidate=AFTER, source="a model card")


def _of(before: Figures, after: Figures) -> SummarySpec:
    return SUMMARY.model_copy(update={"baseline": before, "candidate": after})


def _signal(harmful: Harmful = "high", bounds: tuple[float, float] = (0.0, 1.0)) -> Signal:
    return declared_signal("benchmark/x", SignalSpec(summary=SUMMARY, harmful=harmful, bounds=bounds))


def test_a_gate_claims_the_change_with_the_bounds_of_welch() -> None:
    """Estimate, bounds and p-value against the margin; both levels as given; as many items as the smaller sample."""
    ((claim, found),) = summary_claims(GATE, _signal(), SUMMARY, 0.05, 0.9)
    span, p_value = summaries.change(Mean(0.7, 0.02, 400), Mean(0.66, 0.025, 300), 0.0, 1.0, 0.05, 0.05)
    assert found == Evidence(
        estimate=span.estimate,
        low=span.low,
        high=span.high,
        clusters=300,
        items=300,
        mde=summaries.smallest_seen(span, 0.9),
        slope=1.0,
        reading=span.estimate,
        p_value=p_value,
        method="summary",
        baseline=0.7,
        candidate=0.66,
        missing_low=span.estimate,
        missing_high=span.estimate,
        unpaired_low=span.low,
        unpaired_high=span.high,
        e_value=found.e_value,
    )
    assert math.isnan(found.e_value)
    assert (claim.statement.kind, claim.statement.threshold, claim.statement.use_case) == ("margin", 0.05, "")
    assert (claim.low, claim.high, claim.sign, claim.items, claim.missing) == (-1.0, 1.0, 1.0, 0, 0)
    assert {len(part) for part in (claim.seen, claim.best, claim.worst, claim.baseline, claim.candidate)} == {0}


def test_a_fall_of_what_is_good_is_harm() -> None:
    """Where a low value is harm, the change turns round and the levels stay as they were given."""
    ((_, high),), ((claim, low),) = (
        summary_claims(GATE, _signal(harmful), SUMMARY, 0.05) for harmful in ("high", "low")
    )
    assert (low.estimate, low.low, low.high) == pytest.approx((-high.estimate, -high.high, -high.low))
    assert (low.baseline, low.candidate, claim.sign) == (0.7, 0.66, -1.0)
    assert low.p_value < high.p_value


@pytest.mark.parametrize(("harmful", "level", "threshold"), [("high", 0.66, 0.6), ("low", -0.66, -0.6)])
def test_a_limit_is_about_the_candidate_alone(harmful: Harmful, level: float, threshold: float) -> None:
    """Its own level in harm, tested against the limit."""
    gate = GATE.model_copy(update={"limit": 0.6})
    _, (claim, found) = summary_claims(gate, _signal(harmful), SUMMARY, 0.05, 0.9)
    ends = (0.0, 1.0) if harmful == "high" else (-1.0, 0.0)
    own, p_value = summaries.level(Mean(level, 0.025, 300), *ends, 0.05, threshold)
    assert (found.estimate, found.low, found.high, found.p_value) == (own.estimate, own.low, own.high, p_value)
    assert (claim.statement.kind, claim.statement.threshold, claim.low, claim.high) == ("limit", threshold, *ends)
    assert math.isnan(found.mde)
    assert (found.clusters, found.method) == (300, "summary")


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0), (-2.0, 5.0)])
@pytest.mark.parametrize("harmful", ["high", "low"])
def test_a_change_may_be_the_whole_scale_and_a_level_lies_on_it(harmful: Harmful, bounds: tuple[float, float]) -> None:
    """A claim's ends are those of what it is about, wherever the scale begins."""
    low, high = bounds
    mean = (low + high) / 2
    one = Figures(mean=mean, se=0.02, n=400)
    (change, _), (level, _) = summary_claims(
        GATE.model_copy(update={"limit": mean}), _signal(harmful, bounds), _of(one, one), 0.05
    )
    assert (change.low, change.high) == (low - high, high - low)
    assert (level.low, level.high) == ((low, high) if harmful == "high" else (-high, -low))


def test_bounds_stay_on_the_scale_and_what_cannot_be_seen_is_infinite() -> None:
    """Of tiny samples the bounds end where the scale does, and no change is large enough to be seen."""
    two = Figures(mean=0.5, se=0.4, n=2)
    tiny = _of(two, two)
    (_, change), (_, level) = summary_claims(GATE.model_copy(update={"limit": 0.9}), _signal(), tiny, 0.05, 0.9)
    assert (change.low, change.high, change.mde) == (-1.0, 1.0, math.inf)
    assert (level.low, level.high) == (0.0, 1.0)
    ((_, found),) = summary_claims(GATE, _signal(), SUMMARY, 0.05)
    assert math.isnan(found.mde)
    ((_, seen),), ((_, both),) = (
        summary_claims(GATE, _signal(bounds=(low, 1.0)), SUMMARY, 0.05, 0.9) for low in (0.0, -1.0)
    )
    assert 0.05 < seen.mde == both.mde < 0.2


@pytest.mark.parametrize("more", [{"per": "use_case"}, {"labels": Path("labels.jsonl")}])
def test_what_needs_items_is_refused(more: dict[str, Any]) -> None:
    """Use cases and people's labels are of items, of which there are none."""
    check_summary(GATE)
    with pytest.raises(PolicyError, match="gate benchmark/x: summary figures say nothing of use cases or of single"):
        check_summary(GATE.model_copy(update=more))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, AFTER),
        (Figures(mean=0.01, se=0.001, n=400), Figures(mean=0.02, se=0.002, n=900)),
        (Figures(mean=0.5, se=0.05, n=100), Figures(mean=0.5, se=0.05, n=100)),
        (Figures(mean=0.99, se=0.001, n=500), Figures(mean=0.995, se=0.0015, n=500)),
    ],
)
def test_simulated_differences_spread_as_the_figures_do(before: Figures, after: Figures) -> None:
    """Their mean is 0 and the error of that mean is the figures'; the levels have the candidate's mean."""
    summary = SummarySpec(baseline=before, candidate=after, source="a model card")
    for harmful in ("high", "low"):
        signal = _signal(harmful)
        changes, levels = like_figures(signal, summary)
        assert changes.mean() == pytest.approx(0.0)
        assert changes.std() / math.sqrt(summary.items) == pytest.approx(math.hypot(before.se, after.se), rel=0.01)
        assert levels.mean() == pytest.approx(signal.harm(after.mean), abs=1e-3)
        assert (len(changes), len(levels)) == (STEPS, STEPS)
        assert np.abs(changes).max() <= 1.0
        assert signal.harm_bounds[0] <= levels.min() + 1e-9
        assert levels.max() <= signal.harm_bounds[1]
        assert levels.std() / math.sqrt(summary.items) == pytest.approx(after.se, rel=0.05)


def test_figures_without_spread_simulate_none() -> None:
    """Where all answers of both models were the same, no difference and no level spreads."""
    none = Figures(mean=1.0, se=0.0, n=50)
    changes, levels = like_figures(_signal(), _of(none, none))
    assert set(changes) == {0.0}
    assert set(levels) == {1.0}


def test_a_larger_error_rate_gives_nearer_bounds() -> None:
    """The estimate and all else that is not a bound stay as they are."""
    ((_, near),), ((_, far),) = (summary_claims(GATE, _signal(), SUMMARY, alpha) for alpha in (0.2, 0.01))
    assert far.low < near.low < near.estimate < near.high < far.high
    assert replace(near, low=far.low, high=far.high, unpaired_low=0, unpaired_high=0, mde=0, e_value=0) == replace(
        far, unpaired_low=0, unpaired_high=0, mde=0, e_value=0
    )


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0)])
@pytest.mark.parametrize(("se", "n"), [(0.02, 25), (0.1, 25), (0.505, 2)])
def test_simulated_differences_are_few_and_large(bounds: tuple[float, float], se: float, n: int) -> None:
    """As many fall as rise by about the whole scale, and all where figures spread as much as rounded ones may."""
    wide = bounds[1] - bounds[0]
    one = Figures(mean=bounds[0] + wide / 2, se=se * wide, n=n)
    changes, _ = like_figures(_signal(bounds=bounds), _of(one, one))
    moved = math.ceil(100 * min(1.0, n * 2 * se**2))
    assert ((changes > 0).sum(), (changes < 0).sum()) == (moved, moved)
    assert changes.max() == -changes.min() == pytest.approx(wide * min(1.0, math.sqrt(n * 2 * se**2 * 100 / moved)))


def test_simulated_levels_stay_on_the_scale_and_few_are_far() -> None:
    """A small spread is that of one level in two hundred; as large a one as two items can have ends with the scale."""
    few = Figures(mean=0.02, se=0.002, n=900)
    _, levels = like_figures(_signal(), _of(few, few))
    assert (levels > 0.02).sum() == 1
    assert (levels.mean(), levels.std()) == pytest.approx((0.02, 0.06), rel=1e-9)
    two = Figures(mean=0.5, se=0.4, n=2)
    _, levels = like_figures(_signal(), _of(two, two))
    assert (levels.min(), levels.max()) == (0.0, 1.0)
