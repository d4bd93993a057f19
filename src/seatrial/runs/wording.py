"""Counts as sentences hold them: one item, 1,200 items."""

from __future__ import annotations

__all__ = ["how_many"]


def how_many(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural where it is not one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
