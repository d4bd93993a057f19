"""What a replay comes to."""

from __future__ import annotations

import pytest

from replays import made_replay
from seatrial.errors import ExitCode


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((("pass", True), ("pass", True)), ExitCode.LAUNCH),
        ((("pass", True), ("inconclusive", True)), ExitCode.HOLD),
        ((("inconclusive", True), ("fail", True)), ExitCode.BLOCK),
        ((("pass", True), ("fail", False)), ExitCode.LAUNCH),
        ((("pass", False),), ExitCode.HOLD),
    ],
)
def test_only_what_may_block_decides(verdicts: tuple[tuple[str, bool], ...], code: ExitCode) -> None:
    """Beyond a margin blocks, open holds; where nothing may block nothing was decided."""
    found = made_replay(*verdicts)
    assert found.exit_code == code
    assert len(found.failing) == sum(pair == ("fail", True) for pair in verdicts)
    assert len(found.open) == sum(pair == ("inconclusive", True) for pair in verdicts)
