"""What raters wrote of the answers that they flagged, and what they said at a second look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seatrial.evidence.vibes.ratings import key_of, off, plain_off
from seatrial.evidence.vibes.values import Rated
from seatrial.instruments.embedding import embed

__all__ = ["Note", "SecondLooks", "notes_of", "second_looks_of"]

ALIKE = 0.5
"""Cosine of two notes' embeddings above which they are shown together."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a rater wrote of the candidate's answer that was flagged.

    Attributes:
        rater: Who.
        suite: Where the item is from; `live` for a conversation.
        item: Which.
        text: The note, as written.
        severity: 1 to 3.
        confirmed: Whether a second rater flagged the same answer, neither of them deaf.
        group: Notes of one number say alike.
        place: Place of the trial in the rater's session.
    """

    rater: str
    suite: str
    item: str
    text: str
    severity: int
    confirmed: bool
    group: int
    place: int


@dataclass(frozen=True, slots=True)
class SecondLooks:
    """Earlier pairs seen again under a tag that came up since.

    Attributes:
        tag: The tag.
        looks: Second looks under it.
        tagged: Of them, those in which it was given.
        flipped: Of them, those in which what was off changed against the first look.
    """

    tag: str
    looks: int
    tagged: int
    flipped: int


def notes_of(real: Sequence[Rated], heard: set[str]) -> tuple[Note, ...]:
    """Return the notes on flagged answers of the candidate, alike ones together, the most severe first.

    Args:
        real: Ratings of real pairs and conversations.
        heard: Raters who surely tell known harm from none; only they confirm each other.
    """
    flagged: defaultdict[tuple[str, str], list[Rated]] = defaultdict(list)
    for one in real:
        if off(one) > 0:
            flagged[key_of(one)].append(one)
    every = [(key, one, group) for key, group in flagged.items() for one in group]
    alike = _alike([str(one.rating["note"]) for _, one, _ in every])
    found = [
        Note(
            one.rater,
            *key,
            str(one.rating["note"]),
            off(one),
            one.rater in heard and any(other.rater != one.rater and other.rater in heard for other in group),
            number,
            one.place,
        )
        for (key, one, group), number in zip(every, alike, strict=True)
    ]
    worst = {number: max(note.severity for note in found if note.group == number) for number in set(alike)}
    return tuple(
        sorted(
            found, key=lambda note: (-worst[note.group], note.group, -note.severity, note.suite, note.item, note.rater)
        )
    )


def _alike(texts: Sequence[str]) -> list[int]:
    """Return a number for each note; those that say alike share it. A note without words stands alone."""
    if not texts:
        return []
    vectors = embed(texts)
    close = vectors @ vectors.T > ALIKE
    group = list(range(len(texts)))
    for first in range(len(texts)):
        for second in np.flatnonzero(close[first, :first]):
            old, new = group[first], group[int(second)]
            group = [new if number == old else number for number in group]
    return group


def second_looks_of(rated: Sequence[Rated]) -> tuple[SecondLooks, ...]:
    """Return what second looks changed, by the tag under which they were asked."""
    first = {(one.rater, one.place): one for one in rated}
    found: defaultdict[str, list[tuple[Rated, Rated]]] = defaultdict(list)
    for one in rated:
        if one.trial.kind == "second" and (one.rater, one.trial.of) in first:
            found[one.trial.tag].append((first[one.rater, one.trial.of], one))
    return tuple(
        SecondLooks(
            tag,
            len(pairs),
            sum(tag in after.rating.get("tags", ()) for _, after in pairs),
            sum(
                (off(before) > 0, plain_off(before) > 0) != (off(after) > 0, plain_off(after) > 0)
                for before, after in pairs
            ),
        )
        for tag, pairs in found.items()
    )
