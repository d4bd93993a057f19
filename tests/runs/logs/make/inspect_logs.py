"""Writes the logs of Inspect beside it: one small task, two models, each layout that Inspect 0.3.285 can write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import inspect_ai._util.zipfile as inspect_zip
from inspect_ai import Epochs, Task, eval, eval_retry, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log._recorders.chunked import convert_eval_logs_to_chunked
from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.scorer import Score, Scorer, Target, accuracy, match, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver, system_message

HERE = Path(__file__).parent
OUT = Path(sys.argv[2] if len(sys.argv) > 2 else HERE.parent / "inspect")
LONG = "Read this first. " + "The harbor master counts the boats twice a day, at six and at six. " * 30
SUMS = [(n, 3 * n + 2, 2 * n + 5) for n in range(1, 11)]
GROUPS = ("boats", "crates", "ropes")


def question(number: int, one: int, other: int) -> Any:
    """Return the input of a sample: text, messages with a system prompt, or a long text."""
    asked = f"What is {one} + {other}? Give the number alone."
    if number % 4 == 0:
        return [ChatMessageSystem(content="You count for a harbor."), ChatMessageUser(content=asked)]
    return [ChatMessageUser(content=f"{LONG}\n\n{asked}")] if number == 7 else asked


@scorer(metrics=[mean(), stderr()])
def grade() -> Scorer:
    """Return a grade from 0 to 10; none for one answer that is no number."""

    async def score(state: TaskState, target: Target) -> Score:
        said = state.output.completion.split()[-1]
        if not said.lstrip("-").isdigit():
            return Score.unscored(reason="no_number")
        return Score(value=max(0.0, 10 - 1.7 * abs(int(said) - int(target.text))), answer=said)

    return score


@scorer(metrics=[accuracy()])
def partly() -> Scorer:
    """Return each of Inspect's letters: right, nearly right, wrong, no answer."""

    async def score(state: TaskState, target: Target) -> Score:
        said = state.output.completion.split()[-1]
        if not said.lstrip("-").isdigit():
            return Score(value="N")
        far = abs(int(said) - int(target.text))
        return Score(value="C" if far == 0 else "P" if far <= 2 else "I")

    return score


@scorer(metrics={"*": [mean()]})
def manner() -> Scorer:
    """Return two scores at once."""

    async def score(state: TaskState, target: Target) -> Score:
        said = state.output.completion
        return Score(value={"brief": 1 / (1 + len(said)), "digits": all(one.isdigit() for one in said.strip())})

    return score


@solver
def breaks(number: int) -> Solver:
    """Raise an error at one sample, or end the process there."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id == f"sum-{number}":
            if os.environ.get("HARBOR_KILL"):
                os._exit(9)
            raise RuntimeError("The harbor is closed.")
        return state

    return solve


@task
def harbor_sums(broken: int = 0) -> Task:
    """Return the task: ten sums."""
    samples = [
        Sample(
            id=f"north/sum-{number}" if number == 3 else f"sum-{number}",  # ids of real tasks hold slashes
            input=question(number, one, other),
            target=str(one + other),
            metadata={"group": GROUPS[number % 3], "use_case": "large" if number > 6 else "small"},
        )
        for number, one, other in SUMS
    ]
    solvers = [system_message("Answer with one number."), *([breaks(broken)] if broken else []), generate()]
    return Task(
        dataset=MemoryDataset(samples, name="harbor", location="harbor.jsonl"),
        solver=solvers,
        scorer=[match(), grade(), partly(), manner()],
        version="2-A",
    )


class HarborModel(ModelAPI):
    """A model that is right but at every so many calls: then off by one, far off, or without a number."""

    def __init__(self, model_name: str, every: int = 5, **other: Any) -> None:
        """Begin to count."""
        super().__init__(model_name)
        self.every, self.calls = every, 0

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: GenerateConfig) -> ModelOutput:
        """Answer a sum."""
        asked = input[-1].text.rsplit("What is ", 1)[1].split("?")[0]
        one, other = (int(part) for part in asked.split(" + "))
        asked_at_length = LONG in input[-1].text
        self.calls += 1
        slip = self.calls // self.every if self.calls % self.every == 0 else 0
        said = "I cannot say." if slip and slip % 4 == 3 else str(one + other + (0, 1, 4, 0)[slip % 4])
        if asked_at_length:
            said = "I counted them as the harbor master does. " * 8 + said
        made = ModelOutput.from_content(self.model_name, said)
        made.usage = ModelUsage(input_tokens=9, output_tokens=1, total_tokens=10)
        return made


@modelapi(name="harbor")
def harbor() -> type[ModelAPI]:
    """Return what answers for `harbor/…`."""
    return HarborModel


def run(name: str, every: int, broken: int = 0, **options: Any) -> Any:
    """Run the task, one sample after another, and move its log to a name that stays."""
    settings: dict[str, Any] = {
        "epochs": Epochs(2),
        "log_dir": "made",
        "display": "none",
        "max_samples": 1,
        "fail_on_error": False,
        "log_realtime": False,
        **options,
    }
    as_ = settings.pop("as_")
    (log,) = eval(harbor_sums(broken), model=f"harbor/{name}", model_args={"every": every}, temperature=0.5, **settings)
    keep(log, as_)
    return log


def keep(log: Any, name: str) -> None:
    """Copy a log to where the tests look for it."""
    place = Path(log.location.removeprefix("file://"))
    shutil.copy(place, OUT / f"{name}{place.suffix}")


def main() -> None:
    """Write them all."""
    OUT.mkdir(exist_ok=True)
    few = {"epochs": 1, "limit": 4}
    if os.environ.get("HARBOR_KILL"):
        run("baseline", 5, broken=5, as_="never", log_buffer=1, epochs=1)
    run("baseline", 5, as_="baseline")
    run("candidate", 3, as_="candidate")
    run("candidate", 2, broken=2, as_="one-error", **few)
    run("candidate", 2, broken=2, as_="one-error-scored", score_on_error=True, **few)
    failed = run("candidate", 2, broken=4, as_="status-error", fail_on_error=True, epochs=1, limit=5)
    (log,) = eval_retry(failed, log_dir="made", display="none", fail_on_error=False, max_samples=1)
    keep(log, "retried")
    run("baseline", 1, as_="text", log_format="json", epochs=1, limit=3)

    run("candidate", 2, as_="whole", sample_id=["sum-4", "sum-7", "sum-8"], epochs=1)
    convert_eval_logs_to_chunked(
        str(OUT / "whole.eval"), "chunked", overwrite=True, chunk_size=2, attachments_chunk_bytes=1000
    )
    shutil.copy("chunked/whole.eval", OUT / "chunked.eval")

    inspect_zip._MAX_INPUT_PER_FRAME = 2000  # a frame is ended after 200 MB, which no fixture may have
    run("baseline", 5, as_="frames", epochs=1, limit=2)
    inspect_zip._MAX_INPUT_PER_FRAME = 200 * 1024 * 1024
    inspect_zip.zipfile_compress_kwargs["compression"] = zipfile.ZIP_DEFLATED  # as before 0.3.206
    run("baseline", 5, as_="deflate", epochs=1, limit=2)

    shutil.rmtree("killed", ignore_errors=True)
    Path("killed").mkdir()
    subprocess.run([sys.executable, __file__, "-", str(OUT)], cwd="killed", env={**os.environ, "HARBOR_KILL": "1"})
    (started,) = Path("killed/made").glob("*.eval")
    shutil.copy(started, OUT / "started.eval")


if __name__ == "__main__":
    main()
