"""Files outside of a review's folder are found by their hashes alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from conftest import Endpoint, PolicyWriter
from seatrial.errors import EvidenceError, ExitCode
from seatrial.review.verifying.verify import verify
from seatrial.suites import find_suites
from verified_reviews import GATE, copied, results, review_of, said_in

SCORES = Path(__file__).parents[3] / "docs" / "how-to" / "recorded" / "scores.csv"


@pytest.mark.slow
def test_recorded_answers_are_found_by_their_hashes(blocked: Path, tmp_path: Path) -> None:
    """Where the policy leads to, or anywhere in a folder under any name; not found, nothing is a pass."""
    assert verify(blocked).exit_code == ExitCode.BLOCK
    shutil.move(tmp_path / "policy-candidate.jsonl", tmp_path / "away.txt")
    lost = verify(blocked)
    assert (results(lost)["answers → observations"], lost.exit_code) == ("not verified", ExitCode.USAGE)
    assert "policy-candidate.jsonl: it is not there" in said_in(lost, "answers → observations")
    assert verify(blocked, evidence=[tmp_path]).exit_code == ExitCode.BLOCK
    with pytest.raises(EvidenceError, match="no such file or folder"):
        verify(blocked, evidence=[tmp_path / "nowhere"])
    (tmp_path / "policy-candidate.jsonl").write_text((tmp_path / "policy-baseline.jsonl").read_text(encoding="utf-8"))
    assert "another file lies there now" in said_in(verify(blocked), "answers → observations")


@pytest.mark.slow
def test_a_file_of_observations_that_is_lost_is_weighed_all_the_same(tmp_path: Path) -> None:
    """The verdicts follow from what the review holds; that the file gave these numbers is not verified, and no pass."""
    sides = [("baseline", 0.2), ("candidate", 0.9)]
    table = [
        {"signal": "vibe/off", "role": role, "item": f"q{n}", "value": at} for role, at in sides for n in range(60)
    ]
    pl.DataFrame(table).write_csv(tmp_path / "votes.csv")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "name: votes\nevidence: [votes.csv]\ngates: [{signal: vibe/off, margin: 0.1}]\n", encoding="utf-8"
    )
    review_of(policy, tmp_path / "reviews" / "one")
    folder = tmp_path / "reviews" / "one"
    assert verify(folder).exit_code == ExitCode.BLOCK
    (tmp_path / "votes.csv").rename(tmp_path / "other.csv")
    lost = verify(folder)
    assert results(lost)["answers → observations"] == "not verified"
    assert results(lost)["observations → verdicts"] == "verified"
    assert lost.exit_code == ExitCode.USAGE
    assert verify(folder, evidence=[tmp_path / "other.csv"]).exit_code == ExitCode.BLOCK


@pytest.mark.slow
@pytest.mark.parametrize(
    "models",
    [
        "baseline:  {model: scores/scores.csv, name: plain}\ncandidate: {model: scores/scores.csv, name: engagement}",
        "evidence: [{baseline: scores.csv, baseline_model: plain, candidate_model: engagement, scores: [score]}]\n"
        "signals: {eval/score: {harmful: high, bounds: [0, 1]}}",
    ],
)
def test_numbers_of_tables_are_read_again(tmp_path: Path, models: str) -> None:
    """Scores and runs of other tools are found by their hash, paired and weighed again; changed, they are not."""
    signal = "eval/score" if "evidence" in models else "behavior/unearned-praise"
    shutil.copy(SCORES, tmp_path)
    policy, folder = tmp_path / "policy.yaml", tmp_path / "reviews" / "one"
    policy.write_text(f"name: n\n{models}\ngates: [{{signal: {signal}, margin: 0.3}}]\n", encoding="utf-8")
    done = review_of(policy, folder)
    found = verify(folder)
    assert (found.verified, found.exit_code) == (True, done.exit_code), found.steps
    (tmp_path / "scores.csv").write_text("model,item,score\n", encoding="utf-8")
    assert results(verify(folder))["answers → observations"] == "not verified"
    assert verify(folder, evidence=[SCORES]).verified


@pytest.mark.slow
def test_a_suite_of_ones_own_is_read_where_it_lies_now(
    write_policy: PolicyWriter, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Its files are found one by one; a rubric that was changed since is not the suite that was reviewed."""
    own = tmp_path / "own" / "rash-steps"
    shutil.copytree(find_suites()[GATE], own)
    front = own / "suite.md"
    text = front.read_text(encoding="utf-8").replace("impulsive-actions", "rash-steps")
    front.write_text(text, encoding="utf-8")
    gates = "  - {signal: behavior/rash-steps, margin: 0.2, advisory: only watched for now}"
    extra = "suites: [own]\nbudget: {calls: 40}"
    done = review_of(write_policy(candidate="plain", extra=extra, gates=gates), tmp_path / "reviews" / "one")
    shutil.move(tmp_path / "own", tmp_path / "moved")
    folder = copied(tmp_path)
    assert results(verify(folder))["answers → observations"] == "not verified"
    found = verify(folder, evidence=[tmp_path / "moved"])
    assert (found.verified, found.exit_code) == (True, done.exit_code), found.steps
    (tmp_path / "moved" / "rash-steps" / "suite.md").write_text(f"{text}\nMore.", encoding="utf-8")
    changed = verify(folder, evidence=[tmp_path / "moved"])
    assert "suite.md: it is not there" in said_in(changed, "answers → observations")
