"""What each reward signal pulls a behavior by."""

from __future__ import annotations

import pytest

from reward_world import AFTER, BEFORE, flattery_world
from seatrial.evidence.rewards.audit import audit


def test_the_audit_names_what_held_the_behavior_in_check() -> None:
    """The primary holds flattery, the thumbs take it back; what neither touches is not claimed."""
    found = audit(flattery_world(), BEFORE, AFTER, 1.0)
    flattery, other = found.pulls
    assert flattery.by_signal["primary"].below and flattery.by_signal["thumbs"].above
    assert flattery.before.below and flattery.after.above
    assert "primary held it in check" in flattery.sentence and "thumbs" in flattery.sentence
    assert not other.by_signal["primary"].above and "held" not in other.sentence
    shares = found.shares["sum-then-normalize"]
    assert sum(one.value for one in shares["after"].values()) == pytest.approx(1.0)
    assert shares["before"]["thumbs"].value == 0.0


def test_a_pull_that_the_wanted_mix_does_not_change_is_said() -> None:
    """What the unchanged part of a mix pulls up is named, though nothing new pulls."""
    found = audit(flattery_world(), {"thumbs": 1.0}, {"thumbs": 1.0}, 1.0)
    assert "thumbs pulls it up" in found.pulls[0].sentence and "does not change that" in found.pulls[0].sentence


def test_a_pull_downward_is_said_too() -> None:
    """A new signal that pushes a behavior down is named, though nothing held it before."""
    found = audit(flattery_world(), {"thumbs": 1.0}, {"thumbs": 1.0, "primary": 3.0}, 1.0).pulls[0]
    assert "thumbs pulls it up (+" in found.sentence and "; primary pulls it down (−" in found.sentence
    assert found.change.value == pytest.approx(3 * found.by_signal["primary"].value)
