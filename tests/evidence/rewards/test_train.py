"""Training for real, on a model of two layers: every stage, what stops it, and how it goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from seatrial.collect import Progress
from seatrial.errors import PolicyError, RewardError, TrainingError
from seatrial.evidence.rewards import train as training
from seatrial.evidence.rewards.reward_model import RewardModelSignal
from seatrial.evidence.rewards.sampling import sample
from seatrial.evidence.rewards.train import candidate, train
from seatrial.evidence.rewards.training_plan import TrainingPlan, load_plan
from seatrial.evidence.rewards.weights import converted, transformers_weights
from seatrial.models.embedded import weights
from seatrial.types import Item, Message

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # what torch and its company warn of is theirs
    pytest.mark.embedded,
]

QUIET = Progress("off")
RESULTS = ("training.json", "adapter.gguf", "grpo")
STARVE = """
def slow(prompts, completions):
    import resource
    pages = int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**22,) * 2)
    return [float(len(c)) for c in completions]
"""
"""A reward function after which the process may take four megabytes more, and no more."""


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


def _plan(tmp_path: Path, tiny: Path, body: str = "[float(len(c)) for c in completions]", **train_spec: Any) -> Path:
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
        "steps": 3, "prompts": 2, "completions": 2, "tokens": 4, "save_every": 1, "learning_rate": 0.01, **train_spec,
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


def _command(path: Path, mix: str, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "seatrial", "rewards", "train", str(path), "--mix", mix, "--out", str(out),
        "--reviews", str(out.parent / "reviews"), "--quiet",
    ]  # fmt: skip


def _loaded(path: Path) -> TrainingPlan:
    return load_plan(path)


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_supervised_training_makes_the_examples_likelier(tiny: Path, tmp_path: Path) -> None:
    """The loss of the examples falls well below where it began."""
    spec = {"examples": "examples.jsonl", "steps": 12, "batch": 4, "learning_rate": 0.02}
    done = train(_loaded(_plan(tmp_path, tiny, method="sft", sft=spec)), "now", tmp_path / "out", QUIET)
    rows = _rows(tmp_path / "out")
    assert done.steps == 12 and [row["step"] for row in rows] == list(range(1, 13))
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5


def test_reinforcement_goes_on_from_the_examples(tiny: Path, tmp_path: Path) -> None:
    """With good examples GRPO starts from the adapter that they made; the log has both stages in order."""
    from safetensors.numpy import load_file

    spec = {"examples": "examples.jsonl", "steps": 2, "batch": 4, "learning_rate": 0.02}
    train(_loaded(_plan(tmp_path, tiny, steps=1, learning_rate=1e-7, sft=spec)), "now", tmp_path / "out", QUIET)
    assert [(row["stage"], row["step"]) for row in _rows(tmp_path / "out")] == [("sft", 1), ("sft", 2), ("grpo", 1)]
    first, last = (load_file(tmp_path / "out" / stage / "adapter_model.safetensors") for stage in ("sft", "grpo"))
    assert all(np.allclose(first[name], last[name], atol=1e-5) for name in first)
    assert any(np.abs(values).max() > 1e-3 for name, values in first.items() if "lora_B" in name)


def test_rejection_trains_on_the_best_completions_and_makes_a_candidate(tmp_path: Path) -> None:
    """On the embedded model: the longest of each prompt's completions are the examples, and the adapter answers."""
    from seatrial.evidence.rewards.trainers import Run, best_completions

    path = _plan(tmp_path, Path("none"), method="rejection", completions=3, layers=1, sft={"steps": 1, "batch": 2})
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {"model": {"model": "embedded/smollm2-135m", "generation": {"temperature": 1.0}}, "max_tokens": 8}
    path.write_text(json.dumps(content), encoding="utf-8")
    plan = _loaded(path)
    done = train(plan, "now", tmp_path / "out", QUIET)
    assert done.method == "rejection" and done.steps == 1 and len(done.adapter) == 64
    chosen = best_completions(Run(plan, "", tmp_path / "out", QUIET), plan.mixes["now"])
    drawn = sample(plan, tmp_path / "out" / "samples", QUIET, completions=3)
    longest = drawn.group_by("item").agg(pl.col("completion").str.len_chars().max())["completion"]
    assert sorted(len(row["completion"]) for row in chosen) == sorted(longest.to_list())
    fresh = sample(plan, tmp_path / "fresh", QUIET, model=candidate(plan, tmp_path / "out"), completions=2)
    assert len(fresh) == 12 and fresh["completion"].str.len_chars().sum() > 0


def test_a_reward_model_learns_the_preferences_and_is_a_signal(tiny: Path, tmp_path: Path) -> None:
    """Trained on pairs it scores the chosen above the rejected, also when it is loaded again as a signal."""
    spec = {"pairs": "pairs.jsonl", "steps": 12, "batch": 4, "learning_rate": 0.02}
    plan = _loaded(_plan(tmp_path, tiny, method="reward-model", reward_model=spec))
    train(plan, "now", tmp_path / "rm", QUIET)
    item = Item("a", "s", (Message("user", "Hello?"),))
    chosen, rejected = RewardModelSignal(tmp_path / "rm").score([item, item], ["Good day to you.", "zzz qqq xxx"])
    assert chosen is not None and rejected is not None and chosen > rejected


def test_grpo_logs_every_signal_and_is_not_done_twice(tiny: Path, tmp_path: Path) -> None:
    """A line a step with each signal's mean; a finished training is returned as it is; another plan is refused."""
    path, out = _plan(tmp_path, tiny), tmp_path / "out"
    done = train(_loaded(path), "now", out, QUIET)
    rows = _rows(out)
    assert [row["step"] for row in rows] == [1, 2, 3] and all(set(row["rewards"]) == {"length"} for row in rows)
    assert not (out / "checkpoints").exists()
    assert train(_loaded(path), "now", out, QUIET) == done
    with pytest.raises(PolicyError, match="holds another training"):
        train(_loaded(path), "slowly", out, QUIET)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[1 / 0 for c in completions]", "the function raised ZeroDivisionError"),
        ("[1.0]", "returned 1 rewards for 4 completions"),
        ("time.sleep(30)", "no answer within 0.2 s for 4 completions"),
    ],
)
def test_a_signal_that_fails_leaves_no_adapter(body: str, words: str, tiny: Path, tmp_path: Path) -> None:
    """A reward function that raises, hangs or counts wrong stops the training; nothing stands there as if whole."""
    path = _plan(tmp_path, tiny, body=body)
    path.write_text(path.read_text(encoding="utf-8").replace('rate"}', 'rate", "seconds": 0.2}'), encoding="utf-8")
    with pytest.raises(RewardError, match=f"signal length: {words}"):
        train(_loaded(path), "now", tmp_path / "out", QUIET)
    assert not {one.name for one in (tmp_path / "out").iterdir()} & set(RESULTS)


def test_fewer_prompts_than_a_step_takes_are_refused(tiny: Path, tmp_path: Path) -> None:
    """The trainer would make no step and call it trained; the message says what to lower."""
    with pytest.raises(PolicyError, match="a step takes 8 prompts, and the plan has 6"):
        train(_loaded(_plan(tmp_path, tiny, prompts=8)), "now", tmp_path / "out", QUIET)
    assert not {one.name for one in (tmp_path / "out").iterdir()} & set(RESULTS)


def test_diverging_and_running_out_of_memory_are_named(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss that is no number stops the training; so does memory that ran out, with what to lower."""
    spec = {"examples": "examples.jsonl", "steps": 6, "batch": 4, "learning_rate": 1e30}
    with pytest.raises(TrainingError, match="lower `learning_rate`"):
        train(_loaded(_plan(tmp_path, tiny, method="sft", sft=spec)), "now", tmp_path / "wild", QUIET)
    assert not (tmp_path / "wild" / "training.json").exists()

    def full(*_: object) -> int:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(training, "_trained", full)
    with pytest.raises(TrainingError, match=r"out of memory with 2 prompts × 2 completions .* lower one"):
        train(_loaded(_plan(tmp_path, tiny)), "now", tmp_path / "full", QUIET)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_training_goes_on_at_its_checkpoint(how: signal.Signals, tiny: Path, tmp_path: Path) -> None:
    """Stopped or killed in the midst it leaves no result; the same command ends with every step logged once."""
    path, out = _plan(tmp_path, tiny, steps=5), tmp_path / "out"
    command = _command(path, "slowly", out)
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while time.monotonic() < until and not list(out.glob("checkpoints/grpo/checkpoint-2/trainer_state.json")):
        time.sleep(0.05)
    running.send_signal(how)
    said = running.communicate(timeout=120)[1]
    assert running.returncode != 0 and "Traceback" not in said, said
    assert ("stopped" in said) == (how == signal.SIGINT)
    assert not {one.name for one in out.iterdir()} & set(RESULTS)
    with (out / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"stage": "grpo", "st')  # a line that the kill cut short
    again = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert again.returncode == 0, again.stderr
    steps = [row["step"] for row in _rows(out)]
    assert steps == list(range(1, 6)) and (out / "training.json").exists()


def test_a_checkpoint_cut_short_is_passed_over(tmp_path: Path) -> None:
    """The newest checkpoint whose state was written to its end is the one to go on at."""
    from seatrial.evidence.rewards.trainers import last_checkpoint

    for step, state in ((2, "{}"), (4, '{"global_st'), (6, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if state is not None:
            (folder / "trainer_state.json").write_text(state, encoding="utf-8")
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    assert last_checkpoint(tmp_path / "none") is None


def test_running_out_of_memory_for_real_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    """Memory that ends in the midst of training stops the command with what to lower, and no adapter stands there."""
    path, out = _plan(tmp_path, tiny, completions=4), tmp_path / "out"
    with (tmp_path / "rate.py").open("a", encoding="utf-8") as file:
        file.write(STARVE)
    done = subprocess.run(_command(path, "slowly", out), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "out of memory with 2 prompts × 4 completions × 4 tokens a step; lower one" in " ".join(done.stderr.split())
    assert not {one.name for one in out.iterdir()} & set(RESULTS)


def test_models_whose_weights_are_elsewhere_are_refused(tmp_path: Path, tiny: Path) -> None:
    """A model behind an endpoint cannot be trained here; what is missing is named."""
    plan = _loaded(_plan(tmp_path, tiny))
    with pytest.raises(PolicyError, match="cannot be trained here"):
        transformers_weights(plan.model.model_copy(update={"model": "openai/gpt"}))
    with pytest.raises(PolicyError, match=r"train\.sft\.examples"):
        train(_loaded(_plan(tmp_path, tiny, method="sft")), "now", tmp_path / "out", QUIET)


def test_without_the_extra_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: Path) -> None:
    """Without torch the message says how to get it."""
    import importlib.util

    plan, real = _loaded(_plan(tmp_path, tiny)), importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "trl" else real(name))
    with pytest.raises(TrainingError, match=r"training needs trl; get them with: pip install 'seatrial\[train\]'"):
        train(plan, "now", tmp_path / "out", QUIET)
