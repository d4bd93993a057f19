"""Ten releases and three incidents, simulated into a ledger; then two other policies look back on them.

    python examples/history/example.py

No model and no user: what each release does to each signal stands in `RELEASES`, and chance decides which answers show
it. The reviews, sign-offs, releases, incidents and roll-backs are real ones, entered by a clock that is simulated.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from unittest.mock import patch

import numpy as np

from seatrial import review
from seatrial.__main__ import main as seatrial
from seatrial.ledger import chain, ledger_in
from seatrial.ledger.releases import QUESTIONS
from seatrial.observations import to_frame, write_observations
from seatrial.policy import LaunchPolicy, load_policy
from seatrial.review.launch_steps import advisory_breaches, released, report_incident, roll_back, signed_off
from seatrial.types import Observation

__all__ = ["RELEASES", "Past", "main", "numbers", "write_history"]

HERE = Path(__file__).resolve().parent
SEED = 2025
SYCOPHANCY, FACTS, VIBES = "behavior/opinion-sycophancy", "benchmark/facts", "vibe/off"
ITEMS = {SYCOPHANCY: 500, FACTS: 500, VIBES: 120}
"""Questions, and pairs of answers that experts rate."""
ALREADY = {SYCOPHANCY: 0.2, FACTS: 0.8, VIBES: 0.1}
"""Share of the baseline's answers that are sycophantic, right, or found off."""
DRAWN_ANEW = 0.1
"""Share of the candidate's answers that chance draws anew, whatever the release does."""
RATERS = ("ana", "ben", "eve")
ANSWERS = {
    "behavior": "what was planned, as the table of simulated releases has it",
    "experts": "as the rated pairs have it",
    "blind-spots": "long conversations, which nobody asked for",
}


@dataclass(frozen=True)
class Past:
    """A simulated release.

    Attributes:
        name: What it is called, and the month on whose first day it is reviewed.
        sycophancy: By how much the share of sycophantic answers rises.
        off: By how much the share of answers rises that experts find off.
        behavior: What an incident is about; empty where none came.
        found: Days from the release until it is found.
        back: Days from the release until it is taken back; 0 where it is not.
        first: Questions of a first review that is too small to decide; 0 where there is none.
    """

    name: str
    sycophancy: float = 0.0
    off: float = 0.0
    behavior: str = ""
    found: int = 0
    back: int = 0
    first: int = 0

    @property
    def day(self) -> date:
        """The day of its review."""
        return date.fromisoformat(f"{self.name}-01")


RELEASES = (
    Past("2025-01"),
    Past("2025-02"),
    Past("2025-03", off=0.35, behavior=SYCOPHANCY, found=3, back=4),
    Past("2025-04"),
    Past("2025-05", off=0.35),
    Past("2025-06", first=20),
    Past("2025-07", off=0.35, behavior="behavior/emotional-reliance", found=9, back=12),
    Past("2025-08", sycophancy=0.09, behavior=SYCOPHANCY, found=20),
    Past("2025-09"),
    Past("2025-10"),
)
"""Experts feel two of the three incidents, and one change that harmed nobody; a margin too wide hides the third."""
HELD_FOR = 6
"""Days between the first review of 2025-06, which holds, and the one that launches."""


def numbers(past: Past, count: int | None = None) -> list[Observation]:
    """Return what a review of a release observes: both models on the same questions, and pairs that experts rate.

    Args:
        past: The release.
        count: Questions of each kind; all by default.
    """
    rises = {SYCOPHANCY: past.sycophancy, FACTS: 0.0, VIBES: past.off}
    made = []
    for place, (signal, items) in enumerate(ITEMS.items()):
        rng = np.random.default_rng([SEED, RELEASES.index(past), place])
        shown = rng.random(items) < ALREADY[signal]
        after = np.where(rng.random(items) < DRAWN_ANEW, rng.random(items) < ALREADY[signal], shown)
        after |= rng.random(items) < rises[signal] / (1 - ALREADY[signal])
        for item in range(min(items, count or items)):
            rater = RATERS[item % len(RATERS)] if signal == VIBES else ""
            for role, values in (("baseline", shown), ("candidate", after)):
                made.append(
                    Observation(
                        signal,
                        "candidate" if role == "candidate" else "baseline",
                        f"{signal} {item}",
                        f"{signal} {item}",
                        0,
                        float(values[item]),
                        rater=rater,
                        source=f"simulated {past.name}",
                    )
                )
    return made


class _Clock(datetime):
    """The clock by which the ledger dates its entries."""

    at = date(2025, 1, 1)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Clock:
        """Return noon of the simulated day."""
        return cls(cls.at.year, cls.at.month, cls.at.day, 12, tzinfo=tz or UTC)


def write_history(reviews: Path) -> None:
    """Simulate all releases into a ledger in a folder of reviews."""
    policy = load_policy(HERE / "policy.yaml")
    with patch.object(chain, "datetime", _Clock):
        for past in RELEASES:
            _Clock.at = past.day
            if past.first:
                _reviewed(policy, past, reviews, past.first)
                _Clock.at += timedelta(days=HELD_FOR)
            _reviewed(policy, past, reviews)
            _went_out(past, reviews)


def _reviewed(policy: LaunchPolicy, past: Past, reviews: Path, count: int | None = None) -> None:
    table = reviews.parent / "tables" / f"{past.name}{'-first' if count else ''}.parquet"
    table.parent.mkdir(parents=True, exist_ok=True)
    write_observations(to_frame(numbers(past, count)), table)
    mine = policy.model_copy(update={"evidence": [table]})
    review(mine, folder=reviews / past.name, author="simulation", progress=False)


def _went_out(past: Past, reviews: Path) -> None:
    """Sign and release it, and enter what came of it."""
    folder, today, ledger = reviews / past.name, _Clock.at, ledger_in(reviews)
    content, _ = signed_off(folder, "A. Name", ANSWERS, [VIBES] if past.off else [], today=today)
    assert bool(advisory_breaches(content)) is bool(past.off)
    released(folder, past.name, "A. Name", today=today)
    if not past.behavior:
        return
    _Clock.at = today + timedelta(days=past.found)
    what = f"users report {past.behavior.partition('/')[2]}"
    entry, _ = report_incident(ledger, past.name, past.behavior, what, "B. Name", (), _Clock.at.isoformat())
    if past.back:
        _Clock.at = today + timedelta(days=past.back)
        roll_back(ledger, past.name, "A. Name", "users are harmed", entry.number)


def main() -> None:
    """Simulate the history, then look back on it under two other policies."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=Path("history"), help="the folder to write; it must not be there")
    place = parser.parse_args().out
    if place.exists():
        parser.error(f"{place} is there already; name another with --out, or remove it")
    assert set(ANSWERS) == set(QUESTIONS)
    try:
        write_history(place / "reviews")
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    ledger = str(place / "reviews" / "ledger.db")
    for name in ("vibes-block", "strict"):
        words = ["ledger", "backtest", str(HERE / f"{name}.yaml"), "--ledger", ledger]
        print(f"\n$ seatrial {' '.join(words)}\n", flush=True)
        sys.argv = ["seatrial", *words, "--html", str(place / f"{name}.html")]
        try:
            seatrial()
        except SystemExit as ended:
            if ended.code:
                raise


if __name__ == "__main__":
    main()
