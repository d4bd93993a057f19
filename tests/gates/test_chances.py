"""Simulated reviews of one gate; `tests/e2e/test_plan_tells_the_truth.py` holds them against real ones."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from seatrial.gates.chances import FOR_A_BOUND, RUNS, Course, course
from seatrial.gates.schedule import Method, looks, shares
from seatrial.gates.simulated import SimulatedGate, SimulatedSuite
from seatrial.stats import betting, intervals
from seatrial.stats.instruments import Slope
from seatrial.stats.resampling import shifted
from seatrial.stats.spending import LEAST_LEVEL, Looks, nominal_level

ALPHA = 0.05
STEPS = np.repeat([0.6, 0.0, -0.6], [10, 180, 10])
"""One cluster in ten changes, by three fifths of the scale."""
PLAIN = SimulatedSuite(STEPS, 1.0, 0.1, 104, 104)
UNREAD = replace(PLAIN, may_gate=False, why="no record")


def _course(gate: SimulatedGate, change: float = 0.0, runs: int = RUNS, **more: bool) -> Course:
    return course(gate, change, ALPHA, np.random.default_rng(3), runs, **more)


def _one(suite: SimulatedSuite = PLAIN, **more: Any) -> SimulatedGate:
    return SimulatedGate((suite,), "looks", **more)


def _family(*suites: SimulatedSuite, **more: Any) -> SimulatedGate:
    return SimulatedGate(suites, "looks", 0.06, **{"head": 0.8, "guard": 0.2 / len(suites), **more})


def test_who_may_not_gate_has_no_chance_and_is_asked_once() -> None:
    """An instrument that may only advise neither passes nor fails, whatever came, and takes one answer a cluster."""
    many = replace(UNREAD, most=500, calls=2.0)
    for gate in (_one(many), replace(_one(many), method="betting"), _family(many, many)):
        found = _course(gate, 0.9)
        assert found.chances == (0.0, 0.0, 1.0)
        assert found.calls.tolist() == [[2.0 * 104 * len(gate.suites)]] * RUNS
        assert set(found.ends) == {math.inf}


def test_one_cluster_decides_nothing() -> None:
    """With fewer than two clusters every review ends undecided."""
    for clusters in (0, 1):
        assert _course(_one(replace(PLAIN, clusters=clusters, most=clusters, margin=0.9))).chances == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("method", ["looks", "betting", "fixed"])
def test_chances_that_anyone_would_expect(method: Method) -> None:
    """Far below the margin nearly all pass, at it at most alpha, far above nearly all fail; the three sum to one."""
    gate = replace(_one(replace(PLAIN, residuals=STEPS / 3, clusters=300, most=300)), method=method)
    chances = {margins: _course(gate, margins * 0.1).chances for margins in (-1, 0, 1, 3)}
    assert min(chances[-1][0], chances[0][0], chances[3][1]) > 0.98
    assert max(chances[1][:2]) <= ALPHA + 3 * math.sqrt(ALPHA * 0.95 / RUNS)
    assert all(sum(three) == pytest.approx(1.0) for three in chances.values())


def test_a_decision_stays_and_only_one_is_made() -> None:
    """Once passed or failed, a review is so at all later looks, and never both."""
    found = _course(_one(), 0.1)
    for one in (found.passed, found.failed):
        assert (one[:, 1:] >= one[:, :-1]).all()
    assert not (found.passed & found.failed).any()
    assert found.passed.sum() + found.failed.sum() > 0


def _by_hand(x: NDArray[np.float64], margin: float, weight: float) -> list[str]:
    """Follow reviews look by look with the levels of their looks, shape (runs, clusters)."""
    taken, found = Looks(), np.full(len(x), "open", dtype="<U4")
    for share in shares(x.shape[1]):
        taken = taken.and_at(share)
        seen = x[:, : round(share * x.shape[1])]
        upper = intervals.fixed_size_bounds(seen, -1, 1, max(nominal_level(ALPHA, taken), LEAST_LEVEL)).high
        lower = intervals.fixed_size_bounds(seen, -1, 1, max(nominal_level(weight * ALPHA, taken), LEAST_LEVEL)).low
        now = np.where(upper < margin, "pass", np.where(lower > margin, "fail", "open"))
        found = np.where(found == "open", now, found)
    return [str(word) for word in found]


@pytest.mark.slow
@pytest.mark.parametrize(("change", "weight"), [(0.08, 1.0), (0.15, 0.25)])
def test_a_gate_is_looked_at_as_its_rule_says(change: float, weight: float) -> None:
    """Each simulated review is what following it look by look, with the level of each, comes to."""
    suite = replace(PLAIN, residuals=STEPS / 2)
    found = _course(_one(suite, head=weight), change, 40)
    drawn = shifted(suite.residuals, change, -1.0, 1.0, (40, 104), np.random.default_rng(3))
    wanted = _by_hand(drawn, 0.1, weight)
    ended = zip(found.passed[:, -1], found.failed[:, -1], strict=True)
    assert ["pass" if passed else "fail" if failed else "open" for passed, failed in ended] == wanted
    assert len(set(wanted)) > 1


def test_a_gate_that_is_bet_on_is_followed_by_its_wealth() -> None:
    """Each simulated review is what the bets of it come to, look by look."""
    suite = replace(PLAIN, residuals=STEPS / 2, clusters=120, most=120)
    found = course(SimulatedGate((suite,), "betting", head=0.5), 0.06, ALPHA, np.random.default_rng(3), 40)
    drawn = shifted(suite.residuals, 0.06, -1.0, 1.0, (40, 120), np.random.default_rng(3))
    ends = looks(120)
    assert found.passed.shape == (40, len(ends))
    for row, x in enumerate(drawn):
        passing = betting.log_wealth_paths(x[None, :], 0.1, -1.0, 1.0, "less", aim=0.1)[0, ends] >= -math.log(ALPHA)
        failing = betting.log_wealth_paths(x[None, :], 0.1, -1.0, 1.0, "greater", aim=0.1)[0, ends] >= math.log(
            2 / ALPHA
        )
        assert found.passed[row, -1] == (passing.any() and not failing[: passing.argmax()].any())
    assert 0 < found.chances[0] < 1


@pytest.mark.parametrize("change", [0.06, 0.14])
def test_what_is_there_at_once_is_weighed_once(change: float) -> None:
    """Recorded answers are one look at the whole alpha; a failure counts against what it may err of it."""
    gate = replace(_one(replace(PLAIN, residuals=STEPS / 2), head=0.3), method="fixed")
    found = _course(gate, change, 100)
    drawn = shifted(STEPS / 2, change, -1.0, 1.0, (100, 104), np.random.default_rng(3))
    passed = intervals.fixed_size_bounds(drawn, -1, 1, ALPHA).high < 0.1
    failed = intervals.fixed_size_bounds(drawn, -1, 1, 0.3 * ALPHA).low > 0.1
    assert found.passed[:, 0].tolist() == passed.tolist()
    assert found.failed[:, 0].tolist() == failed.tolist()
    assert 0 < passed.sum() + failed.sum() < 100
    assert found.calls.sum() == 0


def test_asking_again_shows_more_of_what_differs_by_chance() -> None:
    """Clusters asked eight times pass where asked once they seldom do; where nothing falls, no more often."""
    wide = replace(PLAIN, residuals=STEPS * 5 / 3, margin=0.06)
    once, again = _course(_one(wide)).chances[0], _course(_one(replace(wide, most=8 * 104))).chances[0]
    same = _course(_one(replace(wide, most=8 * 104, falls=0.0))).chances[0]
    assert again > 0.9 > once + 0.2
    assert same == pytest.approx(once, abs=0.12)


def test_calls_rise_with_the_looks() -> None:
    """Each look costs the calls of what was asked since the one before; all of them, what asking it all takes."""
    found = _course(_one(replace(PLAIN, calls=3.0)), 0.1, 9, bounds=True)
    assert found.calls[0].tolist() == [3.0 * round(share * 104) for share in shares(104)]


def test_a_last_look_passes_no_less() -> None:
    """Were a look the last, it would spend what is left of alpha: it passes wherever the look itself does, and more."""
    found = _course(_one(), 0.05)
    assert (found.final_pass >= found.passed).all()
    early = found.passed.shape[1] // 2
    assert found.final_pass[:, early].sum() > found.passed[:, early].sum()
    assert (_course(_one(), 0.05, ahead=False).final_pass == found.passed).all()


def test_the_bounds_at_the_end_are_found_where_they_are_wanted() -> None:
    """They are the bounds of some reviews at the last look, in true harm; nobody else pays for them."""
    half = replace(PLAIN, shows=Slope(0.5))
    (plain, halved), none = (_course(_one(one), bounds=True).ends for one in (PLAIN, half)), _course(_one()).ends
    assert len(none) == 0
    assert len(plain) == FOR_A_BOUND
    assert halved == pytest.approx(2 * plain)
    assert 0.04 < np.median(plain) < 0.12


def test_a_larger_budget_leaves_less_for_this_one() -> None:
    """Where a larger budget would let a gate be asked further, part of alpha is left for that, and bounds are wider."""
    cut = replace(PLAIN, may_go_on=True)
    assert np.median(_course(_one(cut), bounds=True).ends) > np.median(_course(_one(), bounds=True).ends)


# Families

SMALL, LARGE = replace(PLAIN, margin=0.2, clusters=40, most=40), replace(PLAIN, margin=0.2, clusters=160, most=160)

WIDE = replace(LARGE, residuals=STEPS * 5 / 3)


def test_a_family_sees_what_its_suites_alone_do_not() -> None:
    """The mean over three suites rules out a margin that none of them could by itself."""
    three = _course(_family(WIDE, WIDE, WIDE)).chances
    alone = _course(_one(replace(WIDE, margin=0.06))).chances
    assert three[0] > alone[0] + 0.2


def test_harm_in_one_suite_fails_its_family() -> None:
    """Twice its own margin in one suite alone is shown, though the mean over five might hide it."""
    suites = (LARGE,) * 5
    changes = np.array([0.4, 0.0, 0.0, 0.0, 0.0])
    assert course(_family(*suites), changes, ALPHA, np.random.default_rng(0), 100).chances[1] > 0.95
    wide = tuple(replace(suite, margin=0.9) for suite in suites)
    hidden = course(replace(_family(*wide), margin=0.2), changes, ALPHA, np.random.default_rng(0), 100).chances
    assert hidden[0] > 0.9


def test_suites_count_alike_however_large_they_are() -> None:
    """Harm of two margins of the mean in the smaller of two suites is as much for the family as in the larger."""
    wide = [replace(suite, residuals=STEPS / 6, margin=0.9) for suite in (SMALL, LARGE)]
    means = [
        np.median(course(_family(*wide), np.array(change), ALPHA, np.random.default_rng(0), 80, bounds=True).ends)
        for change in ([0.1, 0.0], [0.0, 0.1])
    ]
    assert means[0] == pytest.approx(means[1], abs=0.01)
    assert means[0] > 0.05


def test_scales_and_slopes_of_suites_are_brought_to_one() -> None:
    """A suite on a scale twice as wide that shows half of a change counts as the same share of its scale."""
    other = replace(LARGE, residuals=STEPS, reach=2.0, margin=0.4, shows=Slope(0.5))
    plain = _course(_family(LARGE, replace(LARGE)), bounds=True).ends
    mixed = _course(_family(other, other), bounds=True).ends
    assert np.median(mixed) == pytest.approx(np.median(plain), rel=0.2)


def test_a_family_with_an_unread_suite_cannot_pass_but_fails() -> None:
    """One suite that may only advise keeps a family open; harm in the others is shown all the same."""
    gate = _family(LARGE, LARGE, replace(UNREAD, margin=0.2))
    assert _course(gate, 0.0).chances[0] == 0.0
    assert _course(_family(LARGE, LARGE), 0.0).chances[0] > 0.5
    assert _course(gate, 0.3).chances[1] > 0.95


def test_a_family_whose_answers_are_recorded_is_weighed_over_all_its_suites() -> None:
    """Read at once, a family is its mean and its suites as when it is asked, not the first suite alone."""
    recorded = replace(WIDE, calls=0.0)
    gate = replace(_family(recorded, recorded, recorded), method="fixed")
    found = _course(gate, bounds=True)
    assert found.passed.shape == (RUNS, 1)
    assert found.calls.sum() == 0
    assert found.chances[0] > _course(replace(_one(replace(recorded, margin=0.06)), method="fixed")).chances[0] + 0.2
    late = course(gate, np.array([0.0, 0.0, 0.4]), ALPHA, np.random.default_rng(0), 100)
    assert late.chances[1] > 0.95


def test_suites_of_which_everything_is_there_are_read_at_once() -> None:
    """Beside suites that are asked, one that costs nothing is read whole at the first look."""
    found = _course(_family(replace(LARGE, calls=0.0), SMALL), 0.06, 50)
    assert found.calls[0, -1] == 2.0 * 40


def test_only_what_is_open_is_asked_on() -> None:
    """Once a family's mean is decided, only the suites whose own claim is open go on: it costs less than all."""
    easy, hard = replace(LARGE, residuals=STEPS / 10), replace(LARGE, margin=0.001)
    found = _course(replace(_family(easy, hard), margin=0.5), bounds=True)
    assert 2.0 * 160 < found.calls[:, -1].max() < 2.0 * 280


def test_a_margin_in_each_use_case_makes_a_pass_rarer() -> None:
    """A use case over the suites must rule out its own margin, with its clusters alone."""
    cases = np.resize(["a", "b"], 160)
    suites = tuple(replace(WIDE, use_cases=cases) for _ in range(3))
    without, with_cases = _course(_family(*suites)).chances, _course(_family(*suites, use_case_margin=0.05)).chances
    loose = _course(_family(*suites, use_case_margin=0.5)).chances
    assert with_cases[0] < without[0] - 0.2
    assert loose[0] == pytest.approx(without[0], abs=0.02)
