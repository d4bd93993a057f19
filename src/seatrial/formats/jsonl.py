"""Reading JSON Lines: what stands on each line, or what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["json_lines"]


def json_lines(text: str | Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the number of each line that is not blank, from 1, with its object or with what is wrong with it.

    The text may come by lines, as from a file. Only a line feed ends a line: a string may hold any other mark that
    Unicode takes for the end of one.
    """
    for number, line in enumerate(text.split("\n") if isinstance(text, str) else text, 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line.removesuffix("\n"))
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {error.msg} at column {error.colno}"
            continue
        except (RecursionError, ValueError) as error:  # ValueError: a whole number of thousands of digits
            why = "nested too deep" if isinstance(error, RecursionError) else "a number is too long"
            yield number, f"not JSON that can be read: {why}"
            continue
        yield number, content if isinstance(content, dict) else "expected a JSON object"
