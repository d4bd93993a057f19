"""Who asks, grades and reads in a replay: this process, for the whole of it or for one shard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol, Self

from seatrial.collect import Ask, Batch, Collector, Progress, ResponseStore
from seatrial.collect.answer_files import WHOLE, Part
from seatrial.collect.judging import Judges
from seatrial.instruments.base import Instrument, read_many
from seatrial.instruments.records import Records
from seatrial.models import Model, open_models
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.types import ROLES, Item, Response, Role

__all__ = ["Hands", "Here", "shared"]


class Hands(Protocol):
    """Asks models, has answers graded, and reads them. An asynchronous context manager.

    Attributes:
        models: Role → model.
        judges: Those of the policy; what they are told to grade is graded by these hands.
    """

    models: Mapping[Role, Model]
    judges: Judges

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask, in their order; every answer is kept by then.

        Raises:
            SeatrialError: a model cannot be used, or something cannot be kept.
        """
        ...

    def read(self, instrument: Instrument, items: Sequence[Item], responses: Sequence[Response]) -> list[float | None]:
        """Return an instrument's reading of each answer."""
        ...

    async def __aenter__(self) -> Self:
        """Make ready.

        Raises:
            SeatrialError: something cannot be used.
        """
        ...

    async def __aexit__(self, *_: object) -> None:
        """Let go of all that was opened."""
        ...


class Here:
    """This process."""

    models: Mapping[Role, Model]
    judges: Judges

    def __init__(
        self, policy: LaunchPolicy, records: Records, root: Path | str, progress: Progress, part: Part = WHOLE
    ) -> None:
        """Work for a policy.

        Args:
            policy: The models and the judges.
            records: What is known of instruments.
            root: Folder, or address that fsspec knows, where answers and grades are kept.
            progress: Where to show how far it is.
            part: Which shard of the replay.
        """
        self._policy, self._records = policy, records
        self._root, self._part, self._progress = root, part, progress
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the store, the models and the judges."""
        async with AsyncExitStack() as stack:
            self._store = stack.enter_context(ResponseStore(self._root, self._part))
            opened = open_models(self._policy.baseline, self._policy.candidate)
            entered = [await stack.enter_async_context(model) for model in opened]
            self.models = dict(zip(ROLES, entered, strict=True))
            judges = Judges(self._policy.judges, self._records, self._policy.budget.judge_calls, self._store)
            self.judges = await stack.enter_async_context(judges)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        await self._stack.aclose()

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask, in their order."""
        try:
            return await Collector(self.models, self._store, len(asks), self._progress).collect(asks)
        finally:
            self.flush()

    def flush(self) -> None:
        """See that all that was answered is kept."""
        self._store.flush()

    def read(self, instrument: Instrument, items: Sequence[Item], responses: Sequence[Response]) -> list[float | None]:
        """Return an instrument's reading of each answer."""
        return list(read_many(instrument, items, responses))


def shared(policy: LaunchPolicy, part: Part) -> LaunchPolicy:
    """Return a policy whose calls in flight and calls a minute are those of one of several parts.

    What an endpoint sees of all parts together is what the policy says. Where it says nothing of calls in flight, each
    part has as many as its provider has.
    """
    judges = {
        name: spec if spec.model is None else spec.model_copy(update={"model": _share(spec.model, part)})
        for name, spec in policy.judges.items()
    }
    baseline, candidate = _share(policy.baseline, part), _share(policy.candidate, part)
    return policy.model_copy(update={"baseline": baseline, "candidate": candidate, "judges": judges})


def _share(spec: ModelSpec, part: Part) -> ModelSpec:
    at_once, a_minute = spec.concurrency, spec.requests_per_minute
    share = {
        "concurrency": None if at_once is None else math.ceil(at_once / part.of),
        "requests_per_minute": None if a_minute is None else a_minute / part.of,
    }
    return spec.model_copy(update=share)
