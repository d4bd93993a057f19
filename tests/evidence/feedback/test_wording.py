"""What a log says in words: the headline is what is shown, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from seatrial.evidence.feedback.found import Feedback
from seatrial.evidence.feedback.wording import daily, fading, headline, points, reason, silent, tone, verdict_of
from seatrial.stats.intervals import Interval

Simulate = Callable[..., pl.DataFrame]
Read = Callable[..., Feedback]


@pytest.mark.parametrize(
    ("lift", "harm", "says", "color"),
    [
        (1.2, 1.2, "Approval up, benefit down", "block"),
        (1.2, -1.2, "Approval and benefit up", "audit"),
        (-1.2, 1.2, "Approval and benefit down", "block"),
        (-1.2, -1.2, "Approval down, benefit up", "likely"),
        (1.2, 0.0, "Approval outruns benefit", "likely"),
        (0.0, -1.2, "Benefit up", "audit"),
        (0.0, 0.0, "No change shown", "audit"),
    ],
)
def test_the_headline_is_what_was_simulated(
    simulate: Simulate, read: Read, lift: float, harm: float, says: str, color: str
) -> None:
    """Each pair of true changes has its own headline and color; a harm is never called a rise."""
    found = read(simulate(900, 4, lift=lift, harm=harm, everywhere=True))
    assert (headline(found), tone(found)) == (says, color)
    assert ("Do not launch on the thumbs" in reason(found)) is (harm > 0 > -lift or (lift > 0 and harm == 0))


def test_a_harm_in_one_use_case_is_not_hidden_by_the_average(harmful: Feedback) -> None:
    """Where the whole shows nothing, the use case that does stands in headline and reason."""
    assert harmful.approval and harmful.benefit
    flat = replace(harmful, approval=None, benefit=None, gap=None)
    assert headline(flat) == "Approval up, benefit down in health"
    assert tone(flat) == "block"
    assert "In health users like it more and it helps them less" in reason(harmful)


def test_a_log_that_is_not_to_be_trusted_says_nothing_else(simulate: Simulate, read: Read) -> None:
    """The grave check is the headline's reason, whatever the numbers show."""
    frame = simulate(400, lift=1.2, everywhere=True)
    found = read(frame.filter((pl.col("arm") == "baseline") | (pl.col("user").str.ends_with("1"))))
    assert headline(found) == "No fair comparison"
    assert reason(found).startswith("The arms' sizes do not fit the split")
    assert reason(found).endswith("No number below is to be trusted.")
    assert tone(found) == "hold"


def test_without_grades_benefit_is_called_unknown(simulate: Simulate, read: Read) -> None:
    """A rise in thumbs alone is no good news."""
    found = read(simulate(900, lift=1.2, everywhere=True).drop("benefit"))
    assert headline(found) == "Approval up, benefit unknown"
    assert tone(found) == "hold"
    assert "nothing is known of benefit" in reason(found)


def test_numbers_are_points_with_a_true_minus() -> None:
    """A change is written in points, its bounds beside it; where there is none stands a dash."""
    assert points(Interval(-0.052, -0.081, 0.001)) == "−5.2 [−8.1, 0.1]"
    assert points(Interval(0.1, float("nan"), float("nan"))) == "+10.0"
    assert points(None) == "—"


def test_what_is_open_is_said(harmful: Feedback, simulate: Simulate, read: Read) -> None:
    """Silent, daily looks and novelty each have their sentence, with its number where there is one."""
    assert harmful.silence is not None and harmful.approval is not None
    assert f"lies {100 * harmful.silence.needed:.1f} points or more" in silent(harmful)
    assert "at" in daily(harmful) and "daily looks" in daily(harmful)
    assert "no sign that novelty" in fading(harmful)
    bare = read(simulate(100).filter(pl.col("thumb") != "none").drop("time"))
    assert silent(bare).startswith("The log holds votes only")
    assert daily(bare).startswith("Not enough votes")
    assert fading(bare).startswith("Too few votes, or no times")
    assert "No change is shown that the silent could turn" in silent(read(simulate(100)))
    assert verdict_of(harmful.approval).startswith("rises by ")
