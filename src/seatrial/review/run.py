"""The main job: compare the candidate with the baseline and decide launch, hold or block.

The story in order: open the models, plan what to ask, collect answers in rounds, observe and weigh them
after each, decide, record the decision in the ledger, write the report. A review is a folder; killing it at
any moment loses no answered call, and running it again goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from seatrial.collect import Ask, Batch, Collector, Progress, ResponseStore
from seatrial.collect.judging import Judges
from seatrial.collect.tasks import run_tasks
from seatrial.drift.page import write_page
from seatrial.errors import StoreError
from seatrial.formats.letters import slug
from seatrial.formats.whole_files import make_folder, write_whole
from seatrial.gates.operating_characteristic import Outlook, blind_gates, outlook
from seatrial.gates.plan import GatePlan, plan_gates
from seatrial.gates.solve import Solution, solve
from seatrial.gates.verdicts import decide
from seatrial.instruments.may_gate import Standing
from seatrial.instruments.records import Records, load_records
from seatrial.ledger import check_answers, give_id, ledger_for, lost_ledger
from seatrial.models import open_models
from seatrial.models.base import Model, RecordedModel
from seatrial.observations import read_observations
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.report import Detection, Reuse, ReviewResult
from seatrial.report.basis import Basis, Talks
from seatrial.report.result import Glance
from seatrial.review.basis import as_asked, input_hashes, logs_of, sources_of
from seatrial.review.brought_evidence import Brought, brought_evidence, odd_runs
from seatrial.review.budget_ends import ends_before
from seatrial.review.entering import entered
from seatrial.review.findings.at_a_glance import glances
from seatrial.review.findings.compose import compose
from seatrial.review.findings.detection_limit import detections
from seatrial.review.findings.drifted import drift_note, drifted
from seatrial.review.findings.taking_sides import side_glances, side_notes, sides_taken
from seatrial.review.finished import Review
from seatrial.review.first_calls import ask_judges_first, ask_models_first
from seatrial.review.judge_grading import cost_forecast, grade_round, question_scales
from seatrial.review.recheck import recheck, with_counts
from seatrial.review.replayed_run import check_replays, with_replays
from seatrial.review.rounds import Rounds
from seatrial.review.starters import lacking, told_beforehand, with_starters
from seatrial.review.task_outlook import Foreseen, foreseen
from seatrial.types import ROLES, Role, Spend

__all__ = [
    "Answering",
    "Known",
    "ask_in_rounds",
    "decide_on",
    "decided",
    "default_folder",
    "plan_review",
    "run_review",
    "solve_policy",
]


def default_folder(policy: LaunchPolicy, reviews: Path) -> Path:
    """Return the folder of this comparison: a policy whose gates, budget or longest answer changed finds it again."""
    pair = f"{_compared(policy.baseline)}\n{_compared(policy.candidate)}"
    return reviews / f"{slug(policy.name) or 'review'}-{hashlib.sha256(pair.encode()).hexdigest()[:8]}"


def _compared(spec: ModelSpec) -> str:
    """Return what makes a model another one to compare."""
    unset = {name for name in ("extra_body", "headers") if not getattr(spec, name)}
    lengthless = spec.generation.model_copy(update={"max_tokens": None})
    return spec.model_copy(update={"generation": lengthless}).model_dump_json(exclude=unset)


@dataclass(frozen=True, slots=True)
class Known:
    """What whoever brings the evidence of a review knows of it.

    Attributes:
        standings: Signal → what it may do, where its numbers are made of several readings of an instrument.
        told: How the evidence came about, in sentences.
        odd: What holds a launch whatever the numbers say.
        talks: The conversations that it is made of, so that others can make it again.
    """

    standings: Mapping[str, Standing] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    odd: tuple[Glance, ...] = ()
    talks: Talks | None = None

    def of(self, plans: Sequence[GatePlan]) -> tuple[GatePlan, ...]:
        """Return plans with what is known of what their signals may do."""
        return tuple(replace(one, standing=self.standings.get(one.gate.signal, one.standing)) for one in plans)


NOTHING = Known()
"""Of a review whose evidence speaks for itself."""


async def run_review(
    policy: LaunchPolicy,
    text: str,
    folder: Path,
    author: str,
    progress: Progress,
    *,
    spike_in: bool = False,
    known: Known = NOTHING,
) -> Review:
    """Review the candidate and return the decision with its evidence.

    Args:
        policy: What must hold.
        text: The policy as the user wrote it; copied into the folder.
        folder: The review's folder; answers already there are used again.
        author: Who runs the review, for the ledger.
        progress: Where to show how far it is.
        spike_in: Whether to measure each gate's limit of detection with known-harmful answers.
        known: What is known of the evidence that the policy brings.

    Raises:
        SeatrialError: the user's next step, in words; whatever was answered is kept.
    """
    started = _now()
    inputs = input_hashes(policy)
    brought = brought_evidence(policy)
    make_folder(folder, "the review's folder", StoreError)
    with ResponseStore(folder) as store:
        entries = ledger_for(folder).ready()
        check_answers(folder, entries)
        give_id(folder, entries)
        lost = lost_ledger(folder, entries)
        write_whole(folder / "policy.yaml", text, StoreError)
        before = ends_before(folder, entries, policy)
        ran = await run_tasks(policy, folder, progress)
        if ran.runs:
            brought = brought_evidence(policy, ran.runs)
        done = await _collected(policy, brought, folder, store, progress, before, known)
        told = tuple(dict.fromkeys((*filter(None, [lost]), *known.told, *brought.told, *ran.told, *done.told)))
        odd = (*known.odd, *odd_runs(brought.odd))
        result = decided(policy, done.rounds, done.spend | ran.spend, started, author, spike_in, told, done.reuse, odd)
        basis = replace(done.basis, inputs=inputs, logs=logs_of(ran.runs), ends_before=before, talks=known.talks)
        result = replace(result, basis=basis)
        found = drifted(policy, done.rounds)
        result = replace(result, notes=(*drift_note(found), *result.notes))
        if found is not None:
            write_page(found, policy.name, folder)
        return entered(result, done.rounds, folder, author)


@dataclass(frozen=True, slots=True)
class _Collected:
    """What was asked and weighed: the rounds, what they took, what was taken over, how recorded files were read.

    Beside these what others need to ask and weigh it again.
    """

    rounds: Rounds
    spend: dict[str, Spend]
    reuse: Reuse
    told: tuple[str, ...]
    basis: Basis


async def _collected(
    policy: LaunchPolicy,
    brought: Brought,
    folder: Path,
    store: ResponseStore,
    progress: Progress,
    before: int,
    known: Known,
) -> _Collected:
    """Ask, observe and weigh until the gates are decided or the budget is spent."""
    records: Records = load_records(policy.records)
    evidence = brought.observations
    async with AsyncExitStack() as stack:
        models = await _opened(policy, stack)
        check_replays(policy, brought, models)
        judges = await stack.enter_async_context(Judges(policy.judges, records, policy.budget.judge_calls, store))
        collector = Collector(models, store, policy.budget.calls, progress, policy.reuse.days)
        plans = known.of(plan_gates(policy, models, evidence, records, judges.judge))
        if lacking(policy, plans, records):
            await ask_models_first(plans, collector)
            records = await with_starters(policy, judges, plans, records, folder, progress)
            plans = known.of(plan_gates(policy, models, evidence, records, judges.judge))
        for line in [*blind_gates(policy, plans), *cost_forecast(policy, judges, plans)]:
            progress.warn(str(line))
        rounds = Rounds(policy, plans, evidence, before)
        with_replays(rounds, brought.replays)
        progress.plan(rounds.most_calls)
        with progress:
            reuse = await recheck(policy, rounds, collector, judges)
            if reuse.refused:
                progress.warn(reuse.refused)
            await ask_models_first(plans, collector)
            await ask_judges_first(plans, judges)
            await ask_in_rounds(rounds, collector, judges, progress)
        spend: dict[str, Spend] = {role: collector.spend(role) for role in ROLES} if models else {}
        reuse = with_counts(reuse, collector)
        spend |= {f"judge/{name}": spent for name, spent in judges.spend.items()}
        basis = Basis(
            as_asked(models, judges.models),
            sources=sources_of(rounds),
            first_calls=collector.first_calls,
            asked_first=tuple(sorted(collector.asked_first)),
        )
    told = tuple(line for model in models.values() if isinstance(model, RecordedModel) for line in model.told())
    return _Collected(rounds, spend, reuse, told, basis)


class Answering(Protocol):
    """What answers the asks of a round.

    Attributes:
        remaining: Calls that the budget still allows.
    """

    remaining: int

    async def collect(self, asks: Sequence[Ask]) -> Batch:
        """Return an answer or a failure for each ask."""
        ...


async def ask_in_rounds(rounds: Rounds, answering: Answering, judges: Judges, progress: Progress) -> None:
    """Ask, grade and weigh, a round after another, until the gates are decided or the budget is spent.

    Raises:
        ModelError: a model cannot be used at all; what was answered is kept.
        StoreError: an answer could not be written.
    """
    while asks := rounds.next_asks(answering.remaining):
        rounds.take(await answering.collect(asks))
        await grade_round(judges, rounds)
        rounds.weigh()
        progress.say(_counted(rounds))
    rounds.weigh()
    await question_scales(judges, rounds)


def decide_on(
    policy: LaunchPolicy,
    evidence: pl.DataFrame,
    author: str,
    seen: tuple[Glance, ...] = (),
    told: tuple[str, ...] = (),
    known: Known = NOTHING,
) -> ReviewResult:
    """Return what the policy's gates decide on observations that are there already; nothing is asked or written.

    Args:
        policy: The policy.
        evidence: The observations.
        author: Who decides, for the report.
        seen: What is seen at a glance in what the observations come from; what is odd of it holds a launch.
        told: How the observations were read, in sentences.
        known: What is known of the observations besides.

    Raises:
        PolicyError: a gate has no observations, or its margin does not fit its scale.
    """
    started = _now()
    plans = known.of(plan_gates(policy, {}, evidence, load_records(policy.records)))
    rounds = Rounds(policy, plans, evidence)
    rounds.weigh()
    return decided(policy, rounds, {}, started, author, told=told, seen=seen)


def plan_review(policy: LaunchPolicy, earlier: Path | None = None) -> Outlook:
    """Return what the policy could see with its budget; no model is called.

    Args:
        policy: The policy.
        earlier: Folder of an earlier review, from whose observations the spread of answers is taken.

    Raises:
        SeatrialError: the policy cannot be planned, or the earlier review cannot be read.
    """
    records = load_records(policy.records)
    known, plans_of, seen = _planned(policy, records, earlier)
    plans = plans_of(known.policy)
    notes = (*known.notes, *told_beforehand(known.policy, plans, records))
    return replace(outlook(known.policy, plans, seen), notes=notes)


def solve_policy(
    policy: LaunchPolicy, earlier: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Solution:
    """Return the policy with the calls and margins that reach its power; no model is called.

    Args:
        policy: The policy.
        earlier: As for `plan_review`.
        say: Told each step.

    Raises:
        SeatrialError: the policy cannot be planned, or the earlier review cannot be read.
    """
    known, plans_of, seen = _planned(policy, load_records(policy.records), earlier)
    return solve(known.policy, plans_of, seen, say)


def _planned(
    policy: LaunchPolicy, records: Records, earlier: Path | None
) -> tuple[Foreseen, Callable[[LaunchPolicy], Sequence[GatePlan]], pl.DataFrame | None]:
    """Return what can be planned, what gives its plans with other calls or margins, and what was seen before."""
    brought = brought_evidence(policy)
    before = read_observations(earlier / "observations.parquet") if earlier is not None else None
    known = foreseen(policy, brought.observations, before)
    models: dict[Role, Model] = {}
    if policy.baseline.answers:
        models = dict(zip(ROLES, open_models(policy.baseline, policy.candidate), strict=True))
    check_replays(policy, brought, models)
    judges = Judges(policy.judges, records, policy.budget.judge_calls)
    seen = [frame for frame in (before, brought.observations) if frame is not None]
    return (
        known,
        lambda one: plan_gates(one, models, known.evidence, records, judges.judge),
        pl.concat(seen) if seen else None,
    )


async def _opened(policy: LaunchPolicy, stack: AsyncExitStack) -> dict[Role, Model]:
    """Open both models; none where the policy compares numbers that are there already."""
    if not policy.baseline.answers:
        return {}
    baseline, candidate = open_models(policy.baseline, policy.candidate)
    return {
        "baseline": await stack.enter_async_context(baseline),
        "candidate": await stack.enter_async_context(candidate),
    }


def _counted(rounds: Rounds) -> str:
    """Return one line that says how many gates are decided."""
    counts = {"pass": 0, "fail": 0, "inconclusive": 0}
    for verdict in rounds.verdicts:
        counts[verdict.verdict] += 1
    return f"{counts['pass']} passed, {counts['fail']} failed, {counts['inconclusive']} open"


def decided(
    policy: LaunchPolicy,
    rounds: Rounds,
    spend: dict[str, Spend],
    started: str,
    author: str,
    spike_in: bool = False,
    told: tuple[str, ...] = (),
    reuse: Reuse | None = None,
    seen: tuple[Glance, ...] = (),
    limits: tuple[Detection, ...] = (),
) -> ReviewResult:
    """Return the decision with all that its report shows, before waivers.

    Args:
        policy: The policy.
        rounds: What was asked and weighed.
        spend: What each model and judge took.
        started: When the review began.
        author: Who runs it.
        spike_in: Whether to measure limits of detection, in place of `limits`.
        told: How what was brought was read.
        reuse: What was taken over from other reviews.
        seen: What is seen at a glance in runs.
        limits: Limits of detection that were measured before.
    """
    sides = sides_taken(policy, rounds)
    seen, told = (*seen, *glances(policy, rounds), *side_glances(sides)), (*told, *side_notes(sides))
    decision = decide(rounds.finish(), rounds.severe, [one.said for one in seen if one.holds])
    limits = detections(policy, rounds) if spike_in else limits
    whole = rounds.all_observations()
    return compose(policy, rounds, decision, whole, spend, limits, started, _now(), author, seen, told, reuse)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
