"""Every stage of training, for real, on a model of two layers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from seatrial.collect import Progress
from seatrial.errors import PolicyError, TrainingError
from seatrial.evidence.rewards import train as training
from seatrial.evidence.rewards.sampling import sample
from seatrial.evidence.rewards.train import candidate, train
from tiny_model import loaded_plan, logged_rows, plan_file, tiny

__all__ = ["tiny"]

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # what torch and its company warn of is theirs
    pytest.mark.embedded,
]

QUIET = Progress("off")


def test_supervised_training_makes_the_examples_likelier(tiny: Path, tmp_path: Path) -> None:
    """The loss of the examples falls well below where it began."""
    spec = {"examples": "examples.jsonl", "steps": 12, "batch": 4, "learning_rate": 0.02}
    done = train(loaded_plan(plan_file(tmp_path, tiny, method="sft", sft=spec)), "now", tmp_path / "out", QUIET)
    rows = logged_rows(tmp_path / "out")
    assert done.steps == 12 and [row["step"] for row in rows] == list(range(1, 13))
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5


def test_reinforcement_goes_on_from_the_examples(tiny: Path, tmp_path: Path) -> None:
    """With good examples GRPO starts from the adapter that they made; the log has both stages in order."""
    from safetensors.numpy import load_file

    spec = {"examples": "examples.jsonl", "steps": 2, "batch": 4, "learning_rate": 0.02}
    train(loaded_plan(plan_file(tmp_path, tiny, steps=1, learning_rate=1e-7, sft=spec)), "now", tmp_path / "out", QUIET)
    assert [(row["stage"], row["step"]) for row in logged_rows(tmp_path / "out")] == [
        ("sft", 1),
        ("sft", 2),
        ("grpo", 1),
    ]
    first, last = (load_file(tmp_path / "out" / stage / "adapter_model.safetensors") for stage in ("sft", "grpo"))
    assert all(np.allclose(first[name], last[name], atol=1e-5) for name in first)
    assert any(np.abs(values).max() > 1e-3 for name, values in first.items() if "lora_B" in name)


def test_rejection_trains_on_the_best_completions_and_makes_a_candidate(tmp_path: Path) -> None:
    """On the embedded model: the longest of each prompt's completions are the examples, and the adapter answers."""
    from seatrial.evidence.rewards.trainers import Run, best_completions

    path = plan_file(tmp_path, Path("none"), method="rejection", completions=3, layers=1, sft={"steps": 1, "batch": 2})
    content = json.loads(path.read_text(encoding="utf-8"))
    content |= {"model": {"model": "embedded/smollm2-135m", "generation": {"temperature": 1.0}}, "max_tokens": 8}
    path.write_text(json.dumps(content), encoding="utf-8")
    plan = loaded_plan(path)
    done = train(plan, "now", tmp_path / "out", QUIET)
    assert done.method == "rejection" and done.steps == 1 and len(done.adapter) == 64
    chosen = best_completions(Run(plan, "", tmp_path / "out", QUIET), plan.mixes["now"])
    drawn = sample(plan, tmp_path / "out" / "samples", QUIET, completions=3)
    longest = drawn.group_by("item").agg(pl.col("completion").str.len_chars().max())["completion"]
    assert sorted(len(row["completion"]) for row in chosen) == sorted(longest.to_list())
    fresh = sample(plan, tmp_path / "fresh", QUIET, model=candidate(plan, tmp_path / "out"), completions=2)
    assert len(fresh) == 12 and fresh["completion"].str.len_chars().sum() > 0


def test_grpo_logs_every_signal_and_is_not_done_twice(tiny: Path, tmp_path: Path) -> None:
    """A line a step with each signal's mean; a finished training is returned as it is; another plan is refused."""
    path, out = plan_file(tmp_path, tiny), tmp_path / "out"
    done = train(loaded_plan(path), "now", out, QUIET)
    rows = logged_rows(out)
    assert [row["step"] for row in rows] == [1, 2, 3] and all(set(row["rewards"]) == {"length"} for row in rows)
    assert not (out / "checkpoints").exists()
    assert train(loaded_plan(path), "now", out, QUIET) == done
    with pytest.raises(PolicyError, match="holds another training"):
        train(loaded_plan(path), "slowly", out, QUIET)


def test_diverging_and_running_out_of_memory_are_named(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss that is no number stops the training; so does memory that ran out, with what to lower."""
    spec = {"examples": "examples.jsonl", "steps": 6, "batch": 4, "learning_rate": 1e30}
    with pytest.raises(TrainingError, match="lower `learning_rate`"):
        train(loaded_plan(plan_file(tmp_path, tiny, method="sft", sft=spec)), "now", tmp_path / "wild", QUIET)
    assert not (tmp_path / "wild" / "training.json").exists()

    def full(*_: object) -> int:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(training, "_trained", full)
    with pytest.raises(TrainingError, match=r"out of memory with 2 prompts × 2 completions .* lower one"):
        train(loaded_plan(plan_file(tmp_path, tiny)), "now", tmp_path / "full", QUIET)
