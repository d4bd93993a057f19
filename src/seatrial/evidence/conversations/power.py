"""What gates on conversations could see before one is held: the review's own plan, on observations that are assumed.

How differently two equal models fare with a persona is not known before they talk. It is taken from an earlier run, or
assumed as for any suite that texts are read of: half of its variance is the persona's, and half the luck of one
conversation, which more draws average out. So it is with an earlier run that held several conversations with each: how
far these lie apart says what other numbers of draws would come to.

More harm comes with more luck. Where harm rises because more answers are harmful, what is luck in a mean of readings
between 0 and 1 varies as m (1 − m) of its level m (McCullagh and Nelder, Generalized Linear Models, 1989, chapter 9).
An earlier run shows the level, so the worse candidate of a plan is given the luck that it would have.

Chances come from many simulated runs, weighed as a run is.
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
from seatrial.evidence.conversations.signals import KINDS, Kind, kind_of, title
from seatrial.gates.chances import course
from seatrial.gates.plan import plan_gates
from seatrial.gates.simulated_gates import FEWEST_SEEN, SimulatedGate, assumed_sd, simulated_gates
from seatrial.instruments.may_gate import on_trust
from seatrial.instruments.records import load_records
from seatrial.observations import to_frame
from seatrial.report.wording import could_see
from seatrial.stats.distributions import norm_ppf
from seatrial.stats.instruments import true_bounds
from seatrial.stats.intervals import fixed_size_bounds
from seatrial.stats.resampling import centered, shifted
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Observation

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Power", "assumed_changes", "power_lines", "power_of"]

FEWEST = 8
"""Personas of an earlier run from which on its spread is gone by."""
RUNS = 4000
"""Simulated runs of a gate: a chance of one half is known to ± .016."""


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
    seen, personas = {}, {}
    for gate in run.policy.gates:
        kind = kind_of(gate.signal)
        assert kind is not None
        mine = [one for one in run.planned.meetings if one.side == KINDS[kind].side]
        personas[gate.signal] = len({one.persona.id for one in mine})
        seen[gate.signal] = _seen(gate.signal, earlier, len(mine) / max(1, personas[gate.signal]))
        rows += _rows(gate.signal, kind, mine, seen[gate.signal], run, gate.per == "configuration")
    decides, frame, known = run.policy.decides(Path()), to_frame(rows), standings(run)
    # What may only advise is planned as if it were believed: what it could read is what is asked for.
    plans = [
        replace(plan, standing=on_trust(known[plan.gate.signal], "to plan it"))
        for plan in plan_gates(decides, {}, frame, load_records(decides.records))
    ]
    made = []
    for own, (simulated, _) in zip(decides.gates, simulated_gates(decides, plans, frame), strict=True):
        rng, before = generator(decides.seed, "power", own.signal), seen[own.signal]
        worse = _with_luck(simulated, before, KINDS[kind_of(own.signal) or "harm"])
        made.append(
            Power(
                own.signal,
                own.margin,
                personas[own.signal],
                _could_see(simulated, decides.alpha, decides.power, rng),
                course(worse, 2 * own.margin, decides.alpha, rng, RUNS).chances[1],
                not own.blocking or not known[own.signal].may_gate,
                "assumed" if before is None else "as in an earlier run",
            )
        )
    return tuple(made)


def _could_see(gate: SimulatedGate, alpha: float, power: float, rng: np.random.Generator) -> float:
    """Return the change of true harm below which the bound comes to lie with this chance where nothing changed."""
    (suite,) = gate.suites
    if suite.clusters < 2:
        return math.inf
    low, high = -suite.reach, suite.reach
    x = shifted(suite.residuals, 0.0, low, high, (RUNS, suite.clusters), rng)
    found = fixed_size_bounds(x, low, high, alpha)
    _, most = true_bounds(x.mean(axis=1), found.low, found.high, suite.shows, alpha)
    needed = float(np.quantile(most, power)) + suite.faked
    return math.inf if needed > suite.reach else needed


def _with_luck(gate: SimulatedGate, seen: _Seen | None, kind: Kind) -> SimulatedGate:
    """Return a gate whose differences spread as they would if the candidate's harm rose by two margins.

    Of the two models' luck the candidate's alone grows or shrinks; all that differs is taken for luck.
    """
    if seen is None or kind.bounds != (0.0, 1.0):
        return gate
    (suite,) = gate.suites
    level, luck = float(seen.levels.mean()), float((seen.levels * (1 - seen.levels)).mean())
    rise = 2 * suite.margin * suite.shows.value * (1 if kind.harmful == "high" else -1)
    if not luck > 0:
        return gate
    ratio = max(0.0, 1 + (rise * (1 - 2 * level) - rise**2) / luck)
    spread = centered(suite.residuals * math.sqrt((1 + ratio) / 2), -suite.reach, suite.reach)
    return replace(gate, suites=(replace(suite, residuals=spread),))


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
    signal: str, kind: str, meetings: Sequence[Meeting], seen: _Seen | None, run: Run, products: bool
) -> list[Observation]:
    names = list(dict.fromkeys(one.persona.id for one in meetings))
    count = len(names)
    if seen is None:
        changes = assumed_changes(kind, count, len(meetings) / count)
    else:
        places = (np.arange(count) + 0.5) / count  # by Hazen's rule these are the numbers seen where as many talk again
        changes = np.quantile(seen.changes, places, method="hazen")
    change = dict(zip(names, generator(run.policy.seed, "plan", signal).permutation(changes), strict=True))
    low, high = KINDS[kind].bounds
    made = []
    for one in meetings:
        case = one.configuration if products else one.persona.area
        for role, turn in zip(ROLES, (-0.5, 0.5), strict=True):
            value = float(np.clip((low + high) / 2 + turn * change[one.persona.id], low, high))
            made.append(Observation(signal, role, one.unit, one.persona.id, one.draw, value, use_case=case))
    return made


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an earlier run showed of each persona.

    Attributes:
        changes: From the baseline to the candidate, moved to mean 0, shape (personas,).
        levels: Mean of both, shape (personas,).
    """

    changes: NDArray[np.float64]
    levels: NDArray[np.float64]


def _seen(signal: str, earlier: pl.DataFrame | None, draws: float) -> _Seen | None:
    """Return what an earlier run showed of a signal; None where it says too little.

    The changes' spread is that of as many conversations with each as are planned, and of all personas like these.

    Args:
        signal: The signal.
        earlier: Observations of the earlier run.
        draws: Conversations with each persona that are planned.
    """
    if earlier is None:
        return None
    import polars as pl

    held = (
        earlier.filter(pl.col("signal").cast(pl.String) == signal, pl.col("value").is_finite())
        .with_columns(pl.col("role", "cluster", "item").cast(pl.String))
        .pivot("role", index=["cluster", "item", "draw"], values="value", aggregate_function="mean")
    )
    if not set(ROLES) <= set(held.columns):
        return None
    both = held.with_columns(change=pl.col("candidate") - pl.col("baseline")).drop_nulls("change")
    each = both.group_by("cluster", maintain_order=True).agg(
        pl.col("change").mean(),
        level=(pl.col("candidate") + pl.col("baseline")).mean() / 2,
        luck=pl.col("change").var(),
        held=pl.len(),
    )
    changes, count = each["change"].to_numpy(), len(each)
    if count < FEWEST:
        return None
    spread, luck = float(changes.var(ddof=1)), each["luck"].mean()
    wanted = spread
    if isinstance(luck, float):  # of one conversation, known where a persona held several
        before = float((1 / each["held"].to_numpy()).mean())
        wanted = max(spread - luck * before, 0.0) + luck / draws
    ratio = wanted / spread if spread > 0 else 1.0
    return _Seen((changes - changes.mean()) * math.sqrt(ratio * count / (count - 1)), each["level"].to_numpy())
