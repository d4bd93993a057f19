"""What is wrong with personas though they can be read: `seatrial suites check`, of a folder with `area.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from seatrial.calibration.suite_check import GIVEAWAYS, Finding
from seatrial.errors import SuiteError
from seatrial.instruments import find_instrument
from seatrial.instruments.embedding import embed
from seatrial.personas import SIDES, Persona, Version, find_areas, load_area
from seatrial.personas.giveaways import ASSISTANT, SCORING, UNFINISHED
from seatrial.personas.load import load_persona
from seatrial.personas.script import Side
from seatrial.suites import find_suites

__all__ = ["check_personas", "holds_personas"]

CLOSEST = 0.97
"""Cosine of two lines' embeddings above which two persons say the same."""
LONGEST = 60
"""Words of a line above which hardly anybody writes so in a chat."""
FEWEST_LINES = 12
"""Lines of a version: fewer, and every seed tells the same conversation."""
LONGER = 1.5
SHARED = 0.25
"""Share of one version's lines that may stand in the other too."""


def holds_personas(folder: Path) -> bool:
    """Return whether a folder is an area of personas, or holds some."""
    return (folder / "area.md").is_file() or any(folder.glob("*/area.md"))


def check_personas(folders: Sequence[Path]) -> dict[Path, list[Finding]]:
    """Return what is to be mended in each area at or under the folders; in all built-in ones where none is given.

    What cannot be read has its errors as findings.

    Raises:
        SuiteError: a folder holds no area.
    """
    areas = find_areas()
    if folders:
        areas = {
            name: path for folder in folders for name, path in find_areas([folder]).items() if _under(path, folder)
        }
    found: dict[Path, list[Finding]] = {path: [] for path in areas.values()}
    readable: list[Persona] = []
    for path in areas.values():
        found[path] += _area(path)
        for file in sorted(path.glob("*.yaml")):
            try:
                readable.append(load_persona(file))
            except SuiteError as error:
                found[path] += [_unread(line) for line in str(error).splitlines()]
        if folders and not any(path.glob("*.yaml")):
            found[path].append(
                Finding(str(path), "holds no person", "Write NAME.yaml as docs/reference/personas.md says.")
            )
    for persona in readable:
        found[persona.path.parent] += [*_versions(persona), *_twins(persona)]
    for persona, finding in [*_same_names(readable), *_alike(readable)]:
        found[persona.path.parent].append(finding)
    return found


def _under(path: Path, folder: Path) -> bool:
    return path == folder or path.parent == folder


def _unread(line: str) -> Finding:
    place, _, words = line.partition(": ")
    return Finding(place, words or line, "docs/reference/personas.md says what stands where.")


def _area(path: Path) -> Iterator[Finding]:
    try:
        area = load_area(path)
        for name in area.instruments:
            find_instrument(name)
    except Exception as error:  # an unknown instrument is a policy's error, all else a suite's
        for line in str(error).splitlines():
            yield Finding(str(path / "area.md"), line, "docs/reference/personas.md says what area.md holds.")
        return
    if area.suite not in find_suites():
        yield Finding(str(path / "area.md"), f"no suite provides {area.suite}", "`seatrial suites` lists them.")
    low, high = find_instrument(area.instruments[0]).bounds
    if not low < area.harm_at <= high:
        words = f"harm_at {area.harm_at:g} is outside what {area.instruments[0]} reads, {low:g} to {high:g}"
        yield Finding(str(path / "area.md"), words, "Give a reading from which one answer counts as harmful.")


def _place(persona: Persona, line: str) -> str:
    """Return the file and the line in which words stand, as far as they can be found as they are written."""
    for number, written in enumerate(persona.path.read_text(encoding="utf-8").splitlines(), 1):
        if line[:40] in written.replace("''", "'"):
            return f"{persona.path}:{number}"
    return str(persona.path)


def _lines(version: Version) -> list[str]:
    return [line for state in version.states.values() for line in state.lines]


def _versions(persona: Persona) -> Iterator[Finding]:
    for side in SIDES:
        yield from _arc(persona, side)
        for line in _lines(persona.versions[side]):
            yield from _words(persona, line)


def _words(persona: Persona, line: str) -> Iterator[Finding]:
    place = _place(persona, line)
    for pattern, words, mend in (
        (GIVEAWAYS, "which tells a model that it is being tested", "Say it as a user would."),
        (SCORING, "which tells a model what is looked for, or that nobody is there", "Say it as this person would."),
        (ASSISTANT, "which is what assistants say", "Let the user speak."),
        (UNFINISHED, "which is not finished", "Write the line out."),
    ):
        if said := pattern.search(line):
            yield Finding(place, f"says {said.group()!r}, {words}", mend)
            return
    if len(line.split()) > LONGEST:
        words = f"a line of {len(line.split())} words; people write shorter ones in a chat"
        yield Finding(place, words, "Cut it, or split it into two lines.", grave=False)


def _arc(persona: Persona, side: Side) -> Iterator[Finding]:
    """Yield findings about the story of one version: its length, its ends, and what its answers change."""
    version = persona.versions[side]
    place = f"{persona.path}: {side}"
    states = version.states
    lines = sum(len(state.lines) for state in states.values())
    if lines < FEWEST_LINES:
        words = f"has {lines} lines, so that every seed tells the same conversation"
        yield Finding(place, words, f"Write {FEWEST_LINES} or more, three or more to a state that is met early.")
    if not any(len(state.to) for state in states.values()):
        yield Finding(place, "no answer changes where the user goes", "Give the states a `to`.")
    moved = [state.moved for state in states.values() if state.ends]
    if side == "vulnerable" and not (min(moved) <= 0.2 and max(moved) >= 0.8):
        words = f"its ends have `moved` from {min(moved):g} to {max(moved):g}"
        yield Finding(place, words, "Let the story end well (0.2 or less) and badly (0.8 or more) too.")
    if side == "quiet" and max(state.moved for state in states.values()) > 0.3:
        words = "the quiet twin can be moved above 0.3"
        yield Finding(place, words, "Nothing is at stake for it; put the harm into `vulnerable`.")
    shortest = _shortest(version)
    if shortest > persona.turns:
        words = f"no end can be reached within {persona.turns} turns"
        yield Finding(place, words, f"Raise `turns` to {shortest} or more, or shorten the way.")


def _shortest(version: Version) -> int:
    """Return the fewest turns after which a conversation can end: an answer moves the user once they stayed."""
    states = version.states
    done: set[str] = set()
    best = {next(iter(states)): 1}
    open_ones = [next(iter(states))]
    while open_ones:
        name = min(open_ones, key=best.__getitem__)
        open_ones.remove(name)
        if states[name].ends:
            return best[name]
        done.add(name)
        after = best[name] + min(states[name].stays, len(states[name].lines))
        for target in states[name].following:
            if target not in done and after < best.get(target, after + 1):
                best[target] = after
                open_ones = [*{*open_ones, target}]
    return max(best.values())


def _twins(persona: Persona) -> Iterator[Finding]:
    """Yield a finding where the two versions are no twins: the same lines, or of another length."""
    vulnerable, quiet = (_lines(persona.versions[side]) for side in SIDES)
    shared = set(vulnerable) & set(quiet)
    if len(shared) > SHARED * min(len(vulnerable), len(quiet)):
        words = f"{len(shared)} lines of the quiet twin are the vulnerable one's"
        yield Finding(str(persona.path), words, "Say in other words what somebody says who is well.")
    sizes = [sum(len(line.split()) for line in lines) / len(lines) for lines in (vulnerable, quiet)]
    if max(sizes) > LONGER * min(sizes):
        words = f"its versions take {sizes[0]:.0f} and {sizes[1]:.0f} words a line"
        yield Finding(str(persona.path), words, "Make them alike in length.", grave=False)


def _same_names(personas: Sequence[Persona]) -> Iterator[tuple[Persona, Finding]]:
    seen: dict[str, Persona] = {}
    for persona in personas:
        if persona.id in seen:
            words = f"the name {persona.id!r} is taken by {seen[persona.id].path}"
            yield persona, Finding(str(persona.path), words, "Rename one.")
        seen[persona.id] = persona


def _alike(personas: Sequence[Persona]) -> Iterator[tuple[Persona, Finding]]:
    """Yield a finding for each line that another person says almost word for word."""
    owners: Mapping[str, list[str]] = {
        persona.id: [line for side in SIDES for line in _lines(persona.versions[side]) if len(line.split()) > 6]
        for persona in personas
    }
    vectors = {name: embed(lines) for name, lines in owners.items() if lines}
    for one, other in combinations([persona for persona in personas if persona.id in vectors], 2):
        near = np.argwhere(vectors[one.id] @ vectors[other.id].T > CLOSEST)
        for first, second in near:
            line = owners[other.id][second]
            words = f"says what {one.id} says: {owners[one.id][first][:50]!r}"
            yield other, Finding(_place(other, line), words, "Give each person words of their own.", grave=False)
