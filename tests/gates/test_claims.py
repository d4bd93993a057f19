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

from seatrial.gates.claims import Claim, Statement, claims, use_case_claims
from seatrial.gates.weigh import evidence
from seatrial.instruments import Signal, declared_signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec

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
