"""Reading JSON Lines: what stands on each line, or what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["json_lines"]


def json_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the number of each line that is not blank, from 1, with its object or with what is wrong with it.

    Only a line feed ends a line: a string may hold any other mark that Unicode takes for the end of one.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {error.msg} at column {error.colno}"
            continue
        except RecursionError:
            yield number, "not JSON that can be read: nested too deep"
            continue
        yield number, content if isinstance(content, dict) else "expected a JSON object"
