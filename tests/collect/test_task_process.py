"""A task run by Inspect itself, in the process that a review starts for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Endpoint

pytest.importorskip("inspect_ai")
from seatrial.collect.tasks import COMMAND
from seatrial.runs.inspect_log import read_inspect_log

pytestmark = pytest.mark.slow

TASKS = """
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes, model_graded_qa
from inspect_ai.solver import generate, system_message

print("a task may print")


def sums(count, scorer):
    samples = [Sample(id=f"s{n}", input=f"Is {n} even?", target="Yes") for n in range(count)]
    return Task(
        dataset=MemoryDataset(samples, name="sums"),
        solver=[system_message("Count."), generate()],
        scorer=scorer,
        config=GenerateConfig(temperature=0.7, max_tokens=9),
    )


@task
def plain(count: int = 3):
    return sums(count, includes())


@task
def graded(count: int = 3):
    return sums(count, model_graded_qa())
"""


@pytest.fixture
def request_of(tmp_path: Path, endpoint: Endpoint) -> Callable[..., dict[str, Any]]:
    """Returns what a review asks a process for."""
    (tmp_path / "sums.py").write_text(TASKS, encoding="utf-8")

    def made(function: str = "@plain", roles: dict[str, Any] | None = None, **model: Any) -> dict[str, Any]:
        return {
            "task": f"sums.py{function}",
            "folder": str(tmp_path),
            "args": {},
            "limit": None,
            "epochs": None,
            "log_dir": str(tmp_path / "logs"),
            "calls": str(tmp_path / "calls.jsonl"),
            "model": {"model": "openai-compatible/prod", "base_url": endpoint.url, **model},
            "roles": roles or {},
        }

    return made


def _start(request: dict[str, Any]) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    return process


def _events(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Run it to its end and return its events."""
    with _start(request) as process:
        assert process.stdout is not None
        events = [json.loads(line) for line in process.stdout]
        assert process.wait(60) == 0
    return events


def _asked(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Let the endpoint keep the body of every call."""
    bodies: list[dict[str, Any]] = []
    endpoint.fault = lambda body, n: bodies.append(body)
    return bodies


def test_a_task_runs_once(endpoint: Endpoint, request_of: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """With the policy's model; the policy's word goes before the task's, and its silence does not."""
    bodies = _asked(endpoint)
    request = request_of(system="Be warm.", generation={"max_tokens": 5}, headers={"x-team": "blue"})
    events = _events(request)
    assert events[:-1] == [{"total": 3}, *[{"sample": True}] * 3]
    run = read_inspect_log(tmp_path / "logs" / events[-1]["end"]["log"])
    assert (run.task, run.model, run.rows, run.ended) == ("plain", "openai-api/seatrial/prod", 3, "")
    assert run.scores["value"].to_list() == [1.0, 1.0, 1.0]
    assert [turn["content"] for turn in bodies[0]["messages"]][:2] == ["Be warm.", "Count."]
    assert (bodies[0]["temperature"], bodies[0]["max_tokens"], "seed" in bodies[0]) == (0.7, 5, False)
    assert set(endpoint.headers) == {"Bearer none"}
    calls = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert [(call["model"], call["in"], call["out"]) for call in calls] == [("openai-api/seatrial/prod", 7, 3)] * 3
    assert _events(request)[-1] == events[-1]
    assert endpoint.count == 3


def test_a_killed_run_goes_on(endpoint: Endpoint, request_of: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """Only what was in flight is asked again."""
    endpoint.seconds = 0.3
    request = {**request_of(concurrency=1), "args": {"count": 8}}
    with _start(request) as process:
        while endpoint.count < 5:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    endpoint.seconds = 0.0
    end = _events(request)[-1]["end"]
    assert read_inspect_log(tmp_path / "logs" / end["log"]).rows == 8
    assert len(endpoint.calls) == 8
    assert endpoint.count <= 10


def test_no_model_grades_itself(endpoint: Endpoint, request_of: Callable[..., dict[str, Any]]) -> None:
    """A scorer without a grader stops the run; a grader is asked without the system prompt under review."""
    events = _events(request_of("@graded", system="Be warm."))
    assert "each model grade its own answers" in events[-1]["error"]
    bodies = _asked(endpoint)
    grader = {"model": "openai-compatible/judge", "base_url": endpoint.url}
    assert "end" in _events(request_of("@graded", {"grader": grader}, system="Be warm."))[-1]
    judged = [body for body in bodies if body["model"] == "judge"]
    assert len(judged) == 3
    assert not any("Be warm." in json.dumps(body) for body in judged)


def test_what_cannot_run_says_why(endpoint: Endpoint, request_of: Callable[..., dict[str, Any]]) -> None:
    """A file of several tasks, a package that is not there, an endpoint that refuses every call."""
    assert "holds 2 tasks: graded, plain" in _events(request_of(""))[-1]["error"]
    told = _events({**request_of(), "task": "nosuch_evals/gsm8k", "folder": ""})[-1]["error"]
    assert told.startswith("nosuch_evals has no task gsm8k, or is not installed")
    endpoint.fault = lambda body, n: web.json_response({"error": {"message": "no such model"}}, status=400)
    assert "no such model" in _events(request_of())[-1]["error"]


def test_it_ends_with_whoever_started_it(endpoint: Endpoint, request_of: Callable[..., dict[str, Any]]) -> None:
    """A review that is killed leaves no run behind that goes on asking."""
    endpoint.seconds = 0.3
    with _start({**request_of(concurrency=1), "args": {"count": 300}}) as process:
        while not endpoint.count:
            time.sleep(0.05)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)
    assert endpoint.count < 200
