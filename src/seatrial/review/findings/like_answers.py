"""Which answers to different questions are one and the same, or nearly."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["groups_of_like"]

FEWEST = 20
"""Words from which on answers can be nearly the same; shorter ones are the same or are not."""
ALIKE = 0.7
"""Share of runs of three words that two answers have in common if they are nearly the same (Jaccard)."""
TRIED = 12
"""Answers that all others are held against; most answers being alike, each is one of them with a chance above half."""


def groups_of_like(answers: Sequence[Sequence[str]]) -> list[int]:
    """Return a number for each answer, the same one for answers that are the same or nearly so; −1 for empty ones.

    Args:
        answers: The words of each.
    """
    numbers: dict[tuple[str, ...], int] = {}
    for words in answers:
        if words:
            numbers.setdefault(tuple(words), len(numbers))
    joined = _near(list(numbers))
    return [joined[numbers[tuple(words)]] if words else -1 for words in answers]


def _near(different: Sequence[tuple[str, ...]]) -> list[int]:
    """Return the group of each of several different answers: the first of those tried that it is nearly the same as."""
    group = list(range(len(different)))
    long = [place for place, words in enumerate(different) if len(words) >= FEWEST]
    runs = {place: set(zip(*(different[place][start:] for start in range(3)), strict=False)) for place in long}
    step = max(len(long) // TRIED, 1)
    for tried in long[::step]:
        if group[tried] != tried:
            continue
        for place in long:
            if group[place] == place != tried and _alike(runs[tried], runs[place]):
                group[place] = tried
    return group


def _alike(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> bool:
    if min(len(one), len(other)) < ALIKE * max(len(one), len(other)):
        return False
    shared = len(one & other)
    return shared >= ALIKE * (len(one) + len(other) - shared)
