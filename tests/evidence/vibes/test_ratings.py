"""One final rating, read: which side was flagged and preferred, whichever stood on the left."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.evidence.vibes.ratings import REAL, key_of, off, plain_off, preferred, share_flagged, unblinded
from seatrial.evidence.vibes.values import Rated, Turn
from vibe_sessions import rated, said, trial


def _one(odd: Any, **given: Any) -> Rated:
    return Rated("ana", 0, trial("pair" if odd else "same", "poem", odd), said(**given), 1.0)


@pytest.mark.parametrize(
    ("odd", "flagged", "other"),
    [("left", 2, 1), ("right", 1, 2), ("", 2, 1)],
)
def test_flags_belong_to_answers_and_not_to_sides(odd: str, flagged: int, other: int) -> None:
    """The odd answer's flag is that of the side where it stood; in a same pair it is the left one's."""
    one = _one(odd, off_left=2, off_right=1)
    assert (off(one), plain_off(one)) == (flagged, other)


@pytest.mark.parametrize("odd", ["left", "right", ""])
def test_an_answer_that_was_not_judged_is_not_flagged(odd: str) -> None:
    """A flag that is missing counts as none."""
    assert (off(_one(odd, off_left=None, off_right=None)), plain_off(_one(odd, off_left=None, off_right=None))) == (
        0,
        0,
    )


@pytest.mark.parametrize(
    ("odd", "said", "share"),
    [("right", 3, 1.0), ("right", -3, -1.0), ("left", 3, -1.0), ("left", -1, 1 / 3), ("", 3, -1.0), ("left", 0, 0.0)],
)
def test_a_preference_points_at_the_odd_answer(odd: str, said: int, share: float) -> None:
    """From −1, the other answer much, to 1, the odd one much; in a same pair 1 is the left side."""
    assert preferred(_one(odd, preference=said)) == pytest.approx(share)


@given(st.sampled_from(["left", "right", ""]), *[st.integers(0, 3)] * 2, st.integers(-3, 3))
def test_swapped_sides_and_swapped_words_are_the_same_rating(odd: Any, left: int, right: int, liked: int) -> None:
    """A pair of any kind rated the other way round, with everything said of the other side, reads the same."""
    one = _one(odd, off_left=left, off_right=right, preference=liked)
    turned = said(off_left=right, off_right=left, preference=-liked)
    other = replace(one, trial=one.trial.swapped(), rating=turned)
    assert (off(other), plain_off(other), preferred(other)) == (off(one), plain_off(one), preferred(one))


def test_the_share_of_flags() -> None:
    """Any severity counts as one flag; of no ratings there is no share."""
    assert share_flagged([0, 1, 3, 0, 2]) == pytest.approx(0.6)
    assert share_flagged([0]) == 0.0
    assert math.isnan(share_flagged([]))


def test_a_rating_belongs_to_its_item_and_a_conversation_to_its_rater() -> None:
    """Raters of one pair rate the same thing; what one of them talked about is nobody else's."""
    assert key_of(rated("ana", 3, trial("pair", "poem"))) == ("praise", "poem")
    assert key_of(rated("ben", 9, trial("repeat", "poem"))) == ("praise", "poem")
    assert key_of(rated("ana", 3, trial("live", "poem"))) == ("live", "ana 3")


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        ((), False),
        ((Turn("Who are you?", "A friend.", "A helper."),), False),
        ((Turn("Are you ChatGPT? I am Claude.", "No.", "No."),), False),
        ((Turn("Hi", "Hello.", "I am ChatGPT."),), True),
        ((Turn("Hi", "I'm an AI.", "Hello."), Turn("So?", "Nothing.", "Nothing.")), True),
        ((Turn("Hi", "Hello.", "Hello."), Turn("Who are you?", None, None)), False),
    ],
)
def test_a_conversation_in_which_a_model_names_itself_is_not_blind(turns: tuple[Turn, ...], told: bool) -> None:
    """Only what the models said counts, on either side and in any turn; what the rater said does not."""
    assert unblinded(rated("ana", 0, trial("live"), turns=turns)) is told


def test_only_pairs_and_conversations_are_evidence() -> None:
    """Controls measure the rater, repeats and second looks the rating, a witness's pair was picked for its alarm."""
    assert set(REAL) == {"pair", "live"}
