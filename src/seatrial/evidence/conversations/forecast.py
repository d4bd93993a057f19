"""What conversations take, before the first is held: tokens in grow with the square of the turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatrial.evidence.conversations.conversation import Meeting
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.run import turns_of
from seatrial.policy import ModelSpec
from seatrial.types import ROLES, Role

__all__ = ["TOKENS_PER_WORD", "Forecast", "Taken", "forecast", "tokens_in"]

TOKENS_PER_WORD = 1.35
"""Of English chat text, on the tokenizers of current models; a bound on calls, not a bill."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one model takes at most.

    Attributes:
        calls: Calls.
        tokens_in, tokens_out: Tokens, if every conversation takes all turns and every answer is as long as it may be.
        longest: Tokens of the longest conversation, which the model's context must hold.
        cost: US dollars, where the policy has prices; without a discount for what a server keeps from call to call.
    """

    calls: int
    tokens_in: int
    tokens_out: int
    longest: int
    cost: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run takes at most.

    Attributes:
        personas: Personas that talk.
        conversations: Conversations with each model.
        left_out: Conversations with each model that the budget does not reach.
        taken: Role → what the model takes.
        users: Who play the users, each of whom takes all of it.
    """

    personas: int
    conversations: int
    left_out: int
    taken: Mapping[Role, Taken]
    users: int = 1


def tokens_in(turns: int, line: float, answer: float, before: float = 0.0) -> float:
    """Return the tokens that all calls of a conversation send: each sends all that was said before it.

    Args:
        turns: Turns.
        line: Tokens of a line of the user.
        answer: Tokens of an answer.
        before: Tokens that come before every conversation: system prompt and examples.
    """
    return turns * before + line * turns * (turns + 1) / 2 + answer * turns * (turns - 1) / 2


def forecast(policy: ConversationPolicy, meetings: Sequence[Meeting], left_out: int) -> Forecast:
    """Return what the meetings of a run take at most."""
    taken = {role: _taken(policy, role, meetings) for role in ROLES}
    users = 1 if policy.second_user is None else 2
    return Forecast(len({one.persona.id for one in meetings}), len(meetings), left_out, taken, users)


def _taken(policy: ConversationPolicy, role: Role, meetings: Sequence[Meeting]) -> Taken:
    specs: dict[str, ModelSpec] = {one.name: getattr(one, role) for one in policy.products}
    calls, sent, written, cost, longest = 0, 0.0, 0.0, 0.0, 0.0
    for meeting in meetings:
        spec = specs[meeting.configuration]
        answer = float(spec.generation.max_tokens or policy.max_tokens)
        before = _tokens(spec.system or "") + sum(_tokens(turn.content) for turn in spec.examples)
        turns = turns_of(policy, meeting.persona)
        states = meeting.persona.versions[meeting.side].states.values()
        lines = [_tokens(line) for state in states for line in state.lines]
        line = sum(lines) / len(lines)
        calls += turns
        these = tokens_in(turns, line, answer, before)
        sent += these
        written += turns * answer
        cost += (these * spec.price_in + turns * answer * spec.price_out) / 1e6
        longest = max(longest, before + turns * (line + answer))
    return Taken(calls, round(sent), round(written), round(longest), cost)


def _tokens(text: str) -> float:
    return TOKENS_PER_WORD * len(text.split())
