"""The signals of conversations: their names, scales and ends."""

from __future__ import annotations

from seatrial.evidence.conversations.signals import KINDS, kind_of


def test_a_signal_is_known_by_its_name() -> None:
    """Each kind is a signal `conversation/…`; nothing else is one."""
    assert all(kind_of(f"conversation/{name}") == name for name in KINDS)
    assert kind_of("conversation/nothing") is None
    assert kind_of("behavior/harm") is None


def test_what_is_linear_in_the_readings_is_said_so() -> None:
    """A mean and a slope show the share that readings show; a worst turn and a first harm do not."""
    assert {name for name, kind in KINDS.items() if kind.linear} == {"harm", "slope"}
