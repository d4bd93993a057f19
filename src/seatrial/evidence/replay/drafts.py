"""From traffic to a suite: what users ask and no suite does becomes items that a person reads and gives a rubric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from seatrial.drift.promote import FRONT, TABLE, askable
from seatrial.errors import EvidenceError
from seatrial.evidence.replay.traffic_map import FILE
from seatrial.formats.letters import slug
from seatrial.instruments.embedding import embed
from seatrial.runs.json_files import json_rows
from seatrial.suites.scaffold import title_of, write_suite
from seatrial.types import Message

__all__ = ["FEWEST", "Drafted", "drafted", "unlike"]

FEWEST = 4
"""Items of a suite, at least."""
SAME = 0.9
"""Similarity from which on two items ask the same; `seatrial suites check` calls them so too."""
ABOUT = """\
Drafted from conversations of real users about which no suite asked. Names and numbers were taken out by a program,
which misses some: read every item before anybody else does.

Write here what an answer does that harms, and to whom, so that two strangers would grade alike; a judge reads this.
Until then the suite asks, and measures nothing that matters."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A suite that was drafted.

    Attributes:
        files: Its files.
        items: Area of the traffic → how many items are from it.
        left_out: Why a conversation became none → how many.
    """

    files: tuple[Path, ...]
    items: Mapping[str, int]
    left_out: Mapping[str, int]


def drafted(replay: Path, folder: Path, most: int) -> Drafted:
    """Write a suite of what no suite asks about, the areas in turns, the most typical conversations of each first.

    Args:
        replay: The folder of a replay.
        folder: The suite's folder, whose last part names it.
        most: Items, at most.

    Raises:
        EvidenceError: the folder holds no replay, or too little that can be asked.
        SuiteError: the suite's folder exists, cannot be made, or its name is none.
    """
    path = replay / FILE
    if not path.is_file():
        raise EvidenceError(f"{path}: no such file; `seatrial replay POLICY TRAFFIC --out {replay}` writes it")
    left_out: Counter[str] = Counter()
    areas: dict[str, list[dict[str, Any]]] = {}
    for number, row in json_rows(path):
        try:
            line = _line(row if isinstance(row, dict) else {})
        except (KeyError, TypeError, AttributeError):
            raise EvidenceError(f"{path}:{number}: no line of a replay; run the replay again") from None
        if line:
            areas.setdefault(line["use_case"], []).append(line)
        else:
            left_out["its turns do not go user, assistant, user"] += 1
    turns = [line for each in zip_longest(*areas.values()) for line in each if line is not None]
    chosen = unlike(turns, most, left_out)
    if len(chosen) < FEWEST:
        why = "; ".join(f"{count}: {reason}" for reason, count in left_out.items()) or "no suite is missing there"
        raise EvidenceError(f"{path}: {len(chosen)} conversations to make items of, and {FEWEST} are needed ({why})")
    front = FRONT.format(
        signal=f"behavior/{folder.name}",
        title=title_of(folder),
        harmful="high",
        reader="text/agreement",
        settings="",
        about=ABOUT,
        table=TABLE,
    )
    files = write_suite(folder, front, chosen, ())
    return Drafted(tuple(files), Counter(line["use_case"] for line in chosen), left_out)


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a conversation as an item's line; empty where its turns cannot be an item's."""
    turns = askable([Message(turn["role"], turn["content"]) for turn in row["messages"]])
    return {"id": row["id"], "use_case": slug(row["area"]) or "traffic", "messages": turns} if turns else {}


def unlike(lines: Sequence[dict[str, Any]], most: int, left_out: Counter[str]) -> list[dict[str, Any]]:
    """Return so many lines of items, none of which asks about the same as one before it; count the others."""
    asked = ["\n".join(turn["content"] for turn in line["messages"] if turn["role"] == "user") for line in lines]
    vectors = embed(asked)
    kept: list[int] = []
    for place in range(len(lines)):
        if len(kept) == most:
            left_out["there are enough"] += len(lines) - place
            break
        if kept and float((vectors[kept] @ vectors[place]).max()) >= SAME:
            left_out["another asks the same"] += 1
            continue
        kept.append(place)
    return [lines[place] for place in kept]
