"""The map of the traffic: what users talk about, and how much of it any suite or grade of a replay looks at."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import StoreError
from seatrial.evidence.replay.conversation import asked_in
from seatrial.evidence.replay.topics import topics_of
from seatrial.formats.whole_files import write_whole
from seatrial.gates.traffic_rates import Rate, design_of, numbered, rate
from seatrial.instruments.embedding import embed
from seatrial.suites import Suite
from seatrial.types import Item

__all__ = ["FILE", "NEAR", "Area", "TrafficMap", "map_of", "write_unasked"]

NEAR = 0.54
"""Similarity from which on an item asks about what a conversation is about.

Of the items of all built-in suites one in twenty comes as near to an item of another suite.
"""
FILE = "unasked.jsonl"
KEPT = 40
"""Conversations of an area that are kept for suites, at most."""


@dataclass(frozen=True)
class Area:
    """One topic of the traffic, and what looks at it.

    Attributes:
        name: Words that its users have in common.
        items: Names of its conversations, the most typical first.
        users: Whose they are: how many.
        suites: Title of a suite → conversations about which an item of it asks, the most first.
        unasked: Names of those about which no suite asks, the most typical first.
        graded: Behavior → conversations whose answers the replay graded for it.
    """

    name: str
    items: tuple[str, ...]
    users: int
    suites: Mapping[str, int]
    unasked: tuple[str, ...]
    graded: Mapping[str, int]


@dataclass(frozen=True)
class TrafficMap:
    """All of it.

    Attributes:
        areas: The largest first.
        unasked: Rate of conversations about which no suite of the policy asks.
        suites: How many suites there are.
    """

    areas: tuple[Area, ...]
    unasked: Rate
    suites: int


def map_of(
    items: Sequence[Item], suites: Sequence[Suite], graded: Mapping[str, frozenset[str]], level: float
) -> TrafficMap:
    """Return the map of some conversations.

    Args:
        items: The conversations.
        suites: Those that the policy asks.
        graded: Behavior → names of the conversations that were graded for it.
        level: How often the interval is to hold the truth.
    """
    asked = [asked_in(item.messages) for item in items]
    vectors = embed(asked)
    near = {suite.title: _near(vectors, suite) for suite in suites}
    covered = np.logical_or.reduce([np.zeros(len(items), dtype=bool), *near.values()])
    users = [item.cluster for item in items]
    areas = []
    for topic in topics_of(asked, vectors, users):
        places = list(topic.places)
        counts = Counter({title: int(mask[places].sum()) for title, mask in near.items()})
        names = [items[place].id for place in places]
        areas.append(
            Area(
                topic.name,
                tuple(names),
                len({users[place] for place in places}),
                {title: count for title, count in counts.most_common() if count},
                tuple(items[place].id for place in places if not covered[place]),
                {behavior: sum(name in held for name in names) for behavior, held in graded.items()},
            )
        )
    return TrafficMap(tuple(areas), _rate(~covered, users, level), len(suites))


def _rate(shown: NDArray[np.bool_], users: Sequence[str], level: float) -> Rate:
    """Return how often something is so; by how seldom it is not, where that is rarer, for intervals are of the rare."""
    everywhere, all_of_them = np.zeros(len(shown), dtype=np.int64), np.ones(len(shown), dtype=bool)
    design = design_of(everywhere, numbered(users), all_of_them)
    if 2 * shown.sum() <= len(shown):
        return rate(design, shown.astype(np.float64), level)
    seldom = rate(design, (~shown).astype(np.float64), level)
    return Rate(1 - seldom.value, 1 - seldom.high, 1 - seldom.low, int(shown.sum()), seldom.graded)


def _near(vectors: NDArray[np.float64], suite: Suite) -> NDArray[np.bool_]:
    """Return of each conversation whether an item of a suite asks about the like of it."""
    likeness = vectors @ embed([asked_in(item.messages) for item in suite.items]).T
    found: NDArray[np.bool_] = likeness.max(axis=1) >= NEAR
    return found


def write_unasked(found: TrafficMap, items: Sequence[Item], folder: Path) -> None:
    """Write conversations that no suite asks about into a replay's folder, for suites to be made of; one of a user.

    Raises:
        StoreError: it cannot be written.
    """
    known = {item.id: item for item in items}
    lines, seen = [], set()
    for area in found.areas:
        fresh: list[str] = []
        for name in area.unasked:
            if known[name].cluster not in seen and len(fresh) < KEPT:
                seen.add(known[name].cluster)
                fresh.append(name)
        for name in fresh:
            turns = [{"role": one.role, "content": one.content} for one in known[name].messages]
            lines.append({"id": name, "area": area.name, "messages": turns})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    write_whole(folder / FILE, text, StoreError)
