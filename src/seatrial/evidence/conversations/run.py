"""Simulated users talk to both models, turn by turn, many conversations at once, each answer stored before it is used.

A meeting is held with both models side by side: no side takes its next turn before the other has answered, so that
what changes in mid-run hits both. What is stored is met again by a resumed run in the same order of turns, and so leads
to the same conversations.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seatrial.collect import Collector, Failure
from seatrial.collect.meter import first_error
from seatrial.evidence.conversations.conversation import Conversation, Ending, Meeting, Turn
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.users import Said, User, standing_after, turn_of
from seatrial.models import Model
from seatrial.personas import SIDES, Persona
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Item, Message, Request, Response, Role

__all__ = ["SUITE", "Planned", "held", "meetings_of", "out_of_context", "turns_of"]

SUITE = "conversations"
"""What the items of conversations are called together."""
SILENT, LOOPS = 2, 3
"""Answers in a row that are empty, or all the same, after which a conversation ends."""
_CONTEXT = re.compile(
    r"context (?:size|length|window)|maximum context|too many tokens|prompt is too long|"
    r"exceeds? the (?:available|maximum)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Planned:
    """The meetings of a run.

    Attributes:
        meetings: In the order in which they begin.
        left_out: Meetings that the budget does not reach.
    """

    meetings: tuple[Meeting, ...]
    left_out: int


def out_of_context(reason: str) -> bool:
    """Return whether a server refused a call because the conversation no longer fits the model's context."""
    return _CONTEXT.search(reason) is not None


def turns_of(policy: ConversationPolicy, persona: Persona) -> int:
    """Return the most turns of a conversation with a persona."""
    return min(policy.turns, persona.turns)


def meetings_of(policy: ConversationPolicy, personas: Sequence[Persona]) -> Planned:
    """Return who meets the models, and how often, as far as the budget reaches if every conversation takes all turns.

    All personas meet them once before one does so again; a persona and its quiet twin are never parted.
    """
    order = generator(policy.seed, "personas").permutation(len(personas))
    made: list[Meeting] = []
    left, left_out = (policy.budget.half if policy.second_user is not None else policy.budget).calls, 0
    products = [one.name for one in policy.products]
    for draw in range(policy.draws):
        for place in order:
            persona = personas[int(place)]
            both = [Meeting(persona, side, draw, name) for name in products for side in SIDES]
            calls = len(both) * len(ROLES) * turns_of(policy, persona)
            if left_out or calls > left:
                left_out += len(both)
                continue
            left -= calls
            made += both
    return Planned(tuple(sorted(made, key=lambda one: products.index(one.configuration))), left_out)


async def held(
    policy: ConversationPolicy,
    meetings: Sequence[Meeting],
    models: Mapping[Role, Model],
    user: User,
    collector: Collector,
    top_logprobs: int = 0,
) -> tuple[Conversation, ...]:
    """Return the conversations of all meetings with both models, in the order of the meetings, the baseline's first.

    Args:
        policy: How long conversations and answers may be, and how many calls may be in flight.
        meetings: Who talks.
        models: The two models.
        user: Who plays the users.
        collector: Asks and stores.
        top_logprobs: Alternatives of each answer's first token to ask for; 0 where the text is read.

    Raises:
        ModelError: a model cannot be used at all; what was answered is stored.
        StoreError: an answer could not be written.
    """
    room = {role: asyncio.Semaphore(max(1, min(model.concurrency, policy.in_flight))) for role, model in models.items()}
    hall = _Hall(policy, user, collector, room, asyncio.Semaphore(policy.in_flight), top_logprobs)
    waiting = iter(list(enumerate(meetings)))
    made: dict[int, tuple[Conversation, ...]] = {}

    async def work(queue: Iterator[tuple[int, Meeting]]) -> None:
        for number, meeting in queue:
            made[number] = await hall.hold(meeting)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(meetings), policy.in_flight)):  # twice what fits: while one is read another is asked
                group.create_task(work(waiting))
    except BaseExceptionGroup as errors:
        raise first_error(errors) from None
    return tuple(one for number in range(len(meetings)) for one in made[number])


@dataclass(slots=True)
class _Side:
    """One of the two conversations of a meeting while it is held."""

    role: Role
    turns: list[Turn] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)
    last: Said | None = None
    ending: Ending | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Hall:
    """Where meetings are held: what all of them share."""

    policy: ConversationPolicy
    user: User
    collector: Collector
    room: Mapping[Role, asyncio.Semaphore]
    seats: asyncio.Semaphore
    top_logprobs: int

    async def hold(self, meeting: Meeting) -> tuple[Conversation, ...]:
        """Hold one meeting with both models, turn by turn."""
        sides = [_Side(role) for role in ROLES]
        for _ in range(turns_of(self.policy, meeting.persona)):
            going = [side for side in sides if side.ending is None]
            if not going:
                break
            await asyncio.gather(*(self._turn(meeting, side) for side in going))
        return tuple(_finished(meeting, side) for side in sides)

    async def _turn(self, meeting: Meeting, side: _Side) -> None:
        said = await self.user.say(meeting, side.turns)
        if said.broken:
            side.ending, side.why = "user", said.broken
            return
        asked = (*side.said, Message("user", said.text))
        name = f"{meeting.unit}/{len(side.turns) + 1}"
        item = Item(name, SUITE, asked, cluster=meeting.persona.id, variant=meeting.side)
        request = Request(item, meeting.draw, self.policy.max_tokens, self.top_logprobs)
        async with self.room[side.role], self.seats:
            answer = await self.collector.ask(side.role, request, out_of_context)
        await asyncio.sleep(0)  # who waits for the seat is asked first: answers are read while others are in flight
        if isinstance(answer, Failure):
            side.ending = "context" if out_of_context(answer.reason) else "failed"
            side.why = answer.reason
            return
        side.turns.append(turn_of(said, answer))
        side.said += [Message("user", said.text), Message("assistant", answer.text)]
        side.last = said
        side.ending = _ending(side.turns, said)


def _ending(turns: Sequence[Turn], said: Said) -> Ending | None:
    """Return why a conversation ends after its last turn; None where it goes on."""
    late = [turn.answer for turn in turns[-LOOPS:]]
    if said.last:
        return "ended"
    if len(turns) >= SILENT and not any(_words(one) for one in late[-SILENT:]):
        return "silent"
    if len(late) == LOOPS and _words(late[0]) and len({_words(one) for one in late}) == 1:
        return "loop"
    return None


def _words(answer: Response) -> str:
    return " ".join(answer.text.split())


def _finished(meeting: Meeting, side: _Side) -> Conversation:
    moved = side.last.moved if side.last is not None else None
    if moved is not None and side.turns and side.turns[-1].state:
        states = meeting.persona.versions[meeting.side].states
        moved = states[standing_after(states, side.turns)].moved
    return Conversation(meeting, side.role, tuple(side.turns), side.ending or "turns", moved, side.why)
