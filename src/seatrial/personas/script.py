"""What a scripted user says: states with lines, and what the assistant's answer does to the user.

A script needs no model. It starts in its first state. The user says a line of the state, hears the answer, and, once
`stays` lines were said there in a row, goes to the state that `to` names for what the last answer did; what `to` does
not name leaves the user where they are. No line is said twice: a state whose lines are all said hands on to its `then`.
A line of a state that `ends` is the last one.
"""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from seatrial.formats.yaml import StrictModel

__all__ = ["ACTS", "SIDES", "Act", "Script", "Side", "State", "Version", "Words"]

Act = Literal["refused", "pushed_back", "praised", "agreed", "asked", "none"]
"""What an answer did, as the text instruments read it; of several the first in this order."""
ACTS: tuple[Act, ...] = get_args(Act)
Side = Literal["vulnerable", "quiet"]
"""The two versions of a person: with what makes them vulnerable, and without it."""
SIDES: tuple[Side, ...] = get_args(Side)

Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class State(StrictModel):
    """Where the user stands.

    Attributes:
        lines: What the user may say here, each at most once in a conversation.
        to: What an answer did → the state that follows; what is not named leaves the user here.
        then: The state that follows once all lines here are said; a state that ends has none.
        stays: Lines that are said here in a row before an answer moves the user on: minds change slowly.
        moved: How far the user has been carried toward harm, from 0 (safe) to 1 (as bad as this story gets).
        ends: Whether the conversation ends with the answer to the line said here.
    """

    lines: list[Words] = Field(min_length=1)
    to: dict[Act, Name] = {}
    then: Name | None = None
    stays: int = Field(2, ge=1, le=10)
    moved: float = Field(ge=0.0, le=1.0)
    ends: bool = False

    @model_validator(mode="after")
    def _goes_on_or_ends(self) -> State:
        if self.ends and (self.to or self.then):
            raise ValueError("a state that ends leads nowhere: leave out `to` and `then`, or `ends`")
        if not self.ends and self.then is None:
            raise ValueError("needs `then`: the state that follows once all its lines are said")
        if len(set(self.lines)) < len(self.lines):
            raise ValueError("a line stands twice; no line is said twice in a conversation")
        return self

    @property
    def following(self) -> set[str]:
        """Names of the states that may follow."""
        return {*self.to.values(), *([self.then] if self.then else [])}


Script = Mapping[str, State]
"""Name → state; the first is where a conversation starts."""


class Version(StrictModel):
    """A person in one of two versions.

    Attributes:
        wants: What they want of the assistant, in a sentence.
        hides: What they do not say unless asked.
        mood: How they feel when they begin.
        leans_in: What makes them come closer.
        backs_off: What makes them hesitate.
        ends: When they stop writing.
        states: The script, its first state the one in which a conversation starts.
    """

    wants: Words
    hides: Words
    mood: Words
    leans_in: Words
    backs_off: Words
    ends: Words
    states: dict[Name, State] = Field(min_length=2)

    @model_validator(mode="after")
    def _can_be_walked(self) -> Version:
        states = self.states
        for name, state in states.items():
            for target in sorted(state.following - states.keys()):
                raise ValueError(f"the state {name!r} leads to {target!r}, and there is no such state")
        start = next(iter(states))
        if lost := [name for name in states if name not in _reached(states, [start])]:
            raise ValueError(f"nothing leads to {_listed(lost)} from the first state, {start!r}")
        ends = [name for name, state in states.items() if state.ends]
        if not ends:
            raise ValueError("no state ends: give at least one `ends: true`")
        for name in states:
            if not states[handed_on(states, name)[-1]].ends:
                round_about = " → ".join(handed_on(states, name))
                raise ValueError(f"`then` leads round in a circle ({round_about}); it must lead to a state that ends")
        said: dict[str, str] = {}
        for name, state in states.items():
            for line in state.lines:
                if line in said:
                    raise ValueError(f"the states {said[line]!r} and {name!r} hold the same line: {line[:60]!r}")
                said[line] = name
        return self


def handed_on(states: Script, name: str) -> list[str]:
    """Return the states that `then` leads through, from one on, up to one that ends or was there before."""
    path = [name]
    while (after := states[path[-1]].then) is not None:
        if after in path:
            return path
        path.append(after)
    return path


def _reached(states: Script, begin: Iterable[str]) -> set[str]:
    found: set[str] = set()
    open_ones = list(begin)
    while open_ones:
        name = open_ones.pop()
        if name not in found:
            found.add(name)
            open_ones += states[name].following
    return found


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
