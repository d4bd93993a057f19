"""Earlier decisions on the same pair."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from results import LAUNCH
from seatrial.ledger import Ledger, decisions_on
from seatrial.report import ReviewResult
from seatrial.review.apply_waivers import ledger_entry
from seatrial.review.findings.earlier_reviews import earlier_reviews

FOLDER = "support-1f2e3d4c"


def _hashed(review: str, policy: str = "p", margin: float = 0.05) -> ReviewResult:
    verdicts = tuple(replace(one, margin=margin) for one in LAUNCH.decision.verdicts)
    hashes = (("review", review), ("policy", policy), ("evidence", review))
    return replace(LAUNCH, hashes=hashes, decision=replace(LAUNCH.decision, verdicts=verdicts))


def _after(tmp_path: Path, now: ReviewResult, *before: ReviewResult, folder: str = FOLDER) -> str:
    ledger = Ledger(tmp_path / "ledger.db")
    for one in before:
        ledger.append("decision", "ana", ledger_entry(one, Path(folder)))
    return earlier_reviews(now, decisions_on(tmp_path / FOLDER, ledger.verify()))


def test_the_third_review_says_so_and_what_changed(tmp_path: Path) -> None:
    """Its place, what the last one decided, and that the margins are others now."""
    said = _after(tmp_path, _hashed("c", "q", 0.1), _hashed("a"), _hashed("b"))
    assert said.startswith("Third review of this pair: the last one (")
    assert said.endswith(") launched, and the margins changed since")


def test_what_changed_is_the_policy_or_the_evidence(tmp_path: Path) -> None:
    """With the same margins another policy is named, with the same policy the evidence."""
    assert _after(tmp_path, _hashed("b", "q"), _hashed("a")).endswith("the policy changed since")
    assert _after(tmp_path, _hashed("c")).endswith("the evidence changed since")


def test_the_same_review_and_other_pairs_do_not_count(tmp_path: Path) -> None:
    """Run again on the same evidence it is no other review; another folder holds another pair."""
    assert _after(tmp_path, _hashed("a"), _hashed("a"), _hashed("a")) == ""
    assert _after(tmp_path, _hashed("b"), _hashed("c"), folder="other") != ""
    other = replace(_hashed("z"), policy=LAUNCH.policy.model_copy(update={"baseline": LAUNCH.policy.baseline}))
    assert earlier_reviews(other, decisions_on(tmp_path / "elsewhere", Ledger(tmp_path / "ledger.db").verify())) == ""
