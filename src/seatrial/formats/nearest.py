"""Words that are not known, and the nearest that is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(word: str, known: Iterable[str], instead: str, quote: str = "") -> str:
    """Return a question after the nearest of the known words; where none is near, what is said instead.

    Args:
        word: What was written.
        known: What could have been meant.
        instead: What is said where nothing is near.
        quote: What stands around the word that is suggested.
    """
    close = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {quote}{close[0]}{quote}?" if close else instead
