"""Both models' answers to the conversations of a replay: asked in portions, and kept in a file until they are weighed.

A replay asks for millions of answers and looks at each a few times, in the order in which it asked. So memory holds
where each one is, and none of their text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.collect import Ask
from seatrial.collect.answer_files import reason
from seatrial.collect.answer_lines import Answer, answer_of, entry_of, line_of
from seatrial.errors import StoreError
from seatrial.evidence.replay.hands import Hands
from seatrial.formats.temporary_lines import TemporaryLines
from seatrial.policy import LaunchPolicy
from seatrial.replies import why
from seatrial.types import ROLES, Item, Request, Response, Role

__all__ = ["PORTION", "Anew", "KeptAnswers", "answered_anew"]

PORTION = 5_000
"""Conversations that both models are asked about before their answers leave memory."""
TOKENS = 512
"""Longest answer, unless the policy sets another."""


class KeptAnswers(Mapping[str, Response]):
    """One side's answers by conversation, in a temporary file that ends with them."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a file of a folder, which need not have a name there.

        Raises:
            StoreError: it cannot be made.
        """
        self._folder = folder
        self._places: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lines = TemporaryLines(folder)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {reason(error)}") from error

    def keep(self, response: Response) -> None:
        """Keep one.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            self._places[response.item] = self._lines.write(line_of("", "", Answer(response, None)))
        except OSError as error:
            raise StoreError(
                f"{self._folder}: {reason(error)}. What was answered is kept; make room and run the same command again."
            ) from error

    def __getitem__(self, item: str) -> Response:
        """Return the answer to a conversation.

        Raises:
            KeyError: there is none.
            StoreError: it cannot be read again.
        """
        place = self._places[item]
        try:
            return answer_of(entry_of(self._lines.read(place)), "").response
        except (OSError, ValueError) as error:
            raise StoreError(f"{self._folder}: an answer kept there cannot be read again: {reason(error)}") from error

    def __contains__(self, item: object) -> bool:
        """Return whether a conversation was answered, without reading the answer."""
        return item in self._places

    def __iter__(self) -> Iterator[str]:
        """Iterate over the conversations, in the order in which they were answered."""
        return iter(self._places)

    def __len__(self) -> int:
        """Return how many were answered."""
        return len(self._places)


@dataclass(frozen=True)
class Anew:
    """What came of asking both models anew.

    Attributes:
        answers: Role → answers by conversation.
        unanswered: (role, why it did not answer) → conversations.
    """

    answers: Mapping[Role, Mapping[str, Response]]
    unanswered: Counter[tuple[str, str]]


async def answered_anew(hands: Hands, policy: LaunchPolicy, items: Sequence[Item], folder: Path) -> Anew:
    """Have both models answer conversations.

    Args:
        hands: Who asks.
        policy: The models.
        items: The conversations.
        folder: Where the answers are kept until they are weighed, in files without names.

    Raises:
        SeatrialError: a model cannot be used, or something cannot be kept.
    """
    answers = {role: KeptAnswers(folder) for role in ROLES}
    unanswered: Counter[tuple[str, str]] = Counter()
    longest = {role: _tokens(policy, role) for role in ROLES}
    for start in range(0, len(items), PORTION):
        portion = items[start : start + PORTION]
        batch = await hands.collect([Ask(role, Request(item, 0, longest[role])) for item in portion for role in ROLES])
        unanswered.update((one.role, one.reason) for one in batch.failures)
        for role, response in batch.responses:
            if response.no_answer:
                unanswered[role, why(response.no_answer, whose=f"the {role}").reason] += 1
            else:
                answers[role].keep(response)
    return Anew(dict(answers), unanswered)


def _tokens(policy: LaunchPolicy, role: Role) -> int:
    spec = policy.baseline if role == "baseline" else policy.candidate
    return spec.generation.max_tokens or TOKENS
