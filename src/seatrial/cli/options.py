"""What all commands share."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from seatrial.errors import EvidenceError, ExitCode, complain, flushed, printable
from seatrial.formats.json_values import with_null

__all__ = ["Json", "named_values", "or_usual", "print_json", "printing", "say", "status", "user"]

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout, nothing else there.")]


def or_usual(usual: str) -> type[TyperGroup]:
    """Return a group of commands of which one runs where none is named: `drift REVIEW` for `drift show REVIEW`."""

    class OrUsual(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Put the usual command where none is named."""
            named = not args or args[0] in self.commands or args[0] == "--help"
            return super().parse_args(ctx, args if named else [usual, *args])

    return OrUsual


def say(text: str, *, err: bool = False) -> None:
    """Print lines for a person on stdout, or on stderr, without what could steer a terminal."""
    typer.echo(printable(text, but="\n"), err=err)


def print_json(value: Any) -> None:
    """Print a value as indented JSON, with null for numbers that JSON has no word for (not known, without end).

    Letters that stdout cannot encode, or that could steer a terminal, are written as JSON's escapes, so that nothing is
    lost.
    """
    plain = with_null(value)
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        text = json.dumps(plain, indent=2, allow_nan=False)
    hidden = [letter for letter in set(text) if not letter.isprintable() and letter != "\n"]
    say(text.translate({ord(letter): _escape(letter) for letter in hidden}))


def _escape(letter: str) -> str:
    halves = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[start : start + 4]}" for start in range(0, len(halves), 4))


@contextmanager
def status(what: str) -> Iterator[Callable[[str], None]]:
    """Show on stderr that something takes a while; yields what is told each step. Nothing where it is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(what) as shown:
        yield lambda step: shown.update(escape(printable(f"{what}: {step}")))


@contextmanager
def printing(code: ExitCode) -> Iterator[None]:
    """Print a decision that the ledger holds already, and end the command with its code, printed or not.

    Raises:
        typer.Exit: always.
    """
    try:
        yield
        problem: BaseException | None = flushed()
    except Exception as error:
        problem = error
    if problem is not None:
        flushed()
        complain(f"{code.name.lower()}: this is in the ledger, but could not be printed: {problem}")
    raise typer.Exit(code)


def named_values(words: Sequence[str], option: str, number: bool = False) -> dict[str, str]:
    """Return `NAME=VALUE` words as a mapping.

    Raises:
        EvidenceError: a word has no `=`, or its value is no finite number where one is wanted.
    """
    made = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            raise EvidenceError(f"{option} {word!r}: write NAME=VALUE")
        if number:
            try:
                found = float(value)
            except ValueError:
                raise EvidenceError(f"{option} {word!r}: {value!r} is not a number") from None
            if not math.isfinite(found):
                raise EvidenceError(f"{option} {word!r}: {value!r} is not a finite number")
        made[name] = value
    return made


def user() -> str:
    """Return who runs the command, for the ledger."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
