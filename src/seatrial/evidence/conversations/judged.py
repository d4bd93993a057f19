"""Judges that grade each turn of conversations, by the rubric of the area's suite and with all that was said before."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from seatrial.collect import Progress, ResponseStore
from seatrial.collect.judging import Judges, Task
from seatrial.evidence.conversations.cast import JUDGE, Opening
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.readings import Read, asked_at
from seatrial.evidence.conversations.signals import KINDS, judge_of, kind_of
from seatrial.gates.plan import GatePlan
from seatrial.instruments import Signal
from seatrial.instruments.judges import SYSTEM, Judge
from seatrial.instruments.records import Records, load_records
from seatrial.models import Model
from seatrial.personas import Area
from seatrial.replies import visible_answer
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item, Spend

__all__ = ["Bench", "Judged", "TryFirst", "graded_item", "judge_plans", "rubrics", "seated"]

TryFirst = Callable[[ConversationPolicy, Judges, Sequence[GatePlan], Records], Awaitable[Records]]
"""Tries judges that have no record for the suites of their gates, and returns the records with what they earn."""


@dataclass(frozen=True)
class Judged:
    """What the judges of a run came to.

    Attributes:
        records: What is known of instruments, with the records that judges earned before this run.
        doubts: Judge → why it does not seem to use its scale; such a judge may only advise.
        spend: Judge → what it took.
        answers: Answers that each judge was to grade.
        ungraded: Judge → why an answer got no grade → how many did not.
    """

    records: Records
    doubts: Mapping[str, str] = field(default_factory=dict)
    spend: Mapping[str, Spend] = field(default_factory=dict)
    answers: int = 0
    ungraded: Mapping[str, Counter[str]] = field(default_factory=dict)

    def why_ungraded(self, judge: str) -> str:
        """Return how many answers got no grade of a judge, and why, as a sentence; empty where all did."""
        lost = self.ungraded.get(judge, Counter())
        if not lost:
            return ""
        ((why, _),) = lost.most_common(1)
        return (
            f"judge/{judge} gave {lost.total():,} of {self.answers:,} answers no grade, most often because of this: "
            f"{why}. A conversation with such an answer counts as missing for it."
        )


def rubrics(policy: ConversationPolicy, areas: Mapping[str, Area]) -> dict[str, Suite]:
    """Return area → the suite by whose rubric judges grade its answers; empty where the policy names no judge.

    Raises:
        SuiteError: a suite is missing or broken.
    """
    folders = find_suites() if policy.judges else {}
    return {name: load_suite(folders[area.suite]) for name, area in areas.items()} if policy.judges else {}


def judge_plans(
    policy: ConversationPolicy, suites: Mapping[str, Suite], judge: Callable[[str, Suite], Judge]
) -> list[GatePlan]:
    """Return for each gate whose judge's record counts, and each suite, what a review would plan of such a gate."""
    made = []
    for gate in policy.gates:
        kind, name = kind_of(gate.signal), judge_of(gate.signal)
        if kind is not None and name and KINDS[kind].linear:
            grading = [judge(name, suite) for suite in _by_signal(suites).values()]
            made += [
                GatePlan(gate.decides, Signal(gate.signal, one, "high", one.bounds), "evidence") for one in grading
            ]
    return made


def _by_signal(suites: Mapping[str, Suite]) -> dict[str, Suite]:
    """Return signal → suite; several areas may be graded by one."""
    return {suite.signal: suite for suite in suites.values()}


def graded_item(item: Item) -> Item:
    """Return a turn under a name that says what was said before it: equal answers there are graded once.

    Two conversations with one persona part, and the same words at the same turn may answer something else.
    """
    said = json.dumps([[message.role, message.content] for message in item.messages])
    digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return replace(item, id=f"{item.id}-{digest}")


async def seated(
    policy: ConversationPolicy,
    suites: Mapping[str, Suite],
    stack: AsyncExitStack,
    store: ResponseStore,
    opening: Opening,
) -> Bench:
    """Return the judges of a run, open; each that is a model has graded one anchor, so that it is known to answer.

    Raises:
        ModelError: a judge's model cannot be used.
        EvidenceError: a judge's file of scores cannot be used.
        StoreError: a reply could not be written.
    """
    specs = {name: one.model.model_copy(update={"system": SYSTEM}) for name, one in policy.judges.items() if one.model}
    asked = {f"{JUDGE}{name}": spec for name, spec in specs.items()}
    models = {
        name: await stack.enter_async_context(model)
        for name, model in zip(asked, opening(asked, store) if asked else (), strict=True)
    }
    records = load_records(policy.records)
    given = {name.removeprefix(JUDGE): model for name, model in models.items()}
    judges = Judges(policy.judges, records, policy.budget.judge_calls, store, opened=given)
    bench = Bench(policy, suites, await stack.enter_async_context(judges), models, records)
    for name in policy.graders:
        await judges.try_out(judges.judge(name, next(iter(suites.values()))))
    return bench


@dataclass
class Bench:
    """The judges of a run while they are open.

    Attributes:
        policy: The run's policy.
        suites: Area → the suite by whose rubric they grade its answers.
        judges: The judges.
        models: Name in the run → the model of a judge.
        records: What is known of instruments.
    """

    policy: ConversationPolicy
    suites: Mapping[str, Suite]
    judges: Judges
    models: Mapping[str, Model]
    records: Records

    async def tried(self, try_first: TryFirst) -> None:
        """Have judges without a record tried first, as a review does."""
        plans = judge_plans(self.policy, self.suites, self.judges.judge)
        if plans:
            self.records = await try_first(self.policy, self.judges, plans, self.records)

    async def grade(self, reads: Sequence[Read], progress: Progress) -> tuple[tuple[Read, ...], Judged]:
        """Return conversations with the grades of all judges, and what became of grading.

        Args:
            reads: The conversations.
            progress: Where to show how far it is.

        Raises:
            ModelError: a judge's model cannot be used at all; what was graded is kept.
            StoreError: a reply could not be written.
        """
        turns = [[graded_item(asked_at(read.talk, number)) for number in range(len(read.talk.turns))] for read in reads]
        tasks: dict[str, list[Task]] = {}
        for read, items in zip(reads, turns, strict=True):
            held = tasks.setdefault(self._suite(read).signal, [])
            held += [Task(item, (turn.answer.text,)) for item, turn in zip(items, read.talk.turns, strict=True)]
        suites = _by_signal(self.suites)
        seats = [
            (name, self.judges.judge(name, suites[signal]), own)
            for name in self.policy.graders
            for signal, own in tasks.items()
        ]
        most = sum(self.judges.calls(judge, len(own)) for _, judge, own in seats)
        with progress.counting("grading", most, "judge calls") as counted:
            self.judges.on_reply = counted
            for _, judge, own in seats:
                await self.judges.grade(judge, own)
        doubts: dict[str, str] = {}
        ungraded: dict[str, Counter[str]] = {name: Counter() for name in self.policy.graders}
        for name, judge, _ in seats:
            doubt = await self.judges.scale_doubt(judge)
            doubts |= {name: doubt} if doubt else {}
        made = tuple(
            replace(
                read, grades={name: self._grades(name, read, items, ungraded[name]) for name in self.policy.graders}
            )
            for read, items in zip(reads, turns, strict=True)
        )
        spend = {f"judge/{name}": spent for name, spent in self.judges.spend.items()}
        return made, Judged(self.records, doubts, spend, sum(map(len, turns)), ungraded)

    def _suite(self, read: Read) -> Suite:
        return self.suites[read.talk.meeting.persona.area]

    def _grades(self, name: str, read: Read, items: Sequence[Item], lost: Counter[str]) -> tuple[float | None, ...]:
        """Return a judge's reading of each turn, high for harm, and count what got none by its reason."""
        suite = self._suite(read)
        judge = self.judges.judge(name, suite)
        found: list[float | None] = []
        for item, turn in zip(items, read.talk.turns, strict=True):
            value = judge.read(item, turn.answer)
            if value is None and visible_answer(turn.answer.text).strip():
                lost[judge.why_not(item, turn.answer).reason] += 1
            found.append(1.0 - value if value is not None and suite.harmful == "low" else value)
        return tuple(found)
