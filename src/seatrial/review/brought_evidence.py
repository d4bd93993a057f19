"""Observations that the policy brings: evidence files and tables of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from seatrial.errors import EvidenceError, PolicyError
from seatrial.gates.replayed import ReplayedTraffic, is_replay, observed, read_replay
from seatrial.models import read_scores
from seatrial.observations import SEVERE, from_frame, read_observations
from seatrial.policy import LaunchPolicy, RunsSpec, SignalSpec
from seatrial.report.result import Glance
from seatrial.runs.pairing import Declared, PairedRuns, paired_runs
from seatrial.runs.reading import Reading, read_runs
from seatrial.runs.recorded_run import RecordedRun
from seatrial.suites import find_suites, load_suite

__all__ = ["Brought", "brought_evidence", "declared_by", "odd_runs", "runs_of", "scales"]

VIBES = ("vibe/off", "vibe/preference", SEVERE)
"""What raters say counts without a gate: a confirmed severe answer holds, preference is compared with what is off."""


@dataclass(frozen=True)
class Brought:
    """What a policy brings.

    Attributes:
        observations: All of it; None where there is nothing.
        told: How its tables were read, where there was a choice, and what of them was not; in sentences.
        odd: What holds a launch whatever its numbers say: runs that are not two of one evaluation, or not whole.
        replays: Replays of traffic, by which gates on `replay/…` are weighed.
    """

    observations: pl.DataFrame | None
    told: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    replays: tuple[ReplayedTraffic, ...] = ()


def scales(policy: LaunchPolicy) -> dict[str, tuple[float, float]]:
    """Return the smallest and largest value of each signal that a policy gates or declares, and of ratings."""
    known = {*VIBES, *(gate.signal for gate in policy.gates)}
    return dict.fromkeys(known, SignalSpec().bounds) | {name: spec.bounds for name, spec in policy.signals.items()}


def brought_evidence(policy: LaunchPolicy, ran: Sequence[RunsSpec] = ()) -> Brought:
    """Return the observations that the policy brings: evidence files and scores.

    Args:
        policy: The policy.
        ran: The logs of its tasks, once they have run.

    Raises:
        EvidenceError: a file cannot be read, a row is wrong or outside its signal's bounds, or two files overlap.
        PolicyError: a gate's score lacks its scale or its harmful end.
    """
    bounds, told, odd = scales(policy), list[str](), list[str]()
    places = [one for one in policy.evidence if isinstance(one, Path)]
    frames = [read_observations(one, bounds) for one in places if not is_replay(one)]
    replays = [read_replay(one) for one in places if is_replay(one)]
    frames += _replayed(policy, replays, told)
    for spec in (*(one for one in policy.evidence if isinstance(one, RunsSpec)), *ran):
        paired = paired_runs(*runs_of(spec), declared_by(policy, spec))
        _check_said(policy, paired)
        if any(not score.open for score in paired.scores):
            frames.append(from_frame(paired.observations, None, spec.baseline, bounds))
        told += paired.told
        odd += paired.odd
    if policy.baseline.provider == "scores":
        summed = {name for name, spec in policy.signals.items() if spec.summary is not None}
        gated = [gate.signal for gate in policy.gates if gate.signal not in _named(frames) | summed]
        scores = read_scores(policy.baseline, policy.candidate, gated[0] if len(gated) == 1 else None, bounds)
        frames.append(scores.observations)
        told += scores.told
    if not frames:
        return Brought(None, tuple(told), tuple(odd), tuple(replays))
    together = pl.concat(frames)
    keys = ["signal", "role", "item", "draw", "rater"]
    if together.select(keys).is_duplicated().any():
        raise EvidenceError(
            "two evidence files hold the same observation (signal, role, item, draw, rater); list each once"
        )
    asked = {gate.signal for gate in policy.gates} | _suites_of_families(policy)
    for name, count in (
        together.select(pl.col("signal").cast(pl.String).value_counts(sort=True)).unnest("signal").iter_rows()
    ):
        if name not in asked and name not in VIBES:
            told.append(f"{name}: {count:,} brought observations decide nothing, for no gate asks for them.")
    return Brought(together, tuple(told), tuple(odd), tuple(replays))


def _replayed(policy: LaunchPolicy, replays: Sequence[ReplayedTraffic], told: list[str]) -> list[pl.DataFrame]:
    """Return the grades that gates on rates in traffic rest on, and tell of each replay what it is."""
    gated, seen, frames = {gate.signal for gate in policy.gates}, set[str](), list[pl.DataFrame]()
    for one in replays:
        known = {behavior.signal for behavior in one.behaviors}
        if twice := known & seen & gated:
            raise EvidenceError(f"{one.place}: another replay has {min(twice)} too; name one of them under `evidence`")
        seen |= known
        if used := known & gated:
            frames.append(observed(one, used))
        users = len(set(one.cluster.tolist()))
        told.append(
            f"{one.place}: a replay of {len(one.items):,} conversations by {users:,} users, drawn from {one.of:,}. "
            "Its rates are weighted to these; they are of one answer to what users said to today's model."
        )
        if left := sorted(known - gated):
            told.append(f"{one.place}: looked for {', '.join(left)} too, and no gate asks for that.")
    return frames


def _check_said(policy: LaunchPolicy, paired: PairedRuns) -> None:
    """Refuse a gate on a score of which the policy must say more first, or says nothing where the score does.

    A gate takes more of an undeclared score for harm, so that one of which more is better would count the wrong way.
    """
    gated = {gate.signal for gate in policy.gates}
    for score in paired.scores:
        if score.signal not in gated:
            continue
        said = policy.signals.get(score.signal)
        if score.open:
            lacks = "which end of it is harm" if score.harmful is None else "its scale"
            raise PolicyError(
                f"gate {score.signal}: {score.title} does not say {lacks}: {score.known}. Say it under `signals`: "
                f"{{{score.signal}: {{harmful: low, bounds: [0, 1]}}}}, with the end and the bounds that are meant"
            )
        if score.harmful == "low" and (said is None or said.harmful is None):
            raise PolicyError(
                f"gate {score.signal}: less of {score.title} is harm ({score.known}), and the policy does not say so. "
                f"Add it to the policy: signals: {{{score.signal}: {{harmful: low}}}}"
            )


def odd_runs(odd: Sequence[str]) -> tuple[Glance, ...]:
    """Return what holds a launch of runs, as what is seen at a glance does."""
    return tuple(
        Glance(f"runs {place}", "the runs", "", "", said=said[:1].lower() + said[1:])
        for place, said in enumerate(odd, 1)
    )


def runs_of(spec: RunsSpec) -> tuple[list[RecordedRun], list[RecordedRun]]:
    """Return both sides' runs of a pair that a policy names.

    Raises:
        EvidenceError: a file cannot be read, or one run is given as both sides.
    """
    sides = [
        read_runs(place, Reading(spec.columns, spec.scores, spec.cluster, model))
        for place, model in (
            (spec.baseline, spec.baseline_model),
            (spec.candidate or spec.baseline, spec.candidate_model),
        )
    ]
    held = [{(run.path.resolve(), run.model, run.task) for run in side} for side in sides]
    if held[0] & held[1]:
        models = ", ".join(dict.fromkeys(run.model for run in sides[0] if run.model)) or "one run"
        raise EvidenceError(
            f"{sides[0][0].path}: given as the baseline and as the candidate. Give two runs, or pick two models of it "
            f"(--baseline-model, --candidate-model; in a policy baseline_model, candidate_model); it holds {models}"
        )
    return sides[0], sides[1]


def declared_by(policy: LaunchPolicy, spec: RunsSpec) -> Declared:
    """Return what a policy says of the scores of runs."""
    ends = {name: one.harmful for name, one in policy.signals.items() if one.harmful is not None}
    return Declared(ends, {name: one.bounds for name, one in policy.signals.items()}, frozenset(spec.accept))


def _suites_of_families(policy: LaunchPolicy) -> set[str]:
    """Return the suites that gates on families ask for."""
    families = [gate for gate in policy.gates if gate.family]
    suites = (
        {name: load_suite(folder).family for name, folder in find_suites(policy.suites).items()} if families else {}
    )
    return {
        name
        for gate in families
        for name in (gate.suites or [name for name, family in suites.items() if family == gate.family])
    }


def _named(frames: list[pl.DataFrame]) -> set[str]:
    return {name for frame in frames for name in frame["signal"].unique().to_list()}
