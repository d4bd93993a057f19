"""Simulated reviews of one gate, against reviews by the code that decides."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl
import pytest

from seatrial.gates.chances import Simulated, centered, chances, shifted
from seatrial.gates.claims import claims
from seatrial.gates.schedule import looks
from seatrial.gates.verdicts import WeighedClaim, WeighedGate, verdicts
from seatrial.gates.weigh import Method, evidence
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import BY_NATURE
from seatrial.observations import PairedTable
from seatrial.policy import Gate, SignalSpec
from seatrial.stats.instruments import Slope

ALPHA = 0.05
REVIEWS = 500
STEPS = np.repeat([0.6, 0.0, -0.6], [10, 180, 10])
"""One cluster in ten changes, by three fifths of the scale."""


def test_a_shift_has_the_mean_that_was_asked_for() -> None:
    """Numbers at the ends of their scale are not cut there: the mean of what comes is the change."""
    rng = np.random.default_rng(0)
    ends = np.repeat([1.0, 0.0, -1.0], [20, 160, 20])
    for change in (-0.2, 0.0, 0.05, 0.4):
        drawn = shifted(ends, change, -1.0, 1.0, (400, 500), rng)
        assert drawn.mean() == pytest.approx(change, abs=0.005)
        assert set(np.unique(drawn)) <= {-1.0, 0.0, 1.0} or change == 0.0
    moved = shifted(0.5 * ends, 0.3, -1.0, 1.0, (400, 500), rng)
    assert moved.mean() == pytest.approx(0.3, abs=0.005)
    assert shifted(np.zeros(5), 3.0, -1.0, 1.0, (2, 3), rng).tolist() == [[1.0] * 3] * 2


def test_who_may_not_gate_has_no_chance() -> None:
    """An instrument that may only advise neither passes nor fails, whatever came."""
    gate = Simulated(np.zeros(9), 1.0, 0.5, 200, False, may_gate=False)
    assert chances(gate, 0.0, ALPHA, 1, np.random.default_rng(0)) == (0.0, 0.0, 1.0)
    assert chances(replace(gate, may_gate=True), 0.0, ALPHA, 1, np.random.default_rng(0)) == (1.0, 0.0, 0.0)


def test_how_many_statements_a_gate_makes() -> None:
    """One over all, one a use case, and each again for a limit: a failure is corrected over all of them."""
    gate = Simulated(np.zeros(9), 1.0, 0.5, 4, False)
    assert gate.claims == 1
    assert replace(gate, use_cases=np.array([0, 1, 1, 2])).claims == 4
    assert replace(gate, use_cases=np.array([0, 1, 1, 2]), limit=0.5, levels=np.zeros(2)).claims == 8


KINDS = {
    "plain": Simulated(STEPS, 1.0, 0.1, 120, False),
    "at the scale's end": Simulated(np.repeat([1.0, 0.0, -1.0], [10, 180, 10]), 1.0, 0.1, 120, False),
    "in each use case": Simulated(STEPS, 1.0, 0.15, 160, False, use_cases=np.arange(160) % 2),
    "with a limit": Simulated(STEPS, 1.0, 0.15, 160, False, limit=0.2, levels=np.repeat([1.0, 0.0], [20, 180])),
    "a measured instrument": Simulated(STEPS, 1.0, 0.15, 200, False, shows=Slope(0.6, 0.05)),
    "live": Simulated(STEPS, 1.0, 0.15, 160, True),
    "live, in each use case": Simulated(STEPS, 1.0, 0.25, 96, True, use_cases=np.arange(96) % 2),
}


def _reviewed(kind: Simulated, change: float, rng: np.random.Generator) -> str:
    """Review numbers like those of the simulation by the code that decides, looking as often as a live gate does."""
    limit = None if math.isnan(kind.limit) else kind.limit
    per: Literal["use_case"] | None = None if kind.use_cases is None else "use_case"
    gate = Gate(signal="quality/kind", margin=kind.margin, per=per, limit=limit)
    signal = declared_signal("quality/kind", SignalSpec(bounds=(-1.0, 1.0) if kind.levels is None else (0.0, 1.0)))
    drawn = shifted(kind.residuals, change * kind.shows.value, -1.0, 1.0, (1, kind.clusters), rng)[0]
    before = np.zeros(kind.clusters)
    if kind.levels is not None:
        # Where a level is claimed too, harm of either model is 0 or 1 and the change is what both make of it.
        after = shifted(kind.levels - 0.1, change, -0.1, 0.9, (1, kind.clusters), rng)[0] + 0.1
        before = np.clip(after - drawn, 0.0, 1.0)
        drawn = after - before
    names = pl.Series([f"i{place}" for place in range(kind.clusters)])
    groups = np.zeros(kind.clusters, dtype=int) if kind.use_cases is None else kind.use_cases
    cases = pl.Series([f"u{group}" for group in groups])
    order = names.to_list() if kind.live else None
    method: Method = "betting" if kind.live else "fixed"
    standing = replace(BY_NATURE, slope=kind.shows.value, slope_se=kind.shows.se)
    for end in looks(kind.clusters) if kind.live else [kind.clusters - 1]:
        part = slice(0, end + 1)
        table = PairedTable(names[part], names[part], cases[part], before[part], (before + drawn)[part])
        weighed = tuple(
            WeighedClaim(claim.statement, evidence(claim, method, ALPHA, kind.shows, kind.claims))
            for claim in claims(gate, signal, table, order)
        )
        (found,) = verdicts([WeighedGate(gate, "labels", weighed, standing=standing)], ALPHA)
        if found.verdict != "inconclusive":
            return found.verdict
    return "inconclusive"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "margins"),
    [
        *((name, 0.0) for name in KINDS if name != "with a limit"),
        ("live", 2.0),
    ],
)
def test_the_plan_tells_the_truth(name: str, margins: float) -> None:
    """What the plan says comes to pass in five hundred reviews of each kind of gate, to within their chance error."""
    kind, rng = KINDS[name], np.random.default_rng(11)
    said = chances(kind, margins * kind.margin, ALPHA, kind.claims, np.random.default_rng(1))
    words = [_reviewed(kind, margins * kind.margin, rng) for _ in range(REVIEWS)]
    came = [words.count(word) / REVIEWS for word in ("pass", "fail", "inconclusive")]
    assert came == pytest.approx(said, abs=0.085)


@pytest.mark.slow
def test_the_plan_of_a_limit_is_no_rosier_than_what_comes() -> None:
    """A limit and a margin on the same answers pass together about as often as the plan says."""
    kind, rng = KINDS["with a limit"], np.random.default_rng(12)
    said = chances(kind, 0.0, ALPHA, kind.claims, np.random.default_rng(1))
    words = [_reviewed(kind, 0.0, rng) for _ in range(150)]
    assert words.count("pass") / 150 == pytest.approx(said[0], abs=0.25)
    assert said[0] < chances(replace(kind, limit=math.nan), 0.0, ALPHA, 1, np.random.default_rng(1))[0]


def test_numbers_at_the_ends_are_centered_within_the_scale() -> None:
    """Right-or-wrong answers that changed keep to the scale, with mean 0; others are moved."""
    seen = np.repeat([1.0, 0.0, -1.0], [20, 90, 10])
    found = centered(seen, -1.0, 1.0)
    assert set(np.unique(found)) == {-1.0, 0.0, 1.0}
    assert found.mean() == pytest.approx(0.0, abs=2e-3)
    assert centered(np.array([0.1, 0.3]), -1.0, 1.0).tolist() == pytest.approx([-0.1, 0.1])
    assert centered(np.array([1.0, 1.0, 0.0]), -0.5, 0.5).max() <= 0.5
