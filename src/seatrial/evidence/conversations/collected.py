"""From a policy to conversations that were held and read: who talks, what it takes, and the files it leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from seatrial.collect import Collector, Progress, ResponseStore
from seatrial.collect.judging import Judges
from seatrial.errors import EvidenceError, PolicyError, StoreError
from seatrial.evidence.conversations.cast import Opening, as_cast, called, live
from seatrial.evidence.conversations.conversation import ENDINGS, Conversation
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.forecast import Forecast, forecast, judges_take
from seatrial.evidence.conversations.found import Conversed
from seatrial.evidence.conversations.judged import Bench, Judged, TryFirst, graded_item, judge_plans, rubrics, seated
from seatrial.evidence.conversations.readings import Read, asked_at, observed, read_turns
from seatrial.evidence.conversations.run import Planned, held, meetings_of
from seatrial.evidence.conversations.signals import judge_of
from seatrial.evidence.conversations.standings import standing_of
from seatrial.evidence.conversations.user_model import ModelUser
from seatrial.evidence.conversations.users import ScriptedUser, User
from seatrial.formats.nearest import did_you_mean
from seatrial.formats.whole_files import write_whole
from seatrial.gates.plan import GatePlan
from seatrial.instruments import Instrument, find_instrument
from seatrial.instruments.may_gate import Standing
from seatrial.instruments.records import Records, load_records
from seatrial.models import Model
from seatrial.observations import to_frame, write_observations
from seatrial.personas import Area, Persona, find_areas, find_personas, load_area
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.suites import Suite
from seatrial.types import ROLES, Role, Spend

__all__ = ["EVIDENCE", "SECOND", "TURNS", "Run", "conversed", "prepared", "standings", "write_conversations"]

EVIDENCE, TURNS = "conversations.parquet", "turns.jsonl"
"""What a run leaves in its folder: its observations, and every turn with what was read of it."""
SECOND = "second-user-"
"""How the files of conversations with the second user begin."""


@dataclass(frozen=True)
class Run:
    """A run that is ready to begin.

    Attributes:
        policy: The policy.
        areas: Name → area.
        personas: Who talks.
        readers: Area → what reads harm in its answers.
        planned: The meetings.
        plan: What they take at most.
        suites: Area → the suite by whose rubric judges grade its answers; empty without judges.
    """

    policy: ConversationPolicy
    areas: dict[str, Area]
    personas: tuple[Persona, ...]
    readers: dict[str, Instrument]
    planned: Planned
    plan: Forecast
    suites: dict[str, Suite] = field(default_factory=dict)

    @property
    def judge_plans(self) -> list[GatePlan]:
        """For each gate and suite whose judge's record counts, what a review would plan of such a gate."""
        return judge_plans(self.policy, self.suites, _judges(self.policy).judge)


def prepared(policy: ConversationPolicy) -> Run:
    """Return the run of a policy; nothing is asked.

    Raises:
        SuiteError: a persona or an area is wrong.
        PolicyError: an area, a persona or an instrument is unknown, or the budget does not pay for one conversation.
    """
    folders = find_areas(policy.personas)
    for name in policy.areas:
        if name not in folders:
            raise PolicyError(f"areas: no area {name!r}; {_near(name, list(folders))}")
    chosen = {name: folder for name, folder in folders.items() if not policy.areas or name in policy.areas}
    known = find_personas(list(chosen.values()), empty_too=not policy.areas)
    ids = [persona.id for persona in known]
    for name in policy.only:
        if name not in ids:
            raise PolicyError(f"only: no persona {name!r}; {_near(name, ids)}")
    personas = tuple(persona for persona in known if not policy.only or persona.id in policy.only)
    if not personas:
        raise PolicyError("nobody talks: the areas hold no persona")
    areas = {name: load_area(chosen[name]) for name in chosen if any(one.area == name for one in personas)}
    readers = {name: _reader(policy, area) for name, area in areas.items()}
    planned = meetings_of(policy, personas)
    if not planned.meetings:
        raise PolicyError(
            f"budget: {policy.budget.calls:,} calls do not pay for one persona and its twin with both models; raise "
            "`calls`, or lower `turns`"
        )
    suites = rubrics(policy, areas)
    plan = forecast(policy, planned.meetings, planned.left_out)
    plan = replace(plan, judges=judges_take(policy, planned.meetings, suites), judge_calls=policy.budget.judge_calls)
    return Run(policy, areas, personas, readers, planned, plan, suites)


def _judges(policy: ConversationPolicy) -> Judges:
    return Judges(policy.judges, load_records(policy.records), policy.budget.judge_calls)


def _near(name: str, known: Sequence[str]) -> str:
    return did_you_mean(name, known, f"there are {', '.join(known)}")


def _reader(policy: ConversationPolicy, area: Area) -> Instrument:
    found = find_instrument(policy.reads or area.instruments[0])
    if found.bounds != (0.0, 1.0):
        raise PolicyError(
            f"{found.name} reads from {found.bounds[0]:g} to {found.bounds[1]:g}; harm is read from 0 to 1"
        )
    return found


async def conversed(
    run: Run, folder: Path, progress: Progress, opening: Opening = live, try_first: TryFirst | None = None
) -> Conversed:
    """Hold all conversations of a run and read them; what an earlier run of the same folder asked is not asked again.

    Args:
        run: The run.
        folder: Its folder.
        progress: Where to show how far it is.
        opening: Gives the models.
        try_first: Tries judges that have no record; none are tried without it.

    Raises:
        ModelError: a model cannot be used at all; what was answered is kept.
        EvidenceError: no meeting came to an end with both models.
        StoreError: something cannot be kept.
    """
    policy = run.policy
    with ResponseStore(folder) as store:
        async with AsyncExitStack() as stack:
            specs = {called(one, role): getattr(one, role) for one in policy.products for role in ROLES}
            opened = {
                name: await stack.enter_async_context(one)
                for name, one in zip(specs, opening(specs, store), strict=True)
            }
            top_logprobs = _top_logprobs(run, list(opened.values()))
            bench = await seated(policy, run.suites, stack, store, opening) if policy.judges else None
            if bench is not None and try_first is not None:
                await bench.tried(try_first)
            progress.plan(sum(taken.calls for taken in run.plan.taken.values()))
            progress.say("talking")
            player = await _player(policy, stack, store, opening)
            talks: list[Conversation] = []
            spend: dict[str, Spend] = dict.fromkeys(ROLES, Spend())
            with progress:
                for product in policy.products:
                    models: dict[Role, Model] = {role: opened[called(product, role)] for role in ROLES}
                    collector = Collector(models, store, policy.budget.calls, progress)
                    meets = [one for one in run.planned.meetings if one.configuration == product.name]
                    talks += await held(policy, meets, models, player, collector, top_logprobs)
                    spend |= {role: _added(spend[role], collector.spend(role)) for role in ROLES}
            reads, judged = await _read(run, talks, bench, progress)
    spend |= judged.spend if judged is not None else {}
    opened |= bench.models if bench is not None else {}
    record = None
    if isinstance(player, ModelUser):
        spend["user"], record = player.spend, player.record
        opened["user"] = player.model
    return Conversed(policy, run.areas, reads, run.plan, spend, record, as_cast(opened), judged=judged)


async def _read(
    run: Run, talks: Sequence[Conversation], bench: Bench | None, progress: Progress
) -> tuple[tuple[Read, ...], Judged | None]:
    """Return conversations as instruments read them, and judges where the policy names any."""
    if not any(one.whole for one in talks):
        raise EvidenceError(
            f"no conversation came to an end; the first reason: {talks[0].why or ENDINGS[talks[0].ending]}"
        )
    reads = read_turns(talks, run.areas, lambda area: run.readers[area.name])
    return (reads, None) if bench is None else await bench.grade(reads, progress)


def _top_logprobs(run: Run, models: Sequence[Model]) -> int:
    """Return how many first-token alternatives to ask for: none where the text alone is read."""
    names = sorted({one.name for one in run.readers.values() if one.needs == "logprobs"})
    if not names:
        return 0
    least = min(model.logprobs for model in models)
    if not least:
        raise PolicyError(f"{', '.join(names)} needs log-probabilities, and at least one of the models gives none")
    return least


def _added(one: Spend, other: Spend) -> Spend:
    return Spend(*(getattr(one, part.name) + getattr(other, part.name) for part in fields(Spend)))


async def _player(policy: ConversationPolicy, stack: AsyncExitStack, store: ResponseStore, opening: Opening) -> User:
    """Return who plays the users, open."""
    if not isinstance(policy.user, ModelSpec):
        return ScriptedUser(policy.seed)
    (model,) = opening({"user": policy.user}, store)
    return ModelUser(await stack.enter_async_context(model), store, policy.turns, policy.budget.user_calls)


def standings(run: Run, judged: Judged | None = None) -> dict[str, Standing]:
    """Return what each gate of a run may do, by signal.

    Args:
        run: The run.
        judged: What its judges came to, once they have graded.
    """
    records: Records = load_records(run.policy.records) if judged is None else judged.records
    judges, names = _judges(run.policy), (run.policy.baseline.model, run.policy.candidate.model)
    made = {}
    for gate in run.policy.gates:
        name = judge_of(gate.signal)
        readers: list[tuple[Area, Instrument]] = [
            (area, judges.judge(name, run.suites[area.name]) if name else run.readers[area.name])
            for area in run.areas.values()
        ]
        made[gate.signal] = standing_of(gate, readers, records, names)
        if judged is not None and (doubt := judged.doubts.get(name, "")):
            why = f"{doubt} So it may only advise."
            made[gate.signal] = replace(made[gate.signal], may_gate=False, trust="", why=why)
    return made


def write_conversations(found: Conversed, folder: Path, begins: str = "") -> LaunchPolicy:
    """Write the observations and all turns of a run, and return the policy that decides on them.

    Args:
        found: The run.
        folder: Its folder.
        begins: How the names of the files begin.

    Raises:
        StoreError: a file cannot be written.
        EvidenceError: nothing was read for a gate.
    """
    signals = [gate.signal for gate in found.policy.gates]
    products = {gate.signal for gate in found.policy.gates if gate.per == "configuration"}
    rows = observed(found.reads, signals, found.turns, found.user, products)
    for signal in signals:
        if not any(row.signal == signal for row in rows):
            why = found.judged.why_ungraded(judge_of(signal)) if found.judged is not None else ""
            raise EvidenceError(
                f"{signal}: nothing was read of any conversation; look at {folder / TURNS}. {why}".strip()
            )
    write_whole(folder / f"{begins}{TURNS}", "".join(_lines(found.reads)), StoreError)
    evidence = folder / f"{begins}{EVIDENCE}"
    write_observations(to_frame(rows), evidence)
    return found.policy.decides(evidence)


def _lines(reads: Sequence[Read]) -> Iterator[str]:
    for read in reads:
        talk = read.talk
        for number, (turn, harm, acts) in enumerate(zip(talk.turns, read.harm, read.acts, strict=True), 1):
            entry = {
                "persona": talk.meeting.persona.id,
                "version": talk.meeting.side,
                "draw": talk.meeting.draw,
                "configuration": talk.meeting.configuration,
                "role": talk.role,
                "turn": number,
                "state": turn.state,
                "user": turn.said,
                "assistant": turn.answer.text,
                "act": turn.act,
                "reader": read.reader,
                "harm": harm,
                **({"item": graded_item(asked_at(talk, number - 1)).id} if read.grades else {}),
                **{f"judge/{name}": grades[number - 1] for name, grades in read.grades.items()},
                "protective": sorted(acts),
                "ended": talk.ending if number == len(talk.turns) else "",
            }
            yield json.dumps(entry, ensure_ascii=False) + "\n"
