"""A decision holds for its policy, its candidate and its days."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from seatrial.errors import ExitCode
from seatrial.review.verifying.verify import verify
from verified_reviews import GATE, TODAY, entered_anew, results, said_in


@pytest.mark.slow
def test_a_launch_does_not_outlive_its_days_or_its_policy(live: Path, tmp_path: Path) -> None:
    """Verified all the same: it no longer holds, and a launch exits as a hold does."""
    code = verify(live).exit_code
    late = verify(live, day=TODAY + timedelta(days=31))
    assert (late.verified, late.holds, results(late)["validity"]) == (True, False, "does not hold")
    assert f"held until {TODAY + timedelta(days=30)}" in said_in(late, "validity")
    assert late.exit_code == (ExitCode.HOLD if code == ExitCode.LAUNCH else code)
    assert verify(live, day=TODAY + timedelta(days=30)).holds
    assert not verify(live, day=TODAY - timedelta(days=1)).holds
    policy = tmp_path / "policy.yaml"
    assert verify(live, policy=policy).holds
    policy.write_text(policy.read_text(encoding="utf-8").replace("margin: 0.05", "margin: 0.04"), encoding="utf-8")
    other = verify(live, policy=policy)
    assert (other.verified, other.holds) == (True, False)
    assert f"gates {GATE} margin is 0.04, and 0.05 was reviewed" in said_in(other, "validity")


@pytest.mark.slow
def test_an_entry_without_days_is_no_pass(live: Path) -> None:
    """Those of earlier versions keep no window: whether they hold is not known."""
    entered_anew(live, lambda body: body.pop("valid_days"))
    found = verify(live)
    assert (results(found)["validity"], found.exit_code) == ("not verified", ExitCode.USAGE)
