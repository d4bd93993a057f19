"""Tasks run on both models. What Inspect itself does is held in test_task_process.py; here a script stands for it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrial.collect import Progress, tasks
from seatrial.collect.tasks import TaskRuns, run_tasks
from seatrial.errors import ModelError
from seatrial.policy import LaunchPolicy

SCRIPT = """
import json, os, pathlib, sys
request = json.loads(sys.stdin.readline())
does = request["args"].get("does", "ends")
with open(request["calls"], "a") as calls:
    for model in ("openai-api/seatrial/a", "openai-api/seatrial-grader/g"):
        print(json.dumps({"model": model, "in": 1000, "out": 10, "seconds": 0.5}), file=calls)
print(json.dumps({"total": 2}), flush=True)
print(json.dumps({"sample": True}), flush=True)
if does == "dies":
    print("no more memory\\n", file=sys.stderr)
    os._exit(9)
if does == "fails":
    print(json.dumps({"error": "the endpoint is down"}))
    sys.exit()
if does == "waits":
    sys.stdin.read()
    pathlib.Path(request["log_dir"], "stopped").touch()
    sys.exit()
pathlib.Path(request["log_dir"], "run.eval").write_text(json.dumps(request))
print(json.dumps({"end": {"log": "run.eval", "at": request["args"].get("at", "2020-01-02T00:00:00+00:00")}}))
"""


@pytest.fixture(autouse=True)
def _script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a script stand for Inspect."""
    pytest.importorskip("inspect_ai")
    monkeypatch.setattr(tasks, "COMMAND", (sys.executable, "-c", SCRIPT))


def _policy(args: dict[str, Any] | None = None, task: str = "pack/sums", **candidate: Any) -> LaunchPolicy:
    model = {"model": "openai-compatible/a", "base_url": "http://localhost:1/v1", "price_in": 1.0}
    grader = {"model": "openai-compatible/g", "base_url": "http://localhost:1/v1", "price_in": 100.0}
    entry = {"task": task, "args": args or {}, "roles": {"grader": grader}, "cluster": "topic", "accept": ["judge"]}
    made = {"name": "p", "baseline": model, "candidate": model | {"system": "warm"} | candidate, "evidence": [entry]}
    return LaunchPolicy.model_validate({**made, "gates": [{"signal": "eval/sums.match", "margin": 0.1}]})


def _run(folder: Path, policy: LaunchPolicy) -> TaskRuns:
    return asyncio.run(run_tasks(policy, folder, Progress("off")))


def _requests(ran: TaskRuns) -> list[dict[str, Any]]:
    (runs,) = ran.runs
    return [json.loads(Path(log).read_text(encoding="utf-8")) for log in (runs.baseline, runs.candidate)]


def test_both_models_are_asked_the_same(tmp_path: Path) -> None:
    """Two logs of one task, each of its own model, with what reads them."""
    ran = _run(tmp_path, _policy({"count": 3}))
    one, other = _requests(ran)
    assert one["args"] == other["args"] == {"count": 3}
    assert ("system" in one["model"], other["model"]["system"]) == (False, "warm")
    assert (ran.runs[0].cluster, ran.runs[0].accept) == ("topic", ["judge"])


def test_every_call_is_counted_at_its_own_price(tmp_path: Path) -> None:
    """A grader's calls count too, at the grader's price; those of an earlier run are kept ones."""
    ran = _run(tmp_path, _policy())
    took = ran.spend["baseline: sums"]
    assert list(ran.spend) == ["baseline: sums", "candidate: sums"]
    assert (took.calls, took.reused, took.tokens_in, took.tokens_out, took.seconds) == (2, 0, 2000, 20, 1.0)
    assert took.cost == pytest.approx(0.001 + 0.1)
    again = _run(tmp_path, _policy()).spend["baseline: sums"]
    assert (again.calls, again.reused) == (0, 2)


def test_a_complete_log_is_used_again_and_said_to_be(tmp_path: Path) -> None:
    """With its day, and that it is older than answers that are taken over may be."""
    assert _run(tmp_path, _policy()).told == ()
    told = _run(tmp_path, _policy()).told
    assert (
        told[0]
        == "sums: the baseline's log was there already and was used again; it is of 2020-01-02, more than 7 days ago."
    )
    assert len(told) == 2


@pytest.mark.parametrize(
    "changed",
    [
        _policy({"count": 4}),
        _policy(task="pack/others"),
        _policy(system="cold"),
        _policy(generation={"temperature": 0.0}),
    ],
    ids=["args", "task", "system", "generation"],
)
def test_what_decides_an_answer_makes_another_run(tmp_path: Path, changed: LaunchPolicy) -> None:
    """The candidate is asked anew where anything differs that could change what it says."""
    _run(tmp_path, _policy())
    ran = _run(tmp_path, changed)
    assert [spend.calls for name, spend in ran.spend.items() if name.startswith("candidate")] == [2]


def test_what_decides_none_does_not(tmp_path: Path) -> None:
    """Prices and calls in flight are no other run; a changed file is."""
    _run(tmp_path, _policy())
    assert _run(tmp_path, _policy(price_out=3.0, concurrency=2)).spend["candidate: sums"].calls == 0
    file = tmp_path / "sums.py"
    file.write_text("one", encoding="utf-8")
    for text, calls in (("one", 2), ("one", 0), ("two", 2)):
        file.write_text(text, encoding="utf-8")
        assert _run(tmp_path, _policy(task=str(file))).spend["candidate: sums"].calls == calls


def test_a_run_that_fails_decides_nothing(tmp_path: Path) -> None:
    """What it said is told with the model, and is no log; the next try goes on in the same folder."""
    with pytest.raises(
        ModelError, match=r"pack/sums on the .*openai-compatible/a\): the endpoint is down.*2 calls are"
    ):
        _run(tmp_path, _policy({"does": "fails"}))
    assert not list(tmp_path.rglob("done.json"))
    with pytest.raises(ModelError, match="4 calls are answered"):
        _run(tmp_path, _policy({"does": "fails"}))


def test_a_run_that_ends_without_a_word(tmp_path: Path) -> None:
    """Its last line is told: the process may have been killed."""
    with pytest.raises(ModelError, match="ended without a word, its last line: no more memory"):
        _run(tmp_path, _policy({"does": "dies"}))


async def test_a_review_that_is_stopped_stops_its_runs(tmp_path: Path) -> None:
    """Each is told to stop, which writes its log, before the review ends."""
    work = asyncio.create_task(run_tasks(_policy({"does": "waits"}), tmp_path, Progress("off")))
    while len(list(tmp_path.rglob("calls.jsonl"))) < 2 or not all(
        path.stat().st_size for path in tmp_path.rglob("calls.jsonl")
    ):
        await asyncio.sleep(0.05)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert len(list(tmp_path.rglob("stopped"))) == 2


def test_without_inspect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to get it, and what needs none."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"seatrial\[inspect\].*give two logs instead"):
        _run(tmp_path, _policy())


def test_a_policy_without_tasks_runs_none(tmp_path: Path) -> None:
    """Nothing is written."""
    policy = _policy().model_copy(update={"evidence": []})
    assert _run(tmp_path, policy) == TaskRuns()
    assert not list(tmp_path.iterdir())
