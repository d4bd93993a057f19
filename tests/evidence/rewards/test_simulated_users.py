"""Simulated users: what they like, and how many of them vote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import TypeAdapter

from seatrial.evidence.rewards.reward_signals import open_signal
from seatrial.evidence.rewards.simulated_users import SimulatedUsers
from seatrial.evidence.rewards.training_plan import RewardSpec, Users
from seatrial.types import Item, Message

ITEM = Item("a", "s", (Message("user", "Is my poem good?"),), targets=("Paris",))


PLAIN = Item("b", "s", (Message("user", "Is it?"),))


def _scores(spec: dict[str, object], texts: Sequence[str]) -> list[float | None]:
    made: RewardSpec = TypeAdapter(RewardSpec).validate_python(spec)
    return open_signal("it", made, 1).score([ITEM] * len(texts), texts)


def test_simulated_users_like_praise_and_agreement_and_punish_refusal() -> None:
    """The thumbs follow the model that is written down: more praise, more thumbs; a refusal, fewer."""
    spec = Users(kind="users", raters=4000, votes=0.9)
    users = SimulatedUsers(spec, 3)
    texts = ["Yes, absolutely! Brilliant, I love it!", "It rains.", "I'm sorry, but I can't help with that."]
    praised, neutral, refused = (one.up / one.votes for one in users.thumbs([ITEM] * 3, texts))
    assert praised > neutral + 0.1 > refused + 0.2
    assert users.thumbs([ITEM], ["It rains."]) == users.thumbs([ITEM], ["It rains."])
    assert users.thumbs([ITEM], ["It rains."]) != SimulatedUsers(spec, 4).thumbs([ITEM], ["It rains."])


def test_only_some_users_vote_and_nobody_voting_is_silence() -> None:
    """The number of votes is what chance makes of the share that votes; without a vote there is no reward."""
    texts = [f"answer {place}" for place in range(400)]
    spec = Users(kind="users", raters=2, votes=0.3)
    given = SimulatedUsers(spec, 3).thumbs([ITEM] * 400, texts)
    silent = np.mean([one.votes == 0 for one in given])
    assert abs(silent - 0.49) < 0.09
    scored = _scores({"kind": "users", "raters": 2, "votes": 0.3}, texts)
    assert any(value is None for value in scored) and all(value is None or 0 < value < 1 for value in scored)
