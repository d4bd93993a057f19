"""Writes the reference of all commands from their own help: `python -m seatrial.cli.reference`."""

from __future__ import annotations

from collections.abc import Iterator

from typer.testing import CliRunner

from seatrial.cli import app
from seatrial.errors import exit_with

__all__ = ["COMMANDS", "reference"]

COMMANDS = (
    "compare",
    "import",
    "init",
    "plan",
    "review",
    "report",
    "summary",
    "verify",
    "drift show",
    "drift promote",
    "watch",
    "suites",
    "suites map",
    "suites from-traffic",
    "suites from-incident",
    "suites new",
    "suites check",
    "instruments",
    "instruments list",
    "instruments check",
    "instruments calibrate",
    "judge setup",
    "vibe new",
    "vibe serve",
    "vibe status",
    "vibe close",
    "vibe import",
    "label new",
    "label serve",
    "label status",
    "label close",
    "feedback",
    "converse run",
    "converse import",
    "replay run",
    "replay check",
    "rewards sample",
    "rewards audit",
    "rewards forecast",
    "rewards train",
    "rewards dose",
    "ledger list",
    "ledger show",
    "ledger verify",
    "ledger anchor",
    "ledger key",
    "ledger sign",
    "ledger release",
    "ledger incident",
    "ledger roll-back",
    "ledger backtest",
    "ledger waive",
    "serve",
    "serve token",
    "serve people",
    "serve revoke",
    "doctor",
)


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield "# Commands\n\nWritten by `make docs` from the commands' own help.\n"
    runner = CliRunner(env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"})
    for command in ("", *COMMANDS):
        words = command.split()
        shown = runner.invoke(app, [*words, "--help"], prog_name="seatrial").output.strip()
        yield f"## {' '.join(['seatrial', *words])}\n\n```\n{shown}\n```\n"


if __name__ == "__main__":
    exit_with(lambda: print(reference(), end=""))
