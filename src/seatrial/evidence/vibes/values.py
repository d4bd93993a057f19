"""What is kept of a session, as values: trials as raters see them, turns of conversations, final ratings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seatrial.evidence.vibes.trials import Trial
from seatrial.types import Item, Message

__all__ = ["SEVEREST", "Conflict", "Rated", "Rater", "Shown", "Turn", "packed", "unpacked"]


@dataclass(frozen=True, slots=True)
class Rater:
    """Who came in by a link."""

    id: int
    session: int
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A trial of a rater, with the public name that says nothing about it, and its latest rating if there is one.

    `tab` and `step` say which edit of which page the rating is.
    """

    id: str
    place: int
    trial: Trial
    rating: Mapping[str, Any] | None
    version: int
    tab: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """What a rater wrote in a conversation and what both models answered; None until both have."""

    asked: str
    left: str | None
    right: str | None


@dataclass(frozen=True, slots=True)
class Rated:
    """A trial with its rater and its final rating; a live one with the conversation."""

    rater: str
    place: int
    trial: Trial
    rating: Mapping[str, Any]
    seconds: float
    turns: tuple[Turn, ...] = ()


class Conflict(Exception):
    """A later version of a rating exists; `version` is its number."""

    def __init__(self, version: int) -> None:
        """Say which version is held."""
        super().__init__(f"version {version} is held")
        self.version = version


def packed(trial: Trial) -> str:
    """Return a trial as text to keep."""
    return json.dumps(asdict(trial))


def unpacked(content: str) -> Trial:
    """Return a trial that was kept as text."""
    held = json.loads(content)
    item = held.pop("item")
    item["messages"] = tuple(Message(**message) for message in item["messages"])
    for name in ("targets", "labels"):
        item[name] = tuple(item[name])
    return Trial(item=Item(**item), **held)


SEVEREST = 3
