"""What a simulated gate states."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from seatrial.gates.simulated_claims import SimulatedClaim, claims_of, family_claims
from seatrial.gates.simulated_gates import SimulatedGate, SimulatedSuite
from seatrial.stats.instruments import EXACT, Slope, true_bounds
from seatrial.stats.intervals import fixed_size_bounds
from seatrial.stats.spending import Looks, before_any_look, nominal_level

ONE = SimulatedSuite(np.zeros(9), 1.0, 0.5, 4, 4, use_cases=np.array(["a", "b", "b", "c"]))
LAST = Looks().and_at(1.0)


def test_a_gate_on_one_suite_states_each_use_case_and_each_limit() -> None:
    """The mean over all comes first; parts weigh as guards, a limit is a level from the least of its scale."""
    gate = SimulatedGate((replace(ONE, limit=0.4, levels=np.zeros(2), least=-1.0),), "looks", head=0.8, guard=0.05)
    gate = replace(gate, alone=(0.9, 0.06), last=0.95)
    made = claims_of(gate, 0.05, 3)
    assert len(made) == 8
    assert [claim.weights for claim in made] == [*[(0.8, 0.9, 0.95)] * 2, *[(0.05, 0.06, 0.95)] * 6]
    assert [claim.level for claim in made] == [False, True] * 4
    assert {(claim.threshold, claim.reach, claim.series) for claim in made if claim.level} == {(0.4, (-1.0, 0.0), 1)}
    assert [None if claim.rows is None else claim.rows.tolist() for claim in made][2] == [True, False, False, False]
    assert family_claims(gate, 0.05, 3) == []


def test_a_family_states_its_mean_its_use_cases_and_each_suite() -> None:
    """The mean has the head's weight, all else the guards'; suites that may only advise are out of the mean."""
    weak = replace(ONE, may_gate=False, shows=EXACT, use_cases=np.array(["z"] * 4))
    suites = (replace(ONE, shows=Slope(0.5, 0.05), faked=0.1), replace(ONE, shows=Slope(1.0)), weak)
    gate = SimulatedGate(suites, "looks", 0.06, 0.1, 0.8, 0.05)
    whole, *cases = family_claims(gate, 0.05, 3)
    assert (whole.threshold, whole.weights, whole.faked) == (0.06, (0.8, 1.0, 1.0), 0.05)
    assert (whole.shows.value, whole.shows.se) == pytest.approx((0.75, 0.075))
    assert [(case.use_case, case.threshold, case.weights[0]) for case in cases] == [(c, 0.1, 0.05) for c in "abc"]
    parts = claims_of(gate, 0.05, 3)
    assert [(part.series, part.weights[0], part.may_pass) for part in parts] == [
        (0, 0.05, True),
        (1, 0.05, True),
        (2, 0.05, False),
    ]
    assert len(family_claims(replace(gate, use_case_margin=math.nan), 0.05, 3)) == 1


def test_suites_are_pooled_alike_and_use_cases_by_clusters() -> None:
    """The plain mean of what is pooled is the mean of the suites' means; in a use case it is that of its clusters."""
    suites = [ONE, replace(ONE, clusters=2, use_cases=np.array(["b", "a"]))]
    values = [np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[0.5, 0.7]])]
    whole, case = (SimulatedClaim(0.1, EXACT, 0.0, 0.05, (1.0,) * 3, 1, use_case=name) for name in ("", "b"))
    assert whole.pooled(suites, values).mean() == pytest.approx((0.25 + 0.6) / 2)
    assert whole.reach == (-1.5, 1.5)
    assert sorted(case.pooled(suites, values)[0]) == pytest.approx([0.2, 0.3, 0.5])
    assert case.reach == (-1.0, 1.0)
    values = [values[0][:, :2], values[1]]
    assert sorted(case.pooled(suites, values)[0]) == pytest.approx([0.2, 0.5])


def _looked(values: float, may_pass: bool = True) -> SimulatedClaim:
    made = SimulatedClaim(0.2, EXACT, 0.0, 0.05, (1.0,) * 3, 2, may_pass=may_pass)
    made.look(np.full((2, 200), values), LAST, True, np.ones(2, dtype=bool))
    return made


def test_harm_below_passes_and_above_fails() -> None:
    """Equal answers far on one side decide; at the threshold they do not."""
    assert [(_looked(x).passed.all(), _looked(x).failed.all()) for x in (0.0, 0.2, 0.5)] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_an_instrument_that_may_only_advise_decides_nothing() -> None:
    """Neither side is found for a suite that may not gate."""
    for values in (0.0, 0.5):
        made = _looked(values, may_pass=False)
        assert not (made.passed | made.failed | made.final_pass | made.final_fail).any()


def test_error_that_differs_between_models_takes_room_on_both_sides() -> None:
    """What could be faked is added to what is ruled out, and taken from what is shown."""
    made = SimulatedClaim(0.2, EXACT, 0.4, 0.05, (1.0,) * 3, 2)
    for values in (0.0, 0.5):
        made.look(np.full((2, 200), values), LAST, True, np.ones(2, dtype=bool))
        assert not (made.passed | made.failed).any()


def test_an_instrument_with_an_error_shows_no_level() -> None:
    """A level that is read bounds the true one from above only: false positives add to it."""
    shows = Slope(0.9, 0.01)
    for level, failed in ((True, False), (False, True)):
        made = SimulatedClaim(0.2, shows, 0.0, 0.05, (1.0,) * 3, 2, level=level)
        made.look(np.full((2, 200), 0.5), LAST, True, np.ones(2, dtype=bool))
        assert made.failed.all() == failed


def test_what_is_decided_is_not_weighed_again() -> None:
    """A review that is decided stays as it was, and a statement that passed is not turned by later answers."""
    made = SimulatedClaim(0.2, EXACT, 0.0, 0.05, (1.0,) * 3, 2)
    first = Looks().and_at(0.5)
    made.look(np.zeros((2, 100)), first, True, np.array([True, False]))
    assert made.passed.tolist() == [True, False]
    made.look(np.full((2, 200), 0.5), LAST, True, np.array([True, True]))
    assert (made.passed.tolist(), made.failed.tolist()) == ([True, False], [[False, True]] * 2)


def test_harm_is_shown_sooner_where_others_have_passed() -> None:
    """By all its error rate where all other statements have passed, by less where only the other gates have."""
    rng = np.random.default_rng(3)
    values = np.clip(0.215 + 0.3 * rng.normal(size=(400, 1500)), -1, 1)
    made = SimulatedClaim(0.2, EXACT, 0.0, 0.05, (0.1, 0.4, 1.0), 400)
    last = np.arange(400) < 200
    made.look(values, LAST, False, np.ones(400, dtype=bool), last)
    together, alone = made.failed
    assert not (together & ~alone).any()
    assert together.mean() + 0.1 < alone[~last].mean()
    assert alone[~last].mean() + 0.05 < alone[last].mean()


def test_scales_of_suites_are_brought_to_one_in_what_could_be_faked() -> None:
    """Error that could fake a tenth of a scale of two fakes a twentieth of the family's; suites keep their scales."""
    gate = SimulatedGate((replace(ONE, reach=2.0, faked=0.1), replace(ONE, faked=0.03)), "looks", 0.06, math.nan)
    (whole,) = family_claims(gate, 0.05, 3)
    assert whole.faked == pytest.approx((0.05 + 0.03) / 2)
    assert [(part.reach, part.faked) for part in claims_of(gate, 0.05, 3)] == [((-2.0, 2.0), 0.1), ((-1.0, 1.0), 0.03)]


def test_a_use_case_is_weighed_on_its_clusters_and_a_limit_at_its_level() -> None:
    """Of the clusters asked so far those of the use case count; a level is ruled out and shown as a change is."""
    suite = replace(ONE, residuals=np.zeros(4), clusters=400, most=400, limit=0.5, levels=np.zeros(2))
    gate = SimulatedGate((replace(suite, use_cases=np.repeat(["a", "b"], 200)),), "looks")
    rng = np.random.default_rng(0)
    low, high = (np.tile(middle + 0.02 * rng.standard_normal(200), (2, 1)) for middle in (0.1, 0.9))
    everything = np.ones(2, dtype=bool)
    for claim in claims_of(gate, 0.05, 2):
        if claim.rows is not None:
            claim.look(np.hstack([low, high]), LAST, ahead=False, open_now=everything)
            harmless = bool(claim.rows[0])
            assert claim.passed.tolist() == [harmless] * 2
            assert claim.failed.tolist() == [[not harmless] * 2] * 2


@pytest.mark.parametrize("shows", [EXACT, Slope(0.6, 0.05), Slope(0.4, top=0.6, top_se=0.05)])
def test_a_bound_is_that_of_the_true_change_at_a_last_look(shows: Slope) -> None:
    """The look counts as the last whether or not a larger budget would go on, and the slope's error is inside."""
    made = SimulatedClaim(0.2, shows, 0.0, 0.05, (1.0,) * 3, 3)
    values = np.clip(0.1 + 0.3 * np.random.default_rng(1).normal(size=(3, 80)), -1, 1)
    taken = before_any_look(may_go_on=True).and_at(0.5)
    level = nominal_level(0.05, replace(taken, final=True))
    assert level > nominal_level(0.05, taken)
    read = fixed_size_bounds(values, -1.0, 1.0, level)
    wanted = true_bounds(values.mean(axis=1), read.low, read.high, shows, level)[1]
    assert made.bound(values, taken).tolist() == wanted.tolist()


def test_harm_that_was_shown_stays_shown() -> None:
    """Shown where the other gates have passed and not where they are open: later answers do not take it back."""
    made = SimulatedClaim(0.2, EXACT, 0.0, 0.05, (1e-9, 1.0, 1.0), 2)
    everything = np.ones(2, dtype=bool)
    made.look(np.full((2, 100), 0.5), Looks().and_at(0.5), True, everything)
    assert made.failed.tolist() == [[False, False], [True, True]]
    made.look(np.hstack([np.full((2, 100), 0.5), np.full((2, 100), -0.1)]), LAST, True, everything)
    assert made.failed.tolist() == made.final_fail.tolist() == [[False, False], [True, True]]


def test_a_look_that_may_spend_next_to_nothing_decides_nothing() -> None:
    """Below the least level that counts neither equal answers nor the largest harm is enough."""
    for values in (0.0, 1.0):
        made = SimulatedClaim(0.2, EXACT, 0.0, 1e-7, (1.0,) * 3, 2)
        made.look(np.full((2, 200), values), Looks().and_at(0.001), False, np.ones(2, dtype=bool))
        assert not (made.passed | made.failed).any()


def test_each_review_is_looked_at_by_itself() -> None:
    """One whose mean is far above the margin fails beside another whose mean is far below."""
    made = SimulatedClaim(0.2, EXACT, 0.0, 0.05, (1.0,) * 3, 2)
    made.look(np.vstack([np.full(200, 0.5), np.full(200, -0.9)]), LAST, True, np.ones(2, dtype=bool))
    assert (made.failed.all(axis=0).tolist(), made.passed.tolist()) == ([True, False], [False, True])
