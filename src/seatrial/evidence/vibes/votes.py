"""Votes on pairs of answers, made in another tool and brought as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seatrial.errors import EvidenceError
from seatrial.formats.tables import Row, TableReader
from seatrial.types import Observation, Role

__all__ = ["PREFERENCE", "Side", "Vote", "columns_read", "left_out", "read_votes", "to_observations"]

PREFERENCE = "vibe/preference"

Side = Literal["left", "right", "tie"]
USUAL = {
    "rater": ("rater", "worker", "annotator", "user", "rater_id", "worker_id"),
    "item": ("item", "id", "pair", "pair_id", "question_id"),
    "vote": ("vote", "winner", "choice", "preference", "label"),
    "left": ("left", "model_left", "model_a"),
    "right": ("right", "model_right", "model_b"),
    "prompt": ("prompt", "cluster", "question"),
}
READER = TableReader("votes", EvidenceError, USUAL, ("rater", "item", "vote"))
WORDS: Mapping[str, Side] = {
    "left": "left", "a": "left", "model_a": "left",
    "right": "right", "b": "right", "model_b": "right",
    "tie": "tie", "equal": "tie", "same": "tie", "both": "tie", "neither": "tie", "draw": "tie",
}  # fmt: skip
NUMBERED: Mapping[str, Side] = {"1": "left", "2": "right"}
"""Sides by number: understood where a file has votes for both and no other number."""


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
    """Return the votes in a CSV, JSONL or Parquet file, one a row.

    Args:
        path: The file.
        columns: What → name of the column, for what is not under a usual name: rater, item, vote, left, right, prompt.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, a vote is no side, or a rater voted twice on one pair.
    """
    rows = READER.named_rows(path, columns or {})
    numbers = {word for row in rows if (word := row.name("vote")).lstrip("+-").isdecimal()}
    words = {**WORDS, **NUMBERED} if numbers == NUMBERED.keys() else WORDS
    votes = [_vote(row, words) for row in rows]
    seen: dict[tuple[str, str], int] = {}
    for row, vote in zip(rows, votes, strict=True):
        first = seen.setdefault((vote.rater, vote.item), row.number)
        if first != row.number:
            raise EvidenceError(
                f"{row.place}: rater {vote.rater} voted on the pair {vote.item} in row {first} already. Keep one, "
                "or give the second look a pair of its own."
            )
    return votes


def _vote(row: Row, words: Mapping[str, Side]) -> Vote:
    cell = {what: row.name(what) for what in USUAL}
    if not cell["rater"] or not cell["item"]:
        raise EvidenceError(f"{row.place}: the rater or the pair is missing")
    meant = _meant(cell, words)
    if not meant and cell["vote"].lstrip("+-").isdecimal():
        raise EvidenceError(
            f"{row.place}: what the vote {cell['vote']} stands for is not certain: a file's numbers are read where "
            "they are 1, for left, and 2, for right; write left, right or tie"
        )
    if not meant:
        raise EvidenceError(
            f"{row.place}: the vote {cell['vote']!r} is no side; write left, right or tie (or a and b, or the model's "
            "name)"
        )
    if len(meant) > 1:
        raise EvidenceError(
            f"{row.place}: the vote {cell['vote']!r} may mean {' or '.join(sorted(meant))}, for models have that name; "
            "write left, right or tie in every row"
        )
    (side,) = meant
    return Vote(cell["rater"], cell["item"], side, cell["left"], cell["right"], cell["prompt"] or cell["item"])


def _meant(cell: Mapping[str, str], words: Mapping[str, Side]) -> set[Side]:
    """Return all that a vote may mean: what its word says, and the sides on which a model of that name stands."""
    models: dict[Side, str] = {"left": cell["left"], "right": cell["right"]}
    word = cell["vote"].casefold()
    meant = {words[word]} if word in words else set[Side]()
    if not word:
        return meant
    named: set[Side] = {side for side, model in models.items() if model == cell["vote"]}
    return meant | (named or {side for side, model in models.items() if model.casefold() == word})


def columns_read(path: Path, columns: Mapping[str, str] | None = None) -> list[str]:
    """Return in a sentence which columns of a file of votes were found under another name than their own."""
    return READER.read_as(path, columns or {})


def left_out(votes: Sequence[Vote], baseline: str, candidate: str) -> list[str]:
    """Return how many votes are none between the two models, and why, one sentence a reason."""
    others: Counter[str] = Counter()
    for vote in votes:
        first, second = sorted((vote.left, vote.right))
        if {first, second} != {baseline, candidate}:
            others[f"compare {first} with {second}" if first else "do not name both models"] += 1
    return [f"{count:,} votes became no evidence: they {why}." for why, count in others.most_common()]


def to_observations(votes: Sequence[Vote], baseline: str, candidate: str, source: str = "") -> list[Observation]:
    """Return the votes between two models as observations of `vibe/preference`: 1 the preferred, 0 the other, ½ a tie.

    Votes on other models are left out; `left_out` counts them. Pairs of one prompt share a cluster.

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
