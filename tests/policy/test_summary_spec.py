"""Summary figures of a policy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from seatrial.errors import PolicyError
from seatrial.policy import SignalSpec, parse_policy
from seatrial.policy.summary_spec import Figures, SummarySpec, check_figures

GOOD: dict[str, Any] = {"mean": 0.7, "se": 0.02, "n": 400}


def _summary(**candidate: Any) -> SummarySpec:
    made = SummarySpec(
        baseline=Figures(**GOOD), candidate=Figures(**{**GOOD, "n": 300, **candidate}), source="a model card"
    )
    check_figures(made, (0.0, 1.0))
    return made


def test_the_items_are_those_of_the_model_with_fewer() -> None:
    """The figures are worth no more than the smaller sample."""
    assert _summary().items == 300
    assert _summary(n=500).items == 400


@pytest.mark.parametrize("scores", [[0] * 80 + [1] * 120, [0, 1], [1] * 3, [0] * 9 + [1], [0.5] * 6 + [0, 1]])
def test_figures_that_a_sample_has_are_taken(scores: list[float]) -> None:
    """The mean and standard error of any numbers on the scale fit it, to the most spread that there is."""
    values = np.array(scores, dtype=float)
    se = float(values.std(ddof=1)) / math.sqrt(len(values))
    assert _summary(mean=float(values.mean()), se=se, n=len(values))
    scaled = Figures(mean=10 * float(values.mean()) - 5, se=10 * se, n=len(values))
    check_figures(SummarySpec(baseline=scaled, candidate=scaled, source="a model card"), (-5, 5))


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"mean": 1.2}, r"^the mean 1.2 of the candidate is outside the bounds \[0, 1\]$"),
        ({"mean": -0.1}, "the mean -0.1 of the candidate is outside"),
        (
            {"se": 0.458},
            r"^the se 0.458 of the candidate is more than 300 items in \[0, 1\] with this mean can have \(0.0265\); `se"
            "` is the standard error, the standard deviation over √n$",
        ),
        ({"se": 0.0269}, "the se 0.0269 of the candidate is more"),
        ({"se": 0.0}, "^the se of the candidate is 0, which a mean of 0.7 can hardly have; give it unrounded$"),
        ({"mean": 1.0, "se": 0.001}, "the se 0.001 of the candidate is more"),
    ],
)
def test_figures_that_no_sample_has_are_refused(figures: dict[str, float], told: str) -> None:
    """A mean off the scale, a standard deviation given for a standard error, and an error rounded away."""
    with pytest.raises(ValueError, match=told):
        _summary(**figures)
    with pytest.raises(ValueError, match="of the baseline"):
        one = SummarySpec(baseline=Figures(**{**GOOD, **figures}), candidate=Figures(**GOOD), source="a model card")
        check_figures(one, (0.0, 1.0))


def test_an_error_of_nothing_is_one_at_an_end_of_the_scale() -> None:
    """Where all answers are right or all wrong their mean has no spread."""
    assert _summary(mean=1.0, se=0.0).candidate.se == 0.0
    assert _summary(mean=0.0, se=0.0).candidate.se == 0.0
    assert _summary(se=0.0266).candidate.se == 0.0266


def test_a_summary_stands_alone_and_on_the_signals_scale() -> None:
    """Beside a column, an instrument, words or rows to choose it is refused; its bounds are the signal's."""
    written = _summary().model_dump()
    assert SignalSpec(summary=written).summary == _summary()
    for more in ({"column": "x"}, {"instrument": "text/length"}, {"values": {"a": 1}}, {"where": {"a": "b"}}):
        with pytest.raises(ValueError, match="`summary` stands alone"):
            SignalSpec(summary=written, **more)
    with pytest.raises(ValueError, match=r"outside the bounds \[0, 0.5\]"):
        SignalSpec(summary=written, bounds=(0, 0.5))


def test_a_policy_names_the_line_of_wrong_figures() -> None:
    """A mistake in the figures is told with its place, as any in a policy is."""
    text = (
        "name: p\nsignals:\n  benchmark/x:\n    summary:\n      baseline: {mean: 0.7, se: 0.02, n: 1}\n"
        "      candidate: {mean: 0.7, se: 0.02, n: 400}\n      source: card\ngates:\n"
        "  - {signal: benchmark/x, margin: 0.1}\n"
    )
    with pytest.raises(PolicyError) as refused:
        parse_policy(text)
    assert "policy:5: signals.benchmark/x.summary.baseline.n" in str(refused.value)
    assert "policy:7: signals.benchmark/x.summary.source" in str(refused.value)
