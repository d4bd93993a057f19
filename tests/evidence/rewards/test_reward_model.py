"""A reward model learns preferences."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.collect import Progress
from seatrial.evidence.rewards.reward_model import RewardModelSignal
from seatrial.evidence.rewards.train import train
from seatrial.types import Item, Message
from tiny_model import loaded_plan, plan_file, tiny

__all__ = ["tiny"]

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # what torch and its company warn of is theirs
    pytest.mark.embedded,
]

QUIET = Progress("off")


def test_a_reward_model_learns_the_preferences_and_is_a_signal(tiny: Path, tmp_path: Path) -> None:
    """Trained on pairs it scores the chosen above the rejected, also when it is loaded again as a signal."""
    spec = {"pairs": "pairs.jsonl", "steps": 12, "batch": 4, "learning_rate": 0.02}
    plan = loaded_plan(plan_file(tmp_path, tiny, method="reward-model", reward_model=spec))
    train(plan, "now", tmp_path / "rm", QUIET)
    item = Item("a", "s", (Message("user", "Hello?"),))
    chosen, rejected = RewardModelSignal(tmp_path / "rm").score([item, item], ["Good day to you.", "zzz qqq xxx"])
    assert chosen is not None and rejected is not None and chosen > rejected
