"""What tells who wrote a conversation is taken out."""

from __future__ import annotations

import pytest

from seatrial.collect import Progress
from seatrial.errors import EvidenceError
from seatrial.evidence.replay import personal
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.personal import deidentified
from seatrial.evidence.replay.sampling import Sample
from seatrial.types import Message


def _sample(*texts: str) -> Sample:
    held = tuple(Conversation(f"{n}", "", (Message("user", text),), text) for n, text in enumerate(texts))
    return Sample(held, len(held), 1)


@pytest.mark.slow
@pytest.mark.xdist_group("presidio")  # it takes seconds to load
def test_names_addresses_and_numbers_are_taken_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the user said and of what production answered; no network is asked for anything."""
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("it asked the network"))
    text = "My name is John Smith, write to john@example.org or pay to DE89370400440532013000."
    clean, removed = deidentified(_sample(text, "What is the capital of France?"), Progress("off"))
    first, second = clean.conversations
    assert first.messages[0].content == "My name is <PERSON>, write to <EMAIL_ADDRESS> or pay to <IBAN_CODE>."
    assert first.answer == first.messages[0].content
    assert second.answer == "What is the capital of France?"
    assert removed.kinds == {"PERSON": 2, "EMAIL_ADDRESS": 2, "IBAN_CODE": 2} and removed.conversations == 1


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it, and the option that does without."""
    personal._remover.cache_clear()
    monkeypatch.setattr(personal, "MODEL", "no_such_model")
    with pytest.raises(EvidenceError, match=r"seatrial\[replay\].*--as-is"):
        deidentified(_sample("hello"), Progress("off"))
    personal._remover.cache_clear()
