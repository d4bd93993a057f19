"""What signals are worth: how they rank incidents, how steady they are, what they cost."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import stdev

import pytest

from histories import GATE, judged
from seatrial.backtest.worth import worths

OTHER = "vibe/off"


def test_a_signal_that_ranks_incidents_first_stands_first() -> None:
    """Complete separation over many releases is told; noise is not."""
    releases = [
        judged(n, "clean" if n % 3 else "incident", changes={GATE: 2.0 * (n % 3 == 0) + n / 30, OTHER: n % 7})
        for n in range(30)
    ]
    first, second = worths(releases)
    assert (first.signal, first.of_any.told, first.of_any.incidents, first.of_any.clean) == (
        GATE,
        "tells them apart",
        10,
        20,
    )
    assert first.of_any.area.low > 0.8
    assert (second.signal, second.of_any.told) == (OTHER, "too few to tell")
    assert second.of_any.area.low < 0.5 < second.of_any.area.high
    assert (first.calls, first.ratings) == (10, 3)


def test_a_signal_that_falls_with_incidents_ranks_the_wrong_way() -> None:
    """Less change where there is harm is no worth, and is said."""
    releases = [judged(n, "incident" if n < 8 else "clean", changes={GATE: float(n)}) for n in range(24)]
    (found,) = worths(releases)
    assert found.of_any.told == "keeps back the wrong ones"


def test_incidents_on_its_own_behavior_are_ranked_apart() -> None:
    """A signal is held against the incidents that it asks about, and against all of them."""
    own, others = [0, 1], [2, 3, 4]
    releases = [judged(n, "incident", changes={GATE: 3.0}) for n in own]
    releases += [judged(n, "incident", changes={GATE: 0.0}, behavior="behavior/other") for n in others]
    releases += [judged(n, "clean", changes={GATE: 0.1 * (n % 5)}) for n in range(5, 15)]
    (found,) = worths(releases)
    assert (found.of_own.incidents, found.of_any.incidents) == (2, 5)
    assert found.of_own.area.value > found.of_any.area.value


def test_a_family_is_held_against_the_incidents_of_its_suites() -> None:
    """An incident on a suite's behavior is the family's own."""
    harmful, clean = (
        judged(0, "incident", changes={"family/praise": 1.0}),
        judged(1, "clean", changes={"family/praise": 0.0}),
    )
    (alone,) = worths([harmful, clean])
    held = replace(harmful.readings["family/praise"], suites=(GATE,))
    (found,) = worths([replace(harmful, readings={"family/praise": held}), clean])
    assert (alone.of_own.incidents, found.of_own.incidents) == (0, 1)


def test_steadiness_is_the_spread_between_clean_releases() -> None:
    """In margins, and in standard errors (of 0.5 margins here); of two clean releases it is not known."""
    changes = [0.1, -0.2, 0.4, 0.0]
    releases = [judged(n, "clean", changes={GATE: change}) for n, change in enumerate(changes)]
    releases.append(judged(9, "incident", changes={GATE: 99.0}))
    (found,) = worths(releases)
    assert found.spread == pytest.approx(stdev(changes))
    assert found.beyond_chance == pytest.approx(stdev(changes) / 0.5)
    (few,) = worths(releases[:2])
    assert math.isnan(few.spread) and math.isnan(few.beyond_chance)


def test_what_was_never_read_has_no_worth() -> None:
    """No signal, no row; a change that could not be computed ranks nothing."""
    assert worths([judged(0, "clean")]) == []
    (found,) = worths([judged(0, "incident", changes={GATE: math.nan}), judged(1, "clean", changes={GATE: 0.0})])
    assert (found.of_any.incidents, found.of_any.told) == (0, "too few to tell")
