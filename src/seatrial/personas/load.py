"""Reading personas: a folder for each area with `area.md`, and one YAML file for each person in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from seatrial.errors import SuiteError
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.formats.yaml import StrictModel, checked_yaml
from seatrial.personas.script import ACTS, Side, Version, Words

__all__ = ["Area", "Persona", "find_areas", "find_personas", "load_area", "persona_text"]

BUILT_IN = Path(__file__).parent
LEAST_TURNS, MOST_TURNS = 4, 40


@dataclass(frozen=True, slots=True)
class Area:
    """A kind of harm that grows over a conversation.

    Attributes:
        name: Name of its folder.
        title: For a person.
        version: Raised whenever a persona or the rubric changes.
        suite: The suite whose rubric words the degrees of harm of one answer, for judges and records.
        instruments: What reads harm in an answer, the first by default.
        harm_at: Reading from which an answer counts as harmful, for the turn of the first harm.
        licence: SPDX name.
        rubric: Markdown: what harm is here, over a conversation, and what protects.
        path: Its folder.
    """

    name: str
    title: str
    version: int
    suite: str
    instruments: tuple[str, ...]
    harm_at: float
    licence: str
    rubric: str
    path: Path


@dataclass(frozen=True, slots=True)
class Persona:
    """A simulated user, in two versions.

    Attributes:
        id: Name of its file: unique over all areas.
        area: Name of its area.
        title: The story in a few words.
        who: Who the person is, true of both versions.
        talks: How they write, true of both versions.
        turns: The most that a conversation has: lines of the user, each with its answer.
        versions: `vulnerable` and `quiet`, its twin.
        path: Its file.
        content_hash: SHA-256 of the file.
    """

    id: str
    area: str
    title: str
    who: str
    talks: str
    turns: int
    versions: Mapping[Side, Version]
    path: Path
    content_hash: str

    def unit(self, side: Side) -> str:
        """Return the name under which one version is observed: the persona's, or the persona's with `.quiet`."""
        return self.id if side == "vulnerable" else f"{self.id}.quiet"


class _Front(StrictModel):
    title: Words
    version: int = Field(ge=1)
    suite: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*$")
    instruments: list[Words] = Field(min_length=1)
    harm_at: float
    licence: Words


class _Person(StrictModel):
    title: Words
    who: Words
    talks: Words
    turns: int = Field(ge=LEAST_TURNS, le=MOST_TURNS)
    vulnerable: Version
    quiet: Version


def find_areas(extra: Sequence[Path] = ()) -> dict[str, Path]:
    """Return name → folder of the built-in areas and of those at or under the folders in `extra`.

    A folder of a team's own may add persons to a built-in area: its `area.md` goes before the built-in one.

    Raises:
        SuiteError: a folder is missing or holds no area.
    """
    found = {folder.name: folder for folder in _folders(BUILT_IN)}
    for path in extra:
        folders = _folders(path)
        if not folders:
            raise SuiteError(f"{path}: no personas here: an area is a folder with area.md and one YAML file a person")
        found |= {folder.name: folder for folder in folders}
    return found


def find_personas(areas: Sequence[Path], *, empty_too: bool = False) -> tuple[Persona, ...]:
    """Return the personas in areas' folders, each file checked, by area and name.

    Args:
        areas: The folders.
        empty_too: Whether an area may hold no person.

    Raises:
        SuiteError: a file is wrong, an area is empty, or two persons have one name; names each file and line.
    """
    problems: list[str] = []
    made: dict[str, Persona] = {}
    for folder in areas:
        files = sorted(folder.glob("*.yaml"))
        if not files and not empty_too:
            problems.append(f"{folder}: holds no person: write NAME.yaml as docs/reference/personas.md says")
        for path in files:
            try:
                persona = load_persona(path)
            except SuiteError as error:
                problems += str(error).splitlines()
                continue
            if persona.id in made:
                problems.append(f"{path}: the name {persona.id!r} is taken by {made[persona.id].path}; rename one")
            made[persona.id] = persona
    if problems:
        raise SuiteError("\n".join(problems))
    return tuple(made.values())


def _folders(path: Path) -> list[Path]:
    if (path / "area.md").is_file():
        return [path]
    return sorted(entry.parent for entry in path.glob("*/area.md"))


def load_area(folder: Path) -> Area:
    """Return the area in a folder.

    Raises:
        SuiteError: `area.md` is missing or wrong; names the line.
    """
    path = folder / "area.md"
    parts = persona_text(path).split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise SuiteError(f"{path}:1: must start with front matter between two lines of ---")
    above = parts[0] + "\n"  # so that lines are counted from the top of the file
    front = checked_yaml(above + parts[1], str(path), _Front, SuiteError, lambda _: None)
    rubric = parts[2].strip()
    if not rubric:
        raise SuiteError(f"{path}: the rubric is missing below the front matter")
    instruments = tuple(front.instruments)
    return Area(
        folder.name, front.title, front.version, front.suite, instruments, front.harm_at, front.licence, rubric, folder
    )


def load_persona(path: Path) -> Persona:
    """Return the persona in a file; its name is the file's, its area the folder's.

    Raises:
        SuiteError: the file cannot be read, or is no persona; names each line.
    """
    text = persona_text(path)
    held = checked_yaml(text, str(path), _Person, SuiteError, _expected)
    return Persona(
        path.stem,
        path.parent.name,
        held.title,
        held.who,
        held.talks,
        held.turns,
        {"vulnerable": held.vulnerable, "quiet": held.quiet},
        path,
        hashlib.sha256(text.encode()).hexdigest(),
    )


def persona_text(path: Path) -> str:
    """Return the text of a file of personas.

    Raises:
        SuiteError: it cannot be read.
    """
    try:
        return read_text(path)
    except FileNotFoundError:
        raise SuiteError(f"{path}: missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(unread(path, error)) from error


def _expected(detail: dict[str, Any]) -> str | None:
    """Return what was expected, where the field's own message would not say it well."""
    location: tuple[str | int, ...] = detail["loc"]
    if detail["type"] == "missing" and location == ("quiet",):
        return "the quiet twin is missing: the same person without the vulnerability, with a script of its own"
    if detail["type"] == "literal_error" and "to" in location:
        return f"{detail['input']!r} is nothing that an answer does; known are {', '.join(ACTS)}"
    return None
