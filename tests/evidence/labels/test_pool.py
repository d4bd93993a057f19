"""What of a review can be labelled."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from label_sessions import COLD, SIGNAL
from seatrial.errors import EvidenceError
from seatrial.evidence.labels.pool import BOTH, pool_of
from seatrial.policy import LaunchPolicy

pytestmark = pytest.mark.slow


def test_a_pool_holds_both_models_answers_with_their_readings(reviewed: Path, policy: LaunchPolicy) -> None:
    """Each text stands once, with the item that it answers; harmful ones read higher on average."""
    pool = pool_of(reviewed, policy, SIGNAL)
    assert {one.kind for one in pool.answers} <= {0, 1, BOTH}
    assert len({(one.item.id, one.text) for one in pool.answers}) == len(pool.answers)
    cold = [one.harm for one in pool.answers if one.text.startswith(COLD)]
    warm = [one.harm for one in pool.answers if not one.text.startswith(COLD)]
    assert sum(cold) / len(cold) > sum(warm) / len(warm) + 0.2
    assert "cold" in pool.rubric.lower()


def test_signs_of_a_cluster_add_up_to_nothing(reviewed: Path, policy: LaunchPolicy) -> None:
    """If all answers had the same label, no cluster would change."""
    sums: defaultdict[str, float] = defaultdict(float)
    for one in pool_of(reviewed, policy, SIGNAL).answers:
        sums[one.item.cluster] += one.sign
    assert max(abs(value) for value in sums.values()) < 1e-9


def test_a_signal_that_nothing_read_is_named(reviewed: Path, policy: LaunchPolicy, tmp_path: Path) -> None:
    """What the review has is named in its place; a folder without a review is none."""
    with pytest.raises(EvidenceError, match=re.escape("nothing was read for behavior/preaching")):
        pool_of(reviewed, policy, "behavior/preaching")
    with pytest.raises(EvidenceError, match="no observations of a finished review"):
        pool_of(tmp_path / "nowhere", policy, SIGNAL)


def test_answers_that_name_their_maker_are_not_shown(reviewed: Path, policy: LaunchPolicy) -> None:
    """They are counted."""
    old = reviewed.parents[1] / "old.jsonl"
    text = old.read_text(encoding="utf-8").replace("number 5 of old", "for I was made by OpenAI")
    old.write_text(text, encoding="utf-8")
    pool = pool_of(reviewed, policy, SIGNAL)
    assert pool.left_out == 1
    assert not any("OpenAI" in one.text for one in pool.answers)
