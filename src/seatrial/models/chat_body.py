"""What the body of a chat completion holds besides the answer: the first token's alternatives, counts of tokens."""

from __future__ import annotations

import math
from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any

__all__ = ["decoded", "excerpt", "first_token", "nothing", "served_by", "tokens"]

EXCERPT = 200
ROUNDING = 1e-3
LONGEST_NAME = 200
MOST_TOKENS = 2**53
"""A count beyond it is none."""


def decoded(content: bytes, charset: str | None) -> str:
    """Return a body as text: UTF-8, as JSON is; where it is none, in the character set that the server names."""
    content = content.removeprefix(BOM_UTF8)
    for name in ("utf-8", charset or "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError):
            continue
    return content.decode("utf-8", "replace")


def first_token(choice: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """Return the first token's alternatives, likeliest first; empty where there are none."""
    held = choice.get("logprobs")
    content = held.get("content") if isinstance(held, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    entries = first.get("top_logprobs") if isinstance(first, dict) else None
    alternatives = [
        (str(entry["token"]), float(entry["logprob"]))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and "token" in entry and _is_logprob(entry.get("logprob"))
    ]
    return tuple(sorted(alternatives, key=lambda pair: -pair[1]))


def _is_logprob(value: object) -> bool:
    """Return whether a value is the logarithm of a probability, give or take a rounding."""
    return isinstance(value, int | float) and _is_number(value) and value <= ROUNDING


def tokens(value: object) -> int:
    """Return a count of tokens; 0 where what came is none."""
    if type(value) is int and 0 <= value <= MOST_TOKENS:
        return value
    known = isinstance(value, int | float) and _is_number(value) and value <= MOST_TOKENS
    return max(int(value), 0) if known and isinstance(value, int | float) else 0


def served_by(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the model and the system fingerprint that a reply names; empty where it names none."""
    name, fingerprint = (body.get(key) for key in ("model", "system_fingerprint"))
    return _name(name), _name(fingerprint)


def _name(value: object) -> str:
    if not isinstance(value, str):
        return ""
    shown = value[:LONGEST_NAME]
    return shown if shown.isprintable() else "".join(sign for sign in shown if sign.isprintable())


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def excerpt(text: str) -> str:
    """Return the beginning of what a server sent, in one line of printable letters."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return words[:EXCERPT] + ("…" if len(words) > EXCERPT else "") if words else "(empty)"


def nothing(why: str) -> dict[str, Any]:
    """Return the body of an answer that holds nothing, for a reason that the server told as an error."""
    return {"choices": [{"message": {"content": ""}, "finish_reason": why}]}
