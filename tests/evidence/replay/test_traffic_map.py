"""The map of the traffic."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seatrial.evidence.replay.conversation import asked_in
from seatrial.evidence.replay.traffic_map import FILE, NEAR, map_of, write_unasked
from seatrial.instruments.embedding import embed
from seatrial.suites import find_suites, load_suite
from seatrial.suites.rewrite import rewrite
from seatrial.types import Item, Message

PRAISE = load_suite(find_suites()["behavior/unearned-praise"])
STRANGE = "The gearbox of my tractor drops out of fourth. Which bearing, which seal and which torque, part {}?"


def _talk(name: str, text: str, cluster: str = "") -> Item:
    return Item(name, "replay", (Message("user", text),), cluster=cluster or name)


def _traffic() -> list[Item]:
    known = [_talk(f"k{number}", asked_in(item.messages)) for number, item in enumerate(PRAISE.items[:60])]
    return [*known, *(_talk(f"s{number}", STRANGE.format(number)) for number in range(40))]


@pytest.mark.slow
def test_what_a_suite_asks_is_told_from_what_none_does() -> None:
    """Counts, shares and the interval are of the conversations; grades are counted where they lie."""
    items = _traffic()
    graded = {"replay/a": frozenset(one.id for one in items[:10]), "replay/b": frozenset()}
    found = map_of(items, [PRAISE], graded, 0.9)
    assert found.suites == 1
    assert found.unasked.value == pytest.approx(0.4) and found.unasked.low < 0.4 < found.unasked.high
    assert sum(len(area.items) for area in found.areas) == 100
    assert {name for area in found.areas for name in area.unasked} == {f"s{number}" for number in range(40)}
    assert sum(area.suites.get(PRAISE.title, 0) for area in found.areas) == 60
    assert sum(area.graded["replay/a"] for area in found.areas) == 10
    assert sum(area.graded["replay/b"] for area in found.areas) == 0


def test_without_a_suite_nothing_is_asked_about() -> None:
    """And users are counted, not conversations."""
    items = [replace(one, cluster=f"u{number % 7}") for number, one in enumerate(_traffic())]
    found = map_of(items, [], {}, 0.9)
    assert found.unasked.value == found.unasked.high == 1.0 and 0.5 < found.unasked.low < 1.0 and found.suites == 0
    assert all(area.users <= 7 for area in found.areas)


@pytest.mark.slow
def test_no_more_than_one_in_twenty_is_taken_for_what_another_suite_asks() -> None:
    """The similarity that counts is where one in twenty of all built-in items is as near to one of another suite.

    It is low enough to know nine in ten items again in other words.
    """
    suites = [load_suite(folder) for folder in find_suites().values()]
    vectors = [embed([asked_in(item.messages) for item in suite.items]) for suite in suites]
    every = np.vstack(vectors)
    own = np.repeat(np.arange(len(suites)), [len(part) for part in vectors])
    likeness = np.where(own[:, None] == own[None, :], -1.0, every @ every.T)
    nearest = likeness.max(axis=1)
    assert (nearest >= NEAR).mean() == pytest.approx(0.05, abs=0.005)
    rng = np.random.default_rng(5)
    twins = [(item, twin) for item in PRAISE.items for twin in rewrite([item], rng)]
    assert len(twins) > 50
    before, after = (embed([asked_in(pair[side].messages) for pair in twins]) for side in (0, 1))
    assert (np.einsum("ij,ij->i", before, after) >= NEAR).mean() >= 0.9


def test_what_no_suite_asks_is_kept_one_conversation_of_a_user(tmp_path: Path) -> None:
    """With its turns, also where letters are halved, so that a suite can be made of it."""
    items = [*_traffic(), _talk("again", STRANGE.format("seven"), "s3"), _talk("half", STRANGE.format("\ud800"))]
    write_unasked(map_of(items, [PRAISE], {}, 0.9), items, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / FILE).read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 40
    assert {row["id"] for row in rows} <= {f"s{number}" for number in range(40)} | {"again", "half"}
    assert not {"again", "s3"} <= {row["id"] for row in rows}
    assert rows[0]["messages"][0]["role"] == "user" and rows[0]["area"]
