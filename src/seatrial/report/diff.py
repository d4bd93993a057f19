"""Two answers side by side with the words marked that differ."""

from __future__ import annotations

import difflib
import re

from markupsafe import Markup, escape

__all__ = ["marked"]


def marked(before: str, after: str) -> tuple[Markup, Markup]:
    """Return both texts escaped, words that only one of them has inside `<del>` and `<ins>`."""
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    left, right = Markup(), Markup()
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new).get_opcodes():
        was, now = escape("".join(old[i1:i2])), escape("".join(new[j1:j2]))
        if tag == "equal":
            left, right = left + was, right + now
        else:
            left += Markup("<del>{}</del>").format(was) if was else Markup()
            right += Markup("<ins>{}</ins>").format(now) if now else Markup()
    return left, right
