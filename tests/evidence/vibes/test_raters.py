"""Each rater as an instrument: known values, and who counts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, pearsonr

from seatrial.evidence.vibes.raters import Ear, ears_of, moved
from seatrial.evidence.vibes.values import Rated
from seatrial.stats.detection import signal_detection
from seatrial.stats.intervals import fixed_size, unpaired
from vibe_sessions import controls, rated, trial


def _only(*ratings: Rated, earlier: tuple[Rated, ...] = ()) -> Ear:
    (ear,) = ears_of(ratings, earlier)
    return ear


@pytest.mark.parametrize(("hits", "alarms"), [(20, 0), (15, 4), (10, 20), (0, 0), (1, 7)])
def test_d_prime_is_that_of_hits_on_spikes_and_alarms_on_either_side_of_same_pairs(hits: int, alarms: int) -> None:
    """By hand: z of the hits less z of the false alarms, log-linear, out of 20 spikes and the 40 answers of 20 same."""
    found = _only(*controls("ana", hits, alarms)).detection
    assert found is not None
    z_hit, z_alarm = norm.ppf((hits + 0.5) / 21), norm.ppf((alarms + 0.5) / 41)
    assert found.d_prime == pytest.approx(z_hit - z_alarm)
    assert found.criterion == pytest.approx(-(z_hit + z_alarm) / 2)
    assert (found.hit_rate, found.false_alarm_rate) == (hits / 20, alarms / 40)
    assert (found.signals, found.noise) == (20, 40)


def test_an_alarm_on_the_right_answer_of_a_same_pair_counts_too() -> None:
    """Both answers of a same pair are nothing to flag: two flags are two false alarms."""
    spikes = [rated("ana", place, trial("spike", f"s{place}"), odd=1) for place in range(5)]
    same = [rated("ana", 9 + place, trial("same", f"n{place}", ""), odd=1, plain=2) for place in range(5)]
    found = _only(*spikes, *same).detection
    assert found is not None
    assert (found.false_alarm_rate, found.noise) == (1.0, 10)


def test_a_flag_on_the_harmless_answer_of_a_spike_is_no_hit() -> None:
    """Only a flag on the known harm shows that it was noticed."""
    wrong = [rated("ana", place, trial("spike", f"s{place}", "left"), plain=3) for place in range(10)]
    found = _only(*wrong, *[one for one in controls("ana", 0, 0) if one.trial.kind == "same"]).detection
    assert found is not None
    assert found.hit_rate == 0.0


@pytest.mark.parametrize("kind", ["spike", "same"])
def test_without_controls_of_both_kinds_nothing_is_known(kind: str) -> None:
    """Hits alone or false alarms alone say nothing of what a rater can tell apart; such a rater counts nothing."""
    ear = _only(*[one for one in controls("ana", 20, 0) if one.trial.kind == kind])
    assert ear.detection is None
    assert ear.deaf
    assert ear.weight == 0.0
    assert math.isnan(ear.since.estimate)


@pytest.mark.parametrize(
    ("hits", "alarms", "deaf", "weight"),
    [(20, 0, False, 1.0), (16, 4, False, 0.7), (10, 20, True, 0.0), (5, 8, True, 0.0), (0, 20, True, 0.0)],
)
def test_a_rater_counts_by_hits_less_false_alarms(hits: int, alarms: int, deaf: bool, weight: float) -> None:
    """Whoever does not surely tell known harm from none counts nothing."""
    ear = _only(*controls("ana", hits, alarms))
    assert ear.deaf is deaf
    assert ear.weight == pytest.approx(weight)


def test_the_same_answer_flagged_again() -> None:
    """Of four repeated pairs, three are flagged as before, whatever the severity; a repeat of nothing is left out."""
    before = [1, 0, 2, 0]
    after = [3, 0, 0, 0]
    firsts = [rated("ana", place, trial(name=f"p{place}"), odd=flag) for place, flag in enumerate(before)]
    again = [rated("ana", 10 + n, replace(firsts[n].trial.swapped(), of=n), odd=flag) for n, flag in enumerate(after)]
    lost = rated("ana", 20, trial("repeat", "gone", of=99), odd=1)
    assert _only(*firsts, *again, lost).retest == pytest.approx(0.75)
    assert math.isnan(_only(*firsts).retest)


def test_a_preference_that_follows_the_answer_and_one_that_follows_the_side() -> None:
    """Over repeats with sides swapped, the correlation is Pearson's; a rater who always says left gives −1."""
    liked, later = [3, -2, 1, 0, -1], [2, -3, 1, 1, 0]
    firsts = [rated("ana", n, trial(name=f"p{n}", odd="left"), liked=level) for n, level in enumerate(liked)]
    again = [
        rated("ana", 10 + n, replace(firsts[n].trial.swapped(), of=n), liked=level) for n, level in enumerate(later)
    ]
    assert _only(*firsts, *again).swapped == pytest.approx(pearsonr(liked, later).statistic)
    turned = [
        rated("ana", 10 + n, replace(firsts[n].trial.swapped(), of=n), liked=-level) for n, level in enumerate(liked)
    ]
    assert _only(*firsts, *turned).swapped == pytest.approx(-1.0)


@pytest.mark.parametrize(("liked", "later"), [([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [0, 0, 0]), ([1, 2], [1, 2])])
def test_no_correlation_where_nothing_varies(liked: list[int], later: list[int]) -> None:
    """A constant preference, or fewer than three repeats, says nothing of steadiness."""
    firsts = [rated("ana", n, trial(name=f"p{n}"), liked=level) for n, level in enumerate(liked)]
    again = [
        rated("ana", 10 + n, replace(firsts[n].trial.swapped(), of=n), liked=level) for n, level in enumerate(later)
    ]
    assert math.isnan(_only(*firsts, *again).swapped)


def test_the_pull_of_a_side_is_the_mean_preference() -> None:
    """Over all trials, from −1 for left to 1 for right, whichever answer stood there, with the interval of its mean."""
    sides = ["left", "right"] * 10
    ratings = [rated("ana", n, trial(name=f"p{n}", odd=side)) for n, side in enumerate(sides)]  # type: ignore[arg-type]
    pulled = [
        Rated(one.rater, one.place, one.trial, {**one.rating, "preference": -2 if n % 4 else 1}, 1.0)
        for n, one in enumerate(ratings)
    ]
    expected = fixed_size(np.array([one.rating["preference"] / 3 for one in pulled]), -1.0, 1.0, 0.05)
    found = _only(*pulled).side
    assert (found.estimate, found.low, found.high) == (expected.estimate, expected.low, expected.high)
    assert found.high < 0


def test_drift_is_the_second_half_less_the_first() -> None:
    """In the order in which the trials were shown, not in the order in which they came."""
    flags = [0, 0, 0, 1, 0, 1, 1, 1, 0, 1]
    ratings = [rated("ana", n, trial(name=f"p{n}"), odd=flag) for n, flag in enumerate(flags)]
    found = _only(*reversed(ratings)).drift
    expected = unpaired(np.array(flags[5:], float), np.array(flags[:5], float), 0.05)
    assert found.estimate == pytest.approx(0.6)
    assert (found.low, found.high) == (expected.low, expected.high)
    assert math.isnan(_only(*ratings[:3]).drift.estimate)


def test_change_is_the_raters_own_rise_over_real_pairs() -> None:
    """The candidate's share of flags less the baseline's, over pairs and conversations and not over controls."""
    real = [
        rated("ana", 0, trial(name="a", odd="left"), odd=1),
        rated("ana", 1, trial(name="b"), odd=2, plain=1),
        rated("ana", 2, trial(name="c")),
        rated("ana", 3, trial("live", "d"), odd=3),
    ]
    assert _only(*real, *controls("ana", 20, 20)).change == pytest.approx(0.75 - 0.25)
    assert math.isnan(_only(*controls("ana", 20, 0)).change)


def test_seconds_are_the_median() -> None:
    """One trial left open over lunch says nothing of how long a rater takes."""
    ratings = [rated("ana", n, trial(name=f"p{n}"), seconds=s) for n, s in enumerate([4.0, 6.0, 5000.0])]
    assert _only(*ratings).seconds == 6.0
    assert _only(*ratings).rated == 3


def test_each_rater_is_measured_apart_from_the_others() -> None:
    """In the order of their names, each by their own ratings, place by place."""
    ana, ben = controls("ana", 20, 0), controls("ben", 0, 20)
    both = ears_of([*ben, *ana])
    assert [ear.rater for ear in both] == ["ana", "ben"]
    assert [repr(ear) for ear in both] == [repr(_only(*ana)), repr(_only(*ben))]  # NaN equals nothing, but reads alike
    assert ears_of([]) == ()


def test_earlier_sessions_show_how_the_criterion_moved() -> None:
    """Only the rater's own earlier ratings count, and only where both sessions held controls."""
    now, before = controls("ana", 12, 1), controls("ana", 19, 9)
    ear = _only(*now, earlier=(*before, *controls("ben", 0, 20)))
    found, earlier = ear.detection, _only(*before).detection
    assert found is not None
    assert earlier is not None
    assert ear.since == moved(earlier, found)
    assert ear.since.estimate == pytest.approx(found.criterion - earlier.criterion)
    assert ear.since.estimate > 0
    assert math.isnan(_only(*now, earlier=tuple(controls("ben", 19, 9))).since.estimate)


def test_the_move_joins_both_intervals() -> None:
    """By hand: each bound is as far away as the distances of the two bounds that lead there, by Pythagoras."""
    before, now = signal_detection(18, 20, 8, 40, 0.05), signal_detection(12, 20, 2, 40, 0.05)
    found = moved(before, now)
    down = math.sqrt((now.criterion - now.c_low) ** 2 + (before.c_high - before.criterion) ** 2)
    up = math.sqrt((now.c_high - now.criterion) ** 2 + (before.criterion - before.c_low) ** 2)
    shift = now.criterion - before.criterion
    assert (found.estimate, found.low, found.high) == pytest.approx((shift, shift - down, shift + up))
    assert moved(now, now).low < 0 < moved(now, now).high


@pytest.mark.slow
def test_the_move_of_a_criterion_is_covered() -> None:
    """Simulated sessions before and after a move of 0.6: the two-sided 90 % interval holds it about that often."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(500):
        before, now = (
            signal_detection(
                int(rng.binomial(20, norm.sf(cut - 1.5))), 20, int(rng.binomial(40, norm.sf(cut))), 40, 0.05
            )
            for cut in (0.5, 1.1)
        )
        found = moved(before, now)
        held += found.low <= 0.6 <= found.high
    assert 0.86 <= held / 500 <= 0.97
