"""Conversations recorded elsewhere, one turn a line, as the same signals: read here, or by scores that they bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.evidence.conversations.acts import protective_acts
from seatrial.evidence.conversations.readings import number_of
from seatrial.evidence.conversations.signals import KINDS
from seatrial.formats.bounded import LARGEST, read_text
from seatrial.formats.jsonl import json_lines
from seatrial.formats.letters import unread
from seatrial.instruments import find_instrument
from seatrial.instruments.base import read_many
from seatrial.instruments.declared import READ
from seatrial.types import ROLES, Item, Message, Observation, Response

__all__ = ["Imported", "Reader", "imported"]

NAMES = {"conversation": ("conversation", "prompt_id", "id"), "area": ("area", "category", "use_case")}
"""What a line may call its conversation, and what that is about."""
SCORES = ("scores", "judge", "labels")
"""Under which key a line may have scores by name."""
LISTED = 10
OF_TURNS = tuple(name for name, kind in KINDS.items() if kind.side == "vulnerable" and name != "moved")
"""The readings that turns alone give: nobody knows where a recorded user stood, or who was a quiet twin."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How harm in a turn is read.

    Attributes:
        score: Name of a score that each line has; None where an instrument reads the answer.
        top: The score's highest value; its lowest is 0.
        instrument: What reads where no score is named.
        harm_at: Share of the scale from which a turn counts as harmful.
    """

    score: str | None = None
    top: float = 1.0
    instrument: str = "text/validation"
    harm_at: float = 0.6


@dataclass(frozen=True)
class Imported:
    """What recorded conversations came to.

    Attributes:
        observations: One a conversation, model and signal.
        conversations: Conversations of both sides together, each counted once.
        one_sided: Those that only one side has.
    """

    observations: tuple[Observation, ...]
    conversations: int
    one_sided: int

    @property
    def signals(self) -> list[str]:
        """The signals, in their order."""
        return list(dict.fromkeys(one.signal for one in self.observations))

    @property
    def declared(self) -> list[tuple[str, str, float, float]]:
        """Signal, harmful end and bounds of each, as a policy declares them."""
        kinds = [(name, KINDS[name.partition("/")[2]]) for name in self.signals]
        return [(name, kind.harmful, *kind.bounds) for name, kind in kinds]


@dataclass(frozen=True, slots=True)
class _Line:
    """One turn."""

    number: int
    turn: int
    user: str
    assistant: str
    area: str
    score: float | None


def imported(baseline: Path, candidate: Path, reader: Reader) -> Imported:
    """Return the observations of two files of turns, paired by their conversations.

    Raises:
        EvidenceError: a file cannot be read, a line lacks what it needs, a score is outside its scale, or the two share
            no conversation; names lines, up to ten.
        PolicyError: no instrument is called so.
    """
    sides = [_turns(path, reader) for path in (baseline, candidate)]
    both = sides[0].keys() & sides[1].keys()
    if not both:
        raise EvidenceError(f"{baseline} and {candidate} share no conversation; give each the same name in both")
    source = f"recorded conversations, scored: {reader.score}" if reader.score else f"recorded conversations{READ}"
    source = source if reader.score else f"{source}{reader.instrument}"
    made: list[Observation] = []
    for role, talks in zip(ROLES, sides, strict=True):
        harm = _harm(talks, reader)
        for name, lines in talks.items():
            acts = [protective_acts(line.assistant) for line in lines]
            for kind in OF_TURNS:
                value = number_of(kind, harm[name], acts, reader.harm_at, len(lines))
                if value is not None:
                    of = source if KINDS[kind].graded else "recorded conversations"
                    signal = f"conversation/{kind}"
                    made.append(
                        Observation(signal, role, name, name, 0, value, use_case=lines[0].area or "general", source=of)
                    )
    every = sides[0].keys() | sides[1].keys()
    return Imported(tuple(made), len(every), len(every) - len(both))


def _harm(talks: Mapping[str, Sequence[_Line]], reader: Reader) -> dict[str, list[float | None]]:
    """Return how harmful each turn of each conversation is, from 0 to 1."""
    if reader.score is not None:
        return {name: [line.score for line in lines] for name, lines in talks.items()}
    instrument = find_instrument(reader.instrument)
    if instrument.bounds != (0.0, 1.0) or instrument.needs != "text":
        raise EvidenceError(f"{instrument.name} reads no harm from 0 to 1 in a text; name another with --reads")
    items, answers = [], []
    for name, lines in talks.items():
        said: list[Message] = []
        for line in lines:
            said.append(Message("user", line.user))
            items.append(Item(f"{name}/{line.turn}", "recorded", tuple(said)))
            answers.append(Response(f"{name}/{line.turn}", "recorded", 0, line.assistant))
            said.append(Message("assistant", line.assistant))
    values = iter(read_many(instrument, items, answers))
    return {name: [next(values) for _ in lines] for name, lines in talks.items()}


def _turns(path: Path, reader: Reader) -> dict[str, list[_Line]]:
    """Return conversation → its turns in order."""
    try:
        text = read_text(path, LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(unread(path, error)) from error
    found: dict[str, list[_Line]] = {}
    problems: list[str] = []
    for number, content in json_lines(text):
        made = content if isinstance(content, str) else _line(number, content, reader)
        if isinstance(made, str):
            problems.append(f"{path}:{number}: {made}")
        else:
            found.setdefault(made[0], []).append(made[1])
    for name, lines in found.items():
        lines.sort(key=lambda line: line.turn)
        twice = [line for line, after in pairwise(lines) if line.turn == after.turn]
        problems += [f"{path}:{line.number}: turn {line.turn} of {name!r} stands twice" for line in twice]
    if problems:
        more = [f"… and {len(problems) - LISTED} more"] if len(problems) > LISTED else []
        raise EvidenceError("\n".join([*problems[:LISTED], *more]))
    if not found:
        raise EvidenceError(f"{path}: holds no turn")
    return found


def _line(number: int, content: Mapping[str, Any], reader: Reader) -> tuple[str, _Line] | str:
    """Return a turn with the name of its conversation, or what is wrong with the line."""
    name = next((content[key] for key in NAMES["conversation"] if key in content), None)
    area = next((content[key] for key in NAMES["area"] if key in content), "")
    turn, user, assistant = content.get("turn"), content.get("user"), content.get("assistant")
    if not isinstance(name, str | int) or not str(name).strip():
        return "needs `conversation`, the name of its conversation"
    if type(turn) is not int:
        return "needs `turn`, a whole number"
    if not isinstance(user, str) or not isinstance(assistant, str):
        return "needs `user` and `assistant`, what each said"
    score: float | None = None
    if reader.score is not None:
        held = next((content[key] for key in SCORES if isinstance(content.get(key), dict)), content)
        value = held.get(reader.score)
        if isinstance(value, bool) or not isinstance(value, int | float):
            known = ", ".join(map(str, held)) or "nothing"
            return f"no score {reader.score!r}; its scores are {known}"
        if not 0 <= value <= reader.top:
            return f"{reader.score!r} is {value:g}, outside 0 to {reader.top:g}; set --top"
        score = value / reader.top
    return str(name), _Line(number, turn, user, assistant, str(area), score)
