"""Live conversations: a rater writes, both blinded models answer, and nothing tells which was quicker.

Both answers are awaited whole and only then shown, word by word at one pace that depends on neither model. A stream of
each model's own words would tell a slow one from a fast one, and one that stops early from one that goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from seatrial.errors import CallFailed, SeatrialError
from seatrial.evidence.vibes.trials import Trial
from seatrial.evidence.vibes.values import Turn
from seatrial.models import open_models
from seatrial.models.base import Model
from seatrial.policy import ModelSpec
from seatrial.replies import why
from seatrial.types import Item, Message, Request, Role
from seatrial.web.safe_html import rendered

__all__ = ["Lines", "revealed", "speakable"]

MAX_TOKENS = 256
TICK, WORDS = 0.2, 4
"""Seconds between two pieces of an answer, and words in a piece: about as fast as people read aloud twice."""
HEARTBEAT = 5.0


class Lines:
    """The models that sessions talk to, each pair opened once."""

    def __init__(self) -> None:
        """Start with no model open."""
        self._stack = AsyncExitStack()
        self._open: dict[int, dict[Role, Model]] = {}
        self._room: dict[int, dict[Role, asyncio.Semaphore]] = {}
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Stop all models."""
        await self._stack.aclose()

    async def answers(self, session: int, config: Mapping[str, Any], trial: Trial, turns: Sequence[Turn]) -> list[str]:
        """Return what both models say to the last of the turns: the left text and the right one.

        Raises:
            SeatrialError: a model gave no answer; the turn can be tried again.
        """
        models = await self.ready(session, config)
        sides: tuple[Role, Role] = ("candidate", "baseline") if trial.odd == "left" else ("baseline", "candidate")

        async def one(role: Role, side: str) -> str:
            messages: list[Message] = []
            for turn in turns[:-1]:
                said = str(turn.left if side == "left" else turn.right)
                messages += [Message("user", turn.asked), Message("assistant", said)]
            item = Item("live", "live", (*messages, Message("user", turns[-1].asked)))
            async with self._room[session][role]:
                reply = await models[role].ask(Request(item, max_tokens=MAX_TOKENS))
            if reply.no_answer:
                raise CallFailed(f"{models[role].name}: {why(reply.no_answer).reason}")
            return reply.text

        both = await asyncio.gather(one(sides[0], "left"), one(sides[1], "right"), return_exceptions=True)
        for answer in both:
            if isinstance(answer, BaseException):
                raise answer
        return [str(answer) for answer in both]

    async def ready(self, session: int, config: Mapping[str, Any]) -> dict[Role, Model]:
        """Return a session's models, opened once.

        Raises:
            SeatrialError: one cannot be used.
        """
        async with self._lock:
            if session not in self._open:
                specs = [ModelSpec.model_validate(config["models"][role]) for role in ("baseline", "candidate")]
                before, after = await asyncio.to_thread(
                    open_models, *specs
                )  # it imports what they need, which takes a while
                self._open[session] = {
                    "baseline": await self._stack.enter_async_context(before),
                    "candidate": await self._stack.enter_async_context(after),
                }
                self._room[session] = {
                    role: asyncio.Semaphore(model.concurrency) for role, model in self._open[session].items()
                }
            return self._open[session]


def speakable(spec: ModelSpec) -> bool:
    """Return whether a rater can talk to a model: recorded answers cannot go on."""
    return not spec.recorded


async def revealed(answers: asyncio.Task[list[str]]) -> AsyncIterator[str]:
    """Yield lines of JSON: signs of life while both models write, then both answers piece by piece, then as HTML.

    A model that gives no answer ends the stream with an `error` that says so of neither side.
    """
    while not (await asyncio.wait({answers}, timeout=HEARTBEAT))[0]:
        yield "{}\n"
    error = answers.exception()
    if error is not None:
        kind = "no answer came" if isinstance(error, SeatrialError) else "something went wrong"
        yield json.dumps({"error": f"{kind}; what you wrote is kept: try again"}) + "\n"
        return
    left, right = answers.result()
    parts = [text.split() for text in (left, right)]
    for start in range(0, max(map(len, parts)), WORDS):
        piece = {
            side: "".join(f"{word} " for word in words[start : start + WORDS])
            for side, words in zip(("left", "right"), parts, strict=True)
        }
        yield json.dumps(piece) + "\n"
        await asyncio.sleep(TICK)
    html = await asyncio.to_thread(lambda: {"left": rendered(left), "right": rendered(right)})
    yield json.dumps({"done": True, **html}) + "\n"
