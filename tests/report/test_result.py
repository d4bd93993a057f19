"""What a report shows: one frozen value."""

from __future__ import annotations

import dataclasses
from typing import get_args, get_type_hints

import pytest

from results import BLOCK, LAUNCH, RESULTS
from seatrial.report.basis import Basis
from seatrial.report.result import (
    AnswerPair,
    Cell,
    Detection,
    InstrumentNote,
    Reuse,
    ReviewResult,
    Unanswered,
    WaiverNote,
)
from seatrial.report.wording import HEADLINES

PARTS = [AnswerPair, Cell, Detection, InstrumentNote, Reuse, ReviewResult, Unanswered, WaiverNote]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_part_is_frozen(part: type) -> None:
    """What was signed cannot be changed by what renders it."""
    assert part.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(part)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_holds_only_values_that_can_be_compared(name: str) -> None:
    """Every part of a result is a tuple, never a list, so that two equal reviews have equal results."""

    def check(value: object) -> None:
        assert not isinstance(value, (list, set, dict))
        for part in value if isinstance(value, tuple) else ():
            check(part)

    for field in dataclasses.fields(ReviewResult):
        if field.name not in ("policy", "decision"):
            check(getattr(RESULTS[name], field.name))


def test_every_status_has_a_headline() -> None:
    """What a review can come to can be said."""
    hints = get_type_hints(ReviewResult)
    assert set(get_args(hints["status"])) == set(HEADLINES)


def test_what_is_left_out_is_empty() -> None:
    """A result needs a policy, a decision and times; all else may be absent, and is empty then, not unknown."""
    bare = ReviewResult(
        LAUNCH.policy, LAUNCH.decision, "launch", "live", LAUNCH.started, LAUNCH.finished, LAUNCH.author
    )
    needed = {"policy", "decision", "status", "mode", "started", "finished", "author"}
    left_out = [getattr(bare, field.name) for field in dataclasses.fields(bare) if field.name not in needed]
    assert all(value in ((), "", None, Reuse(), Basis()) for value in left_out)
    assert bare != BLOCK
