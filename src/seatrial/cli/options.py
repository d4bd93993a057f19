"""What all commands share."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer

__all__ = ["Json", "print_json", "user"]

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, nothing else there.")]


def print_json(value: Any) -> None:
    """Print a value as indented JSON, with null for numbers that JSON has no word for (not known, without end)."""
    typer.echo(json.dumps(_sayable(value), indent=2, ensure_ascii=False, allow_nan=False))


def _sayable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sayable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def user() -> str:
    """Return who runs the command, for the ledger."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
