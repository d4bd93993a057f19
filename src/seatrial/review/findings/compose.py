"""What a finished review has to say: its hashes, the map, the pairs that show a change best, the instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seatrial.policy import LaunchPolicy
from seatrial.report.result import Detection, Glance, InstrumentNote, Reuse, ReviewResult
from seatrial.review.findings import no_answers
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
from seatrial.review.findings.taken_over import not_taken_over, taken_over
from seatrial.review.findings.use_case_map import use_case_map
from seatrial.review.gate_run import GateRun
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
        blind_spots=(
            *blind_spots(policy, rounds, decision, cells, unanswered, instruments),
            *undetected(policy, decision, detections),
            *(one.words for one in compared if one.stale),
            *taken_over(policy, reuse),
        ),
        notes=(
            *hidden_in_averages(cells, decision),
            *liked_and_off(observations),
            *concentrated(policy, rounds),
            *joined_labels(policy, rounds),
            *told(compared),
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
