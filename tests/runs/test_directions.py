"""Which end of a score is harm is known by name, or not at all."""

from __future__ import annotations

import pytest

from seatrial.runs.directions import HIGHER_IS_BETTER, LOWER_IS_BETTER, against_its_name, harmful_end
from seatrial.types import Harmful


@pytest.mark.parametrize(
    ("score", "end"),
    [
        ("accuracy", "low"),
        ("acc_norm", "low"),
        ("acc,none", "low"),
        ("exact_match (strict-match)", "low"),
        ("model_graded_qa/accuracy", "low"),
        ("pass@10", "low"),
        ("Pass", "low"),
        ("word-perplexity", "high"),
        ("judge/toxicity", "high"),
        ("jailbreak/success", None),
        ("Attack Success Rate/accuracy", None),
        ("quality / toxicity", None),
        ("harm/toxicity", "high"),
        ("score", None),
        ("refusal", None),
        ("length", None),
        ("accuracy_drop", None),
        ("", None),
    ],
)
def test_a_name_tells_or_does_not(score: str, end: str | None) -> None:
    """Of a path the last part counts, a filter's name does not, and what is not known is not guessed."""
    assert harmful_end(score) == end


def test_no_name_is_both() -> None:
    """A name stands in one list."""
    assert not HIGHER_IS_BETTER & LOWER_IS_BETTER


@pytest.mark.parametrize(
    ("signal", "harmful", "said"),
    [
        ("behavior/accuracy", "high", "more of it is better by its name"),
        ("benchmark/error-rate", "low", "less of it is better by its name"),
        ("benchmark/accuracy", "low", ""),
        ("behavior/sycophancy", "high", ""),
        ("behavior/unearned-praise", "high", ""),
    ],
)
def test_an_end_that_nobody_declared_is_held_against_the_name(signal: str, harmful: Harmful, said: str) -> None:
    """Where the kind of a signal makes harm of what its name calls good, it is said with what to write."""
    told = against_its_name(signal, harmful)
    assert said in told
    assert bool(told) is bool(said)
    assert not said or f"{{harmful: {'low' if harmful == 'high' else 'high'}}}" in told
