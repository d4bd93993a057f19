"""What users talk about: conversations of like meaning together, named by words that their users have in common."""

from __future__ import annotations

import math
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from seatrial.evidence.replay.conversation import asked_in
from seatrial.stats.seeding import generator
from seatrial.suites import find_suites, load_suite

__all__ = ["FEWEST_USERS", "Topic", "topics_of"]

Array = NDArray[np.float64]
MOST = 12
"""Topics of a sample: as many as a person reads on a page."""
OF_A_TOPIC = 25
"""Conversations of a topic on average, at least."""
TRIES, SEED = 8, 17
NAMES = 3
FEWEST_USERS = 3
"""A word that fewer users wrote names no topic: it may be somebody's name, or say whose conversation this is."""
CLEAR = 2.0
"""Standard errors by which a word is commoner in a topic than elsewhere, to name it."""
COMMON = 0.02
"""Share of the built-in items from which on a word is one that people write whatever they talk about."""
_MARK = re.compile(r"<[A-Z_]+>")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Topic:
    """Conversations that are about the same.

    Attributes:
        words: What its users have in common and others have not, the most telling first; empty where nothing is.
        places: Their places, the nearest to its middle first.
    """

    words: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its words; of several topics without any, none can be told from another."""
        return ", ".join(self.words) or "no common words"


def topics_of(asked: Sequence[str], vectors: Array, users: Sequence[str]) -> list[Topic]:
    """Return the topics of some conversations, the largest first.

    Args:
        asked: (conversations,) What their users say.
        vectors: (conversations, d) unit vectors of that.
        users: (conversations,) Whose they are.
    """
    count = max(1, min(MOST, len(asked) // OF_A_TOPIC, len(np.unique(vectors, axis=0))))
    middles, topic = _parted(vectors, count)
    near = np.einsum("ij,ij->i", vectors, middles[topic])
    words = [_words(text) - _common() for text in asked]
    found = []
    for number in np.unique(topic):
        inside = np.flatnonzero(topic == number)
        told = _telling(words, users, topic == number)
        found.append(Topic(told, tuple(int(one) for one in inside[np.argsort(-near[inside], kind="stable")])))
    return sorted(found, key=lambda one: (-len(one.places), one.places))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(_MARK.sub(" ", text).casefold()))


@cache
def _common() -> frozenset[str]:
    items = [item for _, folder in sorted(find_suites().items()) for item in load_suite(folder).items]
    counts = Counter(word for item in items for word in _words(asked_in(item.messages)))
    return frozenset(word for word, count in counts.items() if count > COMMON * len(items))


def _parted(vectors: Array, count: int) -> tuple[Array, NDArray[np.int64]]:
    """Return the middles of so many parts, and the part of each vector: the tightest of several tries."""
    from scipy.cluster.vq import kmeans2  # takes long to load

    rng = generator(SEED, "topics")
    best: tuple[float, Array, NDArray[np.int64]] | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a part may be empty, where many say the same
        for _ in range(TRIES):
            middles, topic = kmeans2(vectors, count, minit="++", rng=rng)
            loose = float(((vectors - middles[topic]) ** 2).sum())
            if best is None or loose < best[0]:
                best = loose, middles, topic.astype(np.int64)
    assert best is not None
    return best[1], best[2]


def _telling(words: Sequence[frozenset[str]], users: Sequence[str], inside: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the words that users of a topic write and others do not: by log-odds over users, in standard errors."""
    parts = [[int(place) for place in np.flatnonzero(part)] for part in (inside, ~inside)]
    here, there = (_writers(words, users, part) for part in parts)
    users_here, users_there = (len({users[place] for place in part}) for part in parts)
    found = []
    for word, who in here.items():
        if len(who) < FEWEST_USERS:
            continue
        own, other = len(who), len(there.get(word, ()))
        cells = own + 0.5, users_here - own + 0.5, other + 0.5, users_there - other + 0.5
        odds = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
        clear = odds / math.sqrt(sum(1 / cell for cell in cells))
        if clear >= CLEAR:
            found.append((-clear, word))
    return tuple(word for _, word in sorted(found)[:NAMES])


def _writers(words: Sequence[frozenset[str]], users: Sequence[str], places: Iterable[int]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for place in places:
        for word in words[place]:
            found[word].add(users[place])
    return found
