"""A forecast as evidence: gates on `reward/…` let a policy block a training plan."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import numpy as np

from seatrial.evidence.rewards.forecast import Forecast
from seatrial.evidence.rewards.table import RewardTable
from seatrial.formats.json_values import with_null
from seatrial.instruments import instruments
from seatrial.instruments.declared import READ
from seatrial.policy import LaunchPolicy
from seatrial.stats.reweighting import jackknifed, tilted
from seatrial.types import Observation, Role

__all__ = ["digest_of", "margins_of", "observations_of", "signal_of"]


def signal_of(behavior: str) -> str:
    """Return what a gate calls the forecast of a behavior: `linear/praise` → `reward/linear-praise`."""
    return f"reward/{behavior.replace('/', '-')}"


def margins_of(policy: LaunchPolicy, table: RewardTable) -> dict[str, float]:
    """Return behavior → margin, of the policy's gates on `reward/…` and of those on behaviors that the table has."""
    margins = {}
    for behavior in table.behaviors:
        names = (signal_of(behavior), f"behavior/{behavior}", behavior)
        found = [gate.margin for gate in policy.gates if gate.signal in names]
        if found:
            margins[behavior] = min(found)
    return margins


def observations_of(table: RewardTable, found: Forecast, source: str) -> list[Observation]:
    """Return a forecast as observations: each prompt's behavior as it is, and as the mix would make it.

    The jackknife can lead a hair's breadth out of what the completions span; there it is held at its end. Of a mix that
    the samples do not bear only the present is known, so its gates are inconclusive and hold. Where an instrument read
    a behavior the source names it, for a gate counts as far as the record of what read it goes.
    """
    groups = table.groups
    share = tilted(table.rewards @ table.weights(found.weights) / found.beta, groups)
    before, after = groups.mean(table.read), jackknifed(table.read, share, groups)
    after = np.clip(
        after, np.minimum.reduceat(table.read, groups.starts), np.maximum.reduceat(table.read, groups.starts)
    )
    made = []
    for place, behavior in enumerate(table.behaviors):
        origin = source + READ + behavior if behavior in instruments() else source
        for prompt, cluster, kind, old, new in zip(
            table.prompts, table.clusters, table.kinds, before[:, place], after[:, place], strict=True
        ):
            if math.isnan(old):
                continue
            both: tuple[tuple[Role, float], ...] = (("baseline", float(old)), ("candidate", float(new)))
            made += [
                Observation(signal_of(behavior), role, prompt, str(cluster), 0, value, 1.0, str(kind), "", origin)
                for role, value in both
                if role == "baseline" or not found.refusal
            ]
    return made


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value as JSON: what the ledger keeps of a forecast."""
    return hashlib.sha256(json.dumps(with_null(value), sort_keys=True).encode()).hexdigest()
