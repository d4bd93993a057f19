"""An answer as a line of JSON: written, read, and known from a glance to be whole."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from seatrial.formats.jsonl import unique
from seatrial.types import Response, Usage

__all__ = [
    "UNREADABLE",
    "Answer",
    "answer_of",
    "at_a_glance",
    "entry_of",
    "in_json",
    "line_of",
    "string_in_json",
    "time_of",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is kept.

    Attributes:
        response: What was answered.
        at: When, with its time zone; None where the file does not say.
        review: Folder of the review that asked, where it was taken over from another one.
    """

    response: Response
    at: datetime | None
    review: str = ""


UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What a line that is no answer raises."""
_USAGE = tuple(one.name for one in fields(Usage))
string_in_json = json.encoder.encode_basestring
in_json = json.JSONEncoder(ensure_ascii=False).encode
_TEXT = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_WHOLE, _NUMBER = r"(?:0|[1-9]\d{0,17})", r"(?:0|[1-9]\d{0,17})(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?"
_PLAIN = re.compile(
    rf'{{"key": "([0-9a-f]{{64}})", "role": {_TEXT}, "response": {{"item": ({_TEXT}), "suite": {_TEXT}, '
    rf'"draw": {_WHOLE}, "text": {_TEXT}, "first": \[\], "stop": {_TEXT}, "usage": {{"tokens_in": {_WHOLE}, '
    rf'"tokens_out": {_WHOLE}, "seconds": {_NUMBER}, "cost": {_NUMBER}}}, "labels": \[\], '
    rf'"thinking": (?:null|{_TEXT})(?:, "served": \[{_TEXT}, {_TEXT}\])?}}, "at": {_TEXT}}}',
    re.ASCII,
)
"""A line as `line_of` writes most of them. To match it takes a tenth of the time that reading takes."""


def line_of(key: str, role: str, answer: Answer) -> bytes:
    """Return the line that keeps an answer, with its end: the JSON that a library writes, made here for speed."""
    said, usage, text = answer.response, answer.response.usage, string_in_json
    line = (
        f'{{"key": {text(key)}, "role": {text(role)}, "response": {{"item": {text(said.item)}, '
        f'"suite": {text(said.suite)}, "draw": {said.draw}, "text": {text(said.text)}, '
        f'"first": {in_json(said.first) if said.first else "[]"}, "stop": {text(said.stop)}, '
        f'"usage": {{"tokens_in": {usage.tokens_in}, "tokens_out": {usage.tokens_out}, '
        f'"seconds": {_in_json(usage.seconds)}, "cost": {_in_json(usage.cost)}}}, '
        f'"labels": {in_json(said.labels) if said.labels else "[]"}, '
        f'"thinking": {"null" if said.thinking is None else text(said.thinking)}'
        f"{_served_in_json(said.served)}}}, "
        f'"at": {text(answer.at.isoformat()) if answer.at else "null"}'
        f"{_from_in_json(answer.review)}}}\n"
    )
    return line.encode("utf-8", "surrogatepass")


def _in_json(value: float) -> str:
    return repr(value) if type(value) is float and math.isfinite(value) else in_json(value)


def _served_in_json(served: tuple[str, str]) -> str:
    return "" if served == ("", "") else f', "served": [{string_in_json(served[0])}, {string_in_json(served[1])}]'


def _from_in_json(review: str) -> str:
    return f', "from": {string_in_json(review)}' if review else ""


def at_a_glance(line: bytes) -> tuple[str, str] | None:
    """Return key and item of a line that is an answer without a doubt; None where it has to be read to know.

    It was not taken over from another review.

    Raises:
        ValueError: it is no text.
    """
    found = _PLAIN.fullmatch(line.decode("utf-8", "surrogatepass"))
    if found is None:
        return None
    item = found[2]
    return found[1], json.loads(item) if "\\" in item else item[1:-1]


def entry_of(line: bytes) -> Any:
    """Return what a line holds.

    Raises:
        ValueError: it is no JSON, or has one key twice.
        RecursionError: it is nested too deep.
    """
    return json.loads(line, object_pairs_hook=unique)


def answer_of(entry: Mapping[str, Any], review: str) -> Answer:
    """Return the answer of a line; one of a review beside is marked with its name.

    Raises:
        UNREADABLE: it is none.
    """
    return Answer(_response(entry["response"]), time_of(entry.get("at")), str(entry.get("from") or review))


def time_of(written: object) -> datetime | None:
    """Return a date and time with its zone; None for anything else."""
    try:
        at = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _response(content: Mapping[str, Any]) -> Response:
    thinking = content.get("thinking")
    served, fingerprint = content.get("served", ("", ""))
    return Response(
        item=_word(content["item"]),
        suite=_word(content["suite"]),
        draw=_number(content["draw"], int),
        text=_word(content["text"]),
        first=tuple((_word(token), float(_number(logprob))) for token, logprob in content["first"]),
        stop=_word(content["stop"]),
        usage=Usage(**{name: _number(content["usage"][name]) for name in _USAGE}),
        labels=tuple((_word(name), _word(value)) for name, value in content["labels"]),
        thinking=thinking if thinking is None else _word(thinking),
        served=(_word(served), _word(fingerprint)),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _number(value: Any, *kinds: type) -> Any:
    if type(value) not in (kinds or (int, float)) or value != value:
        raise TypeError("no number")
    return value
