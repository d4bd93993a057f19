"""What is suggested for a word that is not known."""

from __future__ import annotations

from seatrial.formats.nearest import did_you_mean


def test_the_nearest_word_is_suggested_and_a_far_one_is_not() -> None:
    """Among all that could be meant; without a near one, what else is said."""
    assert did_you_mean("margni", ["limit", "margin"], "known: limit, margin") == "did you mean margin?"
    assert did_you_mean("margni", (one for one in ["margin"]), "", "'") == "did you mean 'margin'?"
    assert did_you_mean("xyz", ["limit", "margin"], "known: limit, margin") == "known: limit, margin"
