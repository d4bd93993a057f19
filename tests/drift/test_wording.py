"""How what changed is told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from seatrial.drift.found import KINDS, Drift, Finding, Group, Proposal
from seatrial.drift.wording import (
    bounds,
    graded,
    headline,
    how_tested,
    left,
    levels,
    part,
    reason,
    standing,
    unlisted,
)
from seatrial.stats.intervals import Interval

SAYS = Finding("phrase", "says “mind how you go”", True, 0.02, 0.34, Interval(0.32, 0.2, 0.41), 0.001)
LONG = Finding("length", "words of an answer", False, 82.4, 120.2, Interval(37.8, 20.1, 55.0), 0.001)
TONE = Finding("tone", "praise", False, 0.41, 0.52, Interval(0.11, 0.05, 0.17), 0.001)
MEANS = Finding("meaning", "comes nearer to “a” than to “b”", False, -0.1, 0.1, Interval(0.2, 0.1, 0.3), 0.001)
FOUND = Drift(
    1200,
    1100,
    2400,
    0.05,
    0.0005,
    dict.fromkeys(KINDS, 0.001) | {"length": 0.4, "tone": 0.9},
    Interval(0.73, 0.7, 0.76),
    (),
    (SAYS,),
    659,
)


@pytest.mark.parametrize(
    ("finding", "level", "change"),
    [
        (SAYS, "2 → 34 of 100 answers", "+32 [+20, +41]"),
        (LONG, "82 → 120", "+38 [+20, +55]"),
        (TONE, "0.410 → 0.520", "+0.110 [+0.050, +0.170]"),
        (MEANS, "", ""),
    ],
)
def test_levels_and_changes_have_the_unit_that_people_count_in(finding: Finding, level: str, change: str) -> None:
    """Shares are of a hundred answers, lengths are words, a direction of meaning has no unit."""
    assert (levels(finding), bounds(finding)) == (level, change)


@pytest.mark.parametrize(
    ("finding", "held", "said"),
    [
        (LONG, None, ""),
        (SAYS, (0.01, -0.05, 0.07), "may be nothing"),
        (SAYS, (0.2, 0.1, 0.3), "+20"),
        (SAYS, (-0.2, -0.3, -0.1), "turns round"),
        (TONE, (0.1, 0.05, 0.2), "stays"),
        (MEANS, (-0.2, -0.3, -0.1), "stays"),
    ],
)
def test_what_is_left_of_a_change_is_told(finding: Finding, held: tuple[float, float, float] | None, said: str) -> None:
    """Nothing sure, a number, or another direction, each in its own words."""
    assert left(replace(finding, held=Interval(*held) if held else None)) == said


def test_a_change_and_none_tell_themselves_apart() -> None:
    """The headline says which, the reason says on what it rests, and no change is no proof of none."""
    none = replace(FOUND, p_value=0.31, told=None)
    assert (headline(FOUND), headline(none)) == ("The answers changed", "No change found")
    assert "1,200 items" in reason(FOUND)
    assert "p < 0.001" in reason(FOUND)
    assert "73 % [70 %, 76 %]" in reason(FOUND)
    assert "Clearest: says “mind how you go”, 2 → 34 of 100 answers." in reason(FOUND)
    assert "p 0.31" in reason(none)
    assert "no proof" in reason(none)
    assert "half of them would be luck" not in reason(none)


def test_what_was_tried_and_shows_nothing_is_told() -> None:
    """Everything tried is counted; kinds without a change are named where others have one."""
    assert "659 differences were tried" in unlisted(FOUND)
    assert unlisted(FOUND).endswith("Nothing is seen in how long answers are and what instruments of tone read.")
    assert "Nothing is seen" not in unlisted(replace(FOUND, p_value=0.5))
    assert part(Group("suite", "facts", Interval(0.5, 0.4, 0.6), 10)) == "50 % [40 %, 60 %]"


def test_a_proposal_is_told_with_its_grades_and_whether_it_held() -> None:
    """Grades of ten, the items it was tested on, and what chance alone would show."""
    shown = Proposal("praises the question", 0.12, 0.88, Interval(0.76, 0.6, 0.9), 0.001, 40)
    nothing = Proposal("is short", math.nan, math.nan, None, 1.0, 0)
    assert [(standing(one, 0.05), graded(one)) for one in (shown, nothing)] == [
        ("shown", "1.2 → 8.8"),
        ("not shown", "not graded"),
    ]
    said = how_tested(replace(FOUND, proposals=(nothing, shown)))
    assert "single answers to 40 items of the other half" in said
    assert said.endswith("with a chance of at most 5 %.")
