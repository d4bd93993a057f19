"""What verifying comes to, and with which code it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from results import BLOCK, LAUNCH
from seatrial.errors import ExitCode
from seatrial.report import ReviewResult
from seatrial.review.verifying.steps import MOST_NAMED, Result, Step, Verified, named, step


@pytest.mark.parametrize(
    ("standing", "last", "code"),
    [
        (LAUNCH, "verified", ExitCode.LAUNCH),
        (LAUNCH, "does not hold", ExitCode.HOLD),
        (replace(LAUNCH, status="waived"), "verified", ExitCode.WAIVED),
        (replace(LAUNCH, status="waived"), "does not hold", ExitCode.HOLD),
        (LAUNCH, "differs", ExitCode.USAGE),
        (BLOCK, "verified", ExitCode.BLOCK),
        (BLOCK, "does not hold", ExitCode.BLOCK),
        (BLOCK, "not verified", ExitCode.USAGE),
        (None, "verified", ExitCode.USAGE),
    ],
)
def test_only_what_is_verified_has_the_code_of_its_decision(
    standing: ReviewResult | None, last: Result, code: ExitCode
) -> None:
    """What differs or is not known is no decision, not even a block; a launch whose days are over is none."""
    found = Verified(None, (Step("files", "verified"), Step("validity", last)), (), standing)
    assert found.exit_code == code
    assert found.holds == (last == "verified")


def test_a_difference_goes_before_what_could_not_be_seen() -> None:
    """Neither is verified; of many differences the first are named and the others counted."""
    assert step("files", [], [], "all held") == Step("files", "verified", ("all held",))
    assert step("files", [], ["unknown"], "all held") == Step("files", "not verified", ("unknown",))
    assert step("files", ["a"], ["unknown"], "all held") == Step("files", "differs", ("a", "unknown"))
    many = [str(number) for number in range(MOST_NAMED + 2)]
    assert named(many) == [*many[:MOST_NAMED], "2 more like these."]
