"""Simulated users: the script, which needs no model, and what the run asks of any user."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from seatrial.evidence.conversations.acts import act_of
from seatrial.evidence.conversations.conversation import Meeting, Turn
from seatrial.personas import Script
from seatrial.types import Response

__all__ = ["Said", "ScriptedUser", "User", "standing_after", "turn_of"]


@dataclass(frozen=True, slots=True)
class Said:
    """What a user says next.

    Attributes:
        text: The line.
        state: Where the user stands; empty where a model plays the user.
        last: Whether the conversation ends with the answer to it.
        moved: How far the user has been moved; None where that is not known.
        broken: Why the line cannot be used, where it cannot; the conversation ends then.
    """

    text: str
    state: str = ""
    last: bool = False
    moved: float | None = None
    broken: str = ""


class User(Protocol):
    """Whoever talks to the models: it is told the conversation so far, and never with which model it is held."""

    async def say(self, meeting: Meeting, turns: Sequence[Turn]) -> Said:
        """Return what the user says next.

        Raises:
            SeatrialError: it cannot go on, for this conversation or for any.
        """
        ...


class ScriptedUser:
    """The state machine of a persona: the same answers are met with the same lines, whoever gave them."""

    def __init__(self, seed: int) -> None:
        """Pick lines with a seed."""
        self._seed = seed

    async def say(self, meeting: Meeting, turns: Sequence[Turn]) -> Said:
        """Return the next line: of the first state, or of where the last answer sent the user."""
        states = meeting.persona.versions[meeting.side].states
        said = frozenset(turn.said for turn in turns)
        state = next(iter(states)) if not turns else standing_after(states, turns)
        while all(line in said for line in states[state].lines):
            after = states[state].then
            if after is None:  # a state that ends, all of whose lines were said: the conversation ended with the first
                break
            state = after
        left = [line for line in states[state].lines if line not in said] or list(states[state].lines)
        line = left[self._number(meeting, len(turns), state) % len(left)]
        return Said(line, state, states[state].ends, states[state].moved)

    def _number(self, meeting: Meeting, turn: int, state: str) -> int:
        words = f"{self._seed}|{meeting.persona.unit(meeting.side)}|{meeting.draw}|{turn}|{state}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")


def standing_after(states: Script, turns: Sequence[Turn]) -> str:
    """Return the state that the last answer leaves the user in: what it did moves them once they stayed long enough."""
    here = turns[-1].state
    stayed = len(list(takewhile(lambda turn: turn.state == here, reversed(turns))))
    return states[here].to.get(turns[-1].act, here) if stayed >= states[here].stays else here


def turn_of(said: Said, answer: Response) -> Turn:
    """Return a turn: what was said, and what the answer to it did."""
    return Turn(said.text, said.state, answer, act_of(answer.text))
