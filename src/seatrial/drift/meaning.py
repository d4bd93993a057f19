"""A direction of meaning named by the passages that lie farthest along it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seatrial.drift.exchange import Layout
from seatrial.instruments.embedding import embed

__all__ = ["passages"]

READ = 300
"""Answers of each model whose sentences are looked at: those that lie farthest along the direction."""
SHORTEST, LONGEST = 4, 160
"""Words of the shortest passage, and letters of the longest, that name a direction."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


def passages(texts: Sequence[str], layout: Layout, direction: NDArray[np.float64], z: float) -> str:
    """Return in words what the candidate's answers come nearer to, and what they leave.

    Args:
        texts: All answers.
        layout: Whose they are.
        direction: A unit vector of meaning.
        z: The change along it; its sign tells which end the candidate's answers come nearer to.
    """
    toward = direction * np.sign(z)
    ends = []
    for candidate, sign in ((True, 1.0), (False, -1.0)):
        own = [text for text, is_candidate in zip(texts, layout.candidate, strict=True) if is_candidate == candidate]
        score = sign * (embed(own) @ toward)
        far = [own[place] for place in np.argsort(-score, kind="stable")[:READ]]
        said = [part.strip() for text in far for part in _SENTENCE.split(text) if len(part.split()) >= SHORTEST]
        said = list(dict.fromkeys(said)) or far[:1]
        ends.append(_short(said[int(np.argmax(sign * (embed(said) @ toward)))]))
    return f"comes nearer to “{ends[0]}” than to “{ends[1]}”"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + "…"
