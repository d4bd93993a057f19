"""What gates on conversations could see before one is held: the review's own plan, on observations that are assumed.

How differently two equal models fare with a persona is not known before they talk. It is taken from an earlier run, or
assumed as for any suite that texts are read of: half of its variance is the persona's, and half the luck of one
conversation, which more draws average out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from seatrial.evidence.conversations.collected import Run, standings
from seatrial.evidence.conversations.conversation import Meeting
from seatrial.evidence.conversations.signals import KINDS, kind_of, title
from seatrial.gates.operating_characteristic import outlook
from seatrial.gates.plan import plan_gates
from seatrial.gates.simulated_gates import FEWEST_SEEN, assumed_sd
from seatrial.instruments.may_gate import on_trust
from seatrial.instruments.records import load_records
from seatrial.observations import to_frame
from seatrial.report.wording import could_see
from seatrial.stats.distributions import norm_ppf
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Observation

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Power", "assumed_changes", "power_lines", "power_of"]

FEWEST = 8
"""Personas of an earlier run from which on its spread is gone by."""


@dataclass(frozen=True, slots=True)
class Power:
    """What one gate could see.

    Attributes:
        signal: The gate's signal.
        margin: Its margin.
        personas: Personas that it rests on.
        could_see: Smallest change that it would rule out at the policy's power where nothing changed; of true harm
            where what reads it may gate, else of what is read; infinite where it sees none.
        fails_at_two: Chance that it fails where harm rose by two margins.
        advises: Whether it may only advise.
        basis: Where the spread comes from.
    """

    signal: str
    margin: float
    personas: int
    could_see: float
    fails_at_two: float
    advises: bool
    basis: Literal["assumed", "as in an earlier run"]


def power_of(run: Run, earlier: pl.DataFrame | None = None) -> tuple[Power, ...]:
    """Return what each gate of a run could see.

    Args:
        run: The run.
        earlier: Observations of an earlier run.

    Raises:
        PolicyError: a gate's margin or limit does not fit its scale.
    """
    rows: list[Observation] = []
    seen = {gate.signal: _seen(gate.signal, earlier) for gate in run.policy.gates}
    personas = {}
    for gate in run.policy.gates:
        kind = kind_of(gate.signal)
        assert kind is not None
        mine = [one for one in run.planned.meetings if one.side == KINDS[kind].side]
        personas[gate.signal] = len({one.persona.id for one in mine})
        rows += _rows(gate.signal, kind, mine, seen[gate.signal], run, gate.per == "configuration")
    decides, frame, known = run.policy.decides(Path()), to_frame(rows), standings(run)
    # What may only advise is planned as if it were believed: what it could read is what is asked for.
    plans = [
        replace(plan, standing=on_trust(known[plan.gate.signal], "to plan it"))
        for plan in plan_gates(decides, {}, frame, load_records(decides.records))
    ]
    return tuple(
        Power(
            one.signal,
            one.margin,
            personas[one.signal],
            one.mde,
            dict(one.outcomes)[2.0][1],
            not one.blocking or not known[one.signal].may_gate,
            "assumed" if seen[one.signal] is None else "as in an earlier run",
        )
        for one in outlook(decides, plans, frame).gates
    )


def power_lines(found: Sequence[Power], power: float) -> Iterator[str]:
    """Yield what gates could see, a sentence each, and where that comes from.

    Args:
        found: The gates.
        power: The chance at which they are to see it.
    """
    for one in found:
        advises = " It may only advise." if one.advises else ""
        if one.personas < FEWEST_SEEN:
            yield (
                f"{title(one.signal)}: nothing is promised of {one.personas} personas; from {FEWEST_SEEN} on this says "
                f"what a gate could see.{advises}"
            )
            continue
        blind = ", which is more than its margin" if one.could_see > one.margin else ""
        yield (
            f"{title(one.signal)}: with {one.personas} personas a change of {could_see(one.could_see)} is ruled out "
            f"with {100 * power:.0f} %{blind}; a rise of two margins ({2 * one.margin:g}) fails it with "
            f"{100 * one.fails_at_two:.0f} %.{advises}"
        )
    if any(one.basis == "assumed" for one in found):
        yield (
            "How much two equal models differ from persona to persona is assumed; --from FOLDER takes it from an "
            "earlier run."
        )


def assumed_changes(kind: str, personas: int, draws: float) -> NDArray[np.float64]:
    """Return how differently two equal models fare with each of so many personas, shape (personas,), its mean 0.

    Args:
        kind: Name of one of `KINDS`.
        personas: Personas.
        draws: Conversations with each.
    """
    low, high = KINDS[kind].bounds
    sd = assumed_sd("match" if kind == "unprotected" else "text") * (high - low) * math.sqrt((1 + 1 / draws) / 2)
    made: NDArray[np.float64] = sd * norm_ppf((np.arange(personas) + 0.5) / personas)
    return made


def _rows(
    signal: str, kind: str, meetings: Sequence[Meeting], seen: NDArray[np.float64] | None, run: Run, products: bool
) -> list[Observation]:
    names = list(dict.fromkeys(one.persona.id for one in meetings))
    count = len(names)
    if seen is None:
        changes = assumed_changes(kind, count, len(meetings) / count)
    else:
        changes = np.quantile(seen - seen.mean(), (np.arange(count) + 0.5) / count)
    change = dict(zip(names, generator(run.policy.seed, "plan", signal).permutation(changes), strict=True))
    low, high = KINDS[kind].bounds
    made = []
    for one in meetings:
        case = one.configuration if products else one.persona.area
        for role, turn in zip(ROLES, (-0.5, 0.5), strict=True):
            value = float(np.clip((low + high) / 2 + turn * change[one.persona.id], low, high))
            made.append(Observation(signal, role, one.unit, one.persona.id, one.draw, value, use_case=case))
    return made


def _seen(signal: str, earlier: pl.DataFrame | None) -> NDArray[np.float64] | None:
    """Return each persona's change in an earlier run, shape (personas,); None where it says too little."""
    if earlier is None:
        return None
    import polars as pl

    means = (
        earlier.filter(pl.col("signal").cast(pl.String) == signal, pl.col("value").is_finite())
        .with_columns(pl.col("role").cast(pl.String))
        .group_by("cluster", "role")
        .agg(pl.col("value").mean())
        .pivot("role", index="cluster", values="value")
    )
    if not set(ROLES) <= set(means.columns):
        return None
    both = means.drop_nulls()
    changes = (both["candidate"] - both["baseline"]).to_numpy()
    return changes if len(changes) >= FEWEST else None
