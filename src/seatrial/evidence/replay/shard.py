"""One shard of a replay, in a process of a cluster: it does what one machine does, with a part of the conversations."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Generic, TypeVar

from seatrial.collect import Ask, Batch, Progress
from seatrial.collect.answer_files import Part, word_left
from seatrial.collect.judging import Task
from seatrial.errors import ClusterError
from seatrial.evidence.replay.hands import Here
from seatrial.instruments import find_instrument
from seatrial.instruments.judges import Judge
from seatrial.policy import LaunchPolicy
from seatrial.types import Item, Response

__all__ = ["Count", "Done", "Graded", "Shard", "versions"]

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Count:
    """How far a shard is with an order.

    Attributes:
        order: Number of the order.
        done: Calls that it needs no more.
        fresh: How many of these were made since it was asked last.
        process: Number of its process.
    """

    order: int = 0
    done: int = 0
    fresh: int = 0
    process: int = 0


@dataclass(frozen=True, slots=True)
class Done(Generic[Made]):
    """An order that a shard has done: what came of it, and how much that was."""

    made: Made
    count: Count


@dataclass(frozen=True, slots=True)
class Graded:
    """Grades of a shard.

    Attributes:
        judge: Who graded, with these grades alone.
        calls: Calls that count toward the budget, those of earlier runs among them.
    """

    judge: Judge
    calls: int


def versions() -> str:
    """Return what has to be the same on all nodes."""
    return f"seatrial {metadata.version('seatrial')} on Python {platform.python_version()}"


class Shard:
    """A shard. Ray makes it anew where its process died; then it reads what it had stored, and goes on."""

    def __init__(self, policy: LaunchPolicy, root: str, part: Part) -> None:
        """Work on a part of the conversations."""
        self._policy, self._root, self._part = policy, root, part
        self._here: Here | None = None
        self._progress = Progress("off")
        self._order = 0

    async def ready(self, order: int, word: str, driver: str) -> Done[None]:
        """Open the store, the models and the judges.

        Raises:
            ClusterError: other versions run here, or the store is another one.
            SeatrialError: something cannot be opened.
        """
        where = f"the worker on node {platform.node()}"
        if versions() != driver:
            raise ClusterError(f"{where} has {versions()}, and here is {driver}: install the same on all nodes")
        if word_left(self._root) != word:
            raise ClusterError(
                f"{self._root}: {where} does not see what was written there. Give a folder that all nodes share, or "
                "the address of an object store"
            )
        await self._begun(order)
        return Done(None, await self.counted())

    async def collect(self, order: int, asks: Sequence[Ask]) -> Done[Batch]:
        """Return an answer or a failure for each ask; every answer is kept by then.

        Raises:
            SeatrialError: a model cannot be used, or something cannot be kept.
        """
        here = await self._begun(order)
        batch = await here.collect(asks)
        return Done(batch, await self.counted())

    async def grade(self, order: int, judge: Judge, tasks: Sequence[Task], budget: int) -> Done[Graded]:
        """Return the grades of a judge within a budget of calls; every reply is kept by then.

        Raises:
            SeatrialError: the judge's model cannot be used, or something cannot be kept.
        """
        here = await self._begun(order)
        here.judges.remaining = budget
        here.judges.on_reply = lambda fresh: self._progress.advance(fresh=fresh)
        try:
            await here.judges.grade(judge, tasks)
        finally:
            here.flush()
        return Done(Graded(judge, budget - here.judges.remaining), await self.counted())

    async def read(
        self, order: int, instrument: str, items: Sequence[Item], responses: Sequence[Response]
    ) -> Done[list[float | None]]:
        """Return an instrument's reading of each answer."""
        here = await self._begun(order)
        read = await asyncio.to_thread(here.read, find_instrument(instrument), items, responses)
        return Done(read, await self.counted())

    async def counted(self) -> Count:
        """Return how far it is with the order that it was given last."""
        fresh, self._progress.fresh = self._progress.fresh, 0
        return Count(self._order, self._progress.done, fresh, os.getpid())

    async def close(self) -> None:
        """Write what waits, and close all that was opened."""
        if self._here is not None:
            here, self._here = self._here, None
            await here.__aexit__()

    async def _begun(self, order: int) -> Here:
        self._order, self._progress.done, self._progress.fresh = order, 0, 0
        if self._here is None:
            self._here = await Here(self._policy, {}, self._root, self._progress, self._part).__aenter__()
        return self._here
