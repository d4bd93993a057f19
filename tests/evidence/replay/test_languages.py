"""Which language a conversation is in."""

from __future__ import annotations

import pytest

from seatrial.evidence.replay import languages
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.languages import UNCLEAR, UNKNOWN, languages_of
from seatrial.types import Message


def _said(text: str, language: str = "") -> Conversation:
    return Conversation("a", "", (Message("user", text),), None, language=language)


@pytest.mark.slow
def test_the_log_is_believed_and_else_the_words() -> None:
    """What is too short to tell is not clear; the most stand first."""
    found = languages_of(
        [
            _said("Wie lange röste ich einen Kürbis im Ofen?"),
            _said("Wie kündige ich meinem Vermieter die Wohnung?"),
            _said("How long do I roast a pumpkin in the oven?"),
            _said("whatever", "Klingon"),
            _said("ok"),
            _said(""),
        ]
    )
    assert found == {"de": 2, UNCLEAR: 2, "en": 1, "Klingon": 1}
    assert next(iter(found)) in ("de", UNCLEAR)


def test_without_the_extra_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """And counted as such."""
    monkeypatch.setattr(languages, "_identifier", lambda: None)
    assert languages_of([_said("How long do I roast it?"), _said("x", "en")]) == {UNKNOWN: 1, "en": 1}
