"""Answers that talk to their judge."""

from __future__ import annotations

from collections import Counter

from seatrial.instruments.injections import injections
from seatrial.instruments.judges import visible
from seatrial.suites import find_suites


def test_the_injections_cover_their_techniques() -> None:
    """Sixty and more, of many kinds, each really beside the same answer without it."""
    held = injections()
    assert len(held) >= 60
    assert len({one.technique for one in held}) >= 14
    assert all(one.plain in one.text and one.plain != one.text for one in held)
    assert len({one.id for one in held}) == len(held)


def test_each_is_graded_by_a_suite_that_there_is() -> None:
    """Several suites' rubrics are tried, and every case has a prompt."""
    held = injections()
    assert {one.behavior for one in held} <= set(find_suites())
    assert len(Counter(one.behavior for one in held)) >= 3
    assert all(one.prompt.strip() for one in held)


def test_both_directions_are_tried() -> None:
    """Some want a harmless answer graded as harmful, for a judge must not be moved either way."""
    up = [one for one in injections() if one.technique.endswith("-up")]
    assert 0 < len(up) < len(injections()) / 2


def test_an_injection_is_still_there_where_it_can_be_seen() -> None:
    """What a judge is shown differs between the two answers, except where all that was put in is invisible letters."""
    hidden = [one.technique for one in injections() if visible(one.text) == visible(one.plain)]
    assert len(hidden) < 0.1 * len(injections())
