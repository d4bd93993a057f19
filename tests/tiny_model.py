"""A random model of two layers and a training plan for it, for the tests that train for real."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrial.evidence.rewards.training_plan import TrainingPlan, load_plan
from seatrial.evidence.rewards.weights import converted
from seatrial.models.embedded import weights


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers with the embedded model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer: Any = AutoTokenizer.from_pretrained(converted(weights()))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        tie_word_embeddings=True,
    )
    folder = tmp_path_factory.mktemp("tiny")
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def plan_file(tmp_path: Path, tiny: Path, body: str = "[float(len(c)) for c in completions]", **spec: Any) -> Path:
    """Write a training plan for the model whose one signal is a Python function with this body; return its path."""
    (tmp_path / "prompts.jsonl").write_text(
        "".join(json.dumps({"prompt": f"Question {place}?"}) + "\n" for place in range(6)), encoding="utf-8"
    )
    (tmp_path / "rate.py").write_text(
        f"import time\ndef rate(prompts, completions):\n    return {body}\n"
        "def slow(prompts, completions):\n    time.sleep(0.5)\n    return [float(len(c)) for c in completions]\n",
        encoding="utf-8",
    )
    for name, row in {
        "examples": {"prompt": "Hello?", "completion": "Good day to you."},
        "pairs": {"prompt": "Hello?", "chosen": "Good day to you.", "rejected": "zzz qqq xxx"},
    }.items():
        (tmp_path / f"{name}.jsonl").write_text((json.dumps(row) + "\n") * 8, encoding="utf-8")
    settings = {
        "steps": 3, "prompts": 2, "completions": 2, "tokens": 4, "save_every": 1, "learning_rate": 0.01, **spec,
    }  # fmt: skip
    plan = {
        "name": "tiny",
        "model": {"model": f"hf/{tiny}", "system": "Be brief.", "generation": {"temperature": 1.0}},
        "prompts": {"file": "prompts.jsonl"},
        "signals": {
            "length": {"kind": "python", "function": "rate.py:rate"},
            "slow": {"kind": "python", "function": "rate.py:slow"},
        },
        "behaviors": ["text/length"],
        "mixes": {"now": {"length": 1.0}, "slowly": {"slow": 1.0}},
        "train": settings,
    }
    path = tmp_path / "plan.yaml"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


def train_command(path: Path, mix: str, out: Path) -> list[str]:
    """Return the command that trains a plan's mix."""
    return [
        sys.executable, "-m", "seatrial", "rewards", "train", str(path), "--mix", mix, "--out", str(out),
        "--reviews", str(out.parent / "reviews"), "--quiet",
    ]  # fmt: skip


def loaded_plan(path: Path) -> TrainingPlan:
    """Return the plan in a file."""
    return load_plan(path)


def logged_rows(folder: Path) -> list[dict[str, Any]]:
    """Return what a training logged, a row a step."""
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
