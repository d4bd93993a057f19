"""Files of JSON and JSON Lines that other tools wrote, and what is read from them alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.formats.jsonl import DoubledKey, json_lines, json_value
from seatrial.formats.tables import as_word

__all__ = [
    "LIMIT",
    "digest_of",
    "first_of",
    "id_of",
    "json_file",
    "json_list",
    "json_object",
    "json_rows",
    "mapping",
    "messages_of",
]

AGAIN = "copy or export it again"
"""What to do with a file that is not whole."""
LIMIT = 2**31
"""Bytes of one file of JSON, at most; JSON Lines are read line by line and have no limit."""


def json_file(path: Path, advice: str) -> dict[str, Any]:
    """Return the object that a file holds.

    Args:
        path: The file.
        advice: What to do where it is too large.

    Raises:
        EvidenceError: it cannot be read, is too large, or holds something else.
    """
    try:
        size = path.stat().st_size
        if size > LIMIT:
            raise EvidenceError(
                f"{path}: {size / 1e9:.1f} GB of one JSON, and {LIMIT / 1e9:.1f} GB are read at most; {advice}"
            )
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    return json_object(path, path.name, content)


def json_object(path: Path, name: str, content: bytes) -> dict[str, Any]:
    """Return an object of JSON; NaN may stand bare in it.

    Raises:
        EvidenceError: it is none, or one in which a key stands twice.
    """
    found = _value(path, name, content)
    if not isinstance(found, dict):
        raise EvidenceError(f"{_where(path, name)}no object of JSON; {AGAIN}")
    return found


def json_list(path: Path, name: str, content: bytes) -> list[Any]:
    """Return a list of JSON.

    Raises:
        EvidenceError: it is none.
    """
    found = _value(path, name, content)
    if not isinstance(found, list):
        raise EvidenceError(f"{_where(path, name)}no list of JSON; {AGAIN}")
    return found


def _value(path: Path, name: str, content: bytes) -> object:
    try:
        return json_value(content.decode(json.detect_encoding(content), "surrogatepass"))
    except (DoubledKey, RecursionError, ValueError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else error
        advice = "" if isinstance(error, DoubledKey) else f"; {AGAIN}"
        raise EvidenceError(f"{_where(path, name)}no JSON that can be read: {why}{advice}") from error


def _where(path: Path, name: str) -> str:
    """Return how a message begins about a file, or about a part of it."""
    return f"{path}: " if name == path.name else f"{path}: {name} is "


def json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Yield the number of each line that is not blank, with its object or with what is wrong with it.

    Raises:
        EvidenceError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    yield number, "not UTF-8"
                    continue
                for _, row in json_lines([text]):
                    yield number, row
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> EvidenceError:
    if isinstance(error, FileNotFoundError):
        return EvidenceError(f"{path}: no such file")
    return EvidenceError(f"{path}: cannot be read: {error.strerror or error}")


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object of JSON as it is, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def id_of(value: object) -> str:
    """Return an id as text, the same for 7, 7.0 and "7"; empty where none is there, as for NaN."""
    return (as_word(value) or "").strip()


def first_of(held: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first value that is there under one of some names, as text; empty where none is."""
    return next((str(held[name]).strip() for name in names if held.get(name) not in (None, "")), "")


def digest_of(value: object) -> str:
    """Return a digest by which two values of JSON are known to be alike."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def messages_of(prompt: object) -> tuple[tuple[str, str], ...]:
    """Return the messages of a prompt as (role, text): of plain text one, of a list of messages in JSON each."""
    if not isinstance(prompt, str):
        return ()
    if prompt.lstrip().startswith("["):
        try:
            listed = json.loads(prompt)
        except (RecursionError, ValueError):
            listed = []
        found = tuple(
            (str(one.get("role") or "user"), one["content"])
            for one in (listed if isinstance(listed, list) else [])
            if isinstance(one, dict) and isinstance(one.get("content"), str)
        )
        if found and len(found) == len(listed):
            return found
    return (("user", prompt),)
