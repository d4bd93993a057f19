"""Letters by their kind, such as those that cannot be seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

__all__ = ["without"]


def without(text: str, categories: Collection[str], *, but: str = "") -> str:
    """Return a text without the letters of some categories of Unicode.

    Each letter that a text holds is looked up once, however long the text is.

    Args:
        text: The text.
        categories: Two-letter categories, such as `Cf` for letters that only format.
        but: Letters that stay, whatever their category.
    """
    dropped = [letter for letter in set(text) if letter not in but and unicodedata.category(letter) in categories]
    return text.translate(dict.fromkeys(map(ord, dropped))) if dropped else text
