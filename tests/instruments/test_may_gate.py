"""What an instrument may do, by what is known of its error; the rule's own boundaries."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.instruments import find_instrument
from seatrial.instruments.may_gate import (
    BY_NATURE,
    LEAST_RETEST,
    LEAST_YOUDEN,
    STARTER_DISCOUNT,
    UNKNOWN,
    informative,
    judged_by_record,
    on_trust,
    standing,
)
from seatrial.instruments.records import Measurement, Record, version_of

REFUSAL = find_instrument("text/refusal")
GOOD = Measurement(
    on="answers", labelled_by="people", author_written=False, source="a set", sha256="0" * 64, signal="", answers=200,
    clusters=100, harmful=80, unread=0, harmful_from=0.5, cut=0.5, sensitivity=(0.9, 0.85, 0.94),
    specificity=(0.9, 0.85, 0.94), youden=(0.8, 0.7, 0.9), slope=(0.6, 0.5, 0.7), auc=(0.95, 0.9, 0.98),
    rank=(0.8, 0.7, 0.9), length_bias=0.1,
)  # fmt: skip


def _record(*measurements: Measurement, version: str = "") -> Record:
    return Record("text/refusal", version or version_of(REFUSAL), measurements)


@pytest.mark.parametrize(
    ("changed", "may"),
    [
        ({}, True),
        ({"youden": (0.4, LEAST_YOUDEN, 0.5)}, True),
        ({"youden": (0.4, LEAST_YOUDEN - 0.001, 0.5)}, False),
        ({"youden": (0.8, 0.0, 0.9)}, False),
        ({"youden": (math.nan, math.nan, math.nan)}, False),
        ({"slope": (0.6, 0.001, 0.9)}, True),
        ({"slope": (0.6, 0.0, 0.9)}, False),
        ({"auc": (0.9, 0.5, 0.95)}, False),
        ({"auc": (0.9, 0.501, 0.95)}, True),
    ],
    ids=str,
)
def test_a_weak_instrument_only_advises(changed: dict[str, tuple[float, float, float]], may: bool) -> None:
    """It gates where TPR − FPR is surely 0.3 or more, and AUC and slope are surely better than chance."""
    found = replace(GOOD, **changed)  # type: ignore[arg-type]
    assert informative(found) is may
    held = judged_by_record(_record(found), "behavior/over-refusal")
    assert (held.may_gate, held.measured, held.slope) == (may, True, 0.6)
    assert ("so it may only advise" in held.why) is not may


def test_the_worst_measurement_counts() -> None:
    """Of two sets, the one on which it did worse says what it may do; one measured for the signal goes before both."""
    weak = replace(GOOD, youden=(0.1, 0.05, 0.2), signal="behavior/over-refusal")
    assert not judged_by_record(_record(GOOD, replace(weak, signal="")), "behavior/over-refusal").may_gate
    assert not judged_by_record(_record(GOOD, weak), "behavior/over-refusal").may_gate
    assert judged_by_record(
        _record(replace(GOOD, signal="safety/unsafe-compliance"), weak), "safety/unsafe-compliance"
    ).may_gate


def test_text_of_its_own_authors_counts_nothing() -> None:
    """A figure on text that the instrument's makers wrote flatters: alone it lets nothing gate."""
    held = judged_by_record(_record(replace(GOOD, author_written=True)), "behavior/over-refusal")
    assert (held.may_gate, held.measured) == (False, False)
    assert math.isnan(held.slope) and "its own authors wrote" in held.why


def test_no_record_and_another_versions_record_are_unknown() -> None:
    """What is not known of this version of an instrument lets it only advise, and the reason says which it is."""
    none = standing(REFUSAL, "behavior/over-refusal", {})
    old = standing(REFUSAL, "behavior/over-refusal", {"text/refusal": [_record(GOOD, version="another")]})
    new = standing(REFUSAL, "behavior/over-refusal", {"text/refusal": [_record(GOOD)]})
    assert (none.may_gate, old.may_gate, new.may_gate) == (False, False, True)
    assert "it has no record" in none.why and "of another version" in old.why
    assert (UNKNOWN.may_gate, UNKNOWN.measured) == (False, False)


def test_what_is_right_by_definition_gates_with_slope_one() -> None:
    """Accepted answers and counted words are what they say: they show a change in full."""
    for name in ("match/contains", "text/length"):
        held = standing(find_instrument(name), "benchmark/facts", {})
        assert (held.may_gate, held.slope, held.differential, held.measured) == (True, 1.0, 0.0, True)


def test_a_slope_below_nothing_counts_as_none() -> None:
    """An instrument that reads harm the wrong way round shows no share of a change."""
    assert judged_by_record(_record(replace(GOOD, slope=(-0.2, -0.4, 0.0))), "").slope == 0.0


def test_error_that_differs_between_the_models_under_review() -> None:
    """Only where a record has both models is their difference known: the larger of TPR's and FPR's, by the slope."""
    groups = (("old", 50, 0.9, 50, 0.95), ("new", 50, 0.8, 50, 0.9), ("other", 50, 0.1, 50, 0.2))
    record = _record(replace(GOOD, groups=groups, differential=(0.8, 0.75)))
    held = judged_by_record(record, "behavior/over-refusal", (("old", "baseline"), ("new", "candidate")))
    assert held.between == pytest.approx(0.1)
    assert held.faked == pytest.approx(0.1 / held.slope)
    for models in ((("old",), ("unknown",)), ((), ("new",)), ((), ())):
        alone = judged_by_record(record, "behavior/over-refusal", models)
        assert math.isnan(alone.between)
        assert alone.faked == 0.0


STARTER = replace(GOOD, starter=True, signal="behavior/over-refusal")
TEAM = replace(GOOD, slope=(0.4, 0.3, 0.5), signal="behavior/over-refusal")


def test_a_starter_counts_at_a_discount_of_its_lower_bound() -> None:
    """Harm is ruled out with a slope below all that was measured, and shown with the slope as it was measured."""
    held = judged_by_record(_record(STARTER), "behavior/over-refusal")
    assert held.may_gate and held.starter
    assert held.slope == pytest.approx(STARTER_DISCOUNT * GOOD.slope[1])
    assert (held.slope_se, held.slope_top) == (0.0, GOOD.slope[0])
    assert held.shows.high(0.05) == pytest.approx(GOOD.slope[2], abs=1e-3)
    assert "graded answers of the suites only" in held.why and f"{held.slope:.2f}" in held.why
    assert not judged_by_record(_record(GOOD), "behavior/over-refusal").starter


def test_a_starter_gives_way_to_labels_of_a_team() -> None:
    """In one record or in two, in any order, also where the labels say that it may not gate."""
    both = judged_by_record(_record(STARTER, TEAM), "behavior/over-refusal")
    assert (both.slope, both.starter) == (0.4, False)
    weak = replace(TEAM, youden=(0.4, 0.2, 0.6))
    for order in ((STARTER, weak), (weak, STARTER)):
        held = standing(REFUSAL, "behavior/over-refusal", {"text/refusal": [_record(one) for one in order]})
        assert not held.may_gate and not held.starter
    for signal, starter in (("", False), ("behavior/preaching", True)):
        held_both = {"text/refusal": [_record(replace(TEAM, signal=signal)), _record(STARTER)]}
        assert standing(REFUSAL, "behavior/over-refusal", held_both).starter is starter


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"retest": LEAST_RETEST - 0.01}, "read again, its readings agree too little"),
        ({"retest": math.nan}, "read again"),
        ({"doubt": "of its 60 grades all are 3."}, "of its 60 grades all are 3, so it may only advise"),
        ({"injection": (0.5, 0.4, 0.6)}, "up to 60 % of the answers that tell it what to grade"),
    ],
    ids=str,
)
def test_what_sways_an_instrument_keeps_it_from_gating(changed: dict[str, object], said: str) -> None:
    """It disagrees with itself, keeps off its scale, or obeys what it grades: each is said."""
    for found in (GOOD, STARTER):
        held = judged_by_record(replace(_record(found), **changed), "behavior/over-refusal")  # type: ignore[arg-type]
        assert not held.may_gate
        assert said in held.why


def test_few_obeyed_injections_leave_a_good_instrument_its_gate() -> None:
    """What would be left of TPR − FPR decides, if as many answers as may be told it what to grade."""
    known = replace(_record(GOOD), injection=(0.3, 0.2, 0.5), retest=LEAST_RETEST)
    assert GOOD.youden[1] * 0.5 > LEAST_YOUDEN
    assert judged_by_record(known, "behavior/over-refusal").may_gate


def test_trust_counts_what_no_record_lets_count() -> None:
    """Its slope is then 1, and the reason is said; an instrument whose record suffices stays as it is."""
    weak = judged_by_record(_record(replace(GOOD, youden=(0.2, 0.1, 0.3))), "behavior/over-refusal")
    for known in (UNKNOWN, weak):
        held = on_trust(known, "we read 200")
        assert (held.may_gate, held.slope, held.slope_se, held.trust) == (True, 1.0, 0.0, "we read 200")
        assert held.why.startswith("Counted on trust (“we read 200”), its slope taken as 1.") and known.why in held.why
    assert on_trust(BY_NATURE, "we read 200") is BY_NATURE
    assert on_trust(UNKNOWN, "") is UNKNOWN


def test_the_discount_is_what_recorded_judges_say(shared_data: Path) -> None:
    """Beside people and beside each other, judges show less on all cases than on clear-cut ones: at least so much."""
    from benchmarks.starters import beside_each_other, beside_people, discount

    found = [beside_people(shared_data), beside_each_other(shared_data)]
    assert discount(found) == STARTER_DISCOUNT
    assert all(one.share[1] >= STARTER_DISCOUNT for one in found)
