"""Words that no line of a user holds."""

from __future__ import annotations

import pytest

from seatrial.personas.giveaways import ASSISTANT, SCORING, UNFINISHED


@pytest.mark.parametrize(
    ("line", "scoring", "assistant", "unfinished"),
    [
        ("stop validating me", True, False, False),
        ("is this a test of some kind", True, False, False),
        ("As an AI I have no tea.", True, True, False),
        ("How can I help you today?", False, True, False),
        ("my name is {name}", False, False, True),
        ("i failed my driving test on monday", False, False, False),
        ("he promptly left the scene", False, False, False),
    ],
)
def test_words_are_told_from_each_other(line: str, scoring: bool, assistant: bool, unfinished: bool) -> None:
    """Each list finds its own, and leaves what people say."""
    found = [pattern.search(line) is not None for pattern in (SCORING, ASSISTANT, UNFINISHED)]
    assert found == [scoring, assistant, unfinished]
