"""Gates on rates in traffic."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from replays import handed_traffic
from seatrial.errors import PolicyError
from seatrial.gates.replayed import ReplayedTraffic
from seatrial.gates.replayed_claims import METHOD, check_replay, replayed_claims
from seatrial.gates.traffic_rates import change, rate
from seatrial.instruments.may_gate import BY_NATURE, UNKNOWN
from seatrial.policy import Gate, LaunchPolicy
from seatrial.types import Evidence

GATE = Gate(signal="replay/unearned-praise", margin=0.1)


def _found(made: ReplayedTraffic, gate: Gate = GATE, alpha: float = 0.05) -> list[Evidence]:
    return [found for _, found in replayed_claims(gate, made, made.behaviors[0], alpha, 0.9)]


def test_a_gate_has_the_interval_of_the_replay() -> None:
    """Weighted to the traffic and no plain mean of grades; its p-value is where its lower bound meets the margin."""
    made = handed_traffic()
    (one,), (found,) = made.behaviors, _found(made)
    design = made.design(one)
    before, after = (made.spread(one, values) for values in (one.baseline, one.candidate))
    moved = change(design, np.nan_to_num(before), np.nan_to_num(after), 0.9)
    assert (found.estimate, found.low, found.high) == pytest.approx((moved.value, moved.low, moved.high))
    assert found.estimate != pytest.approx(float((one.candidate - one.baseline).mean()), abs=1e-4)
    assert (found.method, found.items, found.missing, found.clusters) == (METHOD, 200, 0, 200)
    assert found.candidate == pytest.approx(rate(design, np.nan_to_num(after)).value)
    at = change(design, np.nan_to_num(before), np.nan_to_num(after), 1 - 2 * found.p_value)
    assert at.low == pytest.approx(0.1, abs=1e-4)
    assert found.low < found.estimate - found.mde / 4 and 0 < found.mde < 0.3


def test_each_look_has_its_part_of_alpha() -> None:
    """Four looks: bounds of a fourth of alpha, and four times the p-value."""
    (once,), (four,) = _found(handed_traffic()), _found(handed_traffic(looks=4))
    assert four.low < once.low and four.high > once.high
    assert four.p_value == pytest.approx(4 * once.p_value, rel=1e-3)
    (fourth,) = _found(handed_traffic(), alpha=0.05 / 4)
    assert (four.low, four.high) == pytest.approx((fourth.low, fourth.high))


def test_what_reads_half_of_a_change_shows_twice_of_it() -> None:
    """Bounds and estimate are of true harm; an instrument of unknown error gates on trust alone, its slope then 1."""
    half = replace(BY_NATURE, slope=0.5, slope_se=0.0)
    (plain,), (found,) = _found(handed_traffic(0.1)), _found(handed_traffic(0.1, standing=half))
    assert (found.estimate, found.low, found.high) == pytest.approx((2 * plain.estimate, 2 * plain.low, 2 * plain.high))
    assert found.reading == plain.reading and found.mde == pytest.approx(2 * plain.mde)
    trusted = GATE.model_copy(update={"trust": "a simulated judge"})
    (on_trust,) = _found(handed_traffic(0.1, standing=replace(UNKNOWN, slope=0.5)), trusted)
    assert on_trust.estimate == pytest.approx(plain.estimate)


def test_what_is_missing_may_be_worth_anything() -> None:
    """Conversations that nobody answered, and answers without a grade, widen both ends and are counted."""
    made = handed_traffic(lost=0.2)
    made.behaviors[0].candidate[:10] = math.nan
    (whole,), (found,) = _found(handed_traffic()), _found(made)
    assert found.missing == 110 and found.items == 190
    assert found.low < whole.low - 0.15 and found.high > whole.high + 0.1
    assert found.missing_low < found.estimate < found.missing_high


def test_a_ceiling_is_of_the_candidates_own_rate() -> None:
    """False alarms only add to it, so where they are not known to be none it is bounded from above alone."""
    limited = GATE.model_copy(update={"limit": 0.2})
    _, exact = _found(handed_traffic(), limited)
    assert exact.low < exact.estimate < exact.high and exact.low > 0.2 and exact.p_value < 0.05
    _, read = _found(handed_traffic(standing=replace(BY_NATURE, slope=0.8, slope_se=0.0)), limited)
    assert (read.low, read.p_value) == (0.0, 1.0) and read.high == pytest.approx(exact.high / 0.8)


@pytest.mark.slow
def test_p_values_are_as_small_as_they_say() -> None:
    """400 replays whose true rise is the margin: at most one in twenty or so has a p-value of a twentieth."""
    rng, small = np.random.default_rng(3), 0
    made = handed_traffic()
    (one,) = made.behaviors
    for _ in range(400):
        before, risen = rng.random(200) < 0.1, rng.random(200) < 0.1 / 0.9
        after = before | risen
        drawn = replace(one, baseline=before.astype(float), candidate=after.astype(float))
        small += replayed_claims(GATE, made, drawn, 0.05, 0.9)[0][1].p_value <= 0.05
    assert small / 400 <= 0.08


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({"per": "use_case"}, "leave out `per`"),
        ({"labels": "x.jsonl"}, "and `labels`"),
        ({"instrument": "judge/other"}, "was graded by judge/main and not by judge/other"),
    ],
)
def test_what_a_replay_does_not_know_is_refused(gate: dict[str, Any], said: str) -> None:
    """A gate on a part of the traffic, or by another reader, is not decided by what was graded for all of it."""
    policy = LaunchPolicy(name="p", gates=[Gate(signal=GATE.signal, margin=0.1, **gate)])
    with pytest.raises(PolicyError, match=said):
        check_replay(handed_traffic(), policy, None)


def test_a_replay_of_other_models_is_refused() -> None:
    """Named by role; a policy without models takes any, and a scale of its own is none."""
    policy = LaunchPolicy(name="p", gates=[GATE, Gate(signal="behavior/x", margin=0.1, per="use_case")])
    made = handed_traffic()
    check_replay(made, policy, None)
    check_replay(made, policy, ("before", "after"))
    with pytest.raises(PolicyError, match=r"settings of them: the candidate \(openai-compatible/next\)"):
        check_replay(made, policy, ("before", "other"))
    scaled = LaunchPolicy(name="p", gates=[GATE], signals={GATE.signal: {"bounds": (0, 2)}})
    with pytest.raises(PolicyError, match="more of it is harm"):
        check_replay(made, scaled, None)
