"""Training for real, on a model of two layers: what stops it, and how it goes on."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from seatrial.collect import Progress
from seatrial.errors import PolicyError, RewardError
from seatrial.evidence.rewards.train import train
from tiny_model import loaded_plan, logged_rows, plan_file, tiny, train_command

__all__ = ["tiny"]

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
    path = plan_file(tmp_path, tiny, body=body)
    path.write_text(path.read_text(encoding="utf-8").replace('rate"}', 'rate", "seconds": 0.2}'), encoding="utf-8")
    with pytest.raises(RewardError, match=f"signal length: {words}"):
        train(loaded_plan(path), "now", tmp_path / "out", QUIET)
    assert not {one.name for one in (tmp_path / "out").iterdir()} & set(RESULTS)


def test_fewer_prompts_than_a_step_takes_are_refused(tiny: Path, tmp_path: Path) -> None:
    """The trainer would make no step and call it trained; the message says what to lower."""
    with pytest.raises(PolicyError, match="a step takes 8 prompts, and the plan has 6"):
        train(loaded_plan(plan_file(tmp_path, tiny, prompts=8)), "now", tmp_path / "out", QUIET)
    assert not {one.name for one in (tmp_path / "out").iterdir()} & set(RESULTS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_training_goes_on_at_its_checkpoint(how: signal.Signals, tiny: Path, tmp_path: Path) -> None:
    """Stopped or killed in the midst it leaves no result; the same command ends with every step logged once."""
    path, out = plan_file(tmp_path, tiny, steps=5), tmp_path / "out"
    command = train_command(path, "slowly", out)
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
    steps = [row["step"] for row in logged_rows(out)]
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
    path, out = plan_file(tmp_path, tiny, completions=4), tmp_path / "out"
    with (tmp_path / "rate.py").open("a", encoding="utf-8") as file:
        file.write(STARVE)
    done = subprocess.run(train_command(path, "slowly", out), capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "out of memory with 2 prompts × 4 completions × 4 tokens a step; lower one" in " ".join(done.stderr.split())
    assert not {one.name for one in out.iterdir()} & set(RESULTS)
