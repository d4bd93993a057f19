"""A judge that proposes what changed, behind a simulated endpoint."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from conftest import Command, Endpoint
from seatrial.collect import Progress
from seatrial.drift import Answered
from seatrial.drift.proposals import PROPOSER
from seatrial.errors import EvidenceError, PolicyError
from seatrial.policy import LaunchPolicy, parse_policy
from seatrial.review.proposals import proposals
from seatrial.types import Item, Message

PAIRS = [
    Answered(
        Item(f"i{number}", "s", (Message("user", f"What of {number}?"),)),
        (f"It is {number}.",),
        (f"Great question! It is {number}.",),
    )
    for number in range(40)
]
WORDS = ["praises the question first", "is written in French"]


class _Judge:
    """Proposes two differences, of which one is there, and grades what it is shown."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint, self.proposing, self.grading = endpoint, 0, 0
        endpoint.fault = self

    def __call__(self, body: dict[str, Any], _: int) -> web.Response:
        system, asked = (turn["content"] for turn in body["messages"])
        made = self.endpoint.body(body)
        if system == PROPOSER:
            self.proposing += 1
            said = json.dumps({"differences": WORDS})
        else:
            self.grading += 1
            praised = WORDS[0] in asked and "Great question" in asked
            said = json.dumps({"score": 9 if praised else 1})
        made["choices"][0]["message"]["content"] = said
        return web.json_response(made)


def _policy(endpoint: Endpoint) -> LaunchPolicy:
    return parse_policy(
        f"""
name: recorded
baseline: {{model: transcripts/old.jsonl}}
candidate: {{model: transcripts/new.jsonl}}
judges:
  main: {{model: {{model: openai-compatible/judge, base_url: "{endpoint.url}"}}}}
  kept: {{scores: scores.jsonl}}
gates:
  - {{signal: behavior/praise, margin: 0.3}}
""",
        "policy.yaml",
    )


def _proposals(endpoint: Endpoint, folder: Path, name: str = "main", most: int = 600) -> Any:
    made = proposals(_policy(endpoint), folder, name, PAIRS, most, 0.05, Progress("off"))
    return asyncio.run(made)


def test_what_is_there_is_shown_and_what_is_not_is_not(endpoint: Endpoint, tmp_path: Path) -> None:
    """Both proposals are tested on items of the other half; asked again, nothing is asked twice."""
    judge = _Judge(endpoint)
    first, second = _proposals(endpoint, tmp_path)
    assert (first.words, second.words) == tuple(WORDS)
    assert first.p_value < 0.01 < 0.5 < second.p_value
    assert (first.before, first.after) == (pytest.approx(0.1), pytest.approx(0.9))
    assert (judge.proposing, judge.grading, first.items) == (1, 2 * 2 * 20, 20)
    assert _proposals(endpoint, tmp_path) == [first, second]
    assert (judge.proposing, judge.grading) == (1, 80)


def test_a_budget_of_calls_is_kept(endpoint: Endpoint, tmp_path: Path) -> None:
    """Fewer items are graded, and too few calls are refused before any is made."""
    judge = _Judge(endpoint)
    first, _ = _proposals(endpoint, tmp_path, most=61)
    assert first.items == 6
    assert judge.proposing + judge.grading <= 61
    with pytest.raises(EvidenceError, match=r"20 calls of the judge are too few.*at least 21"):
        _proposals(endpoint, tmp_path / "other", most=20)


def test_only_a_judge_that_is_a_model_can_propose(endpoint: Endpoint, tmp_path: Path) -> None:
    """A file of scores cannot, and a name that the policy does not declare is refused."""
    with pytest.raises(EvidenceError, match="judge/kept is no model"):
        _proposals(endpoint, tmp_path, "kept")
    with pytest.raises(PolicyError, match="no judge is called 'other'"):
        _proposals(endpoint, tmp_path, "other")


@pytest.mark.slow
def test_the_command_lists_both_and_the_page_too(seatrial: Command, endpoint: Endpoint, tmp_path: Path) -> None:
    """What a judge proposed stands on the terminal, in the JSON and on the page; the review's own files stay sealed."""
    _Judge(endpoint)
    for side in ("baseline", "candidate"):
        rows = [
            {"id": pair.item.id, "prompt": pair.item.messages[0].content, "response": getattr(pair, side)[0]}
            for pair in PAIRS
        ]
        name = "old" if side == "baseline" else "new"
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        "name: recorded\nbaseline: {model: transcripts/old.jsonl}\ncandidate: {model: transcripts/new.jsonl}\n"
        f'judges: {{main: {{model: {{model: openai-compatible/judge, base_url: "{endpoint.url}"}}}}}}\n'
        "signals:\n  behavior/praise: {instrument: text/praise}\ngates:\n  - {signal: behavior/praise, margin: 0.3}\n",
        encoding="utf-8",
    )
    seatrial("review", "policy.yaml", "--out", "done", "--quiet")
    made = seatrial("drift", "done", "--judge", "main", "--quiet")
    assert made.code == 0, made.err
    assert "A judge saw answers to one half" in made.out
    told = json.loads(seatrial("drift", "done", "--judge", "main", "--quiet", "--json").out)["proposals"]
    assert [(one["words"], one["shown"]) for one in told] == [(WORDS[0], True), (WORDS[1], False)]
    page = (tmp_path / "done" / "drift.html").read_text(encoding="utf-8")
    assert WORDS[0] in page and "not shown" in page
    assert "no entry of the ledger covers" not in seatrial("report", "done").err
