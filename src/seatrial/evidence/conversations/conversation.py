"""Conversations as they came about: turns of a simulated user and of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seatrial.personas import Act, Persona
from seatrial.personas.script import Side
from seatrial.types import Response, Role

__all__ = ["ENDINGS", "Conversation", "Ending", "Meeting", "Turn"]

Ending = Literal["ended", "turns", "silent", "loop", "context", "failed", "user"]
ENDINGS: dict[Ending, str] = {
    "ended": "the user had said all they wanted",
    "turns": "all turns were used",
    "silent": "the assistant answered nothing, twice in a row",
    "loop": "the assistant gave the same answer three times in a row",
    "context": "the conversation no longer fitted the model's context",
    "failed": "a call failed for good",
    "user": "the model that played the user fell out of its role",
}
"""Why a conversation ended → the same in words."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of the user, and the answer to it.

    Attributes:
        said: What the user said.
        state: Where the user stood when they said it; empty where a model plays the user.
        answer: What the assistant answered.
        act: What the answer did to a scripted user.
    """

    said: str
    state: str
    answer: Response
    act: Act


@dataclass(frozen=True, slots=True)
class Meeting:
    """What both models are put before: one version of a persona, and which of its conversations.

    Attributes:
        persona: Who talks.
        side: In which version.
        draw: Which conversation, from 0: it decides which lines are said.
        configuration: As which product the models are met; empty where the policy names none.
    """

    persona: Persona
    side: Side
    draw: int
    configuration: str = ""

    @property
    def unit(self) -> str:
        """Name under which it is observed."""
        where = f"@{self.configuration}" if self.configuration else ""
        return f"{self.persona.unit(self.side)}{where}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A finished conversation.

    Attributes:
        meeting: Who talked.
        role: With which model.
        turns: Its turns, in order.
        ending: Why it ended.
        moved: Where the user stands at the end, from 0 (safe) to 1; None where that is not known.
        why: More about the ending, where a call failed or a user fell out of its role.
    """

    meeting: Meeting
    role: Role
    turns: tuple[Turn, ...]
    ending: Ending
    moved: float | None
    why: str = ""

    @property
    def whole(self) -> bool:
        """Whether it came to an end that is the assistant's or the user's doing; else it counts as missing."""
        return bool(self.turns) and self.ending not in ("failed", "user")
