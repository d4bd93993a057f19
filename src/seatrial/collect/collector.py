"""Asking both models, many calls at once, with every answer stored before it is used."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from seatrial.collect.meter import Meter, first_error
from seatrial.collect.progress import Progress
from seatrial.collect.store import Answer, ResponseStore, call_key
from seatrial.errors import CallFailed, ModelError
from seatrial.models.base import Model, as_asked
from seatrial.types import Request, Response, Role, Spend

__all__ = ["Ask", "Batch", "Collector", "Failure"]

SELDOM = 50_000
"""Objects made and kept between two searches for cycles while answers come in."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to one of the two models."""

    role: Role
    request: Request


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got no answer, and why."""

    role: Role
    request: Request
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of a round of asking, in the order of the asks."""

    responses: tuple[tuple[Role, Response], ...]
    failures: tuple[Failure, ...]


class Collector:
    """Asks, stores and counts. Answers already stored count toward the budget, so a resumed review decides alike.

    Attributes:
        remaining: Calls that the budget still allows.
        reuse: Whether the baseline's answers of other reviews may be taken over; off once it was found changed.
        taken: How many were, by review and day.
        too_old: Calls made now although another review has the answer: it is older than the limit, or has no date.
        not_covered: Calls made now although another review has the answer: no entry of the ledger covers it.
        first_calls: Calls made before the first round.
        asked_first: Keys of their answers, which count no second time where a round asks for them.
        aged: By key, when this review's own answers were given that are older than the limit; None for no date.
    """

    def __init__(
        self,
        models: Mapping[Role, Model],
        store: ResponseStore,
        budget: int,
        progress: Progress,
        days: float | None = None,
    ) -> None:
        """Ask `models` at most `budget` live calls in all; take over answers that are at most `days` old, if any."""
        self._models = models
        self._store = store
        self._progress = progress
        self._meters = {role: Meter(f"{model.name} ({role})", whose=f"the {role}") for role, model in models.items()}
        self._now = datetime.now(UTC)
        self._days = days
        self._changed_at = store.changed_at(models["baseline"].identity) if days and "baseline" in models else None
        self._anew: set[str] = set()
        self._counted: set[str] = set()
        self.remaining = budget
        self.reuse = bool(days)
        self.taken: Counter[tuple[str, str]] = Counter()
        self.too_old = 0
        self.not_covered = 0
        self.first_calls = 0
        self.asked_first: set[str] = set()
        self.aged: dict[str, datetime | None] = {}

    def spend(self, role: Role) -> Spend:
        """Return what one model took so far."""
        return self._meters[role].spend

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask.

        Raises:
            ModelError: a model cannot be used at all, or gives no answers; what it did give is stored.
            StoreError: an answer could not be written.
        """
        outcomes: dict[int, Response | Failure] = {}
        queues = {role: _numbered(asks, role) for role in self._models}
        try:
            with _seldom_searched():
                async with asyncio.TaskGroup() as group:
                    for role, model in self._models.items():
                        waiting = sum(ask.role == role for ask in asks)
                        for _ in range(min(model.concurrency, waiting)):
                            group.create_task(self._work(role, queues[role], outcomes))
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None
        finally:
            self._store.hand_over()
        made = [outcomes[number] for number in range(len(asks))]
        return Batch(
            tuple((ask.role, got) for ask, got in zip(asks, made, strict=True) if isinstance(got, Response)),
            tuple(got for got in made if isinstance(got, Failure)),
        )

    async def _work(
        self, role: Role, queue: Iterator[tuple[int, Ask]], outcomes: dict[int, Response | Failure]
    ) -> None:
        for number, ask in queue:
            outcomes[number] = await self._one(role, ask.request)

    async def ask(
        self, role: Role, request: Request, ends: Callable[[str], bool] = lambda _: False
    ) -> Response | Failure:
        """Return the answer to one request, or why there is none: what depends on answers is asked one by one.

        Args:
            role: Whom to ask.
            request: What to ask.
            ends: Whether a reason is no sign of a model that is down, such as a conversation grown too long.

        Raises:
            ModelError: the model cannot be used at all, or gives no answers; what it did give is stored.
            StoreError: the answer could not be written.
        """
        try:
            return await self._one(role, request, ends)
        finally:
            self._store.hand_over()

    async def _one(
        self, role: Role, request: Request, ends: Callable[[str], bool] = lambda _: False
    ) -> Response | Failure:
        model = self._models[role]
        if not model.live:
            try:
                return await model.ask(request)
            except CallFailed as error:
                return Failure(role, request, str(error))
        key = self._key(role, request)
        stored = self._stored(key, role)
        if stored is not None and key in self._counted:  # asked anew before the first round, and counted then
            self._counted.discard(key)
            return _named(stored.response, request)
        self.remaining -= 1
        if stored is not None:
            self._meters[role].answered(stored.response, fresh=False, taken=bool(stored.review))
            self._progress.advance(fresh=False)
            return _named(stored.response, request)
        began = time.monotonic()
        try:
            response = await model.ask(request)
        except CallFailed as error:
            self._progress.advance(fresh=True)
            if not ends(str(error)):
                self._failed(role, error)
            return Failure(role, request, str(error))
        self._store.put_soon(key, role, response)
        self._meters[role].answered(response, fresh=True, seconds=time.monotonic() - began)
        self._progress.advance(fresh=True)
        return response

    def _key(self, role: Role, request: Request) -> str:
        model = self._models[role]
        return call_key(model.identity, role, as_asked(model, request))

    def _stored(self, key: str, role: Role) -> Answer | None:
        """Return the answer that need not be asked for: this review's own, or one taken over and noted as such."""
        own = self._store.own(key)
        if own is not None:
            if self._days is not None and self._age(own) > timedelta(days=self._days):
                self.aged[key] = own.at
            return own
        if role != "baseline" or key in self._anew:
            return None
        found = self._offered(key)
        if found is not None:
            self._store.put(key, role, found.response, found)
            self.taken[found.review, _day(found)] += 1
        elif self.reuse:
            late = self._store.taken_over(key) is not None
            self.too_old += late
            self.not_covered += not late and self._store.not_covered(key)
        return found

    def _offered(self, key: str) -> Answer | None:
        found = self._store.taken_over(key) if self.reuse else None
        if found is None or found.at is None or self._days is None:
            return None
        known = timedelta(0) <= self._age(found) <= timedelta(days=self._days)
        return found if known and (self._changed_at is None or found.at >= self._changed_at) else None

    def _age(self, answer: Answer) -> timedelta:
        return self._now - answer.at if answer.at is not None else timedelta.max

    @property
    def may_take_over(self) -> bool:
        """Whether any of the baseline's answers of other reviews could be taken over."""
        model = self._models.get("baseline")
        return self.reuse and model is not None and model.live and self._store.has_others

    def offered(self, request: Request) -> Answer | None:
        """Return the baseline's answer that would be taken over from another review, if there is one."""
        model = self._models.get("baseline")
        return self._offered(self._key("baseline", request)) if model and model.live else None

    async def ask_anew(self, requests: Sequence[Request]) -> list[Response | None]:
        """Ask the baseline what other reviews asked already, and return its answers; None where there was none.

        They are this review's own from now on, and are counted once.

        Raises:
            ModelError: the model cannot be used at all; what was answered is stored.
            StoreError: an answer could not be written.
        """
        keys = [self._key("baseline", request) for request in requests]
        wanted = dict(zip(keys, requests, strict=True))
        self._anew |= wanted.keys()
        await self.ask_first([Ask("baseline", request) for request in wanted.values()])
        got = [self._store.own(key) for key in keys]
        return [answer.response if answer is not None else None for answer in got]

    async def ask_first(self, asks: Sequence[Ask]) -> None:
        """Ask before the first round what a round will ask too; the answers are counted once.

        Raises:
            ModelError: a model cannot be used at all; what was answered is stored.
            StoreError: an answer could not be written.
        """
        before = self.remaining
        await self.collect(asks)
        self.first_calls += before - self.remaining
        keys = {self._key(ask.role, ask.request) for ask in asks if self._models[ask.role].live}
        answered = {key for key in keys if self._store.own(key) is not None}
        self._counted |= answered
        self.asked_first |= answered

    def no_longer_holds(self) -> None:
        """Take over nothing more: the baseline was found changed, which the reviews to come are told too.

        Raises:
            StoreError: that could not be written.
        """
        self.reuse = False
        self._store.note_change(self._models["baseline"].identity, self._now)

    def _failed(self, role: Role, error: CallFailed) -> None:
        try:
            self._meters[role].failed(error)
        except ModelError as down:
            kept = f"{len(self._store)} answers are kept; run the same command again once it is back."
            raise ModelError(f"{down} {kept}") from error


@contextmanager
def _seldom_searched() -> Iterator[None]:
    """Search for cycles seldom: a call leaves few, and every search walks through all calls in flight."""
    before = gc.get_threshold()
    if not 0 < before[0] < SELDOM:
        yield
        return
    gc.set_threshold(SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _named(response: Response, request: Request) -> Response:
    """Return a stored answer under the name of the item that asks for it."""
    return replace(response, item=request.item.id, suite=request.item.suite)


def _day(answer: Answer) -> str:
    return answer.at.date().isoformat() if answer.at is not None else ""


def _numbered(asks: Sequence[Ask], role: Role) -> Iterator[tuple[int, Ask]]:
    return ((number, ask) for number, ask in enumerate(asks) if ask.role == role)
