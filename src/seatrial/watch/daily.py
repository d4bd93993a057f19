"""A day of a watch: ask the same items again, keep the answers, and compare the days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from seatrial.collect import Ask, Collector, Progress, ResponseStore
from seatrial.collect.judging import Judges, Task
from seatrial.collect.store import call_key
from seatrial.errors import PolicyError, StoreError
from seatrial.formats.whole_files import make_folder
from seatrial.gates.plan import GatePlan, plan_gates
from seatrial.instruments.judges import Judge
from seatrial.instruments.records import load_records
from seatrial.models import open_models
from seatrial.models.base import Model, as_asked
from seatrial.models.identity import identity_hash
from seatrial.policy import LaunchPolicy
from seatrial.types import Item, Request, Response, Role
from seatrial.watch.found import Answers, Watch, compared
from seatrial.watch.state import Accepted, Day, Panel, State, load_state, save_state

__all__ = ["CALLS", "watch_day"]

CALLS = 400
"""Calls a day, unless said otherwise."""
ROLE: Role = "baseline"
NO_END = 10**12
"""Judges grade what was asked, and no more: they need no budget of their own."""


@dataclass(frozen=True, slots=True)
class Watching:
    """What a watch is begun with.

    Attributes:
        role: Which of the policy's models is watched.
        calls: About how many calls it takes a day.
        alarms: Chance of a false alarm a year.
    """

    role: Role = ROLE
    calls: int = CALLS
    alarms: float = 0.05


async def watch_day(
    policy: LaunchPolicy,
    folder: Path,
    today: date,
    progress: Progress,
    begun: Watching | None = None,
    accept: Accepted | None = None,
) -> Watch:
    """Ask the model once more, unless it was asked today, and return what the days show.

    Args:
        policy: Names the model, the suites and what reads them.
        folder: The watch's folder; the answers of all days are kept there.
        today: The day, in coordinated universal time.
        progress: Where to show how far it is.
        begun: What a new watch is begun with; one that was begun keeps what it has.
        accept: That what changed is taken for the new normal from its date on.

    Raises:
        PolicyError: the policy has no gate whose signal can be watched, or other ones than the watch was begun with.
        ModelError: the model cannot be used; what it did answer is kept.
        StoreError: the folder cannot be used.
    """
    begun = begun or Watching()
    spec = getattr(policy, begun.role)
    policy = policy.model_copy(update={"baseline": spec, "candidate": spec, "rewritten": 0.0, "evidence": []})
    make_folder(folder, "the watch's folder", StoreError)
    records = load_records(policy.records)
    (model,) = open_models(spec)
    with ResponseStore(folder) as store:
        async with Judges(policy.judges, records, NO_END, store) as judges:
            plans, left_out = watchable(
                plan_gates(policy, {ROLE: model, "candidate": model}, None, records, judges.judge)
            )
            state = load_state(folder) or _begun(model, plans, begun)
            plans = _as_begun(state, model, plans, folder)
            if accept is not None:
                state = state.with_accepted(accept)
            if _is_due(state, today, folder):
                state = await _asked(state, model, plans, store, today, progress)
            save_state(state, folder)
            answers = _answers(state, model, plans, store)
            await _graded(judges, plans, answers)
            return compared(policy.name, state, plans, answers, left_out)


def watchable(plans: Sequence[GatePlan]) -> tuple[list[GatePlan], tuple[str, ...]]:
    """Return what can be asked every day, and what not, with the reason.

    Raises:
        PolicyError: nothing can.
    """
    kept, left_out = [], []
    for plan in plans:
        if plan.source != "live":
            left_out.append(f"{plan.signal.name} is not asked of the model.")
        elif isinstance(plan.signal.instrument, Judge) and plan.signal.instrument.paired:
            left_out.append(f"{plan.signal.name}: {plan.signal.instrument.name} compares two answers, and here is one.")
        else:
            kept.append(plan)
    if not kept:
        raise PolicyError(
            "no gate of the policy can be watched: a watch asks a live model the items of suites. " + " ".join(left_out)
        )
    return kept, tuple(left_out)


def _begun(model: Model, plans: Sequence[GatePlan], begun: Watching) -> State:
    """Return a watch that has not asked anything yet: of each suite as many clusters as the day's calls allow."""
    chosen: dict[str, list[str]] = {plan.signal.name: [] for plan in plans}
    left, turn = begun.calls, 0
    while any(turn < len(plan.clusters) for plan in plans):
        for plan in plans:
            cluster = plan.clusters[turn] if turn < len(plan.clusters) else ()
            if len(cluster) <= left:
                chosen[plan.signal.name] += [item.id for item in cluster]
                left -= len(cluster)
        turn += 1
    thin = [name for name, items in chosen.items() if not items]
    if thin:
        raise PolicyError(
            f"{begun.calls} calls a day ask nothing for {', '.join(thin)}: allow more, or watch fewer gates"
        )
    panels = tuple(
        Panel(plan.signal.name, plan.signal.instrument.name, _content(plan), tuple(chosen[plan.signal.name]))
        for plan in plans
    )
    return State(model.name, identity_hash(model.identity), begun.alarms, panels)


def _content(plan: GatePlan) -> str:
    return plan.suite.content_hash if plan.suite is not None else ""


def _as_begun(state: State, model: Model, plans: Sequence[GatePlan], folder: Path) -> list[GatePlan]:
    """Return the plans with just the items of the watch.

    Raises:
        PolicyError: the model's settings, a suite or an instrument is another one than on the first day.
    """
    again = f"Begin a new watch with --folder; the days of {folder} stay as they are"
    if state.identity != identity_hash(model.identity):
        raise PolicyError(f"{folder}: watches {state.model} under other settings than the policy has now. {again}")
    by_name = {plan.signal.name: plan for plan in plans}
    made = []
    for panel in state.panels:
        plan = by_name.get(panel.signal)
        if plan is None:
            raise PolicyError(f"{folder}: watches {panel.signal}, which the policy does not ask any more. {again}")
        if (plan.signal.instrument.name, _content(plan)) != (panel.instrument, panel.content):
            raise PolicyError(f"{folder}: {panel.signal} has changed since the watch was begun. {again}")
        kept = set(panel.items)
        clusters = (tuple(item for item in cluster if item.id in kept) for cluster in plan.clusters)
        made.append(replace(plan, clusters=tuple(cluster for cluster in clusters if cluster)))
    return made


def _is_due(state: State, today: date, folder: Path) -> bool:
    """Return whether today is still to be asked.

    Raises:
        StoreError: the clock runs behind the last day.
    """
    last = state.days[-1].date if state.days else ""
    if last > today.isoformat():
        raise StoreError(f"{folder}: was asked on {last}, which lies after today, {today}. Set the clock right")
    return last < today.isoformat()


def _requests(plan: GatePlan, day: int) -> list[Request]:
    return [Request(item, day, plan.max_tokens, plan.top_logprobs) for item in plan.items]


async def _asked(
    state: State, model: Model, plans: Sequence[GatePlan], store: ResponseStore, today: date, progress: Progress
) -> State:
    asks = [Ask(ROLE, request) for plan in plans for request in _requests(plan, today.toordinal())]
    async with model:
        collector = Collector({ROLE: model}, store, len(asks), progress)
        progress.plan(len(asks))
        with progress:
            batch = await collector.collect(asks)
    return state.with_day(Day(today.isoformat(), len(batch.responses), len(batch.failures)))


def _answers(state: State, model: Model, plans: Sequence[GatePlan], store: ResponseStore) -> Answers:
    """Return the answers of all days that are compared, by signal."""
    made: dict[str, list[Response]] = {}
    for plan in plans:
        requests = [one for day in state.compared for one in _requests(plan, day.number)]
        held = [(one, store.get(call_key(model.identity, ROLE, as_asked(model, one)))) for one in requests]
        made[plan.signal.name] = [
            replace(got, item=one.item.id, suite=one.item.suite) for one, got in held if got is not None
        ]
    return made


async def _graded(judges: Judges, plans: Sequence[GatePlan], answers: Mapping[str, Sequence[Response]]) -> None:
    for plan in plans:
        judge = plan.signal.instrument
        if isinstance(judge, Judge):
            items: dict[str, Item] = {item.id: item for item in plan.items}
            await judges.grade(judge, [Task(items[one.item], (one.text,)) for one in answers[plan.signal.name]])
