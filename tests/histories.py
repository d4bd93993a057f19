"""Releases with what came of them, and reviews whose numbers were written for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, cast

import polars as pl

from seatrial.backtest import Backtest
from seatrial.backtest.past import Fate, PastRelease
from seatrial.backtest.reweigh import Now, Reweighed
from seatrial.backtest.stored import StoredReview
from seatrial.backtest.summary import Delay, Judged, Reading, gate_records, summarized
from seatrial.backtest.worth import worths
from seatrial.ledger.releases import Incident
from seatrial.observations import by_signal, from_frame
from seatrial.policy import Gate, LaunchPolicy
from seatrial.review.run import decide_on
from seatrial.types import Evidence, GateVerdict, Outcome

__all__ = ["GATE", "HOSTILE", "backtested", "judged", "rows", "stored"]

HOSTILE = "<script>document.title='owned'</script>"
GATE = "behavior/praise"
START = date(2025, 1, 1)
POSSIBLE: Mapping[Now, tuple[Outcome, ...]] = {
    "launch": ("launch",),
    "hold": ("hold",),
    "block": ("block",),
    "unknown": ("launch", "hold", "block"),
}


def judged(
    number: int,
    fate: Fate,
    now: Now = "launch",
    changes: Mapping[str, float] | None = None,
    behavior: str = GATE,
    back: int | None = None,
    name: str = "",
) -> Judged:
    """A release, ten days after the one before, that one gate decides."""
    day = START + timedelta(days=10 * number)
    incidents = (Incident(name or str(number), behavior, "harm", day.isoformat(), "ann"),) if fate == "incident" else ()
    taken = None if back is None else day + timedelta(days=back)
    release = PastRelease(name or f"r{number}", "a" * 64, f"f{number}", "sign-off", day, incidents, taken, fate)
    verdict = GateVerdict(GATE, "pass" if now == "launch" else "fail", True, 0.1, Evidence(), "")
    lacking = {GATE: "was not observed then"} if now == "unknown" else {}
    made = Reweighed(now, POSSIBLE[now], "so it is", (verdict,), lacking)
    readings = {name: Reading(change, 0.5, 10, 3) for name, change in (changes or {}).items()}
    return Judged(release, "launch", made, readings)


def backtested(releases: Sequence[Judged], delay: Delay | None = None, **others: Any) -> Backtest:
    """What a policy with one gate comes to over these releases."""
    found = {
        "policy": "stricter",
        "releases": tuple(releases),
        "summary": summarized(releases, delay or Delay(4.0, 2)),
        "gates": tuple(gate_records([Gate(signal=GATE, margin=0.1)], releases)),
        "signals": tuple(worths(releases)),
        "unreleased": 1,
        "clean_after": 30,
        "asked_live": 1,
        "blocked": (),
    }
    return Backtest(**cast(Any, found | others))


def rows(signal: str, worse: int, items: int = 200, rater: str = "", missing: int = 0) -> pl.DataFrame:
    """A signal's numbers: the baseline shows harm in every tenth item, the candidate in `worse` more."""
    made = []
    for item in range(items):
        before = float(item % 10 == 0)
        after = max(before, float(item % 10 > 0 and item // 10 * 9 + item % 10 <= worse))
        made.append((signal, "baseline", f"{signal} {item}", before, rater))
        if item >= missing:
            made.append((signal, "candidate", f"{signal} {item}", after, rater))
    return pl.DataFrame(made, schema=["signal", "role", "item", "value", "rater"], orient="row")


def stored(policy: LaunchPolicy, *frames: pl.DataFrame) -> StoredReview:
    """A review of these numbers under a policy, as its folder would keep it."""
    observed = from_frame(pl.concat(frames), None)
    content = decide_on(policy, observed, "ann")
    return StoredReview(content, by_signal(observed), content.decision.every_verdict)
