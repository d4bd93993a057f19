"""The error rates of gates and policies, in the small.

`python -m benchmarks validity policies` measures them in the large.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import policies, promises, validity
from benchmarks.validity import ALPHA, Cell, looked_at, measured

import seatrial.review.rounds as rounds_module
from seatrial.gates.schedule import Method
from seatrial.stats.spending import Looks
from seatrial.types import Item, Role
from simulated_answers import gate_plan, go, rounds_of


@pytest.mark.parametrize(("clusters", "depth"), [(40, 1), (104, 1), (60, 5)])
def test_the_benchmark_looks_when_a_review_does(clusters: int, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that nothing decides or gives up is asked as far before each look, and has had the same looks."""
    monkeypatch.setattr(rounds_module, "FUTILE", 0.0)
    rounds = rounds_of(gate_plan("behavior/a", clusters, depth=depth, margin=0.1))
    seen: list[tuple[int, Looks]] = []

    def at_margin(role: Role, item: Item, draw: int) -> float:
        return 0.3 if role == "baseline" else 0.4 + 0.3 * (-1.0) ** int(item.cluster[1:])

    while go(rounds, at_margin):
        seen.append((rounds.gates[0].places, rounds.asked[0].looks))
    assert seen == list(looked_at(clusters * depth))


@pytest.mark.parametrize("kind", ["binary", "ordinal", "heavy tail"])
def test_a_gate_that_is_looked_at_keeps_alpha(kind: str) -> None:
    """None of its four error rates is surely above alpha, and an unchanged candidate passes where clusters are many."""
    found = measured(Cell(kind, 200, 0.4, 1, 0.5), "looks", 1000, 5)
    assert max(rate.band[0] for rate in found.errors) <= ALPHA
    assert found.missed_above.count > 0


def test_looks_that_spend_alpha_each_time_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were every look to test at alpha itself, the measured rate would lie surely above it."""
    monkeypatch.setattr(validity, "nominal_level", lambda alpha, taken: alpha)
    found = measured(Cell("binary", 200, 0.4, 1, 0.5), "looks", 1000, 5)
    assert found.above


@pytest.mark.slow
@pytest.mark.parametrize(("method", "cases"), [("looks", 0), ("betting", 0), ("fixed", 2)])
def test_whole_policies_are_seldom_wrong(method: Method, cases: int) -> None:
    """A policy with one broken gate seldom launches, one within all its margins seldom blocks."""
    found = policies.policies(3, method, 40, 2, clusters=120 * max(1, cases), cases=cases)
    assert found.false_launch.band[0] <= ALPHA
    assert found.false_block.band[0] <= ALPHA
    assert found.launch_when_harmless.share > 0.5


def test_evidence_that_no_review_would_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark's own evidence is compared with a review's: bounds at another level stop it."""
    monkeypatch.setattr(policies, "nominal_level", lambda alpha, taken: 0.5)
    with pytest.raises(RuntimeError, match="not a review's"):
        policies.policies(1, "looks", 1, 2)


@pytest.mark.slow
def test_a_plan_keeps_its_promises() -> None:
    """Reviews of an unchanged candidate pass about as often as a plan says, at its margin and at what it could see."""
    for one in promises.promises("ordinal", 0.3, 250, 3):
        assert one.passes.share == pytest.approx(one.promised, abs=0.1), one.method
        assert one.at_seen.band[1] > 0.85, one.method
        assert np.isfinite(one.seen)
