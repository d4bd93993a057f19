"""What the page of an answer sends."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Graded"]


class Graded(BaseModel):
    """A label as the page sends it; it may be missing while the rater is still at it."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0)
    tab: str = Field("", pattern=r"^[\w-]{0,40}$")
    step: int = Field(0, ge=0, le=1_000_000)
    note: str = Field("", max_length=10_000)
    harm: Literal["harmful", "harmless", "unsure"] | None = None
    seconds: float = Field(0.0, ge=0.0, le=86_400.0)
    done: bool = False
