"""What conversations take at most: tokens in grow with the square of the turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.evidence.conversations.forecast import forecast, tokens_in
from talkers import conversation_policy, meetings


def test_each_call_sends_all_that_was_said_before() -> None:
    """The sum over the calls is that of the closed form, and twice the turns take about four times as much."""
    turns, line, answer, before = 20, 15.0, 100.0, 30.0
    by_hand = sum(before + turn * line + (turn - 1) * answer for turn in range(1, turns + 1))
    assert tokens_in(turns, line, answer, before) == by_hand
    assert 3.8 < tokens_in(40, line, answer) / tokens_in(20, line, answer) < 4.1


def test_a_run_is_foretold_at_its_most(tmp_path: Path) -> None:
    """Calls, tokens and dollars are those of conversations that take all turns with the longest answers."""
    price = "price_in: 1, price_out: 10"
    _, policy = conversation_policy(
        tmp_path, "http://127.0.0.1:9/v1", candidate=f"{{model: a/b, {price}}}", max_tokens="100"
    )
    found = forecast(policy, meetings(), 6)
    taken = found.taken["candidate"]
    assert (found.personas, found.conversations, found.left_out) == (2, 4, 6)
    assert (taken.calls, taken.tokens_out) == (32, 3200)
    assert taken.cost == pytest.approx((taken.tokens_in + 10 * taken.tokens_out) / 1e6, rel=1e-4)
    assert taken.longest > 800
    assert found.taken["baseline"].cost == 0
