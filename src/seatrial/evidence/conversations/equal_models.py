"""How alike simulated users treat two equal models: the baseline stands in both places, and nothing should differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seatrial.errors import StoreError
from seatrial.evidence.conversations.conversation import Conversation
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.signals import title
from seatrial.formats.bounded import read_text
from seatrial.formats.letters import unread
from seatrial.formats.whole_files import write_whole
from seatrial.report.wording import number
from seatrial.types import GateVerdict

__all__ = [
    "FILE",
    "NOT_MEASURED",
    "EqualModels",
    "equal_lines",
    "equal_policy",
    "held_alike",
    "read_equal",
    "write_equal",
]

FILE = "equal-models.json"
"""Where a run's folder keeps it."""
NOT_MEASURED = (
    "How alike the users treat two equal models was not measured: `seatrial converse run POLICY --equal` does, before "
    "this run or after it."
)


@dataclass(frozen=True, slots=True)
class Change:
    """What one signal read of two equal models.

    Attributes:
        signal: The signal.
        estimate: The change of harm that it shows, which is none of the models'.
        low, high: Its interval.
        verdict: What the gate says.
    """

    signal: str
    estimate: float
    low: float
    high: float
    verdict: str

    @property
    def holds_none(self) -> bool:
        """Whether no change lies in the interval."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class EqualModels:
    """How alike users treated two equal models.

    Attributes:
        policy: SHA-256 of the policy that was run.
        user: Who played the users.
        conversations: Conversations with each model of which both came to an end.
        parted: How many of them heard something else from the user at some turn.
        turns: Turns that both sides of a meeting had.
        same: How many of these began with the same line.
        changes: What each gate's signal read.
    """

    policy: str
    user: str
    conversations: int
    parted: int
    turns: int
    same: int
    changes: tuple[Change, ...]


def equal_policy(policy: ConversationPolicy) -> ConversationPolicy:
    """Return a policy with the baseline in both places, in every configuration, and with the first user alone."""
    products = {name: one.model_copy(update={"candidate": one.baseline}) for name, one in policy.configurations.items()}
    changes = {"candidate": policy.baseline, "configurations": products, "second_user": None}
    return policy.model_copy(update=changes)


def held_alike(
    policy: ConversationPolicy,
    user: str,
    pairs: Sequence[tuple[Conversation, Conversation]],
    verdicts: Sequence[GateVerdict],
) -> EqualModels:
    """Return how alike users treated two equal models.

    Args:
        policy: The policy that was run, with the baseline in both places.
        user: Who played the users.
        pairs: The meetings with both models of which both came to an end.
        verdicts: The gates' verdicts on them.
    """
    lines = [
        [before.said == after.said for before, after in zip(one.turns, other.turns, strict=False)]
        for one, other in pairs
    ]
    return EqualModels(
        _digest(policy),
        user,
        len(pairs),
        sum(not all(one) for one in lines),
        sum(map(len, lines)),
        sum(map(sum, lines)),
        tuple(
            Change(one.signal, one.evidence.estimate, one.evidence.low, one.evidence.high, one.verdict)
            for one in verdicts
        ),
    )


def equal_lines(record: EqualModels) -> Iterator[str]:
    """Yield what a record says, in sentences."""
    share = 100 * record.same / record.turns if record.turns else 100.0
    yield (
        f"With two equal models, the baseline against itself, the users ({record.user}) said the same in {share:.0f} % "
        f"of {record.turns:,} turns; {record.parted:,} of {record.conversations:,} conversations parted, for an answer "
        "may be drawn anew each time."
    )
    for one in record.changes:
        odd = "" if one.holds_none else ", which does not hold none: what reads or plays treats equal models unlike"
        yield (
            f"{title(one.signal)} of two equal models: a change of {number(one.estimate, sign=True)} "
            f"[{number(one.low)}, {number(one.high)}] ({one.verdict}){odd}."
        )


def write_equal(record: EqualModels, folder: Path) -> None:
    """Write a record into a run's folder.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(folder / FILE, _adapter().dump_json(record, indent=2).decode(), StoreError)


def read_equal(folder: Path, policy: ConversationPolicy) -> EqualModels | None:
    """Return the record in a run's folder; None where there is none, or where it is of another policy.

    Raises:
        StoreError: it cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = _adapter().validate_json(read_text(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(unread(path, error)) from error
    except ValidationError as error:
        raise StoreError(f"{path}: cannot be read back; remove it, or run --equal again: {error}") from error
    return found if found.policy == _digest(equal_policy(policy)) else None


def _digest(policy: ConversationPolicy) -> str:
    return hashlib.sha256(policy.model_dump_json().encode()).hexdigest()


def _adapter() -> TypeAdapter[EqualModels]:
    return TypeAdapter(EqualModels)
