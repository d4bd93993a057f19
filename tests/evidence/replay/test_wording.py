"""How a replay is put into words."""

from __future__ import annotations

import math

import pytest

from replays import made_replay
from seatrial.evidence.replay import wording
from seatrial.gates.traffic_rates import Rate


def test_the_reason_names_what_is_worst() -> None:
    """With its change and the margin; what is open is named too."""
    worse = made_replay(("fail", True), ("fail", True))
    assert wording.headline(worse) == "Worse in your traffic"
    assert "the policy tolerates 10. 1 other rose beyond the margin too." in wording.reason(worse)
    assert "Not decided, 1 of 2: Behavior 1." in wording.reason(made_replay(("pass", True), ("inconclusive", True)))
    assert "stay within their margins" in wording.reason(made_replay(("pass", True)))
    assert "decides nothing" in wording.reason(made_replay(("pass", False)))


@pytest.mark.parametrize(
    ("rate", "said"), [(0.001, "1 in 1,000"), (0.0, "any"), (1.0, "none"), (math.nan, "not known")]
)
def test_small_rates_are_one_in_so_many(rate: float, said: str) -> None:
    """And what is not known is said to be so."""
    assert wording.one_in(rate) == said


def test_numbers_have_their_intervals() -> None:
    """A rate that is not there is a dash; a calibration may have no end."""
    assert wording.rate_words(Rate(0.0123, 0.01, 0.02, 1, 9)) == "1.23 % [1, 2]"
    assert wording.rate_words(None) == "–"
    (one,) = made_replay(("fail", True)).done.found
    assert wording.change_words(one) == "+20 [15, 25]"
    assert wording.calibrated(one) == "1.1 × [0.9, ∞]"
    assert wording.ended_words(one) == "50 of 100 graded; graded until it was clear"
    assert wording.verdict_words(made_replay(("fail", False)).done.found[0]) == "beyond its margin, advisory"


def test_what_it_cannot_show_is_said() -> None:
    """Users' reactions, tools, gates that traffic cannot answer, answers that were lost."""
    told = " ".join(wording.blind_spots(made_replay(("pass", True))))
    for words in (
        "no reaction",
        "no tools: 3 conversations",
        "behavior/x is not looked for: why",
        "both models: 2 conv",
    ):
        assert words in told
    traffic = " ".join(wording.traffic_words(made_replay(("pass", True))))
    for words in (
        "5 another model answered",
        "n for m",
        "clocks run backwards",
        "No user is named",
        "left in, as asked",
    ):
        assert words in traffic
