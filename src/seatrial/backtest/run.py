"""The backtest: every past release is weighed again under another policy, and held against what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from seatrial.backtest.past import CLEAN_AFTER, PastRelease, holds_ended, past_releases, unreleased
from seatrial.backtest.reweigh import Weighing, reweigh, unknown
from seatrial.backtest.stored import StoredReview, stored_review
from seatrial.backtest.summary import Delay, GateRecord, Judged, Reading, Summary, gate_records, summarized
from seatrial.backtest.worth import Worth, worths
from seatrial.errors import LedgerError
from seatrial.instruments.records import load_records
from seatrial.ledger import Entry, Ledger
from seatrial.policy import LaunchPolicy
from seatrial.stats.distributions import norm_isf
from seatrial.suites import find_suites, load_suite
from seatrial.types import BAD, GateVerdict

__all__ = ["Backtest", "backtest"]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What another policy would have decided of every past release.

    Attributes:
        policy: Name of the policy.
        releases: All past releases, oldest first.
        summary: What it comes to.
        gates: How each of its gates did.
        signals: What each signal has been worth.
        unreleased: Reviewed candidates that never went out.
        clean_after: Days without an incident after which a release counts as clean.
        asked_live: Releases whose evidence was looked at while it was collected.
        blocked: Gates that could block the latest release whose review is here: the others are new.
    """

    policy: str
    releases: tuple[Judged, ...]
    summary: Summary
    gates: tuple[GateRecord, ...]
    signals: tuple[Worth, ...]
    unreleased: int
    clean_after: int
    asked_live: int
    blocked: tuple[str, ...]


def backtest(
    ledger: Ledger,
    policy: LaunchPolicy,
    *,
    clean_after: int = CLEAN_AFTER,
    hold_days: float | None = None,
    today: date | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> Backtest:
    """Return what a policy would have decided of every past release; no model is called.

    Args:
        ledger: The ledger, beside whose reviews' folders it lies.
        policy: The policy.
        clean_after: Days without an incident after which a release counts as clean.
        hold_days: Days that a hold lasts; by default the median of the holds in the ledger that ended in a release.
        today: The day up to which releases have been watched; today by default.
        step: Told which release is weighed.

    Raises:
        LedgerError: the ledger is broken, holds no release, or dates an entry with what is no time.
        SuiteError: a suite is broken.
        EvidenceError: a record of an instrument cannot be read.
    """
    entries = ledger.verify()
    past = past_releases(entries, today or datetime.now(UTC).date(), clean_after)
    if not past:
        raise LedgerError(
            f"{ledger.name}: holds no release yet, so there is nothing to look back on; "
            "`seatrial ledger release` enters one"
        )
    suites = {name: load_suite(folder) for name, folder in find_suites(policy.suites).items()}
    weighing = Weighing(policy, suites, load_records(policy.records))
    decisions = {str(one.body.get("review")): one for one in entries if one.kind == "decision"}
    judged, live = [], 0
    blocked: tuple[str, ...] = ()
    for release in past:
        step(release.name)
        review = stored_review(ledger.folder, entries, release)
        judged.append(_judged(release, review, weighing, decisions.get(release.review)))
        if isinstance(review, StoredReview):
            live += review.content.mode != "recorded"
            blocked = tuple(one.signal for one in review.content.decision.verdicts if one.blocking)
    return Backtest(
        policy.name,
        tuple(judged),
        summarized(judged, Delay.of(holds_ended(entries), hold_days)),
        tuple(gate_records(policy.gates, judged)),
        tuple(worths(judged)),
        unreleased(entries),
        clean_after,
        live,
        blocked,
    )


def _judged(release: PastRelease, review: StoredReview | str, weighing: Weighing, decision: Entry | None) -> Judged:
    then = str(decision.body.get("decision", "")) if decision is not None else ""
    if isinstance(review, str):
        return Judged(release, then, unknown(review))
    alpha = review.content.policy.alpha
    readings = {name: _reading(one, review, alpha) for name, one in review.verdicts.items()}
    return Judged(release, review.content.decision.outcome, reweigh(weighing, review), readings)


def _reading(one: GateVerdict, review: StoredReview, alpha: float) -> Reading:
    found, suites = one.evidence, tuple(member.signal for member in one.members)
    width = (found.high - found.low) / (2 * float(norm_isf(alpha)))
    error = width / one.margin if math.isfinite(width) and one.margin > 0 else BAD
    return Reading(found.estimate / one.margin, error, found.calls, _ratings(one, review), suites)


def _ratings(one: GateVerdict, review: StoredReview) -> int:
    """Return how many ratings by people there are in a signal, or in the suites of a family."""
    names = {one.signal, *(member.signal for member in one.members)} & set(review.observations)
    return sum(len(review.observations[name].filter(pl.col("rater").cast(pl.String) != "")) for name in names)
