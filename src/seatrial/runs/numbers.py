"""What other tools write for a score, as a number; what is none is missing, with the reason."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

__all__ = ["NO_SCORE", "Number", "number_of"]

NO_SCORE = "no score"
Number = tuple[float | None, str]
"""A number and an empty reason, or None and why there is none."""
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")


def number_of(value: object, words: Mapping[str, float]) -> Number:
    """Return what a score is as a number.

    Args:
        value: What stands there: a number, true or false, or text.
        words: The words that the tool has numbers for, in lower case.
    """
    if value is None:
        return None, NO_SCORE
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        return (number, "") if math.isfinite(number) else (None, "not scored (NaN or without end)")
    if isinstance(value, str):
        text = value.strip()
        if text.casefold() in words:
            return words[text.casefold()], ""
        if _PLAIN.fullmatch(text):
            return number_of(float(text), words)
        if text.casefold() in ("", "nan", "none", "null"):
            return None, NO_SCORE
    return None, f"not a number: {value!r:.40}"
