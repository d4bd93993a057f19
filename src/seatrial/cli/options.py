"""What all commands share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from seatrial.errors import EvidenceError
from seatrial.formats.json_values import with_null

__all__ = ["Json", "named_values", "print_json", "user"]

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, nothing else there.")]


def print_json(value: Any) -> None:
    """Print a value as indented JSON, with null for numbers that JSON has no word for (not known, without end)."""
    typer.echo(json.dumps(with_null(value), indent=2, ensure_ascii=False, allow_nan=False))


def named_values(words: Sequence[str], option: str, number: bool = False) -> dict[str, str]:
    """Return `NAME=VALUE` words as a mapping.

    Raises:
        EvidenceError: a word has no `=`, or its value is not a number where one is wanted.
    """
    made = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise EvidenceError(f"{option} {word!r}: write NAME=VALUE")
        if number:
            try:
                float(value)
            except ValueError:
                raise EvidenceError(f"{option} {word!r}: {value!r} is not a number") from None
        made[name] = value
    return made


def user() -> str:
    """Return who runs the command, for the ledger."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
