"""What is said of a checked forecast."""

from __future__ import annotations

import pytest

from replays import made_check
from seatrial.evidence.replay.check import over_all
from seatrial.evidence.replay.check_wording import (
    agreed,
    direction_words,
    headline,
    shift_words,
    standing_words,
    suites_words,
    validity_words,
)


@pytest.mark.parametrize(
    ("came", "moved", "head", "said"),
    [
        (0.1, False, "The forecast holds", "Nothing says that the forecast is no longer valid"),
        (0.3, False, "Other rates than were foretold", "no longer valid for Behavior 0: what users say is not known"),
        (0.1, True, "Other traffic than was foretold", "That its rates agree may be luck"),
        (0.3, True, "Other traffic than was foretold", "the traffic is another, and Behavior 0 came at other rates"),
    ],
)
def test_it_says_when_a_forecast_is_no_longer_valid(came: float, moved: bool, head: str, said: str) -> None:
    """Because the traffic is another, because the rates are, or both; and that nothing says so where nothing does."""
    made = made_check((0.1, came), (0.1, 0.1), moved=moved)
    assert headline(made) == head and said in validity_words(made)
    assert agreed(made) == f"{1 if came == 0.3 else 2} of 2 forecasts agree with what came"


def test_what_is_not_known_is_a_dash() -> None:
    """Of one found, and of none."""
    one = made_check((0.15, 0.2)).found[0]
    assert (direction_words(one), suites_words(one)) == ("right", "0.5 ×")
    assert headline(made_check()) == "Nothing could be compared"
    assert "turns differs most" in shift_words(made_check(moved=True))
    assert standing_words(over_all([])) == "No rate has been compared with a forecast so far."
