"""Conversations as they came about."""

from __future__ import annotations

from seatrial.evidence.conversations.conversation import ENDINGS
from talkers import meetings, talk_of


def test_what_is_lost_is_told_from_what_ended() -> None:
    """A failed call and a user out of role lose a conversation; every other ending is one."""
    lost = {ending for ending in ENDINGS if not talk_of(meetings()[0], "baseline", ["A."], ending).whole}
    assert lost == {"failed", "user"}
    assert not talk_of(meetings()[0], "baseline", []).whole
