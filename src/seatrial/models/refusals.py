"""Which parameter of a request a server refuses, by its own words, and the setting of the policy that answers it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from seatrial.policy.addresses import UNNAMED
from seatrial.policy.model_spec import SET_ELSEWHERE

__all__ = [
    "LENGTHS",
    "error_in",
    "filtered",
    "key_refused",
    "other_length",
    "out_of_quota",
    "passes",
    "passing",
    "ran_out",
    "refused_by_name",
    "refused_parameter",
    "seconds_to_wait",
    "setting_for",
    "wanted",
]

LENGTHS = ("max_tokens", "max_completion_tokens")
"""Two names of the longest answer; servers take the one, the other, or both."""

FOR_GOOD = (501, 505, 511)
"""Faults of servers that no other try mends: not implemented, another version, a login on the way."""

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
_NOT_TAKEN = re.compile(
    r"unsupported|not support|not implemented|not permitted|not accept|unrecogni[sz]ed"
    r"|unknown (?:field|parameter|argument|name)",
    re.IGNORECASE,
)
"""Words of a refusal, where the status of the reply says something else."""
_RAN_OUT = re.compile(r"output limit was reached|try again with higher max_", re.IGNORECASE)
_FILTERED = re.compile(
    r"content.?(?:filter|management|policy)|responsible.?ai|safety (?:system|filter|polic|check)|usage (?:polic|guide)"
    r"|(?:input|prompt|request|content|message)s? (?:was|were|is|are|has been|have been) flagged"
    r"|(?:inappropriate|sensitive) content|data.?inspection|content exists risk",
    re.IGNORECASE,
)
_SPENT = re.compile(r"insufficient.?(?:quota|funds|credit|balance)|out of credits?|hard.limit|per.?day", re.I)
_QUOTA = re.compile(r"exceeded your current quota|billing", re.I)
_PASSING = re.compile(
    r"overload|busy|rate.?limit|too many|again|retry|time.?out|timed.out|temporar|unavailable|capacity|loading|warming"
    r"|starting|internal|upstream|gateway|no instances",
    re.IGNORECASE,
)
_NAME = r"[`'\"]?([A-Za-z_]\w*)(?:[`'\"]|\b)"
_QUOTED = r"[`'\"]([A-Za-z_]\w*)[`'\"]"
_WANTED = re.compile(
    rf"missing (?:a |the )?(?:required )?(?:body |request )?(?:parameter|field|argument|property|key)s?:? {_NAME}"
    rf"|{_QUOTED}:? (?:field |parameter |property )?(?:is )?(?:a )?(?:required|missing)"
    rf"|\b([A-Za-z]\w*): (?:this )?field (?:is )?required"
    rf"|(?:requires|expects|needs) (?:the |a )?(?:parameter |field |property )?{_QUOTED}",
    re.IGNORECASE,
)
"""Words that name a field which was not sent."""
_WANTING = re.compile(r"missing|required?s?\b|must (?:be (?:set|given|provided)|provide|include)|expects|needs", re.I)
_WANTED_HEADER = re.compile(
    r"(?:missing|requires?|required|no) (?:the |a )?(?:request |http )?(?:required )?header:? [`'\"]?([\w-]+)"
    r"|header:? [`'\"]?([\w-]+)[`'\"]? (?:is |was )?(?:missing|required|not (?:set|given|sent))",
    re.IGNORECASE,
)
_PLACES = ("body", "query", "header", "path")
"""Where validation errors say that a field belongs."""
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
    body, words = _read(said)
    named = [name for name in _fields(body) if name in sent]
    if named:
        return named[0]
    if _PER_CALL.search(words):
        return ""
    found = [(place, -len(name), name) for name in sent for place in _places(name, words)]
    return min(found)[2] if found else ""


def _read(said: str) -> tuple[Any, str]:
    """Return an error's body, None where it is no JSON, and its words."""
    try:
        body = json.loads(said)
    except (ValueError, RecursionError):
        body = None
    return body, " ".join(_messages(body)) or said


def refused_by_name(said: str, sent: Collection[str]) -> str:
    """Return what `refused_parameter` does of an error whose status is no refusal, where its words are one."""
    return refused_parameter(said, sent) if _NOT_TAKEN.search(said) else ""


def wanted(said: str, sent: Collection[str]) -> str:
    """Return what to set where a server wants a field or a header that was not sent; empty where it names none.

    Args:
        said: The error's body, JSON or not.
        sent: Names of all fields of the request.
    """
    body, words = _read(said)
    header = next((found[1] or found[2] for found in _WANTED_HEADER.finditer(words)), "")
    if header:
        return f"set `headers: {{{header}: …}}`"
    if not _WANTING.search(words):
        return ""
    fields = [name for name in _fields(body) if name not in _PLACES]
    named = [*fields, *(next(filter(None, found.groups())) for found in _WANTED.finditer(words))]
    name = next((one for one in named if one not in sent), "")
    if not name or any(one in sent for one in fields):
        return ""
    return f"set `{SET_ELSEWHERE[name]}`" if name in SET_ELSEWHERE else f"set `extra_body: {{{name}: …}}`"


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
    """Return whether a server refuses because nothing is left to pay calls with: waiting does not mend that.

    A limit of rate may name the page of billing too; it says besides that it passes.
    """
    return bool(_SPENT.search(said) or (_QUOTA.search(said) and not passing(said)))


def passes(status: int) -> bool:
    """Return whether another try may mend what a status tells."""
    return status in (408, 409, 425, 429) or (status >= 500 and status not in FOR_GOOD)


def passing(said: str) -> bool:
    """Return whether a server speaks of a state that passes, such as being busy."""
    return _PASSING.search(said) is not None


def key_refused(status: int, name: str) -> str:
    """Return what to do about a key that a server refuses; `name` is its environment variable, empty without one."""
    if not name:
        return f"refused a call without a key ({status}). {UNNAMED}"
    return (
        f"refused the key ({status}). Put a valid one into the environment variable {name}, or name another with "
        "api_key_env."
    )


def error_in(body: Any) -> tuple[int, bool] | None:
    """Return the status that an error in the body of a success stands for; None where it holds an answer.

    The error is the body's, its first choice's, or the body itself where that says so. The second value is whether it
    names its status; else it counts as a refusal (400).
    """
    if not isinstance(body, dict):
        return None
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    error = (first.get("error") if isinstance(first, dict) else None) if choices else body.get("error")
    if not choices and not error and body.get("object") == "error":
        error = body
    if not error:
        return None
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
    """Return where a parameter stands in words: by its name, however its parts are joined, or in other words."""
    parts = r"[ _-]?".join(map(re.escape, name.split("_")))
    spelled = (parts, *map(re.escape, _OTHER_WORDS.get(name, ())))
    return [
        found.start() for one in spelled for found in re.finditer(rf"(?<![\w-]){one}(?![\w-])", words, re.IGNORECASE)
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
