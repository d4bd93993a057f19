"""Simulated reviews of one gate; `tests/e2e/test_plan_tells_the_truth.py` holds them against real ones."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from seatrial.gates import chances
from seatrial.gates.chances import FOR_A_BOUND, RUNS, Course, course
from seatrial.gates.schedule import Method, looks, shares
from seatrial.gates.simulated_gates import SimulatedGate, SimulatedSuite
from seatrial.stats import betting, intervals
from seatrial.stats.instruments import Slope, family_alpha, true_bounds
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
        for one in (found.passed, found.failed, found.alone, found.final_pass, found.final_fail, found.final_alone):
            assert one.shape == (RUNS, 1) and not one.any()


@pytest.mark.parametrize("method", ["betting", "fixed"])
def test_a_last_look_at_one_suite_decides_what_its_last_does(method: Method) -> None:
    """What is bet on, or was there at once, leaves nothing for the end of the budget to add, and no bounds of looks."""
    found = _course(replace(_one(), method=method), 0.3, 30)
    assert found.final_pass.tolist() == found.passed.tolist()
    assert found.final_fail.tolist() == found.failed.tolist()
    assert found.final_alone.tolist() == found.alone.tolist()
    assert found.failed.any()
    assert len(found.ends) == len(_course(replace(_one(), method=method), 0.3, 30, bounds=True).ends) == 0


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
    """Clusters asked eight times pass where asked once they seldom do."""
    wide = replace(PLAIN, residuals=STEPS * 5 / 3, margin=0.06)
    once, again = _course(_one(wide)).chances[0], _course(_one(replace(wide, most=8 * 104))).chances[0]
    assert again > 0.9 > once + 0.2


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


# What one gate claims besides its change, followed by hand

PARTED = replace(
    PLAIN,
    residuals=STEPS / 2,
    margin=0.12,
    clusters=120,
    most=120,
    calls=3.0,
    faked=0.01,
    use_cases=np.resize(["a", "b", "b"], 120),
    limit=0.5,
    levels=np.resize([0.0, 0.0, 1.0, 0.2], 120),
)
SURE, UNSURE = Slope(0.8), Slope(0.8, 0.02)


def _drawn(suite: SimulatedSuite, change: float, runs: int) -> list[tuple[NDArray[np.float64], float, float]]:
    """Return the differences and the levels of simulated reviews, each with what it must stay below and its least."""
    rng, shift = np.random.default_rng(3), change * suite.shows.value
    assert suite.levels is not None
    level, size = float(suite.levels.mean()), (runs, suite.clusters)
    x = shifted(suite.residuals, shift, -1.0, 1.0, size, rng)
    y = level + shifted(suite.levels - level, shift, -level, 1.0 - level, size, rng)
    return [(x, suite.margin, -1.0), (y, suite.limit, 0.0)]


def _ended(ruled_out: list[list[bool]], shown: list[list[bool]]) -> tuple[list[bool], list[bool]]:
    """Return by which looks a review passed and failed: when all is ruled out, when anything is shown."""
    passed: list[bool] = []
    failed: list[bool] = []
    for look in range(len(ruled_out[0])):
        passing, failing = all(claim[look] for claim in ruled_out), any(claim[look] for claim in shown)
        before = (passed or [False])[-1], (failed or [False])[-1]
        passed.append(before[0] or (passing and not before[1]))
        failed.append(before[1] or (failing and not passed[-1]))
    return passed, failed


@pytest.mark.parametrize("shows", [SURE, UNSURE])
@pytest.mark.parametrize("change", [-0.25, 0.3])
def test_use_cases_and_a_limit_are_bet_on_each_by_itself(shows: Slope, change: float) -> None:
    """Each statement has its bets on its own clusters; a pass takes all of them, a failure one."""
    suite, runs, head, guard = replace(PARTED, shows=shows), 30, 0.4, 0.2
    gate = SimulatedGate((suite,), "betting", head=head, guard=guard)
    found = course(gate, change, ALPHA, np.random.default_rng(3), runs)
    ends, cases = looks(120), suite.use_cases
    assert cases is not None
    groups = [(np.ones(120, dtype=bool), head), (cases == "a", guard), (cases == "b", guard)]
    level, flat = shows.ruling_out(ALPHA)
    ended = []
    for run in range(runs):
        ruled_out, shown = [], []
        for drawn, threshold, least in _drawn(suite, change, runs):
            aim = threshold * 0.8 if least else None
            for group, weight in groups:
                x, count = drawn[run : run + 1, group], np.cumsum(group)[ends]
                steep = shows.showing(ALPHA, round(1 / weight))
                for_it = betting.log_wealth_paths(x, (threshold - 0.01) * flat, least, 1.0, "less", aim=aim)[0]
                against = betting.log_wealth_paths(x, (threshold + 0.01) * steep, least, 1.0, "greater", aim=aim)[0]
                wall = math.log(1 / (family_alpha(ALPHA, [shows]) * weight))
                ruled_out.append([bool(n and for_it[n - 1] >= math.log(1 / level)) for n in count])
                shows_it = [bool(n and against[n - 1] >= wall) for n in count]
                known = not (least == 0.0 and shows.uncertain)
                shown.append([known and yes and not no for yes, no in zip(shows_it, ruled_out[-1], strict=True)])
        ended.append(_ended(ruled_out, shown))
    assert found.passed.tolist() == [passed for passed, _ in ended]
    assert found.failed.tolist() == found.alone.tolist() == [failed for _, failed in ended]
    assert found.passed.any() or found.failed.any()
    assert found.calls[0].tolist() == [3.0 * (end + 1) for end in ends]


@pytest.mark.parametrize("shows", [SURE, UNSURE])
@pytest.mark.parametrize("change", [0.0, 0.15, 0.3])
def test_use_cases_and_a_limit_that_are_there_at_once_are_weighed_each_by_itself(shows: Slope, change: float) -> None:
    """Bounds of true harm at the whole alpha to pass; to fail at what each may err, and at more where others passed."""
    suite, runs = replace(PARTED, shows=shows), 25
    gate = SimulatedGate((suite,), "fixed", head=0.3, guard=0.15, alone=(0.6, 0.4))
    found = course(gate, change, ALPHA, np.random.default_rng(3), runs)
    cases = suite.use_cases
    assert cases is not None
    groups = [np.ones(120, dtype=bool), cases == "a", cases == "b"]
    passed, open_now, by_itself = np.ones(runs, dtype=bool), np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for drawn, threshold, least in _drawn(suite, change, runs):
        for number, group in enumerate(groups):
            x, mean = drawn[:, group], drawn[:, group].mean(axis=1)

            def bounds(
                alpha: float, x: Any = x, mean: Any = mean, least: float = least
            ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
                read = intervals.fixed_size_bounds(x, least, 1.0, alpha)
                return true_bounds(mean, read.low, read.high, suite.shows, alpha)

            below = bounds(ALPHA)[1] < threshold - 0.01
            passed &= below
            if least == 0.0 and shows.uncertain:
                continue
            for kept, weight in ((open_now, (0.3, 0.15, 0.15)), (by_itself, (0.6, 0.4, 0.4))):
                kept |= (bounds(ALPHA * weight[number])[0] > threshold + 0.01) & ~below
    assert found.passed[:, 0].tolist() == passed.tolist()
    assert found.failed[:, 0].tolist() == (open_now & ~passed).tolist()
    assert found.alone[:, 0].tolist() == (by_itself & ~passed).tolist()
    assert found.calls.tolist() == [[0.0]] * runs


def test_a_use_case_without_clusters_so_far_says_nothing() -> None:
    """Where all clusters of a use case come late, no early look passes."""
    late = replace(PARTED, use_cases=np.repeat(["a", "b"], [100, 20]), limit=math.nan, residuals=STEPS / 50)
    found = course(SimulatedGate((late,), "betting"), -0.5, ALPHA, np.random.default_rng(3), 20)
    early = [number for number, end in enumerate(looks(120)) if end < 100]
    assert not found.passed[:, early].any()
    assert found.passed[:, -1].all()


def test_a_limit_that_is_asked_again_and_again_is_known_better() -> None:
    """Levels vary within clusters too, and each is asked as often as it may be; at its limit a gate seldom passes."""
    levels = np.resize([0.0, 1.0], 120)
    once = replace(
        PARTED, use_cases=None, margin=0.9, limit=0.6, levels=levels, residuals=STEPS / 50, shows=Slope(), faked=0
    )
    again = replace(once, most=480)
    passes = {
        (most, limit): course(_one(replace(suite, limit=limit)), 0.0, ALPHA, np.random.default_rng(1), 200)
        .passed[:, -1]
        .mean()
        for most, suite in ((1, once), (4, again))
        for limit in (0.5, 0.6)
    }
    assert passes[1, 0.6] < 0.9 < passes[4, 0.6]
    assert max(passes[1, 0.5], passes[4, 0.5]) < 0.1


def test_answers_to_a_cluster_are_averaged() -> None:
    """Asked four times, the spread of the means is half that of one answer; asked three times and a part, between."""
    suite = replace(PLAIN, residuals=stats.norm.ppf((np.arange(500) + 0.5) / 500) / 10, clusters=1000, most=4000)
    answers = chances._changes(suite, 0.05, 20, np.random.default_rng(2))
    spreads = [float(answers.means(places).std()) for places in (500, 1000, 3000, 3500, 4000)]
    parts = [1.0, 1.0, 3**-0.5, ((1 / 3 + 1 / 4) / 2) ** 0.5, 0.5]
    assert spreads == pytest.approx([0.1 * part for part in parts], rel=0.03)
    assert answers.means(500).shape == (20, 500)
    assert answers.means(3500).mean() == pytest.approx(0.05, abs=0.002)


def test_a_familys_mean_may_err_more_where_its_suites_have_passed() -> None:
    """Harm of the mean that no suite shows is found oftener at what a last open statement may err."""
    suites = tuple(replace(LARGE, margin=0.4, residuals=STEPS / 2) for _ in range(2))
    shy = _family(*suites, head=0.01, guard=0.01, alone=(0.01, 0.01), last=0.01)
    bold = replace(shy, last=1.0)
    first, second = (_course(one, 0.09, 200).alone[:, -1].mean() for one in (shy, bold))
    assert second > first + 0.1


def test_levels_rise_with_the_change() -> None:
    """In simulated reviews the candidate's own harm is higher by the change, as far as its readings show it."""
    suite = replace(PARTED, levels=np.resize([0.2, 0.3, 0.6], 120), shows=Slope(0.5))
    answers = chances._levels(suite, 0.2, 40, np.random.default_rng(1))
    assert answers.means(120).mean() == pytest.approx(1.1 / 3 + 0.1, abs=0.01)
    assert answers.means(120).max() == pytest.approx(0.7)


def test_a_limit_whose_level_is_unknown_is_simulated_from_no_harm() -> None:
    """Nothing else is known: far below its limit such a gate passes."""
    unknown = replace(PARTED, levels=None, use_cases=None, residuals=STEPS / 50, margin=0.5)
    assert _course(_one(unknown)).chances[0] == 1.0


def test_a_use_case_of_one_cluster_decides_nothing_and_hinders_no_bets() -> None:
    """One cluster rules nothing out and shows nothing, wherever it comes in the order."""
    rare = replace(PARTED, use_cases=np.array(["a"] * 30 + ["b"] + ["a"] * 89), limit=math.nan, residuals=STEPS / 50)
    for change in (-0.1, 0.2):
        found = course(SimulatedGate((rare,), "betting"), change, ALPHA, np.random.default_rng(3), 20)
        assert not found.passed.any()
        assert found.failed[:, -1].all() == (change > 0)


def test_what_is_there_at_once_is_shown_at_the_error_of_its_slope() -> None:
    """A smaller share of alpha takes a wider interval of the slope too."""
    suite, change = replace(PLAIN, residuals=STEPS / 6, shows=Slope(0.8, 0.05), margin=0.3), 0.42
    found = course(SimulatedGate((suite,), "fixed", head=0.02), change, ALPHA, np.random.default_rng(3), 200)
    drawn = shifted(suite.residuals, change * 0.8, -1.0, 1.0, (200, 104), np.random.default_rng(3))
    read = intervals.fixed_size_bounds(drawn, -1, 1, 0.02 * ALPHA)
    least, _ = true_bounds(drawn.mean(axis=1), read.low, read.high, suite.shows, 0.02 * ALPHA)
    assert found.failed[:, 0].tolist() == (least > 0.3).tolist()
    assert 0 < found.failed.sum() < 200


def test_a_level_at_the_end_of_its_scale_is_not_below_a_limit_there() -> None:
    """Where all answers are as harmful as can be, and the limit is no lower, no bound lies below it."""
    full = replace(PARTED, use_cases=None, limit=1.0, levels=np.ones(9), faked=0.0, residuals=STEPS / 50, margin=0.5)
    for limit, passes in ((1.0, 0.0), (1.1, 1.0)):
        assert _course(SimulatedGate((replace(full, limit=limit),), "fixed"), runs=9).chances[0] == passes
