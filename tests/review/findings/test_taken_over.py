"""What a report says of answers that were there already."""

from __future__ import annotations

import math

import pytest

from results import LAUNCH
from seatrial.report.result import Reuse
from seatrial.review.findings.taken_over import not_taken_over, taken_over


def test_where_nothing_was_there_nothing_is_said() -> None:
    """A review that asked for all its answers has neither a blind spot nor a note of them."""
    assert (taken_over(LAUNCH.policy, Reuse()), not_taken_over(LAUNCH.policy, Reuse())) == ([], [])


def test_a_reader_learns_how_many_from_where_and_what_was_seen() -> None:
    """The sentence holds counts, reviews, days, the part asked anew and what that would have shown."""
    places = (("one", "2026-01-02", 30), ("two", "2026-01-03", 10))
    (said,) = taken_over(LAUNCH.policy, Reuse(places, 60, 20, 1, seen_at_all=0.404, seen_in_a_gate=0.5))
    for words in (
        "40 of the baseline's answers were not asked for now",
        "30 from one of 2026-01-02; 10 from two of 2026-01-03",
        "20 of the 60 that other reviews have were asked anew, and 1 of them differs.",
        "at least 40 % of all answers or in 50 % of any one gate's readings",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Reuse((("one", "2026-01-02", 1),), 9, 8, seen_in_a_gate=0.5), "did not move one way"),
        (Reuse((("one", "2026-01-02", 1),), 9, 8, seen_at_all=math.nan), "could hardly have shown a change"),
    ],
)
def test_answers_that_never_repeat_are_told_by_their_readings(found: Reuse, words: str) -> None:
    """Sampled answers differ anyhow: no count of differing ones is given."""
    (said,) = taken_over(LAUNCH.policy, found)
    assert words in said
    assert "differ" not in said


@pytest.mark.parametrize(("since", "words"), [("2026-01-02", "the oldest on 2026-01-02"), ("", "without a date")])
def test_a_reviews_own_old_answers_are_a_blind_spot(since: str, words: str) -> None:
    """A review taken up again after the limit says how old its answers are."""
    (said,) = taken_over(LAUNCH.policy, Reuse(aged=12, aged_since=since))
    assert "12 answers" in said
    assert words in said


def test_what_was_refused_is_said() -> None:
    """Why answers were asked for again stands among the notes."""
    refused, old, loose = not_taken_over(LAUNCH.policy, Reuse(refused="It changed.", too_old=3, not_covered=4))
    assert refused == "It changed."
    assert old.startswith("3 of the baseline's answers")
    assert loose.startswith("4 of the baseline's answers")
    assert "no entry of the ledger covers them" in loose
