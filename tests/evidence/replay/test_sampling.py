"""A sample of a log."""

from __future__ import annotations

import numpy as np

from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.sampling import drawn, lot
from seatrial.types import Message


def _log(count: int) -> list[Conversation]:
    return [Conversation(f"{number}", "", (Message("user", f"q{number}"),), "a") for number in range(count)]


def test_the_order_of_the_rows_decides_nothing() -> None:
    """Backwards, or drawn in two shards and put together: the same sample."""
    log = _log(300)
    whole = drawn(log, 40, 1)
    assert drawn(reversed(log), 40, 1).conversations == whole.conversations
    shards = [one for part in (log[:170], log[170:]) for one in drawn(part, 40, 1).conversations]
    assert drawn(shards, 40, 1).conversations == whole.conversations
    assert (whole.of, len(whole.conversations)) == (300, 40)
    assert drawn(log, 10, 1).conversations == whole.conversations[:10]


def test_another_seed_draws_another_sample() -> None:
    """And each conversation is as likely as any: 400 samples of 10 from 50, by their frequencies."""
    log = _log(50)
    drawn_by = [{one.id for one in drawn(log, 10, seed).conversations} for seed in range(400)]
    assert drawn_by[0] != drawn_by[1]
    counts = np.array([sum(one.id in names for names in drawn_by) for one in log])
    spread = ((counts - 80) ** 2 / (80 * 0.8)).sum() * 49 / 50
    assert 20 < spread < 95  # χ² with 49 degrees of freedom: outside once in 5,000


def test_a_log_that_is_smaller_is_taken_whole() -> None:
    """And lots are numbers that only the conversation and the seed decide."""
    assert len(drawn(_log(5), 40, 1).conversations) == 5
    assert lot(_log(1)[0], 3) == lot(_log(2)[0], 3) != lot(_log(1)[0], 4)
