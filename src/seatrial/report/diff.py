"""Two answers side by side with the words marked that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
from markupsafe import Markup, escape

__all__ = ["PROBED", "Sides", "marked", "unmarked"]

PROBED = "Only these likeliest first words were read, with their chances."
MARKED = "Underlined is what the other answer does not say there."
SAME = "Both say the same, word for word."
MOVED = "Both use the same words, in another order."
EMPTY = "One of the two answers is empty."
UNLIKE = "They share so few words that none is marked."

ISLAND = 2
"""So few common words between two differences are marked with them: chance puts a “the” into any two answers."""
ALIKE = 0.25
"""Answers that have a smaller share of their words in common are two answers, no answer and its change."""
COMPARED = 1_000_000
"""Pairs of words up to which words are compared in their order; of longer answers, each word by itself."""
KEPT = 2_048
"""Pairs whose marks are kept: every gate that reads the same answers has a page of them."""

Marks = list[bool]
WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Sides:
    """Two answers as they are shown.

    Attributes:
        before: The baseline's, escaped; words that the candidate does not say there inside `<del>`.
        after: The candidate's, escaped; words that the baseline does not say there inside `<ins>`.
        said: What the marks mean, or why there are none, in a sentence.
    """

    before: Markup
    after: Markup
    said: str


def unmarked(before: str, after: str, said: str) -> Sides:
    """Return both texts escaped, without marks; `said` is why."""
    return Sides(escape(before), escape(after), said)


@lru_cache(maxsize=KEPT)
def marked(before: str, after: str) -> Sides:
    """Return both texts escaped, with the words marked that differ; the work is bounded however long they are.

    White space alone makes no difference. Texts that have hardly a word in common, or no other, are not marked.
    """
    old, new = WORD.findall(before), WORD.findall(after)
    if old == new:
        return unmarked(before, after, SAME)
    if not old or not new:
        return unmarked(before, after, EMPTY)
    ours, theirs = _differing(old, new)
    common = ours.count(False) + theirs.count(False)
    if common == len(old) + len(new):
        return unmarked(before, after, MOVED)
    if common < ALIKE * (len(old) + len(new)):
        return unmarked(before, after, UNLIKE)
    return Sides(_shown(before, ours, "del"), _shown(after, theirs, "ins"), MARKED)


def _differing(old: Sequence[str], new: Sequence[str]) -> tuple[Marks, Marks]:
    """Return of each word of either text whether it differs."""
    least = min(len(old), len(new))
    start = next((place for place in range(least) if old[place] != new[place]), least)
    end = next((place for place in range(least - start) if old[-1 - place] != new[-1 - place]), least - start)
    mine, yours = old[start : len(old) - end], new[start : len(new) - end]
    ours, theirs = [True] * len(mine), [True] * len(yours)
    if len(mine) * len(yours) > COMPARED:
        held = set(mine) & set(yours)
        ours, theirs = ([word not in held for word in words] for words in (mine, yours))
    else:
        for i, j, size in _runs(mine, yours):
            if size > ISLAND:
                ours[i : i + size] = theirs[j : j + size] = [False] * size
    before, after = ([*[False] * start, *one, *[False] * end] for one in (ours, theirs))
    return before, after


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the runs of words of a longest common subsequence: their places in both, and how long they are."""
    numbers = {word: number for number, word in enumerate({*old, *new})}
    mine, yours = (np.array([numbers[word] for word in words], dtype=np.int32) for words in (old, new))
    # Row i: of what follows its i-th word, how much is common with what follows each word of the other.
    length = np.zeros((len(old) + 1, len(new) + 1), dtype=np.int32)
    for i in range(len(old) - 1, -1, -1):
        best = np.maximum(length[i + 1, :-1], length[i + 1, 1:] + (yours == mine[i]))
        length[i, :-1] = np.maximum.accumulate(best[::-1])[::-1]
    i = j = 0
    while i < len(old) and j < len(new):
        size = 0
        while i + size < len(old) and j + size < len(new) and old[i + size] == new[j + size]:
            size += 1
        if size:
            yield i, j, size
            i, j = i + size, j + size
        elif length[i + 1, j] >= length[i, j + 1]:
            i += 1
        else:
            j += 1


def _shown(text: str, marks: Marks, tag: str) -> Markup:
    """Return a text whose marked words, and the white space between them, stand inside a tag."""
    places = [(found.start(), found.end()) for found in WORD.finditer(text)]
    shown, at = [], 0
    for differs, run in groupby(zip(marks, places, strict=True), key=lambda one: one[0]):
        words = [place for _, place in run]
        start, end = words[0][0] if differs else words[-1][1], words[-1][1]
        shown.append(str(escape(text[at:start])))
        if differs:
            shown.append(f"<{tag}>{escape(text[start:end])}</{tag}>")
        at = end
    return Markup("".join([*shown, str(escape(text[at:]))]))
