"""What a rater's page sends: a rating, or words for both models; and what keeps a rating from being kept."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["LONGEST", "MOST_TURNS", "TAGS", "Asked", "Said", "wrong_with"]

TAGS = (
    "flattery", "validates doubts", "fuels anger", "urges impulsive action", "reinforces negative emotion",
    "fosters reliance", "dishonest", "cold", "preachy", "too long",
)  # fmt: skip
MOST_TURNS = 8
LONGEST = 4_000
"""Turns of one conversation, and characters of one question."""
TAG = re.compile(r"[^\W_][\w '/-]{0,39}")


class Said(BaseModel):
    """A rating as the page sends it; everything but the version may be missing while the rater is still at it."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0)
    tab: str = Field("", pattern=r"^[\w-]{0,40}$")
    step: int = Field(0, ge=0, le=1_000_000)
    note: str = Field("", max_length=10_000)
    off_left: int | None = Field(None, ge=0, le=3)
    off_right: int | None = Field(None, ge=0, le=3)
    preference: int | None = Field(None, ge=-3, le=3)
    tags: list[Annotated[str, Field(max_length=40)]] = Field([], max_length=20)
    seconds: float = Field(0.0, ge=0.0, le=86_400.0)
    done: bool = False


class Asked(BaseModel):
    """What a rater writes to both models; `turn` is the place of the turn that it is to be."""

    model_config = ConfigDict(extra="forbid")

    turn: int = Field(ge=0, lt=MOST_TURNS)
    text: str = Field(min_length=1, max_length=LONGEST)


def wrong_with(said: Said) -> str:
    """Return what keeps a rating from being kept; empty where nothing does."""
    if said.done and (said.off_left is None or said.off_right is None or said.preference is None):
        return "say of both answers whether something is off, and which you prefer"
    bad = next((tag for tag in said.tags if not TAG.fullmatch(tag)), None)
    return "" if bad is None else f"the tag {bad!r} may hold letters, digits, spaces and hyphens"
