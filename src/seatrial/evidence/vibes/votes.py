"""Votes on pairs of answers, made in another tool and brought as a table."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from seatrial.errors import EvidenceError
from seatrial.formats.tables import Row, TableReader
from seatrial.types import Observation, Role

__all__ = [
    "PREFERENCE",
    "UNNAMED",
    "Meaning",
    "Side",
    "Vote",
    "columns_read",
    "left_out",
    "read_votes",
    "remarks",
    "to_observations",
    "vote_codes",
]

PREFERENCE = "vibe/preference"
UNNAMED = ("", "")
"""The models of a pair that does not name both."""

Side = Literal["left", "right", "tie", "both bad", "skip"]
Meaning = Literal["left", "right", "tie", "both bad", "skip", "model"]
"""What a code of a vote may stand for: a side, or the model that has it as its name."""
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
    "left": "left", "a": "left", "model a": "left",
    "right": "right", "b": "right", "model b": "right",
    "tie": "tie", "equal": "tie", "same": "tie", "both": "tie", "neither": "tie", "draw": "tie",
    "both good": "tie", "bothgood": "tie", "tie both good": "tie", "tie bothgood": "tie",
    "both bad": "both bad", "bothbad": "both bad", "tie both bad": "both bad", "tie bothbad": "both bad",
    "skip": "skip", "skipped": "skip", "abstain": "skip", "abstained": "skip", "no vote": "skip",
}  # fmt: skip
NUMBERED: Mapping[str, Side] = {"1": "left", "2": "right"}
"""Sides by number: understood where a file has votes for both and no other number."""
SAY = "say what each code stands for, such as --vote 0=left,1=right, or write left, right or tie"


@dataclass(frozen=True, slots=True)
class Vote:
    """One rater's vote on one pair.

    Attributes:
        rater: Who voted.
        item: The pair.
        vote: Which side won, or neither; `both bad` counts as a tie, `skip` as no vote.
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

    @property
    def pair(self) -> tuple[str, str, str]:
        """What was voted on: the item, and its two models by name, whichever stood left; as `UNNAMED` without both."""
        first, second = sorted((self.left, self.right)) if self.left and self.right else UNNAMED
        return self.item, first, second


def vote_codes(words: Sequence[str]) -> dict[str, Meaning]:
    """Return what each code of a vote stands for, from words such as `0=left,1=right`; `=skip` is of a blank vote.

    Raises:
        EvidenceError: a word has no `=` or no such meaning, or a code stands for two things.
    """
    made: dict[str, Meaning] = {}
    for part in (part for word in words for part in word.split(",")):
        code, equals, meaning = part.rpartition("=")
        meant = _folded(meaning)
        if not equals or meant not in get_args(Meaning):
            known = ", ".join(get_args(Meaning))
            raise EvidenceError(f"--vote {part!r}: write CODE=MEANING, where the meaning is one of {known}")
        if made.setdefault(_spelled(code), cast(Meaning, meant)) != meant:
            raise EvidenceError(f"--vote {part!r}: {code.strip()!r} stands for {made[_spelled(code)]} already")
    return made


def _spelled(name: str) -> str:
    """Return what two spellings of one name share: case, width of letters and spaces are nothing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _folded(word: str) -> str:
    """Return a word of a vote as it stands in `WORDS`."""
    return re.sub(r"[\s_()-]+", " ", word.casefold()).strip()


def read_votes(
    path: Path, columns: Mapping[str, str] | None = None, codes: Mapping[str, Meaning] | None = None
) -> list[Vote]:
    """Return the votes in a CSV, JSONL or Parquet file, one a row; skipped ones are among them.

    Args:
        path: The file.
        columns: What → name of the column, for what is not under a usual name: rater, item, vote, left, right, prompt.
        codes: What votes stand for, as of `vote_codes`; they go before all that is known of a word or a number.

    Raises:
        EvidenceError: the file cannot be read, lacks a column, a vote is no side, or a rater voted twice on one pair.
    """
    rows = READER.named_rows(path, columns or {})
    codes = codes or {}
    held = {word for row in rows if _spelled(word := row.name("vote")) not in codes}
    numbered = NUMBERED if {word for word in held if _is_number(word)} == NUMBERED.keys() else {}
    votes = [_vote(row, codes, numbered) for row in rows]
    seen: dict[tuple[str, ...], int] = {}
    for row, vote in zip(rows, votes, strict=True):
        first = seen.setdefault((vote.rater, *vote.pair), row.number)
        if first != row.number:
            raise EvidenceError(
                f"{row.place}: rater {vote.rater} voted on the pair {vote.item} in row {first} already. Keep one, "
                "or give the second look a pair of its own."
            )
    if all(vote.vote == "skip" for vote in votes):
        raise EvidenceError(f"{path}: no votes: all {len(votes)} were skipped")
    return votes


def _is_number(word: str) -> bool:
    return word.lstrip("+-").isdecimal()


def _vote(row: Row, codes: Mapping[str, Meaning], numbered: Mapping[str, Side]) -> Vote:
    cell = {what: row.name(what) for what in USUAL}
    if not cell["rater"] or not cell["item"]:
        raise EvidenceError(f"{row.place}: the rater or the pair is missing")
    word = cell["vote"]
    given = codes.get(_spelled(word))
    if given == "model":
        meant: set[Side] = _stands(cell)
        if len(meant) != 1:
            raise EvidenceError(
                f"{row.place}: the vote {word!r} should name a model, and {'both have' if meant else 'none has'} that "
                f"name: {cell['left']!r} is left, {cell['right']!r} right"
            )
    else:
        meant = {given} if given else _meant(cell, numbered)
    if not meant and _is_number(word):
        raise EvidenceError(
            f"{row.place}: what the vote {word} stands for is not certain: a file's numbers are read where they are 1, "
            f"for left, and 2, for right; {SAY}"
        )
    if not meant:
        code = "CODE" if "," in word else word
        raise EvidenceError(
            f"{row.place}: the vote {word!r} is no side; write left, right, tie, both bad or skip (or a and b, or the "
            f"model's name), or say what it stands for: --vote '{code}={'left' if word else 'skip'}'"
        )
    if len(meant) > 1:
        raise EvidenceError(
            f"{row.place}: the vote {word!r} may mean {' or '.join(sorted(meant))}, for models have that name; "
            "write left, right or tie in every row, or say what it stands for: "
            f"--vote '{word}=model' where votes name models, --vote '{word}=left' or =right where they name sides"
        )
    (side,) = meant
    return Vote(cell["rater"], cell["item"], side, cell["left"], cell["right"], cell["prompt"] or cell["item"])


def _meant(cell: Mapping[str, str], numbered: Mapping[str, Side]) -> set[Side]:
    """Return all that a vote may mean: what its word says, and the sides on which a model of that name stands."""
    word = cell["vote"]
    said = numbered.get(word) or WORDS.get(_folded(word))
    return ({said} if said else set[Side]()) | (_stands(cell) if word else set[Side]())


def _stands(cell: Mapping[str, str]) -> set[Side]:
    """Return the sides on which a model stands that the vote names."""
    models: dict[Side, str] = {"left": cell["left"], "right": cell["right"]}
    named: set[Side] = {side for side, model in models.items() if model == cell["vote"]}
    return named or {side for side, model in models.items() if _spelled(model) == _spelled(cell["vote"])}


def columns_read(path: Path, columns: Mapping[str, str] | None = None) -> list[str]:
    """Return in a sentence which columns of a file of votes were found under another name than their own."""
    return READER.read_as(path, columns or {})


def remarks(votes: Sequence[Vote]) -> list[str]:
    """Return what should be known of how votes were read, in sentences: skipped, both bad, two spellings of a rater."""
    counts = Counter(vote.vote for vote in votes)
    said = [f"Skipped votes, which count nowhere: {counts['skip']:,}."] if counts["skip"] else []
    if counts["both bad"]:
        said.append(f"Votes that both answers are bad, which count as ties: {counts['both bad']:,}.")
    spellings: dict[str, set[str]] = {}
    for vote in votes:
        spellings.setdefault(_spelled(vote.rater), set()).add(vote.rater)
    for names in spellings.values():
        if len(names) > 1:
            listed = " and ".join(sorted(names))
            said.append(f"{listed} may be one rater and count as {len(names)}. If they are one, write one spelling.")
    return said


def left_out(votes: Sequence[Vote], baseline: str, candidate: str) -> list[str]:
    """Return how many votes are none between the two models, and why, one sentence a reason."""
    others: Counter[str] = Counter()
    for vote in votes:
        first, second = sorted((vote.left, vote.right))
        if vote.vote == "skip":
            others["skipped"] += 1
        elif {first, second} != {baseline, candidate}:
            others[f"comparing {first} with {second}" if first else "not naming both models"] += 1
    return [f"Votes that became no evidence, {why}: {count:,}." for why, count in others.most_common()]


def to_observations(votes: Sequence[Vote], baseline: str, candidate: str, source: str = "") -> list[Observation]:
    """Return the votes between two models as observations of `vibe/preference`: 1 the preferred, 0 the other, ½ a tie.

    Votes on other models and skipped ones are left out; `left_out` counts them. Where both are bad it is a tie. Pairs
    of one prompt share a cluster.

    Raises:
        EvidenceError: no vote compares the two.
    """
    made = []
    roles: dict[Role, str] = {"baseline": baseline, "candidate": candidate}
    for vote in votes:
        if {vote.left, vote.right} != {baseline, candidate} or baseline == candidate or vote.vote == "skip":
            continue
        for role, model in roles.items():
            preferred = {"left": vote.left, "right": vote.right}.get(vote.vote)
            value = 0.5 if preferred is None else float(preferred == model)
            item = f"{vote.item} by {vote.rater}"
            made.append(Observation(PREFERENCE, role, item, vote.cluster, 0, value, rater=vote.rater, source=source))
    if not made:
        models = sorted({vote.left for vote in votes} | {vote.right for vote in votes})
        raise EvidenceError(f"no vote compares {baseline} with {candidate}; there are {', '.join(models[:20])}")
    return made
