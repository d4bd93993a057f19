"""Which answers to different questions are one and the same, or nearly."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["groups_of_like"]

FEWEST = 20
"""Words from which on two answers can be nearly the same."""
SHORTEST = 10
"""Words from which on many answers can be; shorter ones are the same or are not."""
MANY = 0.1
"""Share of the different answers that are many: fewer short ones may rightly differ by a word."""
ALIKE = 0.7
"""Share of runs of three words that two answers have in common if they are nearly the same (Jaccard)."""
TRIED = 12
"""Answers that all others are held against; most answers being alike, each is one of them with a chance above half."""


def groups_of_like(answers: Sequence[Sequence[str]], split: int = 0) -> list[int]:
    """Return a number for each answer, the same one for answers that are the same or nearly so; −1 for empty ones.

    Args:
        answers: The words of each.
        split: How many of them, from the first on, are the baseline's. Short ones that differ by a word are alike where
            one side has many more of them: a form that both use is no fault of either.
    """
    numbers: dict[tuple[str, ...], int] = {}
    for words in answers:
        if words:
            numbers.setdefault(tuple(words), len(numbers))
    sides = [{tuple(words) for words in part if words} for part in (answers[:split], answers[split:])]
    joined = _near(list(numbers), sides)
    return [joined[numbers[tuple(words)]] if words else -1 for words in answers]


def _near(different: Sequence[tuple[str, ...]], sides: Sequence[set[tuple[str, ...]]]) -> list[int]:
    """Return the group of each of several different answers: the first of those tried that it is nearly the same as."""
    group = list(range(len(different)))
    lengths = [len(words) for words in different]
    for shortest, most, many in ((FEWEST, max(lengths, default=0), False), (SHORTEST, FEWEST - 1, True)):
        places = [place for place, length in enumerate(lengths) if shortest <= length <= most]
        runs = {place: set(zip(*(different[place][start:] for start in range(3)), strict=False)) for place in places}
        for tried in places[:: max(len(places) // TRIED, 1)]:
            if group[tried] != tried:
                continue
            alike = [one for one in places if group[one] == one != tried and _alike(runs[tried], runs[one])]
            if many and not _of_one_side([different[place] for place in alike], sides, MANY * len(different)):
                continue
            for place in alike:
                group[place] = tried
    return group


def _of_one_side(alike: Sequence[tuple[str, ...]], sides: Sequence[set[tuple[str, ...]]], least: float) -> bool:
    """Return whether answers are so many at least, and one side has more than twice as many of them as the other."""
    fewer, more = sorted(sum(words in side for words in alike) for side in sides)
    return len(alike) >= least and 2 * fewer < more


def _alike(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> bool:
    if min(len(one), len(other)) < ALIKE * max(len(one), len(other)):
        return False
    shared = len(one & other)
    return shared >= ALIKE * (len(one) + len(other) - shared)
