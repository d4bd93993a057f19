"""Reading JSON Lines: what stands on each line, or what is wrong with it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

__all__ = ["DoubledKey", "json_array", "json_lines", "json_value", "not_json", "unique"]

CHUNK = 2**20
"""Letters of a list that are read at once, at first; more where one value is longer."""
SPACE = " \t\r\n"
AFTER = tuple(f"{SPACE},]")
"""What stands after a value of a list."""


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


def not_json(error: json.JSONDecodeError) -> str:
    """Return what is wrong with a text that is no JSON, and in which column; some of Python's words end in "at"."""
    return f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"


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


def json_array(file: TextIO, chunk: int = CHUNK) -> Iterator[Any]:
    """Yield the values of a list of JSON one after another, of which no more than one is held; else the one value.

    Args:
        file: Open at the beginning.
        chunk: Letters that are read at once.

    Raises:
        ValueError: it is no JSON from here on; what came before was yielded.
    """
    held = _Held(file, chunk)
    if not held.begins("["):
        yield json_value(held.rest())
        return
    held.skip()
    if held.begins("]"):
        held.skip()
    else:
        while True:
            yield held.value()
            if held.begins("]"):
                held.skip()
                break
            if not held.begins(","):
                raise ValueError("the list does not go on, and does not end")
            held.skip()
    if held.rest().strip(SPACE):
        raise ValueError("something stands after the list")


class _Held:
    """The part of a text of JSON that was read and not taken yet."""

    def __init__(self, file: TextIO, chunk: int) -> None:
        self._file, self._chunk = file, chunk
        self._text, self._place, self._ended = "", 0, False

    def _more(self, letters: int) -> bool:
        """Read on; return whether there was anything."""
        found = "" if self._ended else self._file.read(letters)
        self._ended = not found
        self._text, self._place = self._text[self._place :] + found, 0
        return bool(found)

    def begins(self, sign: str) -> bool:
        """Return whether the next letter that is no space is this one."""
        self._pass_spaces()
        return self._text[self._place : self._place + 1] == sign

    def _pass_spaces(self) -> None:
        while True:
            while self._place < len(self._text) and self._text[self._place] in SPACE:
                self._place += 1
            if self._place < len(self._text) or not self._more(self._chunk):
                return

    def skip(self) -> None:
        """Take one letter."""
        self._place += 1

    def value(self) -> Any:
        """Take one value; of one that is cut by what was read so far, read twice as much each time."""
        self._pass_spaces()
        letters = self._chunk
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                if not self._more(letters):
                    raise ValueError(error.msg) from error
            except RecursionError as error:
                raise ValueError("nested too deep") from error
            else:
                if self._text[end : end + 1] in AFTER or not self._more(letters):  # else a number may go on
                    self._place = end
                    return found
            letters *= 2

    def rest(self) -> str:
        """Take all that is left."""
        text = self._text[self._place :] + self._file.read()
        self._text, self._place, self._ended = "", 0, True
        return text


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
            yield number, not_json(error)
            continue
        except DoubledKey as error:
            yield number, str(error)
            continue
        except (RecursionError, ValueError) as error:  # ValueError: a whole number of thousands of digits
            why = "nested too deep" if isinstance(error, RecursionError) else "a number is too long"
            yield number, f"not JSON that can be read: {why}"
            continue
        yield number, content if isinstance(content, dict) else "expected a JSON object"
