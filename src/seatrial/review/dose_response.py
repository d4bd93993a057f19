"""Dose and response: a candidate's adapter turned on by degrees, and what each gate says of each degree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.collect import Progress
from seatrial.errors import PolicyError
from seatrial.policy import LaunchPolicy
from seatrial.review.interface import wait_for
from seatrial.review.run import run_review
from seatrial.types import GateVerdict, Outcome

__all__ = ["DOSES", "Curve", "DoseResponse", "Step", "dose_response", "seen_from"]

DOSES = (0.0, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One gate at one dose.

    Attributes:
        dose: Scale of the adapter, 0 to 1.
        verdict: The gate's verdict and its evidence.
    """

    dose: float
    verdict: GateVerdict


@dataclass(frozen=True, slots=True)
class Curve:
    """One gate over all doses.

    Attributes:
        signal: The gate's signal.
        margin: Its margin.
        blocking: Whether it blocks.
        steps: Weakest dose first.
        seen_from: Smallest dose whose change is as large as the gate can see with the policy's power, between doses by
            a line: its limit of detection on this shift; NaN where no dose is.
        alarm: Whether it failed at dose 0, where nothing differs.
    """

    signal: str
    margin: float
    blocking: bool
    steps: tuple[Step, ...]
    seen_from: float
    alarm: bool

    @property
    def sees(self) -> bool:
        """Whether it is known at any dose what the gate could see."""
        return any(math.isfinite(one.verdict.evidence.mde) for one in self.steps)


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """All gates over all doses: `outcomes` has the decision at each dose."""

    name: str
    power: float
    outcomes: tuple[tuple[float, Outcome], ...]
    curves: tuple[Curve, ...]


def dose_response(
    policy: LaunchPolicy, text: str, folder: Path, author: str, progress: Progress, doses: Sequence[float] = DOSES
) -> DoseResponse:
    """Review the candidate at each dose of its adapter, and return each gate's response.

    Args:
        policy: A policy whose candidate has an adapter.
        text: The policy as the user wrote it.
        folder: Each dose's review lies in a folder in it; answers that are there are used again.
        author: Who runs it, for the ledger.
        progress: Where to show how far it is.
        doses: Scales of the adapter, 0 to 1.

    Raises:
        PolicyError: the candidate has no adapter, or a dose is outside 0 to 1.
        SeatrialError: as a review does.
    """
    if policy.candidate.adapter is None:
        raise PolicyError(f"{policy.name}: the candidate has no `adapter`: there is nothing to turn up by degrees")
    wrong = [dose for dose in doses if not 0.0 <= dose <= 1.0]
    if wrong or not doses:
        raise PolicyError(f"a dose is a scale of the adapter from 0 to 1, got {wrong[0] if wrong else 'none'}")
    steps: dict[str, list[Step]] = {}
    outcomes: list[tuple[float, Outcome]] = []
    for dose in sorted(set(doses)):
        candidate = policy.candidate.model_copy(update={"adapter_scale": dose})
        dosed = policy.model_copy(update={"candidate": candidate, "name": f"{policy.name} at {dose:g}"})
        done = wait_for(run_review(dosed, text, folder / f"dose-{dose:g}", author, progress))
        outcomes.append((dose, done.outcome))
        for verdict in done.verdicts:
            steps.setdefault(verdict.signal, []).append(Step(dose, verdict))
    curves = tuple(
        Curve(
            signal,
            held[0].verdict.margin,
            held[0].verdict.blocking,
            tuple(held),
            seen_from([(one.dose, one.verdict.evidence.estimate, one.verdict.evidence.mde) for one in held]),
            held[0].dose == 0.0 and held[0].verdict.verdict == "fail",
        )
        for signal, held in steps.items()
    )
    return DoseResponse(policy.name, policy.power, tuple(outcomes), curves)


def seen_from(steps: Sequence[tuple[float, float, float]]) -> float:
    """Return the smallest dose whose change reaches what can be seen, between doses by a line; NaN where none does.

    Args:
        steps: Dose, estimated change and smallest change seen with the policy's power, weakest dose first.
    """
    over = [(dose, change - least) for dose, change, least in steps if math.isfinite(change - least)]
    for place, (dose, beyond) in enumerate(over):
        if beyond >= 0:
            if place == 0:
                return dose
            earlier, short = over[place - 1]
            return earlier + (dose - earlier) * short / (short - beyond)
    return math.nan
