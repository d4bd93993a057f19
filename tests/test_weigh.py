"""From observations to evidence: pairing, clustering, missing answers, chances of a decision."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from seatrial.gates.claims import claims, use_case_claims
from seatrial.gates.weigh import Method, decision_chance, evidence, in_true_harm
from seatrial.instruments import declared_signal
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec

SIGNAL = declared_signal("behavior/x", SignalSpec())
GATE = Gate(signal="behavior/x", margin=0.05)


def _table(before: np.ndarray, after: np.ndarray, clusters: np.ndarray | None = None) -> PairedTable:
    count = len(before)
    names = np.arange(count) if clusters is None else clusters
    return PairedTable(
        pl.Series([f"i{n}" for n in range(count)]),
        pl.Series([f"c{n}" for n in names]),
        pl.Series([("law", "work")[n % 2] for n in range(count)]),
        np.asarray(before, dtype=float),
        np.asarray(after, dtype=float),
    )


def _order(table: PairedTable) -> list[str]:
    return list(dict.fromkeys(table.clusters))


def test_items_of_a_cluster_count_once() -> None:
    """Asking the same thing again in the same cluster adds nothing to the evidence."""
    rng = np.random.default_rng(0)
    before, after = rng.random(60), rng.random(60)
    once = _table(before, after)
    twice = _table(np.tile(before, 2), np.tile(after, 2), np.tile(np.arange(60), 2))
    one, two = (evidence(claims(GATE, SIGNAL, table, _order(once))[0], "fixed", 0.05) for table in (once, twice))
    assert (one.low, one.high, one.clusters) == pytest.approx((two.low, two.high, two.clusters))
    assert two.items == 120


def test_clusters_keep_the_error_rate_and_ignoring_them_does_not() -> None:
    """With a shock shared by each cluster false passes stay near alpha; with every item its own they do not."""
    rng = np.random.default_rng(1)
    runs, rates = 300, []
    for ignored in (False, True):
        passed = 0
        for _ in range(runs):
            names = np.repeat(np.arange(50), 8)
            shock = rng.normal(0, 0.1, 50)[names]
            before = np.full(400, 0.5)
            table = _table(before, np.clip(before + 0.05 + shock, 0, 1), None if ignored else names)
            passed += evidence(claims(GATE, SIGNAL, table, _order(table))[0], "fixed", 0.05).high < 0.05
        rates.append(passed / runs)
    assert rates[0] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert rates[1] > 0.15


def test_looking_again_and_again_keeps_the_error_rate() -> None:
    """Over many looks, sequential evidence passes a broken gate within alpha; fixed-size evidence does not."""
    rng = np.random.default_rng(6)
    gate, runs = Gate(signal="behavior/x", margin=0.3), 100
    passed: dict[Method, int] = {"betting": 0, "fixed": 0}
    for _ in range(runs):
        change = np.where(rng.random(160) < 0.65, 0.7, -0.155 / 0.35)  # the mean is the margin
        table = _table(np.clip(-change, 0, 1), np.clip(change, 0, 1))
        (whole,) = claims(gate, SIGNAL, table, _order(table))
        looks = [replace(whole, seen=change[:n], best=change[:n], worst=change[:n]) for n in range(40, 161, 12)]
        for method in passed:
            passed[method] += any(evidence(look, method, 0.05).high < 0.3 for look in looks)
    assert passed["betting"] / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert passed["fixed"] / runs > 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_the_e_value_is_fair() -> None:
    """Where a claim just holds the e-value's expectation is 1: it is the capital at the end, not at its best."""
    gate, expected = Gate(signal="behavior/x", margin=0.1), 0.0
    for ups in range(21):
        change = np.repeat([1.0, -1.0], [ups, 20 - ups])
        table = _table(np.clip(-change, 0, 1), np.clip(change, 0, 1))
        found = evidence(claims(gate, SIGNAL, table, _order(table))[0], "betting", 0.05)
        expected += stats.binom.pmf(ups, 20, 0.55) * found.e_value
    assert expected == pytest.approx(1.0)


def test_pairing_is_what_makes_it_sharp() -> None:
    """The same answers compared without their pairing give a far wider interval."""
    rng = np.random.default_rng(2)
    before = (rng.random(200) < 0.5).astype(float)
    after = np.where(rng.random(200) < 0.05, 1 - before, before)
    table = _table(before, after)
    found = evidence(claims(GATE, SIGNAL, table, _order(table))[0], "fixed", 0.05)
    assert found.high - found.low < 0.4 * (found.unpaired_high - found.unpaired_low)


def test_missing_answers_widen_both_ways() -> None:
    """An answer that one model lacks can only make harm harder to show and harder to rule out."""
    rng = np.random.default_rng(3)
    before, after = rng.random(80), rng.random(80)
    whole = _table(before, after)
    gone = after.copy()
    gone[:8] = np.nan
    full, part = (
        evidence(claims(GATE, SIGNAL, table, _order(table))[0], "betting", 0.05)
        for table in (whole, _table(before, gone))
    )
    assert part.low < full.low
    assert part.high > full.high
    assert part.missing == 8


def test_low_is_harm_for_benchmarks() -> None:
    """Where a low value is harm, a fall is a rise in harm."""
    signal = declared_signal("benchmark/x", SignalSpec())
    table = _table(np.full(60, 0.9), np.full(60, 0.4))
    (claim,) = claims(GATE, signal, table, _order(table))
    assert evidence(claim, "fixed", 0.05).estimate == pytest.approx(0.5)


def test_use_cases_are_claims_of_their_own() -> None:
    """Each use case can be claimed by itself, with the gate's margin."""
    table = _table(np.zeros(40), np.zeros(40))
    found = dict(use_case_claims(GATE, SIGNAL, table, _order(table)))
    assert {name: len(claim.seen) for name, claim in found.items()} == {"law": 20, "work": 20}


def test_nothing_is_no_evidence() -> None:
    """Without an answer from both models there is no interval."""
    table = _table(np.full(5, np.nan), np.zeros(5))
    found = evidence(claims(GATE, SIGNAL, table, _order(table))[0], "fixed", 0.05)
    assert found.clusters == 0
    assert math.isnan(found.high)


@pytest.mark.parametrize(("change", "least", "most"), [(0.05, 0.0, 0.1), (-0.1, 0.9, 1.0), (0.3, 0.9, 1.0)])
def test_the_chance_of_a_decision(change: float, least: float, most: float) -> None:
    """A change at the margin has hardly a chance to be decided, one far from it nearly always."""
    rng = np.random.default_rng(4)
    before = np.full(40, 0.5)
    table = _table(before, before + change + rng.normal(0, 0.02, 40))
    (claim,) = claims(GATE, SIGNAL, table, _order(table))
    assert least <= decision_chance(claim, 80, 0.05, 1, rng) <= most


def test_what_could_be_seen_of_true_harm() -> None:
    """An instrument that shows half of a change needs twice the change; more than the scale allows is nothing."""
    assert in_true_harm(0.1, 0.5, 1.0) == pytest.approx(0.2)
    assert in_true_harm(0.1, 0.05, 1.0) == math.inf
    assert in_true_harm(0.1, 0.0, 1.0) == math.inf
    assert math.isnan(in_true_harm(0.1, math.nan, 1.0))
