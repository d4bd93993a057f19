"""Tables for a terminal, wrapped to its width."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from seatrial.errors import printable

__all__ = ["table", "wrapped"]

WIDTH = 100


def wrapped(text: str, indent: str = "") -> str:
    """Return a text in lines of at most `WIDTH` letters, all but the first indented."""
    shown = printable(text)
    return textwrap.fill(shown, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in aligned columns; the last column is wrapped to the line's width."""
    cells = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    start = sum(widths[:-1]) + 2 * (len(widths) - 1)
    lines = []
    for row in cells:
        first = "  ".join(cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True))
        last = textwrap.wrap(row[-1], max(WIDTH - start, 40), break_on_hyphens=False) or [""]
        lines.append(f"{first}  {last[0]}".rstrip())
        lines += [" " * start + more for more in last[1:]]
    return "\n".join(lines)
