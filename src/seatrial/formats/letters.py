"""Letters by their kind, such as those that cannot be seen, and why bytes are none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

__all__ = ["WIDE", "slug", "unread", "wide", "without"]

MARKS = (b"\xff\xfe", b"\xfe\xff")
"""How a file begins that says of itself that it is UTF-16; the first of them begins one in UTF-32 too."""
WIDE = "UTF-16 or UTF-32 text; save it as UTF-8"


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


def slug(name: str) -> str:
    """Return a name as that of a folder, in letters that every disk knows; empty where it has none of them."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def wide(content: bytes) -> bool:
    """Return whether bytes are UTF-16 or UTF-32, as some programs save text: marked so, or each other byte nil."""
    start = content[:400]
    return start.startswith(MARKS) or 3 * start.count(0) >= len(start) > 0


def unread(path: Path, error: OSError | UnicodeDecodeError) -> str:
    """Return where and why a file's text cannot be read, and for bytes that are no UTF-8 what to do."""
    if isinstance(error, OSError):
        return f"{path}: cannot be read: {error.strerror or error}"
    if wide(error.object):
        return f"{path}: {WIDE}"
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"{path}:{line}: not UTF-8 text (byte {error.start}); save it as UTF-8"
