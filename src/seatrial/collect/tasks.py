"""Tasks of Inspect, run on both models: each run in a process and a folder of its own, and none twice.

A run's folder is named by what decides it: the task, its file or its package's version, its arguments, the model and
its settings. Where such a run is complete its log is used again; one that was stopped goes on with the samples that it
lacks, as Inspect's `eval_set` does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import metadata, util
from pathlib import Path
from typing import Any, TypeVar

from seatrial.collect.meter import first_error
from seatrial.collect.progress import Progress
from seatrial.errors import ModelError, StoreError
from seatrial.formats.private_files import keep_private
from seatrial.formats.whole_files import make_folder, write_whole
from seatrial.models.identity import content_hash
from seatrial.policy import LaunchPolicy, ModelSpec, RunsSpec, TaskSpec
from seatrial.types import ROLES, Role, Spend

__all__ = ["TaskRuns", "run_tasks"]

Made = TypeVar("Made")
DONE, CALLS, SAID = "done.json", "calls.jsonl", "inspect.txt"
"""Beside a run's logs: that it is complete, every call that it took, and what Inspect and the task printed."""
COMMAND = (sys.executable, "-P", "-m", "seatrial.collect.task_process")
PATIENCE = 30.0
"""Seconds that a run is given to write its log when it is to stop."""


@dataclass(frozen=True, slots=True)
class TaskRuns:
    """What the tasks of a policy came to.

    Attributes:
        runs: Of each task the logs of both models, as a policy names two logs.
        spend: What each run took, by what the report calls it.
        told: What is said of logs that were there already, in sentences.
    """

    runs: tuple[RunsSpec, ...] = ()
    spend: dict[str, Spend] = field(default_factory=dict)
    told: tuple[str, ...] = ()


async def run_tasks(policy: LaunchPolicy, folder: Path, progress: Progress) -> TaskRuns:
    """Run each task of a policy on both models, side by side, and return their logs.

    Args:
        policy: The policy.
        folder: The review's folder; complete runs that it holds are used again.
        progress: Where to show how far the runs are.

    Raises:
        ModelError: Inspect is not installed, or a run ended before it was complete; what was answered is kept.
        StoreError: a folder cannot be written.
    """
    runs: list[RunsSpec] = []
    spend: dict[str, Spend] = {}
    told: list[str] = []
    for task in policy.tasks:
        pair = [_Run(task, role, policy, folder) for role in ROLES]
        with progress.counting(f"{task.title} on both models", 0, "samples") as count:
            try:
                async with asyncio.TaskGroup() as group:
                    for run in pair:
                        group.create_task(run.finish(progress, count))
            except BaseExceptionGroup as errors:
                raise first_error(errors) from None
        logs = [str(run.log) for run in pair]
        runs.append(RunsSpec(baseline=logs[0], candidate=logs[1], cluster=task.cluster, accept=task.accept))
        spend |= {f"{run.role}: {task.title}": run.spend for run in pair}
        told += [line for run in pair if (line := run.told(policy.reuse.days))]
    return TaskRuns(tuple(runs), spend, tuple(told))


class _Run:
    """One task on one model."""

    def __init__(self, task: TaskSpec, role: Role, policy: LaunchPolicy, folder: Path) -> None:
        self.role = role
        self._task = task
        self._spec: ModelSpec = getattr(policy, role)
        self._whose = f"the task {task.task} on the {role} ({self._spec.model})"
        decides = hashlib.sha256(json.dumps(self._decides(), sort_keys=True).encode()).hexdigest()
        self._folder = folder / "tasks" / f"{task.title}-{role}-{decides[:10]}"
        self._before = self._took()
        self._kept = self._done()

    def _decides(self) -> dict[str, Any]:
        """Return all that decides what a run shows, as far as it can be known before."""
        return {
            "task": self._named(),
            "code": content_hash(Path(self._task.file)) if self._task.file else _version(self._task.task),
            "args": self._task.args,
            "limit": self._task.limit,
            "epochs": self._task.epochs,
            "model": _as_asked(self._spec),
            "roles": {role: _as_asked(spec) for role, spec in self._task.roles.items()},
        }

    def _named(self) -> str:
        """Return the task without its folder, which decides nothing."""
        return self._task.task.removeprefix(f"{Path(self._task.file).parent}/")

    def _done(self) -> dict[str, Any]:
        """Return what is written of a complete run whose log is there; nothing where there is none."""
        try:
            held = json.loads((self._folder / DONE).read_text(encoding="utf-8"))
            return held if isinstance(held, dict) and (self._folder / str(held["log"])).is_file() else {}
        except (OSError, ValueError, KeyError):
            return {}

    @property
    def log(self) -> Path:
        """The log of the run once it is complete."""
        return self._folder / str(self._done()["log"])

    async def finish(self, progress: Progress, count: Callable[[bool], None]) -> None:
        """Run it, or what an earlier run left of it."""
        if self._kept:
            return
        if util.find_spec("inspect_ai") is None:
            raise ModelError(
                f'{self._whose}: needs inspect-ai; install it with: pip install "seatrial[inspect]", or give two logs '
                "instead: {baseline: LOG, candidate: LOG}"
            )
        make_folder(self._folder, "the folder of a task's run", StoreError)
        for name in (CALLS, SAID):
            (self._folder / name).touch()
            keep_private(self._folder / name)
        end = await self._watched(progress, count)
        if "log" not in end:
            kept = self._took().calls
            raise ModelError(
                f"{self._whose}: {end.get('error') or self._last_words()}"
                + (f" {kept:,} calls are answered and samples are kept; the same command goes on." if kept else "")
            )
        keep_private(self._folder / str(end["log"]))
        write_whole(self._folder / DONE, json.dumps(end), StoreError)

    async def _watched(self, progress: Progress, count: Callable[[bool], None]) -> dict[str, Any]:
        """Return how a process that runs it ended, showing each sample."""
        process = await _started(self._folder / SAID)
        assert process.stdin is not None and process.stdout is not None
        end: dict[str, Any] = {}
        try:
            process.stdin.write(json.dumps(self._request()).encode() + b"\n")
            async for line in process.stdout:
                event = json.loads(line)
                if "total" in event:
                    progress.plan(progress.total + event["total"])
                elif "sample" in event:
                    count(True)
                else:
                    end = event.get("end", event)
        finally:
            await _stopped(process)
        return end

    def _request(self) -> dict[str, Any]:
        roles = {role: spec.model_dump(mode="json", exclude_unset=True) for role, spec in self._task.roles.items()}
        return {
            "task": self._named(),
            "folder": str(Path(self._task.file).parent) if self._task.file else "",
            "args": self._task.args,
            "limit": self._task.limit,
            "epochs": self._task.epochs,
            "log_dir": str(self._folder.absolute()),
            "calls": str((self._folder / CALLS).absolute()),
            "model": self._spec.model_dump(mode="json", exclude_unset=True),
            "roles": roles,
        }

    def _last_words(self) -> str:
        """Return the last line that a process printed that ended without a word."""
        lines = (self._folder / SAID).read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"Inspect ended without a word{f', its last line: {last:.300}' if last else ''}."

    def _took(self) -> Spend:
        """Return what all calls took that are answered so far, by whatever model the task called."""
        prices = {f"seatrial-{role}": spec for role, spec in self._task.roles.items()}
        prices |= {spec.model: spec for spec in (*self._task.roles.values(), self._spec)}
        took = Spend()
        with suppress(OSError):
            for line in (self._folder / CALLS).read_text(encoding="utf-8").splitlines():
                with suppress(ValueError):  # a line that a crash cut short
                    call = json.loads(line)
                    spec = prices.get(call["model"]) or prices.get(call["model"].split("/")[1], self._spec)
                    took = Spend(
                        took.calls + 1,
                        0,
                        took.tokens_in + call["in"],
                        took.tokens_out + call["out"],
                        took.seconds + call["seconds"],
                        took.cost + (call["in"] * spec.price_in + call["out"] * spec.price_out) / 1e6,
                    )
        return took

    @property
    def spend(self) -> Spend:
        """What the run took; calls of earlier tries are kept ones."""
        took, before = self._took(), self._before.calls
        return replace(took, calls=took.calls - before, reused=before)

    def told(self, days: float) -> str:
        """Return what is to be said of a log that was there already; empty where it is of now."""
        if not self._kept:
            return ""
        said = f"{self._task.title}: the {self.role}'s log was there already and was used again"
        at = datetime.fromisoformat(str(self._kept["at"]))
        old = datetime.now(UTC) - at > timedelta(days=days)
        return f"{said}; it is of {at.date()}{f', more than {days:g} days ago' if old and days else ''}."


def _as_asked(spec: ModelSpec) -> dict[str, Any]:
    """Return what a policy says of a model that could change an answer."""
    others = {
        "concurrency",
        "requests_per_minute",
        "price_in",
        "price_out",
        "logprobs",
        "api_key_env",
        "columns",
        "name",
    }
    return spec.model_dump(mode="json", exclude_unset=True, exclude=others)


def _version(task: str) -> str:
    """Return the version of the package that a task is in; empty where it is not known."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(task.split("/")[0].replace("_", "-"))
    return ""


async def _started(said: Path) -> Process:
    """Start a process that runs a task; what it prints goes to a file."""
    with said.open("ab") as file:
        starting = asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            stderr=file,
            start_new_session=True,  # Ctrl-C is for the review, which stops its runs itself
        )
        try:
            return await _in_any_case(made := asyncio.ensure_future(starting))
        except asyncio.CancelledError:
            await _stopped(made.result())
            raise


async def _stopped(process: Process) -> None:
    """Wait for a process to end; the end of its stdin tells one that still runs to write its log and stop."""
    if process.stdin is not None:
        process.stdin.close()
    await _in_any_case(asyncio.ensure_future(_ended(process)))


async def _ended(process: Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _in_any_case(work: asyncio.Future[Made]) -> Made:
    """Return what work comes to; where this is cancelled meanwhile, once it is done: no process is left behind."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await work
        raise
