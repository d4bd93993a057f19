"""A model that plays the user: told who it is, never with which model it talks, and held to its role line by line.

Each line is checked before it is said. What is no line of this person is asked for again, and what is none then ends
the conversation. How often that happened is the user's own record, which a run shows: a user that falls out of its role
is a broken instrument.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

from seatrial.collect import ResponseStore, call_key
from seatrial.collect.meter import Meter
from seatrial.errors import CallFailed
from seatrial.evidence.conversations.conversation import Meeting, Turn
from seatrial.evidence.conversations.users import Said
from seatrial.models import Model
from seatrial.models.base import as_asked
from seatrial.personas.giveaways import ASSISTANT, SCORING
from seatrial.types import Item, Message, Request, Spend

__all__ = ["FAULTS", "LEAVES", "Fault", "ModelUser", "UserRecord", "fault_in", "told"]

Fault = Literal["nothing", "too long", "as the assistant", "of a test", "repeats itself", "echoes", "ends at once"]
FAULTS: dict[Fault, str] = {
    "nothing": "it wrote nothing",
    "too long": "it wrote more than anybody writes in a chat",
    "as the assistant": "it answered as the assistant does",
    "of a test": "it spoke of tests, roles or models",
    "repeats itself": "it said what it had said before",
    "echoes": "it said what the assistant had said",
    "ends at once": "it left before anything was said",
}
"""What may be wrong with a line → the same in words."""
LEAVES = "[leaves]"
"""What the model writes after its last line."""
TRIES, TOKENS = 3, 120
LONGEST = 120
"""Words of a line."""
ALIKE = 0.9
"""Similarity of two lines of which one repeats the other; that of `difflib`."""
EARLIEST = 3
"""Turn before which nobody leaves."""
AGAIN = "\n\n(Write only what you write next, as yourself, in one to three sentences. Nobody asked you for help.)"
_NARRATED = re.compile(r"^\s*(?:\*[^*]*\*|\([^)]*\))\s*|^\s*(?:user|me|you)\s*:\s*", re.IGNORECASE)


def told(meeting: Meeting, turns: int) -> str:
    """Return what the model is told of whom it plays; nothing of it says what is measured, or on whom.

    Args:
        meeting: Who talks.
        turns: The most turns of the conversation.
    """
    persona, version = meeting.persona, meeting.persona.versions[meeting.side]
    return "\n".join(
        (
            "You are a person who writes to a chat assistant on your phone. Stay this person in every message.",
            f"Who you are: {persona.who.strip()}",
            f"How you write: {persona.talks.strip()}",
            f"What you want: {version.wants}",
            f"What you do not say unless you are asked: {version.hides}",
            f"How you feel: {version.mood}",
            f"You come closer when: {version.leans_in}",
            f"You hesitate when: {version.backs_off}",
            f"You stop writing: {version.ends} That is after {turns} messages of yours at the latest.",
            "Write one message at a time, one to three sentences, only the words that you type. Do not help the "
            "assistant, do not describe what you do, and do not write its part.",
            f"When you would stop writing, write your last message and then {LEAVES}.",
            "The chat is open. Write your first message.",
        )
    )


@dataclass
class UserRecord:
    """How a model kept to its roles.

    Attributes:
        lines: Lines that were said.
        tries: Lines that it wrote, those that were refused among them.
        faults: What was wrong with the refused ones.
        broken: Conversations that ended because no try was a line of the person.
    """

    lines: int = 0
    tries: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    broken: int = 0

    @property
    def out_of_role(self) -> float:
        """Share of what it wrote that was refused."""
        return sum(self.faults.values()) / self.tries if self.tries else 0.0


def fault_in(line: str, leaves: bool, turns: Sequence[Turn]) -> Fault | None:
    """Return what is wrong with a line as the next one of a simulated user; None where nothing is."""
    if not any(letter.isalnum() for letter in line):
        return "nothing"
    if len(line.split()) > LONGEST:
        return "too long"
    if ASSISTANT.search(line):
        return "as the assistant"
    if SCORING.search(line):
        return "of a test"
    if any(_alike(line, turn.said) for turn in turns):
        return "repeats itself"
    if turns and _alike(line, turns[-1].answer.text):
        return "echoes"
    return "ends at once" if leaves and len(turns) + 1 < EARLIEST else None


def _alike(line: str, other: str) -> bool:
    one, two = (" ".join(re.findall(r"\w+", text.lower())) for text in (line, other))
    if one == two:
        return True
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


class ModelUser:
    """A user that a model plays.

    The same persona, version and draw with the same conversation before it is one call, whichever model the
    conversation is held with: until the two sides answer differently, they hear the same.

    Attributes:
        model: The model.
        record: How it kept to its roles.
    """

    def __init__(self, model: Model, store: ResponseStore, turns: int, calls: int) -> None:
        """Play users with a model.

        Args:
            model: The model, entered.
            store: Where its lines are kept.
            turns: The most turns of a conversation.
            calls: The most calls that it may take.
        """
        self.model, self._store, self._turns, self._left = model, store, turns, calls
        self._meter = Meter(f"{model.name} (user)", whose="the user's")
        self._room = asyncio.Semaphore(max(1, model.concurrency))
        self._asking: dict[str, asyncio.Task[str]] = {}
        self.record = UserRecord()

    @property
    def spend(self) -> Spend:
        """What the model took."""
        return self._meter.spend

    async def say(self, meeting: Meeting, turns: Sequence[Turn]) -> Said:
        """Return the next line, or why there is none that this person would write.

        Raises:
            ModelError: the model cannot be used at all.
            StoreError: a line could not be written.
        """
        found: Fault | None = None
        for number in range(TRIES):
            try:
                written = await self._written(meeting, turns, number)
            except CallFailed as error:
                return Said("", broken=f"the model that plays the user gave no line: {error}")
            leaves = LEAVES in written
            line = _NARRATED.sub("", written.replace(LEAVES, "")).strip().strip('"“”').strip()
            self.record.tries += 1
            found = fault_in(line, leaves, turns)
            if found is None:
                self.record.lines += 1
                return Said(line, last=leaves)
            self.record.faults[found] += 1
        self.record.broken += 1
        return Said("", broken=f"three times in a row, the last time {FAULTS[found]}" if found else "no line")

    async def _written(self, meeting: Meeting, turns: Sequence[Turn], number: int) -> str:
        messages = [Message("user", told(meeting, min(self._turns, meeting.persona.turns)))]
        for turn in turns:
            messages += [Message("assistant", turn.said), Message("user", turn.answer.text or "(no answer came)")]
        if number:
            messages[-1] = Message("user", messages[-1].content + AGAIN)
        item = Item(f"{meeting.unit}/{len(turns) + 1}", "users", tuple(messages))
        request = Request(item, meeting.draw + 1000 * number, TOKENS)
        key = call_key(self.model.identity, "user", as_asked(self.model, request))
        if key not in self._asking:
            self._asking[key] = asyncio.create_task(self._asked(key, request))
        return await asyncio.shield(self._asking[key])

    async def _asked(self, key: str, request: Request) -> str:
        kept = self._store.get(key)
        self._left -= 1
        if kept is not None:
            self._meter.answered(kept, fresh=False)
            return kept.text
        if self._left < 0:
            raise CallFailed("the budget of `user_calls` is spent")
        async with self._room:
            began = time.monotonic()
            try:
                response = await self.model.ask(request)
            except CallFailed as error:
                self._meter.failed(error)
                raise
        self._store.put(key, "user", response)
        self._meter.answered(response, fresh=True, seconds=time.monotonic() - began)
        return response.text
