"""What a policy comes to: counts, bounds for what is not known, days, and gates' records."""

from __future__ import annotations

import math

import pytest

from histories import GATE, judged
from seatrial.backtest.summary import Delay, gate_records, summarized
from seatrial.policy import Gate


def test_figures_are_counts_of_releases() -> None:
    """Two of three incidents, one of four clean ones; who was taken back or is too young counts as neither."""
    releases = [
        judged(0, "incident", "block", back=5),
        judged(1, "incident", "hold", back=7),
        judged(2, "incident", "launch", back=20),
        *(judged(number, "clean") for number in (3, 4, 5)),
        judged(6, "clean", "hold"),
        judged(7, "taken back", "block", back=3),
        judged(8, "too young"),
    ]
    found = summarized(releases, Delay.of([2, 4, 9], None))
    assert (found.incidents.count, found.incidents.unknown, found.incidents.total) == (2, 0, 3)
    assert (found.good.count, found.good.total, found.undecided) == (1, 4, 2)
    assert (found.harmful_days, found.all_harmful_days) == (12, 32)
    assert (found.delay.days, found.delay.known, found.days_delayed) == (4.0, 3, 4.0)
    assert found.incidents.share.low < 2 / 3 < found.incidents.share.high
    assert found.told == "too few to tell"


def test_what_is_not_known_is_a_bound_and_no_pass() -> None:
    """The interval holds those of both ways in which it may have gone, and the count says so."""
    known = [judged(0, "incident", "block"), *(judged(number, "clean") for number in range(1, 6))]
    open_ = summarized([*known, judged(7, "incident", "unknown")], Delay())
    least, most = (
        summarized([*known, judged(7, "incident", word)], Delay()) for word in ("launch", "block")
    )  # fmt: skip
    assert (open_.incidents.count, open_.incidents.unknown, open_.incidents.total) == (1, 1, 2)
    assert open_.incidents.share.low == least.incidents.share.low
    assert open_.incidents.share.high == most.incidents.share.high
    assert open_.apart.low == pytest.approx(least.apart.low) and open_.apart.high == pytest.approx(most.apart.high)


@pytest.mark.parametrize(
    ("bad", "good", "told"),
    [
        ("block", "launch", "tells them apart"),
        ("launch", "block", "keeps back the wrong ones"),
        ("block", "block", "too few to tell"),
    ],
)
def test_many_releases_tell(bad: str, good: str, told: str) -> None:
    """A policy that keeps back what harms, and little else, is told from one that does the opposite."""
    releases = [judged(number, "incident" if number % 3 == 0 else "clean") for number in range(30)]
    decided = [judged(n, one.release.fate, bad if n % 3 == 0 else good) for n, one in enumerate(releases)]  # type: ignore[arg-type]
    assert summarized(decided, Delay()).told == told


def test_no_release_with_an_outcome_leaves_all_open() -> None:
    """Every share is possible then; days are not known where no hold ended and none is assumed."""
    found = summarized([judged(0, "too young")], Delay.of([], None))
    assert (found.incidents.share.low, found.incidents.share.high) == (0.0, 1.0)
    assert found.told == "too few to tell" and found.days_delayed == 0.0
    assert math.isnan(summarized([judged(0, "clean", "hold")], Delay.of([], None)).days_delayed)
    assert summarized([judged(0, "clean", "hold")], Delay.of([3], 10.0)).days_delayed == 10.0


def test_a_gate_is_judged_by_the_releases_on_which_it_was_weighed() -> None:
    """One that could not be weighed is left out and counted."""
    releases = [
        judged(0, "incident", "block"),
        judged(1, "clean"),
        judged(2, "clean", "unknown"),
        judged(3, "too young"),
    ]
    (found,) = gate_records([Gate(signal=GATE, margin=0.1)], releases)
    assert (found.caught, found.delayed, found.not_weighed) == ((1, 1), (0, 1), 1)
