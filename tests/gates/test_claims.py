"""The statements of a gate, with one number a cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.gates.claims import (
    Claim,
    Part,
    Statement,
    claims,
    family_claims,
    family_slope,
    part_scales,
    use_case_claims,
)
from seatrial.gates.weigh import evidence
from seatrial.instruments import Signal, declared_signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec
from seatrial.stats.instruments import EXACT, Slope
from seatrial.stats.intervals import fixed_size

NAN = float("nan")
WIDE = (-1.0, 3.0)
"""A scale on which no end is the other's mirror, so that a sign or an end taken for another shows."""
HIGH = declared_signal("behavior/x", SignalSpec(harmful="high", bounds=WIDE))
LOW = declared_signal("behavior/x", SignalSpec(harmful="low", bounds=WIDE))
GATE = Gate(signal="behavior/x", margin=0.5)


def _table(
    before: Sequence[float],
    after: Sequence[float],
    clusters: str | Sequence[str] = "",
    use_cases: Sequence[str] = (),
) -> PairedTable:
    """Items i0, i1, …, each a cluster of its own unless clusters are named, one letter or word an item."""
    names = [f"i{number}" for number in range(len(before))]
    return PairedTable(
        pl.Series(names),
        pl.Series(list(clusters) or names),
        pl.Series(list(use_cases) or ["general"] * len(names)),
        np.array(before, dtype=float),
        np.array(after, dtype=float),
    )


@pytest.mark.parametrize(
    ("kind", "use_case", "label"),
    [
        ("margin", "", "all items"),
        ("margin", "health", "use case: health"),
        ("margin", "credit limits", "use case: credit limits"),
        ("limit", "", "limit"),
        ("limit", "health", "limit, use case: health"),
    ],
)
def test_a_statement_has_a_label(kind: Literal["margin", "limit"], use_case: str, label: str) -> None:
    """A statement is named by its kind, and by its use case where it is about one."""
    assert Statement(kind, 0.1, use_case).label == label


BEFORE, AFTER = (0.5, NAN, 0.25, NAN), (1.0, 1.0, NAN, NAN)
"""Answered by both models, by the candidate, by the baseline, by neither."""


@pytest.mark.parametrize(
    ("harmful", "seen", "best", "worst"),
    [
        ("high", [0.5, NAN, NAN, NAN], [0.5, -2.0, -1.25, -4.0], [0.5, 2.0, 2.75, 4.0]),
        ("low", [-0.5, NAN, NAN, NAN], [-0.5, -2.0, -2.75, -4.0], [-0.5, 2.0, 1.25, 4.0]),
    ],
)
def test_missing_answers_of_either_model(
    harmful: Literal["high", "low"], seen: list[float], best: list[float], worst: list[float]
) -> None:
    """A missing answer is as harmless and as harmful as the scale allows, for the baseline the other way round."""
    (claim,) = claims(GATE, HIGH if harmful == "high" else LOW, _table(BEFORE, AFTER), ["i0", "i1", "i2", "i3"])
    assert claim.statement == Statement("margin", 0.5)
    np.testing.assert_array_equal(claim.seen, seen)
    np.testing.assert_array_equal(claim.best, best)
    np.testing.assert_array_equal(claim.worst, worst)
    assert (claim.low, claim.high) == (-4.0, 4.0)
    assert (claim.items, claim.missing) == (1, 3)
    assert claim.sign == (1.0 if harmful == "high" else -1.0)
    np.testing.assert_array_equal(claim.baseline, [0.5, NAN, NAN, NAN])
    np.testing.assert_array_equal(claim.candidate, [1.0, NAN, NAN, NAN])


@pytest.mark.parametrize(
    ("harmful", "best", "worst"),
    [
        ("high", [0.25 - 1.0, 1.0 - 2.0], [2.25 - 1.0, 1.0 - 0.0]),
        ("low", [-2.25 + 1.0, -1.0 + 0.0], [-0.25 + 1.0, -1.0 + 2.0]),
    ],
)
def test_lost_draws_of_either_model(harmful: Literal["high", "low"], best: list[float], worst: list[float]) -> None:
    """The share of an item that did not come back is as harmless and as harmful as the scale allows, on its side."""
    table = replace(
        _table([1.0, 1.0], [1.5, 1.0]),
        baseline_answered=np.array([1.0, 0.5]),
        candidate_answered=np.array([0.5, 1.0]),
    )
    gate = Gate(signal="behavior/x", margin=0.5, limit=2.0)
    claim, limit = claims(gate, HIGH if harmful == "high" else LOW, table, ["i0", "i1"])
    sign = 1.0 if harmful == "high" else -1.0
    np.testing.assert_allclose(claim.seen, [0.5 * sign, 0.0])
    np.testing.assert_allclose(claim.best, best)
    np.testing.assert_allclose(claim.worst, worst)
    assert (claim.items, claim.missing) == (2, 2)
    assert (limit.items, limit.missing) == (2, 1)
    np.testing.assert_allclose(sorted([limit.best[0], limit.worst[0]]), sorted([0.25 * sign, 2.25 * sign]))
    assert limit.best[1] == limit.worst[1] == sign


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([NAN, *np.linspace(-1, 3, 9)]), st.floats(-1, 3)),
        min_size=1,
        max_size=25,
    ),
    st.sampled_from([HIGH, LOW]),
)
def test_the_change_is_the_difference_of_the_levels(rows: list[tuple[int, float, float]], signal: Signal) -> None:
    """However unequal clusters are, candidate minus baseline, + for harm, is the change; in each use case too.

    The comparison without pairs has the same middle.
    """
    names, before, after = zip(*rows, strict=True)
    table = _table(before, after, [f"c{name}" for name in names], ["law" if name % 2 else "work" for name in names])
    gate = Gate(signal="behavior/x", margin=0.5, limit=2.0, per="use_case")
    for claim in claims(gate, signal, table, None):
        found = evidence(claim, "fixed", 0.05)
        if claim.statement.kind == "limit":
            assert found.estimate == pytest.approx(claim.sign * found.candidate, nan_ok=True)
            continue
        change = claim.sign * (found.candidate - found.baseline)
        assert found.estimate == pytest.approx(change, abs=1e-12, nan_ok=True)
        if not math.isnan(found.unpaired_low):
            assert (found.unpaired_low + found.unpaired_high) / 2 == pytest.approx(change, abs=1e-9)


def test_the_change_of_large_and_small_clusters() -> None:
    """A cluster counts once in change and levels alike, however many items it has."""
    table = _table([0.0] * 9 + [1.0], [1.0] * 9 + [0.0], "aaaaaaaaab")
    found = evidence(claims(GATE, HIGH, table, None)[0], "fixed", 0.05)
    assert (found.baseline, found.candidate, found.estimate) == (0.5, 0.5, 0.0)


def test_high_is_harm_unless_a_claim_says_otherwise() -> None:
    """A claim made without a sign is about a scale whose high end is harm."""
    nothing = np.zeros(0)
    assert Claim(Statement("margin", 0.5), -1, 1, nothing, nothing, nothing, 0, 0, nothing, nothing).sign == 1.0


def test_a_baseline_that_says_nothing_does_not_favor_the_candidate() -> None:
    """Where the baseline failed on the harmless items harm may have risen by all the candidate shows."""
    (claim,) = claims(GATE, HIGH, _table([3.0, NAN], [3.0, 3.0]), ["i0", "i1"])
    assert claim.worst.mean() == 2.0
    assert claim.best.mean() == 0.0


@pytest.mark.parametrize(
    ("harmful", "threshold", "bounds", "seen", "best", "worst"),
    [
        ("high", 2.0, (-1.0, 3.0), [1.0, 1.0, NAN, NAN], [1.0, 1.0, -1.0, -1.0], [1.0, 1.0, 3.0, 3.0]),
        ("low", -2.0, (-3.0, 1.0), [-1.0, -1.0, NAN, NAN], [-1.0, -1.0, -3.0, -3.0], [-1.0, -1.0, 1.0, 1.0]),
    ],
)
def test_a_limit_is_about_the_candidate_alone(
    harmful: Literal["high", "low"],
    threshold: float,
    bounds: tuple[float, float],
    seen: list[float],
    best: list[float],
    worst: list[float],
) -> None:
    """A limit turns with the scale, needs the candidate's answer only, and counts a missing one both ways."""
    gate = Gate(signal="behavior/x", margin=0.5, limit=2.0)
    margin, limit = claims(gate, HIGH if harmful == "high" else LOW, _table(BEFORE, AFTER), ["i0", "i1", "i2", "i3"])
    assert (margin.statement.kind, margin.items, margin.missing) == ("margin", 1, 3)
    assert limit.statement == Statement("limit", threshold)
    assert (limit.low, limit.high) == bounds
    assert (limit.items, limit.missing) == (2, 2)
    np.testing.assert_array_equal(limit.seen, seen)
    np.testing.assert_array_equal(limit.best, best)
    np.testing.assert_array_equal(limit.worst, worst)
    assert limit.sign == (1.0 if harmful == "high" else -1.0)


def test_a_cluster_is_the_mean_of_its_items() -> None:
    """What was seen is the mean over answered items; the two extremes are means over all items of the cluster."""
    table = _table([0.0, 0.0, 0.0, 0.0, NAN], [1.0, 2.0, NAN, 3.0, 0.0], "aaabc")
    (claim,) = claims(GATE, HIGH, table, ["a", "b", "c"])
    np.testing.assert_allclose(claim.seen, [1.5, 3.0, NAN])
    np.testing.assert_allclose(claim.best, [(1 + 2 - 1) / 3, 3.0, -3.0])
    np.testing.assert_allclose(claim.worst, [(1 + 2 + 3) / 3, 3.0, 1.0])
    assert (claim.items, claim.missing) == (3, 2)


@pytest.mark.parametrize("packed", [False, True])
def test_clusters_stand_in_the_order_of_asking(packed: bool) -> None:
    """Clusters follow the order in which they were drawn, not that of the rows, whether names are packed or not."""
    table = _table([0.0] * 5, [0.1, 0.2, 0.3, 0.4, 0.3], "zmbam")
    if packed:
        table = PairedTable(
            table.items, table.clusters.cast(pl.Categorical()), table.use_cases, table.baseline, table.candidate
        )
    (claim,) = claims(GATE, HIGH, table, ["q", "m", "z", "a", "b"])
    np.testing.assert_allclose(claim.seen, [0.25, 0.1, 0.4, 0.3])
    np.testing.assert_allclose(claim.worst, claim.seen)
    (whole,) = claims(GATE, HIGH, table, None)
    np.testing.assert_allclose(sorted(whole.seen), [0.1, 0.25, 0.3, 0.4])


USES = ("work", "law", "work", "credit limits", "law")


def _by_use_case(packed: bool) -> PairedTable:
    table = _table([0.0, 0.0, NAN, 0.0, 0.0], [1.0, 2.0, 3.0, NAN, 1.0], "abacb", USES)
    if not packed:
        return table
    named = table.use_cases.cast(pl.Categorical())
    return PairedTable(table.items, table.clusters, named, table.baseline, table.candidate)


@pytest.mark.parametrize("packed", [False, True])
def test_use_cases_are_claims_of_their_own(packed: bool) -> None:
    """A gate per use case claims margin and limit over all items first, then in each use case, by name."""
    gate = Gate(signal="behavior/x", margin=0.5, limit=2.0, per="use_case")
    found = claims(gate, LOW, _by_use_case(packed), ["c", "b", "a"])
    assert [(one.statement.kind, one.statement.threshold, one.statement.use_case) for one in found] == [
        (kind, threshold, use_case)
        for use_case in ("", "credit limits", "law", "work")
        for kind, threshold in (("margin", 0.5), ("limit", -2.0))
    ]
    law, work = found[4], found[6]
    np.testing.assert_array_equal(found[0].seen, [NAN, -1.5, -1.0])
    np.testing.assert_array_equal(law.seen, [-1.5])
    np.testing.assert_array_equal(work.seen, [-1.0])
    assert (law.items, law.missing, work.items, work.missing) == (2, 0, 1, 1)
    np.testing.assert_array_equal(work.baseline, [0.0])
    np.testing.assert_array_equal(work.candidate, [1.0])
    np.testing.assert_array_equal(found[7].seen, [-2.0])


@pytest.mark.parametrize(("signal", "harmless"), [(HIGH, -1.0), (LOW, 3.0)])
def test_a_claim_knows_its_clusters_use_cases_and_the_harmless_end(signal: Signal, harmless: float) -> None:
    """One use case a cluster, in the clusters' order, as text; where low is harm, the high end is harmless."""
    found = claims(GATE, signal, _by_use_case(False), ["c", "b", "a"])[0]
    table = _by_use_case(False)
    of = dict(zip(table.clusters.cast(pl.String), table.use_cases.cast(pl.String), strict=True))
    assert found.use_cases.tolist() == [of[name] for name in ("c", "b", "a")]
    assert found.use_cases.dtype.kind == "U"
    assert found.harmless == harmless


def test_any_gate_can_be_claimed_by_use_case() -> None:
    """The margin of a gate over all items, limit or not, is claimed in each use case, and nothing else is."""
    gate = Gate(signal="behavior/x", margin=0.5, limit=2.0)
    found = use_case_claims(gate, HIGH, _by_use_case(False), ["c", "b", "a"])
    assert [name for name, _ in found] == ["credit limits", "law", "work"]
    assert [claim.statement for _, claim in found] == [Statement("margin", 0.5, name) for name, _ in found]
    np.testing.assert_array_equal(found[2][1].worst, [(1.0 + 4.0) / 2])
    shuffled = use_case_claims(gate, HIGH, _table([0.0] * 3, [0.1, 0.2, 0.3], "abc"), ["c", "a", "b"])
    np.testing.assert_allclose(shuffled[0][1].seen, [0.3, 0.1, 0.2])
    assert len(claims(gate, HIGH, _by_use_case(False), None)) == 2


# Families

FAMILY = Gate(signal="family/f", margin=0.1, suite_margin=0.3)
CELLS = FAMILY.model_copy(update={"use_case_margin": 0.2})


def _part(
    seen: Sequence[float],
    *,
    width: float = 1.0,
    slope: Slope = EXACT,
    lost: int = 0,
    use_cases: Sequence[str] = (),
    baseline: float = 0.25,
) -> Part:
    """A suite with these changes, of which the last `lost` more clusters have no answer."""
    unknown = [NAN] * lost
    changes = np.array([*seen, *unknown])
    levels = np.array([baseline] * len(seen) + unknown)
    claim = Claim(
        Statement("margin", 0.3 * width),
        -width,
        width,
        changes,
        np.array([*seen, *[-width] * lost]),
        np.array([*seen, *[width] * lost]),
        len(seen),
        lost,
        levels,
        levels + changes,
        1.0,
        np.array(list(use_cases) or ["general"] * len(changes)),
    )
    return Part(claim, width, slope)


def _mean(parts: Sequence[Part]) -> Claim:
    (whole,), _ = family_claims(FAMILY, parts)
    return whole


def test_a_family_claims_the_mean_of_its_suites_means() -> None:
    """Suites count alike however many clusters they have: (0.3 + 0) / 2, not the mean of all six clusters."""
    whole = _mean([_part([0.5, 0.1]), _part([0.2, -0.2, 0.4, -0.4], baseline=0.5)])
    assert whole.statement == Statement("margin", 0.1)
    np.testing.assert_allclose(whole.seen, [0.75, 0.15, 0.15, -0.15, 0.3, -0.3])
    assert whole.seen.mean() == pytest.approx(0.15)
    assert (whole.baseline.mean(), whole.candidate.mean()) == pytest.approx((0.375, 0.525))
    assert (whole.low, whole.high, whole.sign, whole.harmless) == (-1.5, 1.5, 1.0, 0.0)
    assert (whole.items, whole.missing) == (6, 0)
    np.testing.assert_array_equal(whole.best, whole.seen)
    np.testing.assert_array_equal(whole.worst, whole.seen)


def test_suites_count_as_shares_of_their_scales() -> None:
    """A change by 2 on a scale of 10 is one by 0.2 on a scale of 1."""
    whole = _mean([_part([2.0, 1.0], width=10.0), _part([0.2, 0.1])])
    np.testing.assert_allclose(whole.seen, [0.2, 0.1, 0.2, 0.1])
    assert (whole.low, whole.high) == (-1.0, 1.0)


def test_no_mean_of_a_family_lies_beyond_its_scale() -> None:
    """Clusters of a small suite count more than their share, and readings show less than harm: a mean is a share."""
    parts = [_part([1.0] * 3, slope=Slope(0.5)), _part([1.0] * 9, slope=Slope(0.5))]
    (whole,), slope = family_claims(FAMILY, parts)
    assert whole.high > 1
    found = evidence(whole, "fixed", 0.05, slope)
    assert (found.estimate, found.high) == (1.0, 1.0)


def test_levels_of_a_family_rise_with_harm() -> None:
    """Of a suite whose low readings are harm, the level is how far a reading is from the harmless end."""
    part = _part([0.2, 0.4], width=2.0)
    turned = replace(part.claim, baseline=np.array([2.5, 2.5]), candidate=np.array([2.3, 2.1]), sign=-1.0, harmless=3.0)
    whole = _mean([replace(part, claim=turned), _part([0.0, 0.0], baseline=0.0)])
    np.testing.assert_allclose(whole.baseline, [0.25, 0.25, 0.0, 0.0])
    np.testing.assert_allclose(whole.candidate, [0.35, 0.45, 0.0, 0.0])


def test_readings_of_different_instruments_are_brought_to_one_slope() -> None:
    """Where one shows all of a change and one half, equal true changes count alike; the worst relative error counts."""
    parts = [_part([0.4, 0.4]), _part([0.2, 0.2], slope=Slope(0.5, 0.05))]
    (whole,), slope = family_claims(FAMILY, parts)
    assert slope.value == pytest.approx(0.75)
    assert slope.se == pytest.approx(0.075)
    np.testing.assert_allclose(whole.seen / slope.value, [0.4] * 4)
    assert slope == family_slope([EXACT, Slope(0.5, 0.05)])
    assert part_scales([1.0, 1.0], [EXACT, Slope(0.5, 0.05)]) == pytest.approx([0.75, 1.5])
    assert part_scales([4.0], [Slope(0.5)]) == [0.25]
    assert family_claims(FAMILY, [_part([0.1]), _part([0.1], slope=Slope(math.nan))])[1] == EXACT


def test_missing_answers_of_one_suite_widen_the_family_by_its_part() -> None:
    """The extremes are means of the suites' extremes; what was seen is the mean of what each suite shows."""
    whole = _mean([_part([0.4, 0.0], lost=2), _part([0.1] * 4)])
    assert np.nanmean(whole.seen) == pytest.approx((0.2 + 0.1) / 2)
    assert whole.worst.mean() == pytest.approx((0.6 + 0.1) / 2)
    assert whole.best.mean() == pytest.approx((-0.4 + 0.1) / 2)
    assert (whole.items, whole.missing) == (6, 2)


@pytest.mark.parametrize("lost", [1, 3, 40])
@pytest.mark.parametrize("others", [([1.0, -1.0] * 9,), ([1.0] * 8 + [-1.0] * 9, [0.3, -0.3])])
def test_all_numbers_of_a_family_are_within_its_reach(lost: int, others: Sequence[Sequence[float]]) -> None:
    """Whatever was lost, every number can be weighed: none lies beyond what the claim says is possible."""
    whole = _mean([_part([1.0, -1.0, 0.5], lost=lost), *map(_part, others)])
    for series in (whole.seen, whole.best, whole.worst):
        known = series[~np.isnan(series)]
        assert whole.low <= known.min()
        assert known.max() <= whole.high
        assert fixed_size(known, whole.low, whole.high, 0.05).low < known.mean()


def test_a_suite_without_a_usable_answer_lends_no_number() -> None:
    """What was asked and not answered may be any harm, but the estimate is that of the suites that show something."""
    whole = _mean([_part([], lost=3), _part([0.2, 0.4])])
    assert np.nanmean(whole.seen) == pytest.approx(0.3)
    assert whole.worst.mean() == pytest.approx((1.0 + 0.3) / 2)
    assert whole.best.mean() == pytest.approx((-1.0 + 0.3) / 2)
    assert whole.missing == 3


def test_a_suite_of_which_nothing_was_asked_is_no_part() -> None:
    """The mean is over the suites that were asked; of none there is no claim, nor where readings show nothing."""
    whole = _mean([_part([]), _part([0.2, 0.4])])
    np.testing.assert_allclose(whole.seen, [0.2, 0.4])
    assert family_claims(CELLS, [_part([])]) == ([], EXACT)
    assert family_claims(FAMILY, []) == ([], EXACT)
    assert family_claims(FAMILY, [_part([0.1]), _part([0.1], slope=Slope(0.0, 0.1))]) == ([], EXACT)


def test_use_cases_of_a_family_are_over_all_its_suites() -> None:
    """In a use case clusters count alike, whatever suite they are of, as shares of their scales; each by its name."""
    parts = [
        _part([0.4, 0.1], lost=1, use_cases=("law", "work", "law")),
        _part([2.0, 1.0, 3.0], width=10.0, use_cases=("work", "work", "play")),
    ]
    made, _ = family_claims(CELLS, parts)
    assert [claim.statement for claim in made] == [
        Statement("margin", 0.1),
        *(Statement("margin", 0.2, name) for name in ("law", "play", "work")),
    ]
    assert made[0].use_cases.tolist() == ["law", "work", "law", "work", "work", "play"]
    law, play, work = made[1:]
    np.testing.assert_allclose(law.seen, [0.4, NAN])
    np.testing.assert_allclose(law.worst, [0.4, 1.0])
    np.testing.assert_allclose(play.seen, [0.3])
    np.testing.assert_allclose(work.seen, [0.1, 0.2, 0.1])
    assert (law.items, law.missing, work.items, work.missing) == (1, 1, 3, 0)
    assert (work.low, work.high) == (-1.0, 1.0)
    assert [claim.statement.guards for claim in made] == [False, True, True, True]
    assert len(family_claims(FAMILY, parts)[0]) == 1


def test_a_use_case_brings_unlike_slopes_to_one_too() -> None:
    """The same true change has the same number in each suite's clusters of a use case."""
    parts = [_part([0.4], use_cases=("law",)), _part([0.2, 0.2], slope=Slope(0.5), use_cases=("law", "work"))]
    (_, law, work), slope = family_claims(CELLS, parts)
    np.testing.assert_allclose(law.seen / slope.value, [0.4, 0.4])
    np.testing.assert_allclose(work.seen / slope.value, [0.4])


@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=6), min_size=1, max_size=4))
def test_the_family_s_mean_is_that_of_the_means(suites: list[list[float]]) -> None:
    """However many clusters each suite has, the plain mean of the family's numbers is the mean of the suites' means."""
    whole = _mean([_part(one) for one in suites])
    assert whole.seen.mean() == pytest.approx(np.mean([np.mean(one) for one in suites]), abs=1e-12)


def test_the_bound_of_a_family_covers_its_stratified_mean() -> None:
    """With suites of unlike size, level and spread, the mean of their true means is missed at most at alpha."""
    rng, runs, missed = np.random.default_rng(8), 400, 0
    for _ in range(runs):
        parts = [
            _part(list(rng.choice([-1.0, 0.0, 1.0], size, p=chances)))
            for size, chances in ((60, (0.05, 0.75, 0.2)), (120, (0.1, 0.8, 0.1)), (30, (0.3, 0.4, 0.3)))
        ]
        missed += evidence(_mean(parts), "fixed", 0.1).high < 0.15 / 3
    assert missed / runs <= 0.1 + 3 * math.sqrt(0.09 / runs)
    assert missed / runs >= 0.01


def test_a_family_may_lie_as_far_above_its_slope_as_its_worst_suite() -> None:
    """Brought to one slope, what a starter's readings could show at most is kept, relative to what they count as."""
    found = family_slope([Slope(0.5, 0.05), Slope(0.2, 0.0, 0.6, 0.06)])
    assert (found.value, found.se) == (pytest.approx(0.35), pytest.approx(0.035))
    assert (found.top, found.top_se) == (pytest.approx(0.35 * 3), pytest.approx(0.35 * 0.3))
    assert not family_slope([EXACT, Slope(0.5, 0.05)]).two_sided
