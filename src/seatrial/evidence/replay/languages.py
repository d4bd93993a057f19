"""Which language a conversation is in: as its log names it, else as its user's words make it likely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from seatrial.evidence.replay.conversation import Conversation, asked_in

__all__ = ["languages_of"]

LIKELY = 0.5
"""Chance from which on a language is named: it is likelier than all others together."""
LETTERS = 2_000
"""Letters of a conversation that are looked at; more make it no clearer."""
UNCLEAR, UNKNOWN = "not clear", "not said"


def languages_of(conversations: Iterable[Conversation]) -> Counter[str]:
    """Return language → conversations, the most first; where the log names none, py3langid's guess as a code.

    Without the extra `replay` what the log does not name stays unknown, and is counted as such.
    """
    return Counter(dict(Counter(one.language or _guessed(one) for one in conversations).most_common()))


def _guessed(one: Conversation) -> str:
    identifier = _identifier()
    if identifier is None:
        return UNKNOWN
    language, chance = identifier.classify(asked_in(one.messages)[:LETTERS])
    return str(language) if chance >= LIKELY else UNCLEAR


@cache
def _identifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
