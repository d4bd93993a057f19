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

from conftest import ROOT, Endpoint, PolicyWriter
from ray_clusters import OPEN, Cluster, cluster
from replays import GATES, JUDGE, answering, traffic

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

TWO = GATES + "\n  - {signal: behavior/over-refusal, margin: 0.1, instrument: text/refusal}"


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Cluster]:
    """One cluster for all tests of this module."""
    with cluster() as made:
        yield made


def _run(folder: Path, *words: object, what: str = "run") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seatrial", "replay", what, "policy.yaml", "log.jsonl", "--as-is", "--json"]
    command += ["--grade", "200", *map(str, words)]
    env = os.environ | OPEN | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=90, check=False)


def _found(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode in (0, 1, 3), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {name: value for name, value in found.items() if name not in ("folder", "page", "evidence")}


def test_two_workers_find_what_one_process_finds(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path
) -> None:
    """All figures are the same; what one has stored, the other does not ask again; progress counts both."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=TWO, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 300)
    one = _found(_run(tmp_path, "--out", "one"))
    asked = endpoint.calls.copy()
    endpoint.calls.clear()
    done = _run(tmp_path, "--out", "two", "--ray", two_workers.address)
    assert _found(done) == one
    assert endpoint.calls == asked
    assert "600 of at most 600 calls" in done.stderr and "grading for replay/unearned-praise" in done.stderr
    assert len(list((tmp_path / "two" / "responses").glob("answers-*-of-0002.jsonl"))) == 2
    endpoint.calls.clear()
    assert _found(_run(tmp_path, "--out", "two")) == one
    assert _found(_run(tmp_path, "--out", "one", "--ray", two_workers.address)) == one
    assert not endpoint.calls


def test_a_worker_killed_in_the_middle_loses_and_repeats_nothing(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path
) -> None:
    """Its shard goes on with what it had stored: only calls that were in flight are made again."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 300)
    one = _found(_run(tmp_path, "--out", "one"))
    whole = endpoint.fault
    assert whole is not None
    endpoint.calls.clear()
    kept: list[tuple[int, dict[Path, bytes]]] = []
    responses = tmp_path / "two" / "responses"

    def killing(body: dict[str, Any], number: int) -> web.Response | None:
        if not kept and endpoint.calls.total() > 250:
            os.kill(two_workers.workers()[0], signal.SIGKILL)
            kept.append((endpoint.calls.total(), {path: path.read_bytes() for path in responses.glob("*.jsonl")}))
        return whole(body, number)

    endpoint.fault, endpoint.seconds = killing, 0.02
    done = _run(tmp_path, "--out", "two", "--ray", two_workers.address)
    assert _found(done) == one
    assert "died and was started again" in done.stderr
    ((received, files),) = kept
    stored = sum(content.count(b"\n") for content in files.values())
    assert stored > 100
    repeated = sum(count - 1 for count in endpoint.calls.values())
    assert repeated <= received - stored, "no more than were in flight"
    for path, content in files.items():
        assert path.read_bytes().startswith(content[: content.rfind(b"\n") + 1])
    keys = [json.loads(line)["key"] for path in responses.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("grading", [False, True], ids=["asking", "grading"])
def test_workers_killed_one_by_one_lose_and_repeat_nothing(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path, grading: bool
) -> None:
    """Each of them once and the first one again, while answers are asked for or while they are graded."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 300)
    one = _found(_run(tmp_path, "--out", "one"))
    whole = endpoint.fault
    assert whole is not None
    endpoint.calls.clear()
    counted, flying, killed = [0], list[int](), list[int]()
    responses = tmp_path / "two" / "responses"

    def killing(body: dict[str, Any], number: int) -> web.Response | None:
        counted[0] += ("BEGIN ANSWER" in str(body["messages"])) is grading
        if len(killed) < 3 and counted[0] > 20 + 35 * len(killed):
            alive = [one for one in two_workers.workers() if one not in killed]
            if alive:
                os.kill(alive[0], signal.SIGKILL)
                stored = sum(path.read_bytes().count(b"\n") for path in responses.glob("*.jsonl"))
                flying.append(endpoint.calls.total() - sum(flying) - stored)
                killed.append(alive[0])
        return whole(body, number)

    endpoint.fault, endpoint.seconds = killing, 0.02
    done = _run(tmp_path, "--out", "two", "--ray", two_workers.address)
    assert _found(done) == one
    told = done.stderr.count("died and was started again")
    assert len(killed) == 3 and told >= 2, "a process that died before it was heard of is not told of"
    assert sum(count - 1 for count in endpoint.calls.values()) <= sum(flying), "no more than were in flight"
    keys = [json.loads(line)["key"] for path in responses.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert len(keys) == len(set(keys))


def test_a_forecast_is_checked_alike_by_two_workers(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path
) -> None:
    """Figures are those of one process, and what one has graded the other does not grade again."""
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=TWO, extra=JUDGE.format(url=endpoint.url))
    traffic(tmp_path / "log.jsonl", 100)
    _found(_run(tmp_path, "--out", "one", "--register"))
    traffic(tmp_path / "log.jsonl", 100, 0.4)
    endpoint.calls.clear()
    alone = _run(tmp_path, "--out", "one", "--store", "here", what="check")
    asked = endpoint.calls.copy()
    endpoint.calls.clear()
    both = _run(tmp_path, "--out", "one", "--store", "there", "--ray", two_workers.address, what="check")
    assert _found(both) == _found(alone) and endpoint.calls == asked and asked
    endpoint.calls.clear()
    again = _run(tmp_path, "--out", "one", "--store", "there", what="check")
    assert _found(again)["behaviors"] == _found(alone)["behaviors"] and not endpoint.calls


def test_answers_can_be_objects_and_a_budget_goes_to_the_same_ones(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path
) -> None:
    """Any file system that fsspec opens keeps them, and one machine finds them there.

    Where judges may take fewer calls than there are answers, both leave the same ones without a grade.
    """
    answering(endpoint, {"plain": 0.1, "warm": 0.3}, 0.9, 0.05)
    write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url) + "\nbudget: {judge_calls: 70}")
    traffic(tmp_path / "log.jsonl", 60)
    one = _found(_run(tmp_path, "--out", "one"))
    asked = endpoint.calls.copy()
    endpoint.calls.clear()
    words = ("--store", f"local://{tmp_path}/bucket", "--out", "two")
    assert _found(_run(tmp_path, *words, "--ray", two_workers.address)) == one
    assert endpoint.calls == asked
    assert len(list((tmp_path / "bucket" / "responses").glob("answers-0*-of-0002-*.jsonl"))) >= 2
    endpoint.calls.clear()
    assert _found(_run(tmp_path, *words)) == one
    assert not endpoint.calls


def test_failures_are_counted_as_on_one_machine(
    write_policy: PolicyWriter, endpoint: Endpoint, two_workers: Cluster, tmp_path: Path
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
    one = _found(_run(tmp_path, "--out", "one"))
    assert _found(_run(tmp_path, "--out", "two", "--ray", two_workers.address)) == one
    endpoint.fault = lambda body, number: web.json_response({"error": {"message": "no such model"}}, status=404)
    ended = _run(tmp_path, "--out", "three", "--ray", two_workers.address)
    assert ended.returncode == 2 and "no such model" in ended.stderr and "Traceback" not in ended.stderr


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
        ended = _run(tmp_path, "--store", place, "--ray", two_workers.address)
        assert ended.returncode == 2 and words in ended.stderr, ended.stderr
    assert endpoint.count == 0
