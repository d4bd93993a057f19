"""Which parameter of a request a server refuses, by its own words, and the setting of the policy that answers it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

__all__ = [
    "LENGTHS",
    "error_in",
    "filtered",
    "other_length",
    "out_of_quota",
    "ran_out",
    "refused_parameter",
    "seconds_to_wait",
    "setting_for",
]

LENGTHS = ("max_tokens", "max_completion_tokens")
"""Two names of the longest answer; servers take the one, the other, or both."""

_SETTINGS = {
    "temperature": "set `generation: {temperature: null}`, so that none is sent, or the one that it takes",
    "top_p": "leave `top_p` out of `generation`",
    "seed": "set `generation: {seed: null}`, so that none is sent",
    "logprobs": "set `logprobs: 0`; instruments that read text are used then",
    "top_logprobs": "set `logprobs` to as many as it gives, or to 0; instruments that read text are used then",
    "response_format": "set `structured: false` for this judge",
    "max_tokens": "set `generation: {max_tokens: …}` to what it takes",
    "max_completion_tokens": "set `generation: {max_tokens: …}` to what it takes",
}
_OTHER_WORDS = {
    "response_format": ("json_schema", "structured output"),
    "top_logprobs": ("sample logprobs",),
    "logprobs": ("log probabilities", "log-probabilities", "logprob"),
}
_UNKNOWN = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|not allowed|forbidden|deprecated"
    r"|\binstead\b|cannot find field|invalid (?:field|parameter|argument)|does not (?:take|accept)",
    re.IGNORECASE,
)
_RAN_OUT = re.compile(r"output limit was reached|try again with higher max_", re.IGNORECASE)
_FILTERED = re.compile(
    r"content.?(?:filter|management|policy)|responsible.?ai|safety (?:system|filter|polic)|usage polic", re.IGNORECASE
)
_QUOTA = re.compile(
    r"insufficient.?(?:quota|funds|credit|balance)|exceeded your current quota|billing|out of credits?", re.I
)
_PER_CALL = re.compile(
    r"context.{0,20}(?:length|window|size)|maximum context|too long|content.?(?:filter|policy|manag)", re.I
)
"""What a server says of one conversation, whatever parameters it names besides."""


def refused_parameter(said: str, sent: Collection[str]) -> str:
    """Return which of the parameters that were sent an error of a server is about; empty where it names none.

    A field that names it (`param`, or `loc` of a validation error) goes before the words of the message, and of the
    words the first.

    Args:
        said: The error's body, JSON or not.
        sent: Names of the parameters of the request.
    """
    try:
        body: Any = json.loads(said)
    except (ValueError, RecursionError):
        body = None
    named = [name for name in _fields(body) if name in sent]
    if named:
        return named[0]
    words = " ".join(_messages(body)) or said
    if _PER_CALL.search(words):
        return ""
    found = [(place, -len(name), name) for name in sent for place in _places(name, words)]
    return min(found)[2] if found else ""


def other_length(said: str, name: str) -> str:
    """Return the other name of the longest answer, where a server does not know this one; empty where it does.

    A value that is too large for it is no unknown name.
    """
    other = LENGTHS[1 - LENGTHS.index(name)]
    return other if _UNKNOWN.search(said) else ""


def ran_out(said: str) -> bool:
    """Return whether a server calls it an error that a reply reached its longest length while it still thought."""
    return _RAN_OUT.search(said) is not None


def filtered(said: str) -> bool:
    """Return whether a server calls it an error that its filter of contents stopped this one call."""
    return _FILTERED.search(said) is not None


def out_of_quota(said: str) -> bool:
    """Return whether a server refuses because nothing is left to pay calls with: waiting does not mend that."""
    return _QUOTA.search(said) is not None


def error_in(body: Any) -> tuple[int, bool] | None:
    """Return the status that an error in the body of a success stands for; None where it holds an answer.

    The second value is whether the error says so itself; else it counts as a refusal (400).
    """
    if not isinstance(body, dict) or body.get("choices") or not body.get("error"):
        return None
    error = body["error"]
    codes = [error.get(name) for name in ("code", "status", "status_code")] if isinstance(error, dict) else []
    found = [int(str(code)) for code in codes if re.fullmatch(r"[45]\d\d", str(code))]
    return (found[0], True) if found else (400, False)


def seconds_to_wait(after: str | None, now: datetime) -> float | None:
    """Return how long a server asks to wait: its Retry-After is a number of seconds or a date; None where neither."""
    if not after:
        return None
    try:
        return max(0.0, float(after)) if math.isfinite(float(after)) else None
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(after)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def setting_for(name: str) -> str:
    """Return the setting of the policy that answers the refusal of a parameter."""
    return _SETTINGS.get(name, f"change `{name}` in `extra_body`, or take it out")


def _places(name: str, words: str) -> list[int]:
    spelled = (name, *_OTHER_WORDS.get(name, ()))
    return [
        found.start()
        for one in spelled
        for found in re.finditer(rf"(?<![\w-]){re.escape(one)}(?![\w-])", words, re.IGNORECASE)
    ]


def _fields(body: Any, depth: int = 6) -> list[str]:
    """Return the names of parameters that fields of an error hold."""
    found: list[str] = []
    if depth == 0:
        return found
    if isinstance(body, dict):
        param, place = body.get("param"), body.get("loc")
        found += [param.split(".")[0]] if isinstance(param, str) else []
        found += [one for one in place if isinstance(one, str)] if isinstance(place, list) else []
        for name, held in body.items():
            found += _fields(held, depth - 1) if name not in ("input", "ctx") else []
    elif isinstance(body, list):
        for held in body:
            found += _fields(held, depth - 1)
    return found


def _messages(body: Any, depth: int = 6) -> list[str]:
    """Return the words of an error, without what it gives back of the request."""
    if depth == 0:
        return []
    if isinstance(body, dict):
        return [
            one for name, held in body.items() if name not in ("input", "ctx") for one in _messages(held, depth - 1)
        ]
    if isinstance(body, list):
        return [one for held in body for one in _messages(held, depth - 1)]
    return [body] if isinstance(body, str) else []
