"""The backtest as a whole: a ledger of real reviews, and one that cannot be looked back on."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from histories import rows
from seatrial import review
from seatrial.backtest import backtest
from seatrial.errors import LedgerError
from seatrial.ledger import Ledger, ledger_in
from seatrial.observations import from_frame, write_observations
from seatrial.policy import Gate, LaunchPolicy
from seatrial.review.launch_steps import advisory_breaches, released, report_incident

ONE, VIBES = "behavior/one", "vibe/off"
GATES = [Gate(signal=ONE, margin=0.1), Gate(signal=VIBES, margin=0.1, advisory="experts are heard only")]
BLOCKING = LaunchPolicy(name="vibes block", gates=[GATES[0], Gate(signal=VIBES, margin=0.1)])
LATER = date(2999, 1, 1)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Three releases: one that experts found off and that did harm, a clean one, and one whose folder is gone."""
    folder = tmp_path / "reviews"
    for number, off in enumerate((60, 0, 0)):
        table = tmp_path / f"{number}.parquet"
        write_observations(from_frame(pl.concat([rows(ONE, 0), rows(VIBES, off, rater="ana")]), None), table)
        policy = LaunchPolicy(name="then", gates=GATES, evidence=[table])
        made = review(policy, folder=folder / str(number), author="ann", progress=False)
        seen = [one.signal for one in advisory_breaches(made.result)]
        released(folder / str(number), f"r{number}", "ann", "simulated, whatever was decided", acknowledged=seen)
    report_incident(ledger_in(folder), "r0", ONE, "praises all", "bo")
    shutil.rmtree(folder / "2")
    return folder


def test_every_release_is_weighed_or_counted(reviews: Path) -> None:
    """Decided then and now, what came, what each signal showed and took; the lost folder is unknown and counted."""
    steps: list[str] = []
    found = backtest(ledger_in(reviews), BLOCKING, today=LATER, hold_days=5, step=steps.append)
    assert steps == ["r0", "r1", "r2"]
    assert [(one.then, one.now.outcome, one.release.fate) for one in found.releases] == [
        ("launch", "block", "incident"), ("launch", "launch", "clean"), ("launch", "unknown", "clean")
    ]  # fmt: skip
    assert found.releases[2].now.reason == "its review's folder is not here"
    summary = found.summary
    assert (summary.incidents.count, summary.good.count, summary.good.unknown, summary.not_weighed) == (1, 0, 1, 1)
    assert (summary.delay.days, summary.delay.assumed) == (5, True)
    assert found.releases[0].readings[VIBES].change == pytest.approx(3.0)
    assert (found.releases[0].readings[VIBES].ratings, found.releases[0].readings[ONE].ratings) == (400, 0)
    assert 0 < found.releases[0].readings[VIBES].error < 1
    assert (found.blocked, found.asked_live, found.unreleased) == ((ONE,), 0, 0)
    assert [one.signal for one in found.gates] == [ONE, VIBES]


def test_a_young_release_tells_nothing_yet(reviews: Path) -> None:
    """Today's releases are too young, but for the one with an incident."""
    found = backtest(ledger_in(reviews), BLOCKING)
    assert [one.release.fate for one in found.releases] == ["incident", "too young", "too young"]


def test_a_ledger_without_releases_says_how_to_enter_one(tmp_path: Path) -> None:
    """It is an error in words, and no empty page."""
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.append("waiver", "ann", {"reason": "nothing"})
    with pytest.raises(LedgerError, match=r"holds no release yet.*seatrial ledger release"):
        backtest(ledger, BLOCKING)
