"""Replays on a Ray cluster of two workers, beside the same on one machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import ROOT, Command, Endpoint, Outcome, PolicyWriter
from ray_clusters import OPEN, Cluster, cluster
from replays import GATES, JUDGE, answering, traffic
from seatrial.models.openai_compatible import CONCURRENCY
from seatrial.types import ROLES

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

TWO = GATES + "\n  - {signal: behavior/over-refusal, margin: 0.1, instrument: text/refusal}"


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Cluster]:
    """One cluster for all tests of this module."""
    with cluster() as made:
        yield made


IN_FLIGHT = len(ROLES) * CONCURRENCY
"""Calls that a worker has in flight at most; those it had sent when it died may be answered though nobody listens."""
WORDS = ("policy.yaml", "log.jsonl", "--as-is", "--json", "--grade", "200")


def _on(found: Cluster, folder: Path, *words: object, what: str = "run") -> Outcome:
    """Replay on a cluster, in a process of its own."""
    command = [sys.executable, "-m", "seatrial", "replay", what, *WORDS, *map(str, words), "--ray", found.address]
    env = os.environ | OPEN | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=90, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def alone(seatrial: Command) -> Command:
    """Replay on this machine, in this process."""
    return lambda *words, what="run": seatrial("replay", what, *WORDS, *words)


def _found(done: Outcome) -> dict[str, Any]:
    assert done.code in (0, 1, 3), done.err
    found: dict[str, Any] = json.loads(done.out)
    return {name: value for name, value in found.items() if name not in ("folder", "page", "evidence")}


def test_two_workers_find_what_one_process_finds(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, alone: Command, tmp_path: Path
) -> None:
    """All figures are the same; what one has stored, the other does not ask again; progress counts both."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=TWO, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 300)
    one = _found(alone("--out", "one"))
    asked = endpoint.calls.copy()
    endpoint.calls.clear()
    done = _on(two_workers, tmp_path, "--out", "two")
    assert _found(done) == one
    assert endpoint.calls == asked
    assert "600 of at most 600 calls" in done.err and "grading for replay/unearned-praise" in done.err
    assert len(list((tmp_path / "two" / "responses").glob("answers-*-of-0002.jsonl"))) == 2
    endpoint.calls.clear()
    assert _found(alone("--out", "two")) == one
    assert _found(_on(two_workers, tmp_path, "--out", "one")) == one
    assert not endpoint.calls


def test_a_worker_killed_in_the_middle_loses_and_repeats_nothing(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, alone: Command, tmp_path: Path
) -> None:
    """Its shard goes on with what it had stored: only calls that were in flight are made again."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 300)
    one = _found(alone("--out", "one"))
    whole = endpoint.fault
    assert whole is not None
    endpoint.calls.clear()
    kept: list[dict[Path, bytes]] = []
    responses = tmp_path / "two" / "responses"

    def killing(body: dict[str, Any], number: int) -> web.Response | None:
        if not kept and endpoint.calls.total() > 250:
            os.kill(two_workers.workers()[0], signal.SIGKILL)
            kept.append({path: path.read_bytes() for path in responses.glob("*.jsonl")})
        return whole(body, number)

    endpoint.fault, endpoint.seconds = killing, 0.02
    done = _on(two_workers, tmp_path, "--out", "two")
    assert _found(done) == one
    assert "died and was started again" in done.err
    (files,) = kept
    stored = sum(content.count(b"\n") for content in files.values())
    assert stored > 100
    repeated = sum(count - 1 for count in endpoint.calls.values())
    assert repeated <= IN_FLIGHT, "no more than it had in flight"
    for path, content in files.items():
        assert path.read_bytes().startswith(content[: content.rfind(b"\n") + 1])
    keys = [json.loads(line)["key"] for path in responses.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("grading", [False, True], ids=["asking", "grading"])
def test_workers_killed_one_by_one_lose_and_repeat_nothing(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, alone: Command, tmp_path: Path, grading: bool
) -> None:
    """Each of them once and the first one again, while answers are asked for or while they are graded."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 300)
    one = _found(alone("--out", "one"))
    whole = endpoint.fault
    assert whole is not None
    endpoint.calls.clear()
    counted, killed = [0], list[int]()
    responses = tmp_path / "two" / "responses"

    def killing(body: dict[str, Any], number: int) -> web.Response | None:
        counted[0] += ("BEGIN ANSWER" in str(body["messages"])) is grading
        if len(killed) < 3 and counted[0] > 20 + 35 * len(killed):
            alive = [one for one in two_workers.workers() if one not in killed]
            if alive:
                os.kill(alive[0], signal.SIGKILL)
                killed.append(alive[0])
        return whole(body, number)

    endpoint.fault, endpoint.seconds = killing, 0.02
    done = _on(two_workers, tmp_path, "--out", "two")
    assert _found(done) == one
    told = done.err.count("died and was started again")
    assert len(killed) == 3 and told >= 2, "a process that died before it was heard of is not told of"
    assert sum(count - 1 for count in endpoint.calls.values()) <= 3 * IN_FLIGHT, "no more than were in flight"
    keys = [json.loads(line)["key"] for path in responses.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(keys) == len(set(keys))


def test_a_forecast_is_checked_alike_by_two_workers(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, alone: Command, tmp_path: Path
) -> None:
    """Figures are those of one process, and what one has graded the other does not grade again."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=TWO, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 100)
    _found(alone("--out", "one", "--register"))
    traffic(tmp_path / "log.jsonl", 100, 0.4)
    endpoint.calls.clear()
    one = _found(alone("--out", "one", "--store", "here", what="check"))
    asked = endpoint.calls.copy()
    endpoint.calls.clear()
    both = _on(two_workers, tmp_path, "--out", "one", "--store", "there", what="check")
    assert _found(both) == one and endpoint.calls == asked and asked
    endpoint.calls.clear()
    again = alone("--out", "one", "--store", "there", what="check")
    assert _found(again)["behaviors"] == one["behaviors"] and not endpoint.calls


def test_answers_can_be_objects_and_a_budget_goes_to_the_same_ones(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, alone: Command, tmp_path: Path
) -> None:
    """Any file system that fsspec opens keeps them, and one machine finds them there.

    Where judges may take fewer calls than there are answers, both leave the same ones without a grade.
    """
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url) + "\nbudget: {judge_calls: 70}")
    traffic(tmp_path / "log.jsonl", 60)
    one = _found(alone("--out", "one"))
    asked = endpoint.calls.copy()
    endpoint.calls.clear()
    words = ("--store", f"local://{tmp_path}/bucket", "--out", "two")
    assert _found(_on(two_workers, tmp_path, *words)) == one
    assert endpoint.calls == asked
    assert len(list((tmp_path / "bucket" / "responses").glob("answers-0*-of-0002-*.jsonl"))) >= 2
    endpoint.calls.clear()
    assert _found(alone(*words)) == one
    assert not endpoint.calls


def test_failures_are_counted_as_on_one_machine(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, alone: Command, tmp_path: Path
) -> None:
    """Calls that fail for good are shown; a model that refuses all ends the replay in a sentence."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3})
    whole = endpoint.fault
    assert whole is not None

    def lossy(body: dict[str, Any], number: int) -> web.Response | None:
        said = body["messages"][-1]["content"]
        if "BEGIN ANSWER" not in said and int(said.split()[4]) % 10 == 0:
            return web.json_response({"error": {"message": "filtered", "code": "content_filter"}}, status=400)
        return whole(body, number)

    endpoint.fault = lossy
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 60)
    one = _found(alone("--out", "one"))
    assert _found(_on(two_workers, tmp_path, "--out", "two")) == one
    endpoint.fault = lambda body, number: web.json_response({"error": {"message": "no such model"}}, status=404)
    ended = _on(two_workers, tmp_path, "--out", "three")
    assert ended.code == 2 and "no such model" in ended.err and "Traceback" not in ended.err


def test_a_place_that_cannot_be_written_is_told_of(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path
) -> None:
    """A folder that is a file, and an address that nothing opens."""
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 20)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place, words in (
        (f"local://{tmp_path}/file", "cannot be written"),
        ("nothing://bucket", "Give a folder, or install"),
        ("file", "cannot be written"),
    ):
        ended = _on(two_workers, tmp_path, "--store", place)
        assert ended.code == 2 and words in ended.err, ended.err
    assert endpoint.count == 0
