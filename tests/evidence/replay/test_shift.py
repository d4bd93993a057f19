"""Whether traffic is still what it was."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.shift import Profile, profile_of, shift_between
from seatrial.types import Message

TOPICS = (
    "How do I roast a pumpkin with {}?",
    "My landlord keeps my deposit over {}.",
    "Why does my loop over {} never end?",
)
THINGS = ("salt", "lemon", "a list", "rent", "honey", "numbers", "dust", "keys", "paper", "thyme")


@cache
def _every_one() -> Profile:
    """Every conversation that users have: a topic's ten questions, each with none, one or two more turns."""
    asked = [topic.format(thing) for topic in TOPICS for thing in THINGS]
    texts = [(one, *["And then?"] * more) for one in asked for more in range(3)]
    talks = [tuple(Message("user", one) for one in words) for words in texts]
    return profile_of([Conversation(f"{number}", "u", said, "a") for number, said in enumerate(talks)])


def _traffic(
    rng: np.random.Generator, shares: tuple[float, float, float], count: int = 150, per_user: int = 1
) -> Profile:
    of_a_topic = len(THINGS) * 3
    drawn = rng.choice(3, count, p=shares) * of_a_topic + rng.integers(0, of_a_topic, count)
    return Profile(_every_one().features[drawn], np.arange(count) // per_user)


@pytest.mark.slow
@pytest.mark.parametrize("per_user", [1, 5])
def test_the_same_traffic_is_seldom_called_another(per_user: int) -> None:
    """At 10 % in about a tenth of 120 pairs of samples, users with several conversations or not."""
    rng = np.random.default_rng(3)
    even = (0.4, 0.3, 0.3)
    values = [
        shift_between(_traffic(rng, even, 150, per_user), _traffic(rng, even, 150, per_user)).p_value
        for _ in range(120)
    ]
    assert 2 <= sum(value <= 0.1 for value in values) <= 24


def test_other_topics_and_other_lengths_are_found() -> None:
    """And it is said which of them."""
    rng = np.random.default_rng(4)
    before = _traffic(rng, (0.4, 0.3, 0.3))
    other = shift_between(before, _traffic(rng, (0.1, 0.1, 0.8)))
    assert other.moved and other.p_value < 0.005
    longer = Profile(before.features + np.eye(before.features.shape[1])[0] * 2, before.cluster)
    found = shift_between(before, longer)
    assert found.moved and found.differs[0][0] == "length of what users say" and found.differs[0][1] > 0


def test_what_is_kept_is_found_again_and_holds_no_words() -> None:
    """Numbers alone, rounded."""
    before = _traffic(np.random.default_rng(5), (0.4, 0.3, 0.3), 30)
    again = Profile.read(before.kept())
    assert (again.features == before.features).all() and (again.cluster == before.cluster).all()
    assert shift_between(before, again).p_value == 1.0, "what is the same stays the same, constants too"
