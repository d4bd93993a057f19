"""Reading JSON Lines: what stands on each line, or what is wrong with it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["DoubledKey", "json_lines", "json_value", "unique"]


class DoubledKey(ValueError):
    """An object has one key twice, of which Python would keep the last without a word."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; the hook that keeps a doubled key from being read as one.

    Raises:
        DoubledKey: a key stands twice.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise DoubledKey(f"two columns are called {twice!r}; rename one or take it out")
    return made


def _number(text: str) -> float | str:
    """Return a number with a fraction or a power; one beyond any float as it is written, for two are no one number."""
    found = float(text)
    return found if math.isfinite(found) else text


_DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_float=_number)


def json_value(text: str) -> Any:
    """Return what a text of JSON holds; NaN may stand bare in it, and a number beyond any float stays text.

    Raises:
        DoubledKey: an object has one key twice.
        ValueError: it is no JSON, or holds a whole number of thousands of digits.
        RecursionError: it is nested too deep.
    """
    return _DECODER.decode(text)


def json_lines(text: str | Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the number of each line that is not blank, from 1, with its object or with what is wrong with it.

    The text may come by lines, as from a file. Only a line feed ends a line: a string may hold any other mark that
    Unicode takes for the end of one.
    """
    for number, line in enumerate(text.split("\n") if isinstance(text, str) else text, 1):
        if not line.strip():
            continue
        try:
            content = json_value(line.removesuffix("\n"))
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {error.msg} at column {error.colno}"
            continue
        except DoubledKey as error:
            yield number, str(error)
            continue
        except (RecursionError, ValueError) as error:  # ValueError: a whole number of thousands of digits
            why = "nested too deep" if isinstance(error, RecursionError) else "a number is too long"
            yield number, f"not JSON that can be read: {why}"
            continue
        yield number, content if isinstance(content, dict) else "expected a JSON object"
