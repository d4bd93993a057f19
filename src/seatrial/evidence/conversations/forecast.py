"""What conversations take, before the first is held: tokens in grow with the square of the turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seatrial.collect.judging import REPLY_TOKENS
from seatrial.evidence.conversations.conversation import Meeting
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.run import turns_of
from seatrial.instruments.judges import SYSTEM, prompt, telling_anchors
from seatrial.policy import ModelSpec
from seatrial.suites import Suite
from seatrial.types import ROLES, Message, Role

__all__ = ["TOKENS_PER_WORD", "Forecast", "Taken", "forecast", "judges_take", "tokens_in"]

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
        judges: Name → what a judge takes that is a model.
        judge_calls: Calls that the budget allows all judges.
    """

    personas: int
    conversations: int
    left_out: int
    taken: Mapping[Role, Taken]
    users: int = 1
    judges: Mapping[str, Taken] = field(default_factory=dict)
    judge_calls: int = 0


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
        line = _line(meeting)
        calls += turns
        these = tokens_in(turns, line, answer, before)
        sent += these
        written += turns * answer
        cost += (these * spec.price_in + turns * answer * spec.price_out) / 1e6
        longest = max(longest, before + turns * (line + answer))
    return Taken(calls, round(sent), round(written), round(longest), cost)


def judges_take(
    policy: ConversationPolicy, meetings: Sequence[Meeting], suites: Mapping[str, Suite]
) -> dict[str, Taken]:
    """Return what each judge that is a model takes at most: it is shown all that was said before, at every turn.

    Args:
        policy: The policy.
        meetings: Who talks.
        suites: Area → the suite by whose rubric its answers are graded.
    """
    around = {area: _around(suite) for area, suite in suites.items()}
    anchors = sum(len(telling_anchors(suite)) for suite in {one.signal: one for one in suites.values()}.values())
    made = {}
    for name, spec in policy.judges.items():
        if spec.model is None:
            continue
        calls, sent, longest = anchors, anchors * max(before for before, _ in around.values()), 0.0
        for product in policy.products if meetings else ():
            answers = [float(getattr(product, role).generation.max_tokens or policy.max_tokens) for role in ROLES]
            for meeting in (one for one in meetings if one.configuration == product.name):
                before, lines = around[meeting.persona.area]
                turns, line = turns_of(policy, meeting.persona), _line(meeting) + lines
                for answer in answers:
                    calls += turns * spec.draws
                    # The answer to grade is sent too: one more than a model is sent of its own.
                    sent += spec.draws * (tokens_in(turns, line, answer + lines, before) + turns * (answer + lines))
                    longest = max(longest, before + turns * (line + answer + lines))
        written = calls * (spec.model.generation.max_tokens or REPLY_TOKENS)
        cost = (sent * spec.model.price_in + written * spec.model.price_out) / 1e6
        made[name] = Taken(calls, round(sent), written, round(longest), cost)
    return made


def _around(suite: Suite) -> tuple[float, float]:
    """Return the tokens of a judge's prompt around what it grades, and those around each message; 4 letters are one."""
    bare = len(SYSTEM) + len(prompt(suite, (), [""]))
    return bare / 4, (len(prompt(suite, (Message("assistant", ""),), [""])) + len(SYSTEM) - bare) / 4


def _line(meeting: Meeting) -> float:
    """Return the tokens of a line of the user, on average."""
    states = meeting.persona.versions[meeting.side].states.values()
    lines = [_tokens(line) for state in states for line in state.lines]
    return sum(lines) / len(lines)


def _tokens(text: str) -> float:
    return TOKENS_PER_WORD * len(text.split())
