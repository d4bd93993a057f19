"""Which end of a score is harm is known by name, or not at all."""

from __future__ import annotations

import pytest

from seatrial.runs.directions import HIGHER_IS_BETTER, LOWER_IS_BETTER, harmful_end


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
