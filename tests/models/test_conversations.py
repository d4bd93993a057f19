"""Conversations compared."""

from __future__ import annotations

from typing import Any

import pytest

from seatrial.models.conversations import difference, spoken
from seatrial.types import Message


def _said(*turns: tuple[Any, str]) -> tuple[Message, ...]:
    return tuple(Message(role, text) for role, text in turns)


def test_white_space_makes_no_other_conversation() -> None:
    """Spaces at the ends, doubled ones, tabs, line ends and spaces of other widths are all one space."""
    one, other = _said(("user", " Hi,\r\n\tthere \u00a0 you\u3000")), _said(("user", "Hi, there you"))
    assert spoken(one) == spoken(other) == (("user", "Hi, there you"),)
    assert difference(one, other) == ""
    assert difference(_said(("user", "Hithere")), other) != ""


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ([("user", "Say A")], [("user", "Say  B")], "turn 1 reads 'Say A' and 'Say B'"),
        ([("user", "Say")], [("user", "Say more")], "turn 1 reads 'Say' and 'Say more'"),
        ([("system", "x")], [("user", "x")], "turn 1 is the system's and the user's"),
        (
            [("user", "a"), ("user", "x" * 60 + "b" + "y" * 24)],
            [("user", "a"), ("user", "x" * 60 + "c" + "y" * 23)],
            f"turn 2 reads '…{'x' * 24}b{'y' * 23}…' and '…{'x' * 24}c{'y' * 23}'",
        ),
        ([("user", "a")], [("user", "a"), ("user", "b")], "one has 1 turn, the other 2"),
        ([("user", "a"), ("user", "b"), ("user", "c")], [("user", "a")], "one has 3 turns, the other 1"),
        ([("user", "x" * 24 + "b")], [("user", "x" * 24 + "c")], f"turn 1 reads '{'x' * 24}b' and '{'x' * 24}c'"),
    ],
)
def test_the_first_difference_is_shown(one: list[tuple[str, str]], other: list[tuple[str, str]], told: str) -> None:
    """The turn, and the letters around the place where the two part; long texts are cut where they go on."""
    assert difference(_said(*one), _said(*other)) == told


def test_an_accent_written_apart_makes_no_other_conversation() -> None:
    """Two files that show alike are alike."""
    one, other = (Message("user", text) for text in ("Jos\u00e9?", "Jose\u0301?"))
    assert spoken([one]) == spoken([other]) and difference([one], [other]) == ""
