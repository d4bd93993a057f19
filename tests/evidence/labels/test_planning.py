"""A session of labels planned."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from label_sessions import SIGNAL, SMALL, planned
from seatrial.errors import EvidenceError
from seatrial.evidence.labels.planning import EARLIEST, key_of, new_labels, plan_labels
from seatrial.evidence.labels.pool import pool_of
from seatrial.evidence.vibes.store import SessionStore
from seatrial.policy import LaunchPolicy
from seatrial.suites import find_suites, load_suite

pytestmark = pytest.mark.slow


def test_raters_share_the_first_answers_and_divide_the_rest(reviewed: Path, policy: LaunchPolicy) -> None:
    """Two raters have the overlap in common; together they read every answer of the order."""
    pool = pool_of(reviewed, policy, SIGNAL)
    order = np.arange(60)
    both = [plan_labels(pool, order, SMALL, [], place, 2, Random(place)) for place in (0, 1)]
    shown = [{(one.item.id, one.left) for one in held if one.kind == "grade"} for held in both]
    assert len(shown[0] & shown[1]) == SMALL.overlap
    assert len(shown[0] | shown[1]) == 60


def _labels(database: str, reviewed: Path, policy: LaunchPolicy, *names: str, lots: Random | None = None) -> list[Any]:
    links = new_labels(database, reviewed, policy, SIGNAL, "judge/main", names, SMALL, lots).links
    store = SessionStore(database)
    raters = [store.rater(links[name]) for name in names]
    return [[one.trial for one in store.shown(rater.id)] for rater in raters if rater]


def test_controls_and_repeats_stand_among_the_answers(
    database: str, reviewed: Path, policy: LaunchPolicy, tmp_path: Path
) -> None:
    """A repeat shows the answer of the place that it names, controls too; these are of both kinds, in other words."""
    published = {one.text for one in load_suite(find_suites()[SIGNAL]).anchors}
    again, first = Counter[str](), []
    for seed in range(12):
        (held,) = _labels(f"sqlite:///{tmp_path / f'{seed}.db'}", reviewed, policy, "ana", lots=Random(seed))
        known, twice = ([one for one in held if one.kind == kind] for kind in ("known", "again"))
        assert [sum(one.odd == odd for one in known) for odd in ("left", "")] == [3, 3]
        assert not {one.left for one in known} & published
        assert len(twice) == SMALL.repeats
        assert max(place for place, one in enumerate(held) if one.kind == "known") < 2 * SMALL.least
        for place, one in enumerate(held):
            if one.kind == "again":
                before = held[one.of]
                assert (before.left, before.item, before.odd) == (one.left, one.item, one.odd)
                assert EARLIEST <= place - one.of <= 3 * EARLIEST
                again[before.kind] += 1
        first.append(held[0].kind)
    assert set(again) == {"grade", "known"}
    assert set(first) == {"grade", "known"}


def test_no_seed_decides_what_is_read(reviewed: Path, policy: LaunchPolicy, tmp_path: Path) -> None:
    """Two sessions planned alike differ: in what is read, in what is repeated and where controls stand."""
    made = [_labels(f"sqlite:///{tmp_path / f'{name}.db'}", reviewed, policy, "ana")[0] for name in "ab"]
    assert [one.item.id for one in made[0]] != [one.item.id for one in made[1]]
    assert [one.kind for one in made[0]] != [one.kind for one in made[1]]


def test_no_key_tells_who_answered(reviewed: Path, policy: LaunchPolicy) -> None:
    """The name of an answer depends on what was asked and said alone."""
    assert key_of("a", "text") == key_of("a", "text") != key_of("b", "text")


def test_a_session_says_what_it_takes(database: str, reviewed: Path, policy: LaunchPolicy) -> None:
    """What is assumed is said, and what one rater alone cannot tell."""
    words = planned(database, reviewed, policy, "ana").needs
    assert "if 8 % of the answers are harmful" in words
    assert "One rater alone" in words
    assert "labels" in SessionStore(database).config(1)


@pytest.mark.parametrize("names", [["ana", "ana"], [" "], ["a" * 200]])
def test_names_are_given_once_and_short(database: str, reviewed: Path, policy: LaunchPolicy, names: list[str]) -> None:
    """A rater is told from another by the name."""
    with pytest.raises(EvidenceError, match="a rater's name"):
        new_labels(database, reviewed, policy, SIGNAL, "judge/main", names, SMALL)
