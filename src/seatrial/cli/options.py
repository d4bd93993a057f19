"""What all commands share."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

__all__ = ["Json", "print_json", "user"]

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, nothing else there.")]


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def user() -> str:
    """Return who runs the command, for the ledger."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
