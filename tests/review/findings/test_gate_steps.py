"""The step of a gate, by what keeps it open."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from seatrial.instruments.may_gate import BY_NATURE, Standing

PRAISE, REASONING = "behavior/unearned-praise", "benchmark/reasoning"
WEAK = Standing(
    False, "TPR − FPR 0.70 [0.20, 0.99]: it may be below 0.3, so it may only advise.", 0.7, math.nan, True,
    youden=0.7, slope_se=0.2,
)  # fmt: skip
USELESS = replace(WEAK, why="Its interval includes chance.", slope=0.05, youden=0.05, slope_se=0.03)
Make = Callable[..., Any]


def test_labels_say_how_many_how_surely_and_for_how_long(reviewed: Make) -> None:
    """Labels that let an instrument gate come with the chance that the gate is then decided, and with minutes."""
    (step,) = reviewed({PRAISE: 0.0}, known={PRAISE: WEAK}, spread=0.1, margin=0.1).steps
    found = re.match(r"(\d+) labels on answers to behavior/unearned-praise decide behavior/unearned-praise", step.text)
    assert found is not None
    labels = int(found[1])
    assert step.cost == f"{labels} labels, about {round(labels / 3)} minutes"
    assert 0.6 < step.chance < 1.0
    assert f"with {round(100 * step.chance)} %" in step.text
    assert step.assumes == "the records so far are right on average; half of the labels are harmful"


def test_no_number_of_labels_mends_an_instrument_that_is_known_to_see_nothing(reviewed: Make) -> None:
    """Where a record says that an instrument hardly tells harm, the step says to take another."""
    (step,) = reviewed({PRAISE: 0.0}, known={PRAISE: USELESS}, spread=0.12).steps
    assert step.chance < 0.05
    assert "have another instrument read them" in step.text and "No number of labels" in step.text


def test_labels_do_not_help_where_the_items_are_too_few(reviewed: Make) -> None:
    """A record lets the instrument gate, and the gate stays open: its chance is low though the record's is not."""
    wide = reviewed({PRAISE: 0.0}, known={PRAISE: WEAK}, spread=0.6, clusters=30).steps[0]
    assert wide.chance < 0.1
    assert "would hardly decide behavior/unearned-praise even then: have more asked too" in wide.text


def test_one_record_serves_all_gates_of_an_instrument(reviewed: Make) -> None:
    """Gates that one instrument may not gate share a step, and a family's suites share one record."""
    known = dict.fromkeys((PRAISE, REASONING), WEAK)
    (apart,) = reviewed(dict.fromkeys(known, 0.0), known=known, spread=0.12, margin=0.1).steps
    assert apart.signals == (PRAISE, REASONING)
    (family,) = reviewed(dict.fromkeys(known, 0.0), known=known, spread=0.12, family="x").steps
    assert family.signals == ("family/x",)
    assert "on answers to behavior/unearned-praise and benchmark/reasoning decide family/x" in family.text


def test_calls_fall_as_the_margin_widens_and_keep_to_the_items(reviewed: Make) -> None:
    """The wider the margin, the fewer calls; never more than asking every item as often as it may be."""

    def calls(margin: float, draws: int) -> tuple[int, float]:
        (step,) = reviewed({PRAISE: 0.0}, margin=margin, draws=draws, calls=60, clusters=60, seed=5).steps
        assert step.kind == "calls"
        assert step.text.startswith(f"{step.cost.removesuffix(' calls')} more calls decide {PRAISE} with ")
        return int(step.cost.split()[0].replace(",", "")), step.chance

    (narrow, surely), (wide, more), (capped, hardly) = calls(0.08, 64), calls(0.1, 64), calls(0.08, 4)
    assert wide < narrow
    assert capped <= 60 * 2 * 4 - 60
    # The fewest calls that reach the power are named, so what they reach is about the power, whatever the margin.
    assert hardly < surely
    assert more == pytest.approx(surely, abs=0.02)


@pytest.mark.slow
def test_too_few_items_name_the_margin_and_the_number_that_would_do(reviewed: Make) -> None:
    """Nothing can decide 58 items at a narrow margin; with the margin or the items that are named, it passes."""
    made = reviewed({REASONING: 0.0}, clusters=58, spread=0.35, margin=0.05, seed=1)
    (step,) = made.steps
    found = re.match(
        r"Nothing can decide benchmark/reasoning on the 58 items at a margin of 0\.05: it takes a margin of (\S+) or "
        r"([\d,]+) items\.",
        step.text,
    )
    assert found is not None
    margin, items = float(found[1]), int(found[2].replace(",", ""))
    passed = [
        sum(
            reviewed({REASONING: 0.0}, spread=0.35, seed=seed, source="recorded", **way).decision.outcome == "launch"
            for seed in range(20)
        )
        for way in ({"clusters": 58, "margin": margin}, {"clusters": items, "margin": 0.05})
    ]
    assert min(passed) >= 15
    assert "the candidate changed nothing" in step.assumes


def test_a_suite_that_keeps_its_family_open_is_named(reviewed: Make) -> None:
    """Where the family's mean is ruled out and one suite is not, the step is about that suite and its own margin."""
    worse = {"behavior/a": -0.2, "behavior/b": 0.12, "behavior/c": -0.2}
    made = reviewed(worse, family="x", margin=0.05, suite_margin=0.15, spread=0.3, seed=2)
    (step,) = made.steps
    assert step.signals == ("family/x",)
    assert "behavior/b" in step.text


def test_missing_answers_are_asked_again_and_counted(reviewed: Make) -> None:
    """Where all that keeps a gate open is missing answers, their number is the cost; it would be decided with them."""
    made = reviewed({PRAISE: 0.0}, lost=0.1, margin=0.1, spread=0.15, draws=1)
    (step,) = made.steps
    lost = sum(len(run.failures) for run in made.rounds.gates)
    assert step.kind == "answers"
    assert f"Get the {lost} answers that are missing for {PRAISE}: ask again." in step.text
    assert step.cost == f"{lost} calls"
    assert step.text.endswith("and without them the rest decides.")


def test_nothing_measured_asks_for_answers(reviewed: Make) -> None:
    """A gate of which nothing came back is not told of calls or margins."""
    (step,) = reviewed({PRAISE: 0.0}, lost=1.0, clusters=30).steps
    assert (step.kind, step.cost) == ("answers", "60 calls")
    assert step.text.startswith(f"Nothing was measured for {PRAISE}: answer the suite's items with both models")


@pytest.mark.parametrize(("between", "kind"), [(0.0, None), (0.09, "error")])
def test_error_that_differs_between_the_models_is_said(reviewed: Make, between: float, kind: str | None) -> None:
    """A gate that only such an error keeps open is told to be read by something else."""
    held = replace(BY_NATURE, between=between)
    made = reviewed({PRAISE: 0.0}, known={PRAISE: held}, margin=0.1, spread=0.15)
    assert [step.kind for step in made.steps] == ([kind] if kind else [])
    if kind:
        assert "could fake a change of 0.090" in made.steps[0].text
        assert made.steps[0].cost == "120 labels, about 40 minutes"
