"""Conversations answered anew by both models, and graded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from conftest import Endpoint, PolicyWriter
from replays import GATES, JUDGE, answering, traffic
from seatrial.collect import Progress
from seatrial.errors import EvidenceError, PolicyError
from seatrial.evidence.replay.hands import Here
from seatrial.evidence.replay.run import Replayed, replayed
from seatrial.evidence.replay.sampling import drawn
from seatrial.evidence.replay.traffic import Counted, conversations
from seatrial.evidence.replay.wanted import check_policy
from seatrial.instruments.records import load_records
from seatrial.policy import load_policy


def _run(policy: Path, log: Path, folder: Path, grade: int = 200) -> Replayed:
    taken = drawn(conversations([log], Counted()), 200, 1)
    read, progress = load_policy(policy), Progress("off")
    records = load_records(read.records)
    return asyncio.run(replayed(read, records, taken, Here(read, records, folder, progress), grade, progress, folder))


@pytest.mark.slow
def test_lost_answers_can_be_anything(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """A tenth of the candidate's answers are refused by the server: the change may be a tenth more, and it is open."""
    answering(endpoint, {"plain": 0.1, "warm": 0.1})
    whole = endpoint.fault
    assert whole is not None

    def lossy(body: dict[str, object], number: int) -> web.Response | None:
        messages = body["messages"]
        assert isinstance(messages, list)
        if messages[0]["content"] == "warm" and int(messages[-1]["content"].split()[4]) % 10 == 0:
            return web.json_response({"error": {"message": "filtered", "code": "content_filter"}}, status=400)
        return whole(body, number)

    policy = write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    log = traffic(tmp_path / "log.jsonl", 200)
    (kept,) = _run(policy, log, tmp_path / "whole").found
    endpoint.fault = lossy
    made = _run(policy, log, tmp_path / "lossy")
    (found,) = made.found
    assert made.failed == 20 and found.lost == pytest.approx(0.1)
    ((role, reason),) = made.unanswered
    assert role == "candidate" and "content filter" in reason and made.unanswered.total() == 20
    width, without = (one.change.high - one.change.low for one in (found, kept))
    assert width > without + 0.17, "a tenth either way"
    assert found.verdict == "inconclusive"


def test_grades_that_are_missing_can_be_anything(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """A judge that says nothing decides nothing."""
    answering(endpoint, {"plain": 0.1, "warm": 0.1})
    whole = endpoint.fault
    assert whole is not None

    def silent(body: dict[str, object], number: int) -> web.Response | None:
        made = whole(body, number)
        if "BEGIN ANSWER" in str(body["messages"]):
            reply = endpoint.body(body)
            reply["choices"][0]["message"]["content"] = "no comment"
            return web.json_response(reply)
        return made

    endpoint.fault = silent
    policy = write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    (found,) = _run(policy, traffic(tmp_path / "log.jsonl", 60), tmp_path / "r", 40).found
    assert found.verdict == "inconclusive" and found.lost > 0.9
    assert (found.change.low, found.change.high) == (-1.0, 1.0)


def test_where_nothing_answers_it_says_so(write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path) -> None:
    """Empty answers are none; and a policy that names no models is refused before anything is read."""

    def silent(body: dict[str, object], _: int) -> web.Response:
        reply = endpoint.body(body)
        reply["choices"][0]["message"]["content"] = ""
        return web.json_response(reply)

    endpoint.fault = silent
    policy = write_policy(gates=GATES, extra=JUDGE.format(url=endpoint.url))
    with pytest.raises(EvidenceError, match="no conversation was answered by both models"):
        _run(policy, traffic(tmp_path / "log.jsonl", 8), tmp_path / "r")
    scores = tmp_path / "scores.yaml"
    scores.write_text("name: x\nevidence: [none.parquet]\ngates:\n  - {signal: a/b, margin: 0.1}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="name two models"):
        check_policy(load_policy(scores))
