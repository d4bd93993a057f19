"""Which column of a log holds what, and what its thumbs and arms mean: as told, else where only one guess is left.

Every guess is told. Where two readings are possible the log is refused, with what to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatrial.errors import EvidenceError
from seatrial.formats.tables import TableReader, listed

__all__ = ["READER", "Arms", "Codes", "arms_of", "codes_of", "told_columns"]

READER = TableReader(
    "feedback logs",
    EvidenceError,
    {
        "user": ("user", "user_id", "userid", "uid", "account", "account_id", "member_id"),
        "arm": ("arm", "variant", "variation", "treatment_arm", "experiment_arm", "experiment_group"),
        "thumb": ("thumb", "thumbs", "vote", "feedback", "rating", "reaction"),
        "conversation": ("conversation", "conversation_id", "chat_id", "session_id", "thread_id", "message_id"),
        "time": ("time", "timestamp", "created_at", "started_at", "at", "ts", "date"),
        "voted": ("voted", "voted_at", "vote_time", "feedback_at", "rated_at"),
        "use-case": ("use_case", "usecase", "use case", "topic", "category", "intent"),
        "benefit": ("benefit",),
        "prompt": ("prompt", "question"),
        "completion": ("completion", "answer", "response"),
    },
    ("user", "arm", "thumb"),
    "no column for the {what}; it has {held}. Name it with --{what} NAME",
)
"""Reads the rows; what is looked for stands in its `usual`."""

UP = ("up", "thumbs_up", "thumbs-up", "thumbs up", "thumbsup", "thumb_up", "upvote", "like", "liked", "positive", "👍")
DOWN = (
    "down",
    "thumbs_down",
    "thumbs-down",
    "thumbs down",
    "thumbsdown",
    "thumb_down",
    "downvote",
    "dislike",
    "disliked",
    "negative",
    "👎",
)
NONE = ("none", "null", "nan", "na", "n/a", "no vote", "no_vote", "neutral", "-")
PAIRS = (("baseline", "candidate"), ("control", "treatment"))
"""Names of arms that say themselves which is which."""
CALLED = {"use-case": "use case", "voted": "time of the vote"}
"""How what is looked for is called in sentences, where that is not its own name."""
MOST = 50
"""Different thumbs or arms from which on a column holds something else."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What a thumb is written as; all in small letters. A blank cell is no vote.

    Attributes:
        up: Words for a thumb up.
        down: Words for a thumb down.
        none: Words for no vote.
        told: How they were guessed, in a sentence; empty where they were given or say it themselves.
    """

    up: tuple[str, ...]
    down: tuple[str, ...]
    none: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Arms:
    """What the two arms are called in the log.

    Attributes:
        baseline: What users have now.
        candidate: What is to be shipped.
        told: How they were guessed, in a sentence; empty where they were given.
    """

    baseline: str
    candidate: str
    told: str = ""


def told_columns(place: str, names: Mapping[str, str], mapped: Mapping[str, str]) -> list[str]:
    """Return one sentence that says which columns were found under another name than their own, if any were."""
    others = [
        f"{name!r} as the {CALLED.get(what, what)}"
        for what, name in names.items()
        if what not in mapped and name != READER.usual[what][0]
    ]
    return [f"{place}: read {', '.join(others)}."] if others else []


def codes_of(place: str, column: str, counts: Mapping[str, tuple[int, int]], given: Sequence[str]) -> Codes:
    """Return what the thumbs in a column mean.

    Args:
        place: The file, for messages.
        column: The column.
        counts: Word, in small letters → rows that hold it and the first of them; without blank cells.
        given: `up=CODE`, `down=CODE` and `none=CODE` of the options; empty where it is to be guessed.

    Raises:
        EvidenceError: they can be read in more than one way, or a word has no meaning; says what to write.
    """
    if given:
        codes = _given(place, given)
    elif set(counts) <= {"1", "-1", "0"} and "-1" in counts:
        codes = Codes(("1",), ("-1",), ("0",), "Thumbs: 1 was read as up, −1 as down and 0 as no vote.")
    else:
        codes = Codes(UP, DOWN, NONE)
    strange = [word for word in counts if word not in {*codes.up, *codes.down, *codes.none}]
    if strange:
        shown = listed(
            f"{word!r} (rows: {counts[word][0]:,}, the first is row {counts[word][1]:,})" for word in strange
        )
        raise EvidenceError(
            f"{place}: what these thumbs in {column!r} mean is not sure: {shown}. Say what each code is, e.g. --thumb "
            f"{_example(list(counts), codes, strange)}"
        )
    return codes


def _example(words: Sequence[str], codes: Codes, strange: Sequence[str]) -> str:
    """Return a mapping as it may be meant, for a message: what is known as it is, and the rest as it is most likely."""
    for first, last in (("1", "0"), ("true", "false"), ("yes", "no")):
        if set(words) <= {first, last}:
            return f"up={first},down={last}, or --thumb up={first},none={last} where {last} is no vote"
    known = [f"up={word}" for word in words if word in codes.up]
    known += [f"down={word}" for word in words if word in codes.down]
    known += [f"none={word}" for word in words if word in codes.none]
    if known:
        return ",".join([*known, *(f"none={word}" for word in strange)]) + ", where what is no vote is none"
    places = ("up", "down", "none")
    return ",".join(f"{places[min(place, 2)]}={word}" for place, word in enumerate(strange[:3])) + ", as you know them"


def _given(place: str, given: Sequence[str]) -> Codes:
    held: dict[str, list[str]] = {"up": [], "down": [], "none": []}
    for word in given:
        name, _, value = word.partition("=")
        if name.strip() not in held or not value.strip():
            raise EvidenceError(f"--thumb {word!r}: write up=CODE, down=CODE or none=CODE, with commas between them")
        held[name.strip()].append(value.strip().casefold())
    codes = [one for many in held.values() for one in many]
    twice = next((one for one in codes if codes.count(one) > 1), None)
    if twice is not None:
        raise EvidenceError(f"{place}: --thumb gives {twice!r} two meanings; give it one")
    if not held["up"]:
        raise EvidenceError(f"{place}: --thumb does not say what up is; write up=CODE")
    return Codes(tuple(held["up"]), tuple(held["down"]), tuple(held["none"]))


def arms_of(place: str, counts: Mapping[str, int], baseline: str, candidate: str) -> Arms:
    """Return which arm is which.

    Args:
        place: The file, for messages.
        counts: Name of each arm → its rows; without blank cells.
        baseline: As the options name it, or empty.
        candidate: The same.

    Raises:
        EvidenceError: it is not said and the names do not say it, or both are one.
    """
    if baseline and candidate:
        if baseline == candidate:
            raise EvidenceError(f"{place}: --baseline and --candidate are both {baseline!r}; name two arms")
        return Arms(baseline, candidate)
    plain = {name.casefold(): name for name in counts}
    for pair in PAIRS:
        if not baseline and not candidate and plain and set(plain) <= set(pair):
            first, second = (plain.get(name, name) for name in pair)
            return Arms(first, second, f"Arms: {first!r} was read as the baseline and {second!r} as the candidate.")
    shown = listed(f"{name!r} ({rows:,} rows)" for name, rows in counts.items()) if counts else "none"
    raise EvidenceError(
        f"{place}: which arm is which? The arms are {shown}. Say it with --baseline NAME --candidate NAME"
    )
