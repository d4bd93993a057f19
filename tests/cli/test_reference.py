"""The reference of all commands."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main

from conftest import ROOT
from seatrial.cli import app
from seatrial.cli.reference import COMMANDS, reference


@pytest.mark.slow
def test_the_reference_in_the_docs_is_current() -> None:
    """docs/reference/commands.md is what the commands' own help says now."""
    assert (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8") == reference(), "run make docs"


def _commands(group: Any, name: str = "") -> set[str]:
    """Return the names of all commands, those within groups after the group's."""
    found = set()
    for word, command in group.commands.items():
        whole = f"{name} {word}".strip()
        if hasattr(command, "commands"):
            found |= _commands(command, whole)
            if command.invoke_without_command:
                found.add(whole)
        else:
            found.add(whole)
    return found


def test_no_command_is_left_out() -> None:
    """The reference lists every command that the program has, once, and none that it has not."""
    assert sorted(COMMANDS) == sorted(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example_and_explains_each_option(command: str) -> None:
    """Help without an example, or an option without a word on it, helps nobody."""
    found: Any = typer.main.get_command(app)
    for word in command.split():
        found = found.commands[word]
    assert found.help
    assert f"Example: seatrial {command}" in found.epilog
    assert [one.name for one in found.params if getattr(one, "help", "") is None] == []


@pytest.mark.slow
def test_the_width_of_the_terminal_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written on a narrow terminal or a wide one, the reference is the same."""
    wide = reference()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERMINAL_WIDTH", "40")
    assert reference() == wide
    assert "\x1b" not in wide
