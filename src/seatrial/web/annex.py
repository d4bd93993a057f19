"""Pages that another room brings to the raters' application, and what the two tell each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

__all__ = ["Annex", "Doors", "SessionLine"]


@dataclass(frozen=True, slots=True)
class Annex:
    """What is added to the application.

    Attributes:
        join: Adds its pages and their errors to the application.
        door: Stands before all of the application, and lets into the added pages whom they are for.
        known: Says whether what its cookie holds was signed here.
        cookie: Name of that cookie.
        home: Where who has no rater's link is sent from `/`.
        open: Makes ready what would keep the first readers waiting.
        close: Ends it.
    """

    join: Callable[[FastAPI], None]
    door: Callable[[ASGIApp], ASGIApp]
    known: Callable[[str], bool]
    cookie: str
    home: str
    open: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session of raters as the team sees it: how far it is, and nothing of what was said.

    Attributes:
        number: Its number.
        name: What was reviewed.
        kind: What raters do in it.
        begun: When it was planned, ISO 8601 in UTC.
        closed: When it was closed; empty while it is open.
        raters: Name → answers rated, and answers in all.
    """

    number: int
    name: str
    kind: Literal["labels", "vibes"]
    begun: str
    closed: str
    raters: dict[str, tuple[int, int]]


class Doors(Protocol):
    """Knows the raters' sessions, and lets a rater into one."""

    def listed(self) -> list[SessionLine]:
        """Return all sessions, the latest first."""

    def enter(self, rater: str, session: int) -> str | None:
        """Return a new private link's token for a rater of an open session; None where there is none of that name."""
