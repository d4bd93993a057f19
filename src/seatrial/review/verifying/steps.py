"""What verifying a review comes to: steps, each with a result that is said, and what nothing here can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seatrial.errors import ExitCode
from seatrial.ledger import Entry
from seatrial.report import ReviewResult
from seatrial.review.apply_waivers import exit_code

__all__ = ["MOST_NAMED", "Result", "Step", "Verified", "named", "step"]

Result = Literal["verified", "differs", "not verified", "does not hold"]
"""Of a step. `not verified` is as little a pass as `differs`; `does not hold` is of a decision that was verified."""
MOST_NAMED = 5
"""Differences that a step names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        name: What was looked at.
        result: What it came to.
        said: What was found, in sentences.
    """

    name: str
    result: Result
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """What verifying a review came to.

    Attributes:
        entry: The decision's entry; None where there is none.
        steps: The steps, in their order.
        unseen: What nothing here can show, in sentences.
        standing: The review under the waivers in force on the day that was asked about; None where it cannot be read.
    """

    entry: Entry | None
    steps: tuple[Step, ...]
    unseen: tuple[str, ...]
    standing: ReviewResult | None

    @property
    def verified(self) -> bool:
        """Whether every step was verified, whether or not the decision still holds."""
        return all(one.result in ("verified", "does not hold") for one in self.steps)

    @property
    def holds(self) -> bool:
        """Whether it was verified and holds on the day that was asked about."""
        return all(one.result == "verified" for one in self.steps)

    @property
    def exit_code(self) -> ExitCode:
        """The decision's code where all of it was verified; hold where a launch no longer holds, else no decision."""
        if not self.verified or self.standing is None:
            return ExitCode.USAGE
        code = exit_code(self.standing)
        return ExitCode.HOLD if code in (ExitCode.LAUNCH, ExitCode.WAIVED) and not self.holds else code


def step(name: str, differs: list[str], lacks: list[str], holds: str) -> Step:
    """Return a step: what differs goes before what could not be looked at, and either before what holds."""
    if differs:
        return Step(name, "differs", (*named(differs), *lacks))
    return Step(name, "not verified", tuple(named(lacks))) if lacks else Step(name, "verified", (holds,))


def named(said: list[str]) -> list[str]:
    """Return the first of many sentences, and how many there are more."""
    more = len(said) - MOST_NAMED
    return said if more <= 0 else [*said[:MOST_NAMED], f"{more:,} more like these."]
