"""Weights that training starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.collect import Progress
from seatrial.errors import PolicyError, TrainingError
from seatrial.evidence.rewards.train import train
from seatrial.evidence.rewards.weights import transformers_weights
from tiny_model import loaded_plan, plan_file, tiny

__all__ = ["tiny"]

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # what torch and its company warn of is theirs
    pytest.mark.embedded,
]

QUIET = Progress("off")


def test_models_whose_weights_are_elsewhere_are_refused(tmp_path: Path, tiny: Path) -> None:
    """A model behind an endpoint cannot be trained here; what is missing is named."""
    plan = loaded_plan(plan_file(tmp_path, tiny))
    with pytest.raises(PolicyError, match="cannot be trained here"):
        transformers_weights(plan.model.model_copy(update={"model": "openai/gpt"}))
    with pytest.raises(PolicyError, match=r"train\.sft\.examples"):
        train(loaded_plan(plan_file(tmp_path, tiny, method="sft")), "now", tmp_path / "out", QUIET)


def test_without_the_extra_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: Path) -> None:
    """Without torch the message says how to get it."""
    import importlib.util

    plan, real = loaded_plan(plan_file(tmp_path, tiny)), importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "trl" else real(name))
    with pytest.raises(TrainingError, match=r"training needs trl; get them with: pip install 'seatrial\[train\]'"):
        train(plan, "now", tmp_path / "out", QUIET)
