"""A replay on a Ray cluster: shards that do what one machine would do, and their results put together.

A shard is a part of the conversations, a process somewhere on the cluster, and a file of answers. When its process
dies, Ray starts another, which reads the file and goes on.
"""

from __future__ import annotations

import asyncio
import io
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Self

from seatrial.collect import Ask, Batch, Progress
from seatrial.collect.answer_files import Part, leave_word, part_of
from seatrial.collect.judging import Judges, Task
from seatrial.errors import ClusterError
from seatrial.evidence.replay.hands import shared
from seatrial.evidence.replay.ray_cluster import connected, disconnected, worded
from seatrial.evidence.replay.shard import Count, Done, Graded, Shard, versions
from seatrial.instruments.base import Instrument
from seatrial.instruments.judges import Judge
from seatrial.instruments.records import Records
from seatrial.models import Model, open_models
from seatrial.policy import LaunchPolicy
from seatrial.types import ROLES, Item, Response, Role

__all__ = ["OnRay"]

RESTARTS = 5
"""Times that the process of one shard may die."""
SECONDS_TO_START = 120.0
SECONDS_SILENT = 120.0
"""After which a shard that says nothing is given up."""
SECONDS_BETWEEN = 0.5
SECONDS_BETWEEN_SIGNS = 10.0
Told = Callable[[bool], None]


class OnRay:
    """The shards of a replay, as many as the cluster has processors, but no more than calls may be in flight.

    Here it is planned, weighed and shown; the shards ask, keep, grade and read.
    """

    models: Mapping[Role, Model]
    judges: Judges

    def __init__(
        self, policy: LaunchPolicy, records: Records, root: Path | str, progress: Progress, address: str
    ) -> None:
        """Work for a policy.

        Args:
            policy: The models and the judges.
            records: What is known of instruments.
            root: Folder that all nodes share, or address that fsspec knows, where answers and grades are kept.
            progress: Where to show how far all shards are.
            address: HOST:PORT of the cluster's head, `auto` for the cluster that runs on this machine, or `local` for
                one that is started here and ends with the replay.
        """
        self._policy, self._progress, self._address = policy, progress, address
        self._root = root if isinstance(root, str) else str(root.resolve())
        self._shards: list[Any] = []
        self._processes: dict[int, int] = {}
        self._order = 0
        self.judges = Judges(policy.judges, records, policy.budget.judge_calls, elsewhere=self._grade)

    async def __aenter__(self) -> Self:
        """Connect, and start the shards.

        Raises:
            ClusterError: the cluster cannot be used.
            SeatrialError: a worker cannot open the store, a model or a judge.
        """
        self.models = dict(zip(ROLES, open_models(self._policy.baseline, self._policy.candidate), strict=True))
        word = secrets.token_hex(8)
        leave_word(self._root, word)
        # Ray prints what becomes of workers on stdout, where a command prints its result.
        self._silent = redirect_stdout(io.StringIO())
        self._silent.__enter__()
        try:
            await self._start(connected(self._address), word)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start(self, processors: int, word: str) -> None:
        import ray

        in_flight = [one.concurrency for one in (self._policy.baseline, self._policy.candidate) if one.concurrency]
        count = max(1, min(processors, *in_flight)) if in_flight else max(1, processors)
        # Half a processor each: what a dead node leaves finds room on the others.
        shard = ray.remote(num_cpus=0.5, max_restarts=RESTARTS, max_task_retries=-1)(Shard)
        parts = [Part(number, count) for number in range(count)]
        self._shards = [shard.remote(shared(self._policy, part), self._root, part) for part in parts]
        try:
            async with asyncio.timeout(SECONDS_TO_START):
                await self._all("ready", dict.fromkeys(range(count), (word, versions())))
        except TimeoutError:
            free = ray.available_resources().get("CPU", 0.0)
            raise ClusterError(
                f"--ray {self._address}: the cluster did not start {count} workers in {SECONDS_TO_START:.0f} s; "
                f"{free:g} of its {processors} processors are free. Wait until its other work is done"
            ) from None

    async def __aexit__(self, *_: object) -> None:
        """End the shards, and leave the cluster; one that was started here ends."""
        try:
            if self._shards:
                closing = [asyncio.wrap_future(one.close.remote().future()) for one in self._shards]
                done, late = await asyncio.wait(closing, timeout=10.0)
                for one in late:
                    one.cancel()
                for one in done:
                    one.exception()  # it ends in any case
        finally:
            disconnected(self._shards)
            self._shards = []
            self._silent.__exit__(None, None, None)

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask, in their order.

        Raises:
            ClusterError: a shard was lost for good.
            SeatrialError: a model cannot be used, or something cannot be kept.
        """
        of: dict[int, list[Ask]] = {}
        for ask in asks:
            of.setdefault(self._shard_of(ask.request.item), []).append(ask)
        orders = {number: (held,) for number, held in of.items()}
        made: Mapping[int, Batch] = await self._all(
            "collect", orders, lambda fresh: self._progress.advance(fresh=fresh)
        )
        place = {(ask.role, ask.request.item.id, ask.request.draw): number for number, ask in enumerate(asks)}
        responses = [one for batch in made.values() for one in batch.responses]
        failures = [one for batch in made.values() for one in batch.failures]
        return Batch(
            tuple(sorted(responses, key=lambda one: place[one[0], one[1].item, one[1].draw])),
            tuple(sorted(failures, key=lambda one: place[one.role, one.request.item.id, one.request.draw])),
        )

    def read(self, instrument: Instrument, items: Sequence[Item], responses: Sequence[Response]) -> list[float | None]:
        """Return an instrument's reading of each answer.

        Raises:
            ClusterError: a shard was lost for good.
        """
        import ray

        share = -(-len(items) // len(self._shards)) or 1
        begins = range(0, len(items), share)
        refs = [
            shard.read.remote(0, instrument.name, items[begin : begin + share], responses[begin : begin + share])
            for shard, begin in zip(self._shards, begins, strict=False)
        ]
        try:
            while ray.wait(refs, num_returns=len(refs), timeout=SECONDS_BETWEEN_SIGNS)[1]:
                ray.get([shard.counted.remote() for shard in self._shards], timeout=SECONDS_SILENT)
            return [value for done in ray.get(refs, timeout=SECONDS_SILENT) for value in done.made]
        except ray.exceptions.GetTimeoutError:
            raise ClusterError(_gone(self._address, "a worker")) from None
        except ray.exceptions.RayError as error:
            raise worded(error, self._address) from error

    async def _grade(self, judge: Judge, tasks: Sequence[Task], budget: int) -> int:
        """Have the shards grade tasks, and return how many calls they took.

        The budget goes to the first tasks, as it does on one machine.
        """
        blank = Judge(judge.name, judge.suite, judge.identity, judge.draws, judge.paired)
        blank.wording, blank.first_draw = judge.wording, judge.first_draw
        of: dict[int, list[Task]] = {}
        shares: dict[int, int] = {}
        left = budget
        for task in tasks:
            number = self._shard_of(task.item)
            calls = judge.draws * len(task.texts) if any(text.strip() for text in task.texts) else 0
            of.setdefault(number, []).append(task)
            shares[number] = shares.get(number, 0) + min(calls, left)
            left -= min(calls, left)
        orders = {number: (blank, held, shares[number]) for number, held in of.items()}
        made: Mapping[int, Graded] = await self._all("grade", orders, lambda fresh: self.judges.on_reply(fresh))
        for number in sorted(made):
            graded = made[number].judge
            judge.scores |= graded.scores
            judge.unscored |= graded.unscored
            judge.advice |= graded.advice
            judge.orders += graded.orders
        return sum(one.calls for one in made.values())

    def _shard_of(self, item: Item) -> int:
        return part_of(item.id, len(self._shards))

    async def _all(
        self, method: str, orders: Mapping[int, tuple[Any, ...]], told: Told = lambda fresh: None
    ) -> dict[int, Any]:
        """Have each shard do its order, and return what came of them.

        Args:
            method: Of the shards.
            orders: Shard → what the method takes.
            told: Of each call that is done, whether it was made now.

        Raises:
            ClusterError: a shard was lost for good, or says nothing any more.
            SeatrialError: what a shard raised.
        """
        self._order += 1
        running = {
            asyncio.wrap_future(getattr(self._shards[number], method).remote(self._order, *given).future()): number
            for number, given in orders.items()
        }
        watch = _Watch(self._shards, self._processes, self._order, told, self._progress)
        made: dict[int, Any] = {}
        try:
            while running:
                done, _ = await asyncio.wait(running, timeout=SECONDS_BETWEEN, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    number = running.pop(one)
                    result = self._result(one)
                    watch.tell(number, result.count)
                    made[number] = result.made
                watch.look(running.values(), self._address)
        finally:
            for one in (*running, *watch.asked.values()):
                one.cancel()
        return made

    def _result(self, one: asyncio.Future[Any]) -> Done[Any]:
        import ray

        try:
            result: Done[Any] = one.result()
        except ray.exceptions.RayError as error:
            raise worded(error, self._address) from error
        return result


def _gone(address: str, worker: str) -> str:
    return (
        f"--ray {address}: {worker} has said nothing for {SECONDS_SILENT:.0f} s. Its node may be gone, and no other "
        "has room for it. What was answered is kept: run the same command again"
    )


class _Watch:
    """How far the shards are with an order, and when each was heard of last."""

    def __init__(
        self, shards: Sequence[Any], processes: dict[int, int], order: int, told: Told, progress: Progress
    ) -> None:
        self._shards, self._processes, self._order = shards, processes, order
        self._told, self._progress = told, progress
        self._counts: dict[int, int] = {}
        self._heard: dict[int, float] = {}
        self.asked: dict[int, asyncio.Future[Count]] = {}

    def look(self, running: Any, address: str) -> None:
        """Take what shards said since the last look, and ask them again.

        Raises:
            ClusterError: one has said nothing for too long.
        """
        now = time.monotonic()
        for number in running:
            asked = self.asked.get(number)
            if asked is not None and asked.done():
                if asked.exception() is None:
                    self._heard[number] = now
                    self.tell(number, asked.result())
                asked = None
            if asked is None:
                self.asked[number] = asyncio.wrap_future(self._shards[number].counted.remote().future())
            silent = now - self._heard.setdefault(number, now)
            if silent > SECONDS_SILENT:
                raise ClusterError(_gone(address, f"worker {number}"))

    def tell(self, number: int, count: Count) -> None:
        """Tell of the calls that a shard has done since it was heard of last."""
        if count.order != self._order:
            return
        if count.process != self._processes.setdefault(number, count.process):
            self._processes[number] = count.process
            self._progress.warn(f"worker {number} died and was started again; it goes on with what it had stored")
        held = self._counts.get(number, 0)
        new = max(count.done - held, 0)
        for one in range(new):
            self._told(one >= new - count.fresh)
        self._counts[number] = held + new
