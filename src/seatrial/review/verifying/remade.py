"""Conversations that brought a review's evidence, held again from its store: what verifying is handed of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seatrial.report import ReviewResult
from seatrial.review.run import NOTHING, Known

__all__ = ["Remade", "Remake"]


@dataclass(frozen=True, slots=True)
class Remade:
    """What came out.

    Attributes:
        known: What is known of the evidence.
        evidence: Path of a file as the policy leads to it → what was made again in its place.
        missing: Calls whose answers should be in the store and are not, in words.
        differs: What else is not as the review's folder says, in sentences.
        lost: Why nothing could be made, in sentences.
        said: What was made, in a sentence; empty where there was nothing to make.
    """

    known: Known = NOTHING
    evidence: Mapping[str, Path] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    said: str = ""


Remake = Callable[[ReviewResult, Path], Remade]
"""Makes it again from a review and a private copy of its folder."""
