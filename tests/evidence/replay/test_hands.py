"""Who asks, grades and reads."""

from __future__ import annotations

import pytest

from replays import POLICY
from seatrial.collect.answer_files import Part
from seatrial.evidence.replay.hands import shared
from seatrial.policy import parse_policy

JUDGES = """
judges:
  main: {model: {model: openai-compatible/j, base_url: "http://127.0.0.1:1/v1", concurrency: 3}}
  other: {scores: none.jsonl}
"""


def test_all_parts_together_ask_as_much_at_once_as_the_policy_says() -> None:
    """Calls in flight and calls a minute are divided, for judges too; where the policy says nothing, nothing is."""
    text = POLICY.replace('"http://127.0.0.1:1/v1"}', '"http://127.0.0.1:1/v1", requests_per_minute: 60}', 1)
    policy = parse_policy(text.replace("next,", "next, concurrency: 10,") + JUDGES)
    parts = [shared(policy, Part(number, 3)) for number in range(3)]
    assert sum(one.baseline.requests_per_minute or 0 for one in parts) == pytest.approx(60)
    assert {one.baseline.concurrency for one in parts} == {None}
    assert {one.candidate.concurrency for one in parts} == {4}
    judges = [one.judges["main"].model for one in parts]
    assert [one.concurrency for one in judges if one is not None] == [1, 1, 1]
    assert parts[0].judges["other"] == policy.judges["other"]
