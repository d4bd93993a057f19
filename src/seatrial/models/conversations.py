"""Conversations compared: what two files must share of an item's turns to hold answers to one question."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from unicodedata import normalize

from seatrial.types import Message

__all__ = ["difference", "spoken"]

SHOWN = 24
"""Letters shown on either side of the first difference."""


def spoken(messages: Sequence[Message]) -> tuple[tuple[str, str], ...]:
    """Return the turns as (role, text), with every run of white space as one space and none at either end.

    A letter with an accent is one letter, whether a file writes it as one or as two.
    """
    return tuple((turn.role, " ".join(normalize("NFC", turn.content).split())) for turn in messages)


def difference(one: Sequence[Message], other: Sequence[Message]) -> str:
    """Return where two conversations first differ, with the words around it; empty where white space alone differs."""
    first, second = spoken(one), spoken(other)
    for number, (mine, yours) in enumerate(zip(first, second, strict=False), 1):
        if mine[0] != yours[0]:
            return f"turn {number} is the {mine[0]}'s and the {yours[0]}'s"
        if mine[1] != yours[1]:
            at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(mine[1], yours[1], strict=False)))
            return f"turn {number} reads {_around(mine[1], at)} and {_around(yours[1], at)}"
    if len(first) == len(second):
        return ""
    return f"one has {len(first)} {'turn' if len(first) == 1 else 'turns'}, the other {len(second)}"


def _around(text: str, at: int) -> str:
    begins, ends = max(0, at - SHOWN), at + SHOWN
    return repr(f"{'…' if begins else ''}{text[begins:ends]}{'…' if ends < len(text) else ''}")
