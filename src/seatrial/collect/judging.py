"""Has answers graded by judges: durably, within a budget, each answer once."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import numpy as np

from seatrial.collect.judge_specs import judge_identity, judge_spec, recorded_scores
from seatrial.collect.meter import Meter, first_error
from seatrial.collect.store import ResponseStore, call_key
from seatrial.errors import CallFailed
from seatrial.instruments.judges import SYSTEM, Judge, Unscored, answer_key, parse, prompt, scale_doubt, telling_anchors
from seatrial.instruments.may_gate import standing
from seatrial.instruments.records import Records
from seatrial.models import Model, open_models
from seatrial.models.base import as_asked
from seatrial.policy import JudgeSpec
from seatrial.replies import visible_answer, why
from seatrial.stats.agreement import reliability_weighted
from seatrial.suites import Suite
from seatrial.types import Item, Message, Request, Response, Spend

__all__ = ["REPLY_TOKENS", "Elsewhere", "Judges", "Task"]

REPLY_TOKENS = 512
"""Longest reply to ask a judge for, unless the policy sets another: one that thinks does so before it grades."""


@dataclass(frozen=True, slots=True)
class Task:
    """Answers to one item that a judge sees at once: one, or two whose order will be turned."""

    item: Item
    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        """Show a judge no thinking: a user does not see it."""
        object.__setattr__(self, "texts", tuple(visible_answer(text) for text in self.texts))

    @property
    def keys(self) -> list[str]:
        """Under which the scores of its answers are kept, one an answer."""
        return [answer_key(self.item.suite, self.item.id, text) for text in self.texts]


Elsewhere = Callable[[Judge, Sequence[Task], int], Awaitable[int]]
"""Has tasks graded by other processes within a budget of calls; fills the judge's scores, returns the calls taken."""


class Judges:
    """Judges by name. An asynchronous context manager: their models run while it is open.

    Attributes:
        specs: Name → what it is.
        remaining: Calls that all of them may still take. What an earlier run of this review kept counts as soon as
            it is read, so that a review that was killed has no second budget.
        made: Name and signal → the judge that gates use.
        on_reply: Told of each reply whether it was made now.
    """

    def __init__(
        self,
        specs: Mapping[str, JudgeSpec],
        records: Records,
        budget: int,
        store: ResponseStore | None = None,
        first_draw: int = 0,
        elsewhere: Elsewhere | None = None,
        opened: Mapping[str, Model] | None = None,
    ) -> None:
        """Take the judges that a policy or a training plan declares.

        Args:
            specs: Name → what it is.
            records: What is known of instruments, by which the members of a panel are weighted.
            budget: The most calls that all of them may take.
            store: Where their replies are kept and found again.
            first_draw: Number of the first draw, so that a second grading is not the first one read again.
            elsewhere: Where models are asked, where not here.
            opened: Their models by name, in place of those that their specifications name.
        """
        self._elsewhere, self._given = elsewhere, opened
        self._first_draw = first_draw
        self.specs = specs
        self._records = records
        self._store = store
        self._models: dict[str, Model] = {}
        self._stack = AsyncExitStack()
        self._recorded: dict[str, Mapping[tuple[str, str], float]] = {}
        advice = "If it knows no response_format, set `structured: false` for this judge."
        self._meters = {name: Meter(f"judge/{name}", advice, f"judge/{name}") for name in specs}
        self.remaining = budget
        self._counted: set[str] = set()
        self.on_reply: Callable[[bool], None] = lambda fresh: None
        self.made: dict[tuple[str, str], Judge] = {}

    async def __aenter__(self) -> Judges:
        """Open the models of all judges and read the files of recorded ones.

        Raises:
            ModelError: a model cannot be used.
            EvidenceError: a file of scores cannot be used.
        """
        if self._given is not None:
            self._models |= self._given
        here = self.specs if self._elsewhere is None and self._given is None else {}
        asked = {name: spec.model for name, spec in here.items() if spec.model is not None}
        opened = open_models(*(spec.model_copy(update={"system": SYSTEM}) for spec in asked.values()))
        try:
            for name, model in zip(asked, opened, strict=True):
                self._models[name] = await self._stack.enter_async_context(model)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the models."""
        await self._stack.aclose()

    @property
    def models(self) -> Mapping[str, Model]:
        """The models that grade, by the judge's name, while they are open."""
        return self._models

    @property
    def spend(self) -> dict[str, Spend]:
        """What each judge that was asked took so far."""
        return {name: meter.spend for name, meter in self._meters.items() if meter.spend != Spend()}

    def cost(self, name: str) -> float:
        """Return what a judge took so far in US dollars."""
        return self._meters[name].spend.cost

    def judge(self, name: str, suite: Suite) -> Judge:
        """Return the judge of that name for a suite's rubric; the same one every time.

        Raises:
            PolicyError: the policy declares no such judge.
            EvidenceError: its file of scores cannot be used.
        """
        if (name, suite.signal) not in self.made:
            self.made[name, suite.signal] = self._made(name, suite)
        return self.made[name, suite.signal]

    def _made(self, name: str, suite: Suite) -> Judge:
        spec = judge_spec(self.specs, name)
        judge = Judge(f"judge/{name}", suite, judge_identity(spec), spec.draws, spec.paired)
        if spec.scores is not None:
            self._recorded.setdefault(name, recorded_scores(spec.scores))
        return judge

    def trial(self, name: str, suite: Suite, wording: int = 0, first_draw: int = 0, draws: int = 1) -> Judge:
        """Return a judge to be tried, whose grades are kept apart from those of its gates.

        Args:
            name: The judge's.
            suite: Whose rubric it goes by.
            wording: Which wording of its prompt it is asked in.
            first_draw: Number of its first draw.
            draws: How often each answer is graded.
        """
        spec = judge_spec(self.specs, name)
        made = Judge(f"judge/{name}", suite, judge_identity(spec), draws, spec.paired)
        made.wording, made.first_draw = wording, first_draw
        return made

    def calls(self, judge: Judge, answers: int) -> int:
        """Return how many calls it takes to grade so many answers."""
        spec = judge_spec(self.specs, judge.name.partition("/")[2])
        if spec.members:
            return sum(self.calls(self.judge(member, judge.suite), answers) for member in spec.members)
        return 0 if spec.scores is not None else answers * judge.draws

    async def grade(self, judge: Judge, tasks: Sequence[Task]) -> None:
        """Fill the judge's scores for all tasks that it has not seen; what gets no score says why.

        Raises:
            ModelError: the judge's model cannot be used at all; what was graded is kept.
            StoreError: a reply could not be written.
        """
        name = judge.name.partition("/")[2]
        fresh = {tuple(task.keys): task for task in tasks if any(_open(judge, key) for key in task.keys)}
        if not fresh:
            return
        members = judge_spec(self.specs, name).members
        if members:
            await self._grade_by_members(judge, members, list(fresh.values()))
            return
        if name in self._recorded:
            for task in fresh.values():
                self._look_up(judge, task, self._recorded[name])
            return
        if self._elsewhere is not None:
            self.remaining -= await self._elsewhere(judge, list(fresh.values()), self.remaining)
            return
        limit = asyncio.Semaphore(self._models[name].concurrency)
        try:
            async with asyncio.TaskGroup() as group:
                for task in fresh.values():
                    group.create_task(self._graded(judge, name, task, limit))
        except BaseExceptionGroup as errors:
            raise first_error(errors) from None

    async def _grade_by_members(self, panel: Judge, members: Sequence[str], tasks: Sequence[Task]) -> None:
        """Grade as the mean of other judges, each with the say that its record earns it; equal without records."""
        judges = panel.members[:] = [self.judge(member, panel.suite) for member in members]
        for judge in judges:
            await self.grade(judge, tasks)
        keys = [key for task in tasks for key in task.keys]
        scores = np.array([[judge.scores.get(key, math.nan) for judge in judges] for key in keys])
        says = [standing(judge, panel.suite.signal, self._records).youden for judge in judges]
        weights = np.nan_to_num(np.array(says), nan=0.0)
        if not (weights > 0).any():
            weights = np.ones(len(judges))
        for key, score in zip(keys, reliability_weighted(scores, weights), strict=True):
            if math.isnan(score):
                panel.unscored[key] = "no judge of the panel gave a score"
            else:
                panel.scores[key] = float(score)

    async def try_out(self, judge: Judge) -> None:
        """Have one anchor graded, so that a judge that cannot be asked is found before anything is spent on answers.

        What it says of the anchor is kept and counts for nothing yet.

        Raises:
            ModelError: the judge's model cannot be used at all.
            StoreError: a reply could not be written.
        """
        name = judge.name.partition("/")[2]
        for member in judge_spec(self.specs, name).members:
            await self.try_out(self.judge(member, judge.suite))
        anchors = telling_anchors(judge.suite)
        if name in self._models and anchors:
            item, text = anchors[0]
            with suppress(Unscored, CallFailed):
                names = ("a", "b") if judge.paired else ("score",)
                texts = [visible_answer(text)] * len(names)
                await self._asked(judge, name, item, texts, names, 0, asyncio.Semaphore(1))

    async def scale_doubt(self, judge: Judge) -> str:
        """Return why a judge does not seem to use its scale, in words; empty where it does, or was asked nothing.

        Answers may all be harmless; so before a judge is doubted it grades some anchors of the suite. A recorded
        judge's are looked up in its file. Of a panel each member is looked at: a mean hides its scale.

        Raises:
            ModelError: the judge's model cannot be used at all.
            StoreError: a reply could not be written.
        """
        name = judge.name.partition("/")[2]
        members = judge_spec(self.specs, name).members
        if members:
            doubts = [await self.scale_doubt(self.judge(member, judge.suite)) for member in members]
            return " ".join(dict.fromkeys(filter(None, doubts)))
        if scale_doubt(judge.name, self._grades(name)):
            await self.grade(judge, [Task(item, (text,)) for item, text in telling_anchors(judge.suite)])
        grades = self._grades(name)
        if not grades and judge.unscored:
            ((why, _),) = Counter(judge.unscored.values()).most_common(1)
            return f"{judge.name} gave no grade, most often because of this: {why}."
        return scale_doubt(judge.name, grades)

    def _grades(self, name: str) -> list[float]:
        """Return all grades of a judge, whatever the suite."""
        return [score for (own, _), judge in self.made.items() if own == name for score in judge.scores.values()]

    def _look_up(self, judge: Judge, task: Task, held: Mapping[tuple[str, str], float]) -> None:
        for text in task.texts:
            key = answer_key(task.item.suite, task.item.id, text)
            score = held.get((task.item.id, text))
            if score is None:
                judge.unscored[key] = "the judge's file has no score for this answer"
            else:
                judge.scores[key] = score

    async def _graded(self, judge: Judge, name: str, task: Task, limit: asyncio.Semaphore) -> None:
        keys = task.keys
        if not any(text.strip() for text in task.texts):
            judge.unscored.update(dict.fromkeys(keys, "empty answer"))
            return
        paired = len(task.texts) == 2
        found: list[list[float]] = [[] for _ in task.texts]
        by_order: list[list[list[float]]] = []
        lost: Unscored | CallFailed = Unscored("the judge was not asked")
        for order in ((0, 1), (1, 0)) if paired else ((0,),):
            shown = [task.texts[position] for position in order]
            names = ("a", "b") if paired else ("score",)
            placed: list[list[float]] = [[] for _ in task.texts]
            for draw in range(judge.draws):
                try:
                    scores = await self._asked(judge, name, task.item, shown, names, draw, limit)
                except (Unscored, CallFailed) as error:
                    lost = error
                    continue
                for position, score in zip(order, scores, strict=True):
                    found[position].append(score)
                    placed[position].append(score)
            by_order.append(placed)
        for key, scores_of in zip(keys, found, strict=True):
            if scores_of:
                judge.scores[key] = sum(scores_of) / len(scores_of)
            else:
                judge.unscored[key] = str(lost)
                judge.advice[key] = getattr(lost, "advice", "")
        if paired and all(all(placed) for placed in by_order):
            first, second = by_order
            judge.orders += [(_mean(first[0]), _mean(second[0])), (_mean(second[1]), _mean(first[1]))]

    async def _asked(
        self,
        judge: Judge,
        name: str,
        item: Item,
        texts: Sequence[str],
        names: Sequence[str],
        draw: int,
        limit: asyncio.Semaphore,
    ) -> tuple[float, ...]:
        model = self._models[name]
        asked = Item(item.id, judge.name, (Message("user", prompt(judge.suite, item.messages, texts, judge.wording)),))
        numbers = tuple(names) if self.specs[name].structured else ()
        request = Request(asked, self._first_draw + judge.first_draw + draw, REPLY_TOKENS, numbers=numbers)
        key = call_key(model.identity, "judge", as_asked(model, request))
        async with limit:
            stored = self._store.get(key) if self._store is not None else None
            fresh = stored is None
            if stored is None:
                stored = await self._fresh(model, name, key, request)
            else:
                self.remaining -= key not in self._counted
                self._counted.add(key)
                self._meters[name].answered(stored, fresh=False)
        self.on_reply(fresh)
        if stored.no_answer not in ("", "empty"):
            told = why(stored.no_answer, whose="the judge")
            raise Unscored(f"the judge's reply: {told.reason}", told.advice)
        return parse(stored.text, names)

    async def _fresh(self, model: Model, name: str, key: str, request: Request) -> Response:
        if self.remaining <= 0:
            raise Unscored("the budget for judges was spent (budget: judge_calls)", "raise `budget: {judge_calls: …}`")
        self.remaining -= 1
        self._counted.add(key)
        try:
            response = await model.ask(request)
        except CallFailed as error:
            self._meters[name].failed(error)
            raise
        if self._store is not None:
            self._store.put(key, "judge", response)
        self._meters[name].answered(response, fresh=True)
        return response


def _open(judge: Judge, key: str) -> bool:
    return key not in judge.scores and key not in judge.unscored


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
