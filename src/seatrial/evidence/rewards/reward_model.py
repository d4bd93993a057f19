"""A reward model as a reward signal: a base model with an adapter and a head that gives one number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from seatrial.errors import RewardError
from seatrial.evidence.rewards.weights import transformers_weights
from seatrial.policy import ModelSpec
from seatrial.types import Item

__all__ = ["CARD", "RewardModelSignal"]

CARD = "reward_model.json"
BATCH = 16


class RewardModelSignal:
    """Scores completions with the reward model in a folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; the model is loaded when it is first asked.

        Raises:
            RewardError: there is no reward model in the folder.
        """
        try:
            card = json.loads((folder / CARD).read_text(encoding="utf-8"))
            self._base, self._system = ModelSpec(model=str(card["model"])), card["system"]
        except (OSError, ValueError, KeyError) as error:
            raise RewardError(
                f"{folder}: holds no finished reward model ({CARD}): {error}; train one with method: reward-model"
            ) from error
        self._folder = folder

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        base = transformers_weights(self._base)
        tokenizer: Any = AutoTokenizer.from_pretrained(base)
        inner = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32)
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        inner.config.pad_token_id = tokenizer.pad_token_id
        return PeftModel.from_pretrained(inner, str(self._folder / "adapter")).eval(), tokenizer

    def score(self, items: Sequence[Item], texts: Sequence[str]) -> list[float | None]:
        """Return the model's number for each completion."""
        import torch

        model, tokenizer = self._loaded
        system = [{"role": "system", "content": self._system}] if self._system else []
        rendered = [
            tokenizer.apply_chat_template(
                [
                    *system,
                    *({"role": turn.role, "content": turn.content} for turn in item.messages),
                    {"role": "assistant", "content": text},
                ],
                tokenize=False,
            )
            for item, text in zip(items, texts, strict=True)
        ]
        rewards: list[float | None] = []
        for start in range(0, len(rendered), BATCH):
            batch = tokenizer(
                rendered[start : start + BATCH],
                return_tensors="pt",
                padding=True,
                truncation=True,
                max_length=1024,
                add_special_tokens=False,
            )
            with torch.inference_mode():
                rewards += model(**batch).logits[:, 0].tolist()
        return rewards
