"""Whether traffic is still what a forecast was made from: an exact test over users, and what differs most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seatrial.evidence.replay.conversation import Conversation, asked_in
from seatrial.gates.traffic_rates import numbered
from seatrial.instruments.embedding import embed
from seatrial.stats.seeding import generator

__all__ = ["ALARM", "Profile", "Shift", "profile_of", "shift_between"]

Array = NDArray[np.float64]
ALARM = 0.01
"""Chance at which traffic that is the same is called another."""
DIRECTIONS = 24
"""Directions in which the meaning of what users asked is kept: enough to tell topics, too few to read a text from."""
SEED = 11
EXCHANGES = 1999
AT_ONCE = 1_000_000
"""Users times exchanges computed together: some 20 megabytes."""
PLAIN = ("length of what users say", "turns", "length of all before the answer")
MEANING = "what is asked about"


@dataclass(frozen=True)
class Profile:
    """What is kept of a sample to know it again, none of its words.

    Attributes:
        features: (conversations, features): logarithms of lengths and turns, then places in `DIRECTIONS`.
        cluster: (conversations,) numbers; conversations of one user share it.
    """

    features: Array
    cluster: NDArray[np.int64]

    def kept(self) -> dict[str, Any]:
        """Return it for a file."""
        return {"features": self.features.tolist(), "cluster": self.cluster.tolist()}

    @classmethod
    def read(cls, held: Mapping[str, Any]) -> Profile:
        """Return it from what `kept` gave."""
        return cls(np.array(held["features"], dtype=np.float64), np.array(held["cluster"], dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Shift:
    """Two samples beside each other.

    Attributes:
        p_value: Chance of a difference as large between two samples of the same traffic.
        differs: What differs most, in words, with the distance in standard deviations.
    """

    p_value: float
    differs: tuple[tuple[str, float], ...]

    @property
    def moved(self) -> bool:
        """Whether the traffic is not what it was."""
        return self.p_value <= ALARM


def profile_of(conversations: Sequence[Conversation]) -> Profile:
    """Return what is kept of a sample."""
    asked = [asked_in(talk.messages) for talk in conversations]
    letters = [sum(len(one.content) for one in talk.messages) for talk in conversations]
    plain = np.log1p(
        np.array([[len(text) for text in asked], [len(talk.messages) for talk in conversations], letters], float).T
    )
    vectors = embed(asked)
    directions = generator(SEED, "directions").normal(size=(vectors.shape[1], DIRECTIONS)) / math.sqrt(vectors.shape[1])
    # Rounded before either side of a comparison has it, so that what is the same stays the same.
    features = np.round(np.hstack([plain, vectors @ directions]), 3)
    return Profile(features, numbered([one.cluster for one in conversations]))


def _exchanged(rng: np.random.Generator, count: int, users: int, first: int) -> Array:
    """Return so many random choices of `first` users, (count, users): 1 for those that are chosen."""
    made = np.zeros((count, users))
    picked = rng.random((count, users), dtype=np.float32).argpartition(first - 1, axis=1)[:, :first]
    np.put_along_axis(made, picked, 1.0, axis=1)
    return made


def shift_between(before: Profile, after: Profile, seed: int = 0) -> Shift:
    """Return how unlike two samples are, in length, turns and meaning: users are exchanged between the samples.

    Args:
        before: The forecast's sample.
        after: That of today.
        seed: Of the exchanges.
    """
    features = np.vstack([before.features, after.features])
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    cluster = np.concatenate([before.cluster, after.cluster + int(before.cluster.max()) + 1])
    users = int(cluster.max()) + 1
    sums = np.zeros((users, scaled.shape[1]))
    np.add.at(sums, cluster, scaled)
    sizes = np.bincount(cluster, minlength=users).astype(np.float64)
    first = int(before.cluster.max()) + 1
    rng = np.random.default_rng(seed)

    def moved(held: Array) -> Array:
        """(exchanges, users), 1 where a user stands for the sample before → (exchanges, 4) distances."""
        sum_before, size_before = held @ sums, (held @ sizes)[:, None]
        apart = (sums.sum(axis=0) - sum_before) / (sizes.sum() - size_before) - sum_before / size_before
        meaning = np.sqrt((apart[:, len(PLAIN) :] ** 2).mean(axis=1))
        return np.column_stack([apart[:, : len(PLAIN)], meaning])

    from scipy.stats import rankdata  # takes a second to load

    found = moved((np.arange(users) < first).astype(np.float64)[None])
    at_once = max(1, AT_ONCE // users)
    parts = [min(at_once, EXCHANGES - start) for start in range(0, EXCHANGES, at_once)]
    drawn = (_exchanged(rng, count, users, first) for count in parts)
    # Rounded, so that what is the same to the last bit but one is as unusual.
    every = np.abs(np.vstack([found, *map(moved, drawn)])).round(12)
    # The most unusual of the four, as unusual as it is among the most unusual of all exchanges.
    chances = np.array([(len(every) - rankdata(part, "min") + 1) / len(every) for part in every.T]).min(axis=0)
    told = zip((*PLAIN, MEANING), found[0].tolist(), strict=True)
    return Shift(float((chances <= chances[0]).mean()), tuple(sorted(told, key=lambda pair: -abs(pair[1]))))
