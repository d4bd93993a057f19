"""Tables for a terminal, wrapped to its width."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence

from seatrial.errors import printable

__all__ = ["fitting", "table", "wrapped"]

WIDTH = 100
"""Letters of a line, at most; a narrower terminal has its own."""
NARROWEST = 60


def _width() -> int:
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def wrapped(text: str, indent: str = "") -> str:
    """Return a text in lines of at most a terminal's width, all but the first indented."""
    shown = printable(text)
    return textwrap.fill(shown, _width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in aligned columns; the last column is wrapped to the line's width."""
    cells = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    start = sum(widths[:-1]) + 2 * (len(widths) - 1)
    lines = []
    for row in cells:
        first = "  ".join(cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True))
        last = textwrap.wrap(row[-1], max(_width() - start, 40), break_on_hyphens=False) or [""]
        lines.append(f"{first}  {last[0]}".rstrip())
        lines += [" " * start + more for more in last[1:]]
    return "\n".join(lines)


def fitting(header: Sequence[str], rows: Sequence[Sequence[str]], names: int) -> str:
    """Return a table, or where it is wider than the terminal each row by itself: its names, and below what it holds.

    Args:
        header: Names of the columns.
        rows: The cells.
        names: How many of the first columns name the row.
    """
    whole = table(header, rows)
    if all(len(line) <= _width() for line in whole.splitlines()):
        return whole
    lines = []
    for row in rows:
        held = ", ".join(f"{name} {cell}" for name, cell in zip(header[names:], row[names:], strict=True) if cell)
        lines += ["  ".join(printable(cell) for cell in row[:names]), *([wrapped(f"  {held}", "  ")] if held else [])]
    return "\n".join(lines)
