"""Votes on pairs of answers, made in another tool and brought as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seatrial.errors import EvidenceError
from seatrial.formats.jsonl import json_lines
from seatrial.types import Observation, Role

__all__ = ["PREFERENCE", "Side", "Vote", "read_votes", "to_observations"]

PREFERENCE = "vibe/preference"

Side = Literal["left", "right", "tie"]
ALIASES: Mapping[str, tuple[str, ...]] = {
    "rater": ("rater", "worker", "annotator", "user", "rater_id", "worker_id"),
    "item": ("item", "id", "pair", "pair_id", "question_id"),
    "vote": ("vote", "winner", "choice", "preference", "label"),
    "left": ("left", "model_left", "model_a"),
    "right": ("right", "model_right", "model_b"),
    "prompt": ("prompt", "cluster", "question"),
}
NEEDED = ("rater", "item", "vote")
WORDS: Mapping[str, Side] = {
    "left": "left", "a": "left", "model_a": "left", "1": "left",
    "right": "right", "b": "right", "model_b": "right", "2": "right",
    "tie": "tie", "equal": "tie", "same": "tie", "both": "tie", "neither": "tie", "0": "tie", "draw": "tie",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's vote on one pair.

    Attributes:
        rater: Who voted.
        item: The pair.
        vote: Which side won, or neither.
        left: What stood on the left; empty where it is not known.
        right: What stood on the right.
        cluster: Pairs that stand or fall together, such as those of one prompt; the pair itself where none is named.
    """

    rater: str
    item: str
    vote: Side
    left: str = ""
    right: str = ""
    cluster: str = ""


def read_votes(path: Path, columns: Mapping[str, str] | None = None) -> list[Vote]:
    """Return the votes in a CSV or JSONL file, one a row.

    Args:
        path: The file.
        columns: What → name of the column, for what is not under a usual name: rater, item, vote, left, right, prompt.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, a vote is no side, or a rater voted twice on one pair.
    """
    rows = _rows(path)
    if not rows:
        raise EvidenceError(f"{path}: no votes")
    held = rows[0][1]
    names = {
        what: (columns or {}).get(what) or next((name for name in usual if name in held), "")
        for what, usual in ALIASES.items()
    }
    for what, name in names.items():
        if (what in NEEDED and not name) or (name and name not in held):
            raise EvidenceError(
                f"{path}: no column for the {what}; it has {', '.join(held)}. Name it with --column {what}=NAME"
            )
    votes = [_vote(f"{path}:{place}", row, names) for place, row in rows]
    seen: dict[tuple[str, str], int] = {}
    for (place, _), vote in zip(rows, votes, strict=True):
        first = seen.setdefault((vote.rater, vote.item), place)
        if first != place:
            raise EvidenceError(
                f"{path}:{place}: rater {vote.rater} voted on the pair {vote.item} in row {first} already. Keep one, "
                "or give the second look a pair of its own."
            )
    return votes


def _rows(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{path}: the votes cannot be read as UTF-8 text: {error}") from error
    if path.suffix.lower() == ".csv":
        rows = []
        reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise EvidenceError(f"{path}:{reader.line_num}: has not as many fields as the header")
                rows.append((reader.line_num, dict(row)))
        except csv.Error as error:
            raise EvidenceError(f"{path}:{reader.line_num}: not valid CSV: {error}") from error
        return list(rows)
    made: list[tuple[int, Mapping[str, str]]] = []
    for place, line in json_lines(content):
        if isinstance(line, str):
            raise EvidenceError(f"{path}:{place}: {line}; votes come as .csv or .jsonl, one a row")
        made.append((place, {name: "" if value is None else str(value) for name, value in line.items()}))
    return made


def _vote(place: str, row: Mapping[str, str], names: Mapping[str, str]) -> Vote:
    cell = {what: row.get(name, "").strip() if name else "" for what, name in names.items()}
    if not cell["rater"] or not cell["item"]:
        raise EvidenceError(f"{place}: the rater or the pair is missing")
    word = cell["vote"].casefold()
    sides = {cell["left"].casefold(): "left", cell["right"].casefold(): "right"} if cell["left"] else {}
    side = WORDS.get(word) or sides.get(word)
    if side is None:
        raise EvidenceError(
            f"{place}: the vote {cell['vote']!r} is no side; write left, right or tie (or a and b, or the model's name)"
        )
    chosen: Side = "left" if side == "left" else "right" if side == "right" else "tie"
    return Vote(cell["rater"], cell["item"], chosen, cell["left"], cell["right"], cell["prompt"] or cell["item"])


def to_observations(votes: Sequence[Vote], baseline: str, candidate: str, source: str = "") -> list[Observation]:
    """Return the votes between two models as observations of `vibe/preference`: 1 the preferred, 0 the other, ½ a tie.

    Votes on other models are left out. Pairs of one prompt share a cluster.

    Raises:
        EvidenceError: no vote compares the two.
    """
    made = []
    roles: dict[Role, str] = {"baseline": baseline, "candidate": candidate}
    for vote in votes:
        if {vote.left, vote.right} != {baseline, candidate} or baseline == candidate:
            continue
        for role, model in roles.items():
            value = 0.5 if vote.vote == "tie" else float((vote.left if vote.vote == "left" else vote.right) == model)
            item = f"{vote.item} by {vote.rater}"
            made.append(Observation(PREFERENCE, role, item, vote.cluster, 0, value, rater=vote.rater, source=source))
    if not made:
        models = sorted({vote.left for vote in votes} | {vote.right for vote in votes})
        raise EvidenceError(f"no vote compares {baseline} with {candidate}; there are {', '.join(models[:20])}")
    return made
