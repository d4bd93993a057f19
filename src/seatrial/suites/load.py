"""Reading a suite's folder: `suite.md`, `items.jsonl` and `anchors.jsonl`, every line checked.

`suite.md` starts with front matter between two lines of `---` (signal, title, version, harmful, instruments, …)
and goes on with the rubric in Markdown. `items.jsonl` holds one item a line; `anchors.jsonl` holds answers of
known degree, from 0 (harmless) to 10 (harmful).
"""

# ruff: noqa: RUF012  (pydantic copies defaults; the linter cannot see that StrictModel is one of its models)
from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from seatrial.errors import SuiteError
from seatrial.formats.bounded import LARGEST, read_text
from seatrial.formats.jsonl import json_lines
from seatrial.formats.letters import unread
from seatrial.formats.yaml import StrictModel, checked_yaml
from seatrial.types import Harmful, Item, Message

__all__ = ["Anchor", "Suite", "find_suites", "held_out_anchors", "load_suite", "with_held_out"]

BUILT_IN = Path(__file__).parent
LISTED = 20
"""Errors listed of one suite; a file with more is wrong in a way that the first twenty show."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An answer of known degree to one item: 0 is harmless, 10 is harmful."""

    item: str
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Suite:
    """One behavior: what to ask, and how its answers are graded.

    Attributes:
        name: Name of its folder.
        signal: What a gate calls it: `behavior/unearned-praise`.
        family: Kind of harm that it asks for, with others: `sycophancy`; empty for none.
        title: For a person.
        version: Raised whenever an item changes.
        harmful: Which end of the instruments' scale is harm.
        contrast: The two variants whose difference is the harm, if that is how it is measured.
        instruments: What can read its answers; the first usable one is the default.
        max_tokens: Longest answer asked for where the text is read.
        licence: SPDX name.
        rubric: Markdown.
        items: What is asked.
        anchors: Answers of known degree.
        path: Its folder.
        content_hash: SHA-256 over its files.
        lines: Where each item stands in `items.jsonl`.
        declared: Use cases that its front matter names; empty where it names none.
        echoes: Whether accepted answers may stand in what is asked.
    """

    name: str
    signal: str
    title: str
    version: int
    harmful: Harmful
    contrast: tuple[str, str] | None
    instruments: tuple[str, ...]
    max_tokens: int
    licence: str
    rubric: str
    items: tuple[Item, ...]
    anchors: tuple[Anchor, ...]
    path: Path
    content_hash: str
    lines: tuple[int, ...] = ()
    declared: tuple[str, ...] = ()
    echoes: bool = False
    family: str = ""

    @property
    def clusters(self) -> tuple[str, ...]:
        """Names of the clusters, sorted."""
        return tuple(sorted({item.cluster for item in self.items}))

    @property
    def counts(self) -> dict[str, int]:
        """Use case → number of items, most first."""
        return dict(Counter(item.use_case for item in self.items).most_common())

    @property
    def use_cases(self) -> tuple[str, ...]:
        """Use cases that its items cover, sorted."""
        return tuple(sorted({item.use_case for item in self.items}))


Words = Annotated[str, Field(min_length=1)]


class _Front(StrictModel):
    signal: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9._-]*$")
    title: Words
    family: str = Field("", pattern=r"^([a-z0-9][a-z0-9._-]*)?$")
    version: int = Field(ge=1)
    harmful: Literal["high", "low"]
    instruments: list[Words] = Field(min_length=1)
    contrast: tuple[Words, Words] | None = None
    max_tokens: int = Field(512, ge=1, le=32_768)
    use_cases: list[Words] = []
    echoes: bool = False
    licence: Words


class _Turn(StrictModel):
    role: Literal["user", "assistant"]
    content: Words


class _Line(StrictModel):
    id: Words
    use_case: Words
    cluster: str = ""
    variant: str = ""
    contrast: str = ""
    targets: list[Words] = []
    prompt: Words | None = None
    messages: list[_Turn] = []

    @model_validator(mode="after")
    def _asks_something(self) -> _Line:
        if (self.prompt is None) == (not self.messages):
            raise ValueError("give either `prompt` (one user turn) or `messages`")
        if self.messages and self.messages[-1].role != "user":
            raise ValueError("the last turn of `messages` must be the user's")
        if any((turn.role == "user") == place % 2 for place, turn in enumerate(self.messages)):
            raise ValueError("`messages` must go user, assistant, user, by turns")
        return self

    def item(self, suite: str) -> Item:
        turns = tuple(Message(turn.role, turn.content) for turn in self.messages)
        asked = turns or (Message("user", self.prompt or ""),)
        return Item(
            self.id,
            suite,
            asked,
            tuple(self.targets),
            self.use_case,
            self.cluster or self.contrast,
            self.variant,
            self.contrast,
        )


class _AnchorLine(StrictModel):
    item: Words
    score: float = Field(ge=0.0, le=10.0)
    text: Words


def find_suites(extra: Sequence[Path] = ()) -> dict[str, Path]:
    """Return signal → folder of the built-in suites and of those at or under the folders in `extra`.

    Raises:
        SuiteError: a folder is missing or holds no suite, or two folders provide one signal.
    """
    found = dict(_built_in())
    for path in extra:
        folders = _folders(path)
        if not folders:
            raise SuiteError(f"{path}: no suite here: a suite is a folder with suite.md and items.jsonl")
        for folder in folders:
            signal = _front(folder)[0].signal
            if signal in found and found[signal] != folder:
                raise SuiteError(f"{folder / 'suite.md'}: {signal} is already provided by {found[signal]}; rename one")
            found[signal] = folder
    return found


@cache
def _built_in() -> tuple[tuple[str, Path], ...]:
    return tuple((_front(folder)[0].signal, folder) for folder in _folders(BUILT_IN))


def _folders(path: Path) -> list[Path]:
    if (path / "suite.md").is_file():
        return [path]
    return sorted(entry.parent for entry in path.glob("*/suite.md"))


@cache
def load_suite(folder: Path) -> Suite:
    """Return the suite in `folder`, every line checked.

    Raises:
        SuiteError: a file is missing or a line is wrong; names each file and line, up to twenty.
    """
    front, rubric = _front(folder)
    problems: list[str] = []
    items, lines = _items(folder / "items.jsonl", folder.name, front, problems)
    anchors = _anchors(folder / "anchors.jsonl", {item.id for item in items}, problems)
    if not items and not problems:
        problems.append(f"{folder / 'items.jsonl'}: holds no item")
    if front.contrast and not problems:
        problems += _torn_contrasts(folder / "items.jsonl", items, lines, front.contrast)
    _refuse(problems)
    return Suite(
        folder.name,
        front.signal,
        front.title,
        front.version,
        front.harmful,
        front.contrast,
        tuple(front.instruments),
        front.max_tokens,
        front.licence,
        rubric,
        tuple(items),
        tuple(anchors),
        folder,
        _content_hash(folder),
        tuple(lines),
        tuple(front.use_cases),
        front.echoes,
        front.family,
    )


def with_held_out(suite: Suite, folders: Sequence[Path]) -> Suite:
    """Return the suite with a team's own items from `SUITE.jsonl` in the folders, marked as held out.

    Raises:
        SuiteError: a folder is missing, a line is wrong, or an item has the id of another.
    """
    front, _ = _front(suite.path)
    items, digests = list(suite.items), [suite.content_hash]
    problems: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            raise SuiteError(f"{folder}: no such folder; `held_out` names folders with SUITE.jsonl in them")
        path = folder / f"{suite.name}.jsonl"
        if not path.exists():
            continue
        known = {item.id for item in items}
        own, lines = _items(path, suite.name, front, problems)
        problems += [
            f"{path}:{line}: the id {item.id!r} is one of the suite's"
            for item, line in zip(own, lines, strict=True)
            if item.id in known
        ]
        if suite.contrast and not problems:
            problems += _torn_contrasts(path, own, lines, suite.contrast)
        items += [replace(item, part="held out") for item in own]
        digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
    _refuse(problems)
    digest = hashlib.sha256(" ".join(digests).encode()).hexdigest() if len(digests) > 1 else suite.content_hash
    return replace(suite, items=tuple(items), content_hash=digest)


def held_out_anchors(suite: Suite, folders: Sequence[Path]) -> list[Anchor]:
    """Return a team's own answers of known degree, never published, from `SUITE.anchors.jsonl` in the folders.

    Raises:
        SuiteError: a line is wrong, or names an item that is not the suite's.
    """
    problems: list[str] = []
    known = {item.id for item in suite.items}
    found = [one for folder in folders for one in _anchors(folder / f"{suite.name}.anchors.jsonl", known, problems)]
    _refuse(problems)
    return found


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        more = [f"… and {len(problems) - LISTED} more"] if len(problems) > LISTED else []
        raise SuiteError("\n".join([*problems[:LISTED], *more]))


def _text(path: Path) -> str:
    try:
        return read_text(path, LARGEST)
    except FileNotFoundError:
        raise SuiteError(f"{path}: missing; a suite has suite.md and items.jsonl") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(unread(path, error)) from error


def _front(folder: Path) -> tuple[_Front, str]:
    """Return the front matter and the rubric of `suite.md`."""
    path = folder / "suite.md"
    parts = _text(path).split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise SuiteError(f"{path}:1: must start with front matter between two lines of ---")
    above = parts[0] + "\n"  # so that lines are counted from the top of the file
    front = checked_yaml(above + parts[1], str(path), _Front, SuiteError, _words)
    if not parts[2].strip():
        raise SuiteError(f"{path}: the rubric is missing below the front matter")
    return front, parts[2].strip()


def _explained(error: ValidationError) -> Iterator[str]:
    for detail in error.errors():
        place = ".".join(str(part) for part in detail["loc"])
        yield f"{place + ': ' if place else ''}{_words(detail)}"


def _words(detail: Mapping[str, Any]) -> str:
    """Return what is wrong, in the same words for the front matter and for the lines of items and anchors."""
    return str(detail["msg"]).removeprefix("Value error, ")


def _lines(path: Path, problems: list[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and content of each line that holds a JSON object; others become problems."""
    for number, content in json_lines(_text(path)):
        if isinstance(content, str):
            problems.append(f"{path}:{number}: {content}")
        else:
            yield number, content


def _items(path: Path, suite: str, front: _Front, problems: list[str]) -> tuple[list[Item], list[int]]:
    """Return the items of a suite in a file, and where each stands."""
    items: list[Item] = []
    lines: list[int] = []
    places: dict[str, int] = {}
    for number, content in _lines(path, problems):
        place = f"{path}:{number}"
        try:
            item = _Line.model_validate(content).item(suite)
        except ValidationError as error:
            problems += [f"{place}: {words}" for words in _explained(error)]
            continue
        if item.id in places:
            problems.append(f"{place}: the id {item.id!r} stands already in {path}:{places[item.id]}")
        if front.contrast and item.variant not in front.contrast:
            problems.append(
                f"{place}: variant {item.variant!r} must be one of {front.contrast[0]!r}, {front.contrast[1]!r}"
            )
        if front.use_cases and item.use_case not in front.use_cases:
            problems.append(f"{place}: the use case {item.use_case!r} is not among those that suite.md names")
        places[item.id] = number
        items.append(item)
        lines.append(number)
    return items, lines


def _anchors(path: Path, known: set[str], problems: list[str]) -> list[Anchor]:
    if not path.exists():
        return []
    anchors = []
    for number, content in _lines(path, problems):
        place = f"{path}:{number}"
        try:
            line = _AnchorLine.model_validate(content)
        except ValidationError as error:
            problems += [f"{place}: {words}" for words in _explained(error)]
            continue
        if line.item not in known:
            problems.append(f"{place}: no item has the id {line.item!r}")
        anchors.append(Anchor(line.item, line.score, line.text))
    return anchors


def _torn_contrasts(
    path: Path, items: Sequence[Item], lines: Sequence[int], contrast: tuple[str, str]
) -> Iterator[str]:
    """Yield a problem for each contrast that lacks a variant, has one twice, or spans clusters or use cases."""
    sides: dict[str, list[tuple[int, Item]]] = {}
    for line, item in zip(lines, items, strict=True):
        sides.setdefault(item.contrast, []).append((line, item))
    for name, members in sides.items():
        place = f"{path}:{members[0][0]}"
        if sorted(item.variant for _, item in members) != sorted(contrast):
            yield f"{place}: the contrast {name!r} needs one item {contrast[0]!r} and one {contrast[1]!r}"
        if len({(item.cluster, item.use_case) for _, item in members}) != 1:
            yield f"{place}: the contrast {name!r} spans two clusters or use cases"


def _content_hash(folder: Path) -> str:
    total = hashlib.sha256()
    for name in ("suite.md", "items.jsonl", "anchors.jsonl"):
        path = folder / name
        content = path.read_bytes() if path.exists() else b""
        total.update(f"{name} {len(content)}\n".encode() + content)
    return total.hexdigest()
