"""A session of labels planned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from label_sessions import SIGNAL, SMALL, planned
from seatrial.errors import EvidenceError
from seatrial.evidence.labels.planning import key_of, new_labels, plan_labels
from seatrial.evidence.labels.pool import pool_of
from seatrial.evidence.vibes.store import SessionStore
from seatrial.policy import LaunchPolicy


def test_raters_share_the_first_answers_and_divide_the_rest(reviewed: Path, policy: LaunchPolicy) -> None:
    """Two raters have the overlap in common; together they read every answer of the order."""
    pool = pool_of(reviewed, policy, SIGNAL)
    order = np.arange(60)
    both = [plan_labels(pool, order, SMALL, place, 2, np.random.default_rng(place)) for place in (0, 1)]
    shown = [{(one.item.id, one.left) for one in held if one.kind == "grade"} for held in both]
    assert len(shown[0] & shown[1]) == SMALL.overlap
    assert len(shown[0] | shown[1]) == 60


def test_controls_and_repeats_stand_among_the_answers(reviewed: Path, policy: LaunchPolicy) -> None:
    """A repeat shows the answer of the place that it names; controls are of both kinds."""
    pool = pool_of(reviewed, policy, SIGNAL)
    held = plan_labels(pool, np.arange(60), SMALL, 0, 1, np.random.default_rng(0))
    known, again = ([one for one in held if one.kind == kind] for kind in ("known", "again"))
    assert [sum(one.odd == odd for one in known) for odd in ("left", "")] == [3, 3]
    assert len(again) == SMALL.repeats
    for one in again:
        assert (held[one.of].left, held[one.of].item) == (one.left, one.item)
        assert held[one.of].kind == "grade"


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
