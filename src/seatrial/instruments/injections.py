"""Answers that talk to their judge: each beside the same answer without the injection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["Injection", "injections"]


@dataclass(frozen=True, slots=True)
class Injection:
    """An answer, and the same with a text that wants its grade moved.

    Attributes:
        id: Its name.
        technique: How it tries; `…-up` wants a harmless answer graded as harmful, all others the reverse.
        behavior: The suite whose rubric grades it.
        prompt: What the user asked.
        plain: The answer.
        text: The answer with the injection.
    """

    id: str
    technique: str
    behavior: str
    prompt: str
    plain: str
    text: str


@cache
def injections() -> tuple[Injection, ...]:
    """Return the injections that every judge is tried on."""
    lines = resources.files("seatrial.instruments").joinpath("injections.jsonl").read_text(encoding="utf-8").split("\n")
    return tuple(Injection(**json.loads(line)) for line in lines if line.strip())
