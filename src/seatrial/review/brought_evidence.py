"""Observations that the policy brings: evidence files and tables of scores."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from seatrial.errors import EvidenceError
from seatrial.models import read_scores
from seatrial.observations import SEVERE, read_observations
from seatrial.policy import LaunchPolicy, SignalSpec
from seatrial.suites import find_suites, load_suite

__all__ = ["Brought", "brought_evidence", "scales"]

VIBES = ("vibe/off", "vibe/preference", SEVERE)
"""What raters say counts without a gate: a confirmed severe answer holds, preference is compared with what is off."""


@dataclass(frozen=True)
class Brought:
    """What a policy brings.

    Attributes:
        observations: All of it; None where there is nothing.
        told: How its tables were read, where there was a choice, and what of them was not; in sentences.
    """

    observations: pl.DataFrame | None
    told: tuple[str, ...] = ()


def scales(policy: LaunchPolicy) -> dict[str, tuple[float, float]]:
    """Return the smallest and largest value of each signal that a policy gates or declares, and of ratings."""
    known = {*VIBES, *(gate.signal for gate in policy.gates)}
    return dict.fromkeys(known, SignalSpec().bounds) | {name: spec.bounds for name, spec in policy.signals.items()}


def brought_evidence(policy: LaunchPolicy) -> Brought:
    """Return the observations that the policy brings: evidence files and scores.

    Raises:
        EvidenceError: a file cannot be read, a row is wrong or outside its signal's bounds, or two files overlap.
    """
    bounds, told = scales(policy), list[str]()
    frames = [read_observations(path, bounds) for path in policy.evidence]
    if policy.baseline.provider == "scores":
        summed = {name for name, spec in policy.signals.items() if spec.summary is not None}
        gated = [gate.signal for gate in policy.gates if gate.signal not in _named(frames) | summed]
        scores = read_scores(policy.baseline, policy.candidate, gated[0] if len(gated) == 1 else None, bounds)
        frames.append(scores.observations)
        told += scores.told
    if not frames:
        return Brought(None)
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
    return Brought(together, tuple(told))


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
