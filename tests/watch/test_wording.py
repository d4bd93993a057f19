"""How the days of a watch are told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from seatrial.watch.found import LENGTH, LONGEST, Seen, Served, Watch
from seatrial.watch.shifts import Moved
from seatrial.watch.wording import (
    about,
    day_of,
    facts,
    found_within,
    headline,
    latest,
    level,
    levels,
    promise,
    reason,
)

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-05")
MOVED = Moved(3, 2, 0.03, 0.16, 1e-8)
PRAISE = Seen("behavior/praise", "Unearned praise", "high", (0.0, 1.0), 60, (0.03, 0.03, 0.1, 0.2), None, 4)
QUIET = Watch("support", "openai/x", 0.05, DAYS, (0, 0, 0, 0), 400, (PRAISE,), Served())
RISEN = replace(PRAISE, moved=MOVED)
SERVED = Served((("2026-03-01", ("x-1",)), ("2026-03-03", ("x-2", "x-3"))), (), (("2026-03-03", 390, 400),))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (QUIET, "Quiet for 4 days"),
        (replace(QUIET, days=DAYS[:1]), "First day: nothing to compare with yet"),
        (replace(QUIET, seen=(RISEN,)), "Worse: Unearned praise"),
        (replace(QUIET, seen=(replace(RISEN, harmful="low"),)), "Changed: Unearned praise"),
        (replace(QUIET, seen=(RISEN, RISEN, PRAISE)), "Worse: Unearned praise, and 1 more"),
        (replace(QUIET, served=SERVED), "Changed: the endpoint serves something else"),
    ],
)
def test_the_headline_says_whether_it_is_what_it_was(found: Watch, said: str) -> None:
    """Harm first, then any change, then what the endpoint says, then quiet."""
    assert headline(found) == said


def test_the_reason_has_the_day_and_both_levels() -> None:
    """The first of the days that differ, and counts of a hundred."""
    said = reason(replace(QUIET, seen=(RISEN,)))
    assert said == (
        "openai/x was asked 400 questions a day on 4 days. Since about 3 March 2026: Unearned praise, 3 → 16 of 100."
    )
    assert day_of(QUIET, MOVED) == "3 March 2026"
    assert "moves no more from day to day than it would were nothing changed" in reason(QUIET)
    assert "on 1 day. From the second day on" in reason(replace(QUIET, days=DAYS[:1]))
    assert "the endpoint names x-2, x-3; before, x-1. What is read" in reason(replace(QUIET, served=SERVED))


def test_levels_are_in_their_own_units() -> None:
    """Shares in counts of a hundred, lengths in words, scales as they are."""
    assert levels(PRAISE) == ""
    length = replace(RISEN, name=LENGTH, bounds=(0.0, LONGEST), means=(6.0,))
    assert level(length, math.log2(64) / LONGEST) == "63 words"
    assert latest(length) == "63 words"
    assert level(replace(RISEN, bounds=(-1.0, 1.0)), 0.25) == "−0.500"
    assert level(PRAISE, math.nan) == "—"
    assert latest(replace(PRAISE, means=())) == "—"
    assert latest(PRAISE) == "20 of 100"


def test_how_soon_is_said_in_days_or_not_at_all() -> None:
    """One day is one day."""
    assert [found_within(replace(PRAISE, within=days)) for days in (1, 20, None)] == [
        "in 1 day",
        "in 20 days",
        "not in 56 days",
    ]
    assert "5 points of a hundred" in about(QUIET)
    assert "at most 5 % of years" in promise(QUIET)


def test_what_the_endpoint_says_is_told_as_what_it_is() -> None:
    """Names, counts of tokens, and fingerprints, which alone are no alarm."""
    names, tokens = facts(replace(QUIET, served=SERVED))
    assert names == "Since 3 March 2026 the endpoint names x-2, x-3; before, x-1."
    assert tokens.startswith("On 3 March 2026 390 of 400 prompts counted other tokens than on the day before")
    (prints,) = facts(replace(QUIET, served=Served((), (("2026-03-01", ("a",)), ("2026-03-02", ("b",))), ())))
    assert prints == "The system's fingerprint changed on 2 March 2026; by itself that is no alarm."
