"""Gates on tasks that a review has yet to run: what a plan can say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seatrial.errors import PolicyError
from seatrial.policy import LaunchPolicy

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Foreseen", "foreseen"]

KIND = "eval/"
"""Begins the name of every score of a task."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What can be planned of a policy before its tasks have run.

    Attributes:
        policy: The policy without the gates of which nothing is known yet.
        evidence: What it brings, and of its tasks what an earlier review showed.
        notes: What is left out, in sentences.
    """

    policy: LaunchPolicy
    evidence: pl.DataFrame | None
    notes: tuple[str, ...] = ()


def foreseen(policy: LaunchPolicy, evidence: pl.DataFrame | None, earlier: pl.DataFrame | None) -> Foreseen:
    """Return what can be planned of a policy; one without tasks as it is.

    Args:
        policy: The policy.
        evidence: What it brings without its tasks.
        earlier: Observations of an earlier review; those of its tasks stand for what is to come.

    Raises:
        PolicyError: all gates rest on tasks that have not run.
    """
    import polars as pl

    if not policy.tasks:
        return Foreseen(policy, evidence)
    here = _signals(evidence)
    awaited = [
        gate.signal
        for gate in policy.gates
        if gate.signal.startswith(KIND)
        and gate.signal not in here
        and not ((spec := policy.signals.get(gate.signal)) and (spec.summary or spec.column or spec.instrument))
    ]
    known = [name for name in awaited if name in _signals(earlier)]
    if earlier is not None and known:
        shown = earlier.filter(pl.col("signal").cast(pl.String).is_in(known))
        evidence = shown if evidence is None else pl.concat([evidence, shown])
    unknown = [name for name in awaited if name not in known]
    gates = [gate for gate in policy.gates if gate.signal not in unknown]
    tasks = ", ".join(one.task for one in policy.tasks)
    after = "`seatrial review` runs it, and `seatrial plan --from` that review's folder knows what it showed"
    if not gates:
        raise PolicyError(f"there is nothing to plan before {tasks} has run, on which all gates rest: {after}.")
    notes = [f"What {tasks} asks is no part of these calls, and `budget` does not limit it; `limit` and `epochs` do."]
    if unknown:
        notes.append(f"Left out of this plan: {', '.join(unknown)}, of which nothing is known before {tasks} has run.")
        notes[-1] += f" {after}."
    return Foreseen(policy.model_copy(update={"gates": gates}), evidence, tuple(notes))


def _signals(frame: pl.DataFrame | None) -> set[str]:
    return set() if frame is None else {str(name) for name in frame["signal"].unique().to_list()}
