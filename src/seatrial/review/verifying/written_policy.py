"""Whether a policy's file says what was reviewed: paths may start elsewhere, and a prompt may stand in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from seatrial.errors import PolicyError
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.policy import LaunchPolicy, parse_policy

__all__ = ["ComparedPolicy", "compare_policy"]

PATHS = (
    *("model", "adapter", "task", "suites", "evidence", "records", "held_out", "labels", "scores"),
    *("baseline", "candidate"),
)
"""Fields that hold paths, or texts that end in one."""
RECORDED = ("transcripts", "scores")
"""Providers whose models are named by a path; any other's name is no path, whatever slashes it has."""
BUDGET = "budget calls"


@dataclass(frozen=True, slots=True)
class ComparedPolicy:
    """What was found.

    Attributes:
        differs: Where the file says something else, in sentences.
        told: What it does not say by itself, in sentences.
    """

    differs: tuple[str, ...]
    told: tuple[str, ...]


def compare_policy(text: str, reviewed: LaunchPolicy, name: str, folder: Path | None = None) -> ComparedPolicy:
    """Return where a policy as it is written differs from the one that was reviewed.

    Args:
        text: The file's content.
        reviewed: The policy that was reviewed, its paths absolute and its prompts read.
        name: What messages call the file.
        folder: From where its prompts are read, as they stand now; None where they are not at hand.

    Raises:
        PolicyError: the file holds no policy, or a prompt cannot be read.
    """
    differs, told = [], []
    for where, written, held in _different(
        parse_policy(text, name).model_dump(mode="json"), reviewed.model_dump(mode="json")
    ):
        if where.endswith(" system") and _names_a_file(written):
            if folder is not None:
                differs += _prompt(folder / written, held, f"{name}: {where}")
                continue
            told.append(f"{name}: {where} is the file {written}; its text at the time stands in evidence.json.")
        elif where == BUDGET:
            told.append(f"{name}: {where} is {written:,}, and the review ran with {held:,} (--budget).")
        else:
            differs.append(f"{name}: {where} is {_shown(written)}, and {_shown(held)} was reviewed.")
    return ComparedPolicy(tuple(differs), tuple(told))


def _prompt(path: Path, held: Any, where: str) -> list[str]:
    """Return that a prompt's file says something else now than was reviewed; nothing where it says the same.

    Raises:
        PolicyError: it cannot be read.
    """
    try:
        now = read_text(path).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the system prompt {unread(path, error)}") from error
    said = f"{where} is the file {path}, which says {_shown(now)}, and {_shown(held)} was reviewed."
    return [] if now == held else [said]


def _different(written: Any, held: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(written, Mapping) and isinstance(held, Mapping):
        for name in dict.fromkeys([*written, *held]):
            yield from _different(written.get(name), held.get(name), f"{where} {name}".strip())
    elif isinstance(written, list) and isinstance(held, list) and len(written) == len(held):
        for place, (one, other) in enumerate(zip(written, held, strict=True)):
            label = one.get("signal", place + 1) if isinstance(one, Mapping) else place + 1
            yield from _different(one, other, f"{where} {label}")
    elif written != held and not (_is_path(where) and _same_place(written, held)):
        yield where, written, held


def _is_path(where: str) -> bool:
    return any(word in PATHS for word in where.split())


def _same_place(written: Any, held: Any) -> bool:
    """Return whether a path is the other one from some folder on; of `PROVIDER/PATH` the provider is the same."""
    if not isinstance(written, str) or not isinstance(held, str):
        return False
    if held.startswith("/"):
        return held.endswith(f"/{PurePath(written)}")
    provider, slash, path = written.partition("/")
    names_a_path = bool(slash) and provider in RECORDED
    return names_a_path and held.startswith(f"{provider}/") and held.endswith(f"/{PurePath(path)}")


def _names_a_file(text: Any) -> bool:
    return isinstance(text, str) and text.endswith((".md", ".txt")) and not any(map(str.isspace, text))


def _shown(value: Any) -> str:
    return "left out" if value is None else f"{value!r:.120}"
