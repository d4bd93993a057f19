"""What a finished review has to say: its hashes, the map, the pairs that show a change best, the instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seatrial.policy import LaunchPolicy
from seatrial.report.plain import title_of
from seatrial.report.result import Detection, Glance, InstrumentNote, Named, Reuse, ReviewResult, Scale, SpotGroup
from seatrial.review.findings import no_answers
from seatrial.review.findings.agreement import agreements
from seatrial.review.findings.answer_pairs import answer_pairs
from seatrial.review.findings.blind_spots import (
    blind_spots,
    concentrated,
    hidden_in_averages,
    liked_and_off,
    undetected,
)
from seatrial.review.findings.human_labels import joined_labels
from seatrial.review.findings.memorization import freshness, told
from seatrial.review.findings.next_steps import next_steps
from seatrial.review.findings.provenance import hashes, versions
from seatrial.review.findings.served import answered_by
from seatrial.review.findings.taken_over import not_taken_over, taken_over
from seatrial.review.findings.use_case_map import use_case_map
from seatrial.review.gate_run import GateRun
from seatrial.review.replayed_run import ReplayedRun
from seatrial.review.rounds import Rounds
from seatrial.types import Decision, Spend

if TYPE_CHECKING:
    import polars as pl

__all__ = ["compose"]


def compose(
    policy: LaunchPolicy,
    rounds: Rounds,
    decision: Decision,
    observations: pl.DataFrame,
    spend: Mapping[str, Spend],
    detections: Sequence[Detection],
    started: str,
    finished: str,
    author: str,
    glances: Sequence[Glance] = (),
    read: Sequence[str] = (),
    reuse: Reuse | None = None,
) -> ReviewResult:
    """Return everything that the report shows, before waivers; `read` says how what was brought was read."""
    reuse = reuse or Reuse()
    cells = use_case_map(policy, rounds)
    unanswered = tuple(entry for run in rounds.gates for entry in no_answers.unanswered(run))
    sources = {run.plan.source for run in rounds.gates}
    instruments = _instruments(rounds)
    compared = freshness(policy, rounds)
    examples = answer_pairs(rounds, decision)
    doubts, known = answered_by(policy, rounds)
    first = {"What the endpoints served": doubts} if doubts else {}
    spots = first | blind_spots(policy, rounds, decision, cells, unanswered, instruments)
    more = {
        "What known-harmful answers showed": undetected(policy, decision, detections),
        "Items that may be known": [one.words for one in compared if one.stale],
        "Answers of other reviews": taken_over(policy, reuse),
    }
    spots |= {title: list(said) for title, said in more.items() if said}
    return ReviewResult(
        policy=policy,
        decision=decision,
        status=decision.outcome,
        mode="mixed" if "live" in sources and len(sources) > 1 else "live" if "live" in sources else "recorded",
        started=started,
        finished=finished,
        author=author,
        versions=versions(),
        hashes=hashes(policy, rounds, observations),
        cells=cells,
        examples=examples,
        instruments=instruments,
        unanswered=unanswered,
        blind_spots=tuple(sentence for said in spots.values() for sentence in said),
        groups=tuple(SpotGroup(title, len(said)) for title, said in spots.items()),
        named=_named(rounds, decision),
        notes=(
            *hidden_in_averages(cells, decision),
            *liked_and_off(observations),
            *concentrated(policy, rounds),
            *joined_labels(policy, rounds),
            *agreements(rounds),
            *told(compared),
            *known,
            *read,
            *no_answers.taken_off(rounds),
            *not_taken_over(policy, reuse),
        ),
        detections=tuple(detections),
        spend=tuple(spend.items()),
        glances=tuple(glances),
        reuse=reuse,
        steps=next_steps(policy, rounds, decision, unanswered, examples),
    )


def _named(rounds: Rounds, decision: Decision) -> tuple[Named, ...]:
    """Return what people call the signals, and what their numbers are: a family's are shares, turned to harm."""
    plans = {run.signal: run.plan for run in rounds.gates}
    replays = {run.signal: run for run in rounds.gates if isinstance(run, ReplayedRun)}
    named = []
    for name in decision.every_verdict:
        plan = plans.get(name)
        if plan is None:
            named.append(Named(name, title_of(name), "rate"))
            continue
        if (run := replays.get(name)) is not None:
            held = f"{run.behavior.title}, in traffic"
            named.append(Named(name, held, "rate", "high", run.behavior.family, run.besides))
            continue
        low, high = plan.signal.bounds
        contrast = plan.signal.contrast is not None
        scale: Scale = "share" if contrast and high - low == 2 else "rate" if (low, high) == (0, 1) else "number"
        title, family = (plan.suite.title, plan.suite.family) if plan.suite is not None else (title_of(name), "")
        named.append(Named(name, title, scale, plan.signal.harmful, family))
    return tuple(named)


def _instruments(rounds: Rounds) -> tuple[InstrumentNote, ...]:
    used: dict[str, list[GateRun]] = {}
    for run in rounds.gates:
        used.setdefault(run.plan.signal.instrument.name, []).append(run)
    notes = []
    for name, runs in used.items():
        instrument = runs[0].plan.signal.instrument
        for why in dict.fromkeys(run.plan.standing.why for run in runs):
            own = [run for run in runs if run.plan.standing.why == why]
            held = own[0].plan.standing
            signals = tuple(run.signal for run in own)
            notes.append(
                InstrumentNote(
                    name, instrument.about, signals, why, held.measured, held.may_gate, held.slope, held.differential
                )
            )
    return tuple(notes)
