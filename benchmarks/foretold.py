"""What `seatrial plan` says of the default policy before anything is asked, beside what the simulated reviews came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.decides import FAMILIES, WORLDS, default_policy, lots, reviewed, with_record
from seatrial.gates.operating_characteristic import SPREAD, Outlook, outlook

__all__ = ["Foretold", "foretold", "planned"]

FIRST = 10_000
"""Seeds of earlier reviews, which no simulated review has."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What plans say on average, each with another record of the judge, chances from 0 to 1.

    Attributes:
        plans: How many.
        launch: An unchanged model launches.
        least_launch: The same by the least of them.
        most_launch: By the most.
        two_margins: Two margins in one gate block, in the gate where they do so least.
        spread: One and a half margins spread over a family block, mean over families.
        least_spread: The same, in the family where they do so least.
    """

    plans: int
    launch: float
    least_launch: float
    most_launch: float
    two_margins: float
    spread: float
    least_spread: float


def planned(number: int, *, earlier: bool = False, recorded: bool = False) -> Outlook:
    """Return what `seatrial plan` says of the policy.

    Args:
        number: Which review's record of the judge it goes by, and which earlier review it knows.
        earlier: Whether it knows an earlier review of the world, or else what it assumes.
        recorded: Whether all answers are there beforehand.
    """
    world = next(one for one in WORLDS if one.recorded == recorded)
    frame = reviewed(world, FIRST + number)[1] if earlier else None
    return outlook(default_policy(), with_record(lots(world, number), recorded), frame)


def foretold(count: int, *, earlier: bool = False, recorded: bool = False) -> Foretold:
    """Return what so many plans say on average; the arguments are those of `planned`."""
    found = [planned(number, earlier=earlier, recorded=recorded) for number in range(count)]
    launches = [one.unchanged[0] for one in found]
    return Foretold(
        count,
        float(np.mean(launches)),
        min(launches),
        max(launches),
        float(np.mean([one.least_blocked[1] for one in found])),
        float(np.mean([chance for one in found for chance in _over_families(one)])),
        float(np.mean([one.least_blocked_family[1] for one in found])),
    )


def _over_families(found: Outlook) -> Iterator[float]:
    for name, rows in found.decisions:
        if name.removeprefix("family/") in FAMILIES:
            yield dict(rows)[SPREAD][2]
