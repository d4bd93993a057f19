"""An adapter that PyTorch trained answers the same under llama.cpp."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seatrial.errors import TrainingError
from seatrial.evidence.rewards.adapter import rotated, write_gguf_adapter
from seatrial.evidence.rewards.weights import converted
from seatrial.models import open_models
from seatrial.models.embedded import DEFAULT_SYSTEM, weights
from seatrial.policy import ModelSpec
from seatrial.types import Item, Message, Request

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.embedded]

PROMPTS = ("What is the capital of France?", "Is my poem good?", "Should I quit my job today?")


ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def _random_adapter(folder: Path, size: float, names: tuple[str, ...] = ALL) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(converted(weights()), dtype=torch.float32)
    settings = LoraConfig(r=4, lora_alpha=8, target_modules=list(names), task_type="CAUSAL_LM")
    adapted = get_peft_model(model, settings)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_()
                weight *= size
    adapted.save_pretrained(folder)
    return adapted.eval()


def _first_tokens(model: Any, prompt: str) -> dict[str, float]:
    import torch
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(converted(weights()))
    turns = [{"role": "system", "content": DEFAULT_SYSTEM}, {"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    with torch.inference_mode():
        logits = model(**tokenizer(text, return_tensors="pt", add_special_tokens=False)).logits[0, -1]
    found = torch.log_softmax(logits, dim=-1)
    return {tokenizer.decode([place]): float(found[place]) for place in found.topk(2000).indices.tolist()}


@pytest.mark.parametrize(("names", "size"), [(ALL, 0.12), (("q_proj", "k_proj"), 0.4)])
async def test_it_moves_log_probabilities_as_in_pytorch(names: tuple[str, ...], size: float, tmp_path: Path) -> None:
    """A random adapter moves the likeliest first tokens alike on both sides; at scale 0 it moves nothing.

    Moves are compared, for the server computes with four bits and PyTorch with the same weights unpacked. Queries and
    keys are tried alone too: theirs are the rows that change places.
    """
    adapted = _random_adapter(tmp_path / "peft", size, names)
    write_gguf_adapter(tmp_path / "peft", str(converted(weights())), tmp_path / "adapter.gguf")
    base = ModelSpec(model="embedded/smollm2-135m")
    whole = base.model_copy(update={"adapter": tmp_path / "adapter.gguf"})
    plain, off, on = open_models(base, whole.model_copy(update={"adapter_scale": 0.0}), whole)
    moved, apart = [], []
    async with plain, off, on:
        for prompt in PROMPTS:
            request = Request(Item("a", "s", (Message("user", prompt),)), 0, 1, 60)
            without, at_zero, with_it = [dict((await model.ask(request)).first) for model in (plain, off, on)]
            after = _first_tokens(adapted, prompt)
            with adapted.disable_adapter():
                before = _first_tokens(adapted, prompt)
            for token in list(without)[:20]:
                if token in with_it and token in after:
                    move = with_it[token] - without[token]
                    moved.append(abs(move))
                    apart.append(abs(move - (after[token] - before[token])))
            assert max(abs(without[token] - at_zero[token]) for token in without if token in at_zero) < 0.02
    assert len(moved) >= 20 and np.mean(moved) > 0.2
    assert np.mean(apart) < 0.4 * np.mean(moved), (np.mean(apart), np.mean(moved))


def test_an_adapter_with_a_weight_that_is_no_number_is_not_written(tmp_path: Path) -> None:
    """Training that diverged leaves no adapter file."""
    _random_adapter(tmp_path / "peft", math.nan)
    with pytest.raises(TrainingError, match="is not finite"):
        write_gguf_adapter(tmp_path / "peft", str(converted(weights())), tmp_path / "adapter.gguf")
    assert not (tmp_path / "adapter.gguf").exists()


def test_rows_are_reordered_within_each_head() -> None:
    """The two halves of a head interleave; heads stay apart."""
    rows = np.arange(8.0)[:, None]
    assert rotated(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
