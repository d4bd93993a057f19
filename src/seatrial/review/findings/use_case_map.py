"""Which harms were asked in which use cases, and what was found there."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from seatrial.errors import SeatrialError
from seatrial.gates.claims import use_case_claims
from seatrial.gates.weigh import evidence
from seatrial.policy import LaunchPolicy
from seatrial.report.result import Cell
from seatrial.review.gate_run import GateRun
from seatrial.review.replayed_run import ReplayedRun
from seatrial.review.rounds import Rounds
from seatrial.stats.multiple import holm
from seatrial.suites import find_suites, load_suite
from seatrial.types import Verdict

__all__ = ["use_case_map"]


def use_case_map(policy: LaunchPolicy, rounds: Rounds) -> tuple[Cell, ...]:
    """Return every use case crossed with every gate; corrected over all cells that were looked at."""
    rows: list[tuple[str, str, int, int, float, float, float, bool, float]] = []
    for run in rounds.gates:
        if run.plan.source == "summary" or isinstance(run, ReplayedRun):
            continue  # the one has no items, and those of the other do not weigh alike
        table, order = run.table()
        for use_case, claim in use_case_claims(run.plan.gate, run.plan.signal, table, order):
            found = evidence(claim, run.method, policy.alpha, run.plan.standing.shows)
            rows.append(
                (
                    use_case,
                    run.signal,
                    claim.items,
                    found.clusters,
                    found.estimate,
                    found.low,
                    found.high,
                    found.high < claim.statement.threshold,
                    1.0 if math.isnan(found.p_value) else found.p_value,
                )
            )
    held = {run.signal: _held(run) for run in rounds.gates}
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
            (use_case, run.signal),
            Cell(
                use_case,
                run.signal,
                0,
                0,
                None,
                nothing,
                nothing,
                nothing,
                held[run.signal][use_case],
            ),
        )
        for use_case in everywhere
        for run in rounds.gates
    )


def _held(run: GateRun) -> Counter[str]:
    """Return how many items (or contrasts) a gate has to ask in each use case."""
    asked = {run.plan.signal.unit(item): item.use_case for item in run.plan.items}
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
