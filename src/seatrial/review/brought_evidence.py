"""Observations that the policy brings: evidence files and tables of scores."""

from __future__ import annotations

import polars as pl

from seatrial.errors import EvidenceError
from seatrial.models import read_scores
from seatrial.observations import read_observations
from seatrial.policy import LaunchPolicy

__all__ = ["brought_evidence"]


def brought_evidence(policy: LaunchPolicy) -> pl.DataFrame | None:
    """Return the observations that the policy brings: evidence files and scores."""
    frames = [read_observations(path) for path in policy.evidence]
    if policy.baseline.provider == "scores":
        gated = [gate.signal for gate in policy.gates if gate.signal not in _named(frames)]
        frames.append(read_scores(policy.baseline, policy.candidate, gated[0] if len(gated) == 1 else None))
    if not frames:
        return None
    together = pl.concat(frames)
    keys = ["signal", "role", "item", "draw", "rater"]
    if together.select(keys).is_duplicated().any():
        raise EvidenceError(
            "two evidence files hold the same observation (signal, role, item, draw, rater); list each once"
        )
    return together


def _named(frames: list[pl.DataFrame]) -> set[str]:
    return {name for frame in frames for name in frame["signal"].unique().to_list()}
