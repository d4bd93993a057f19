"""Files that a review reads are told with their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from seatrial.policy import Gate, LaunchPolicy, ModelSpec, RunsSpec
from seatrial.review.basis import input_hashes, logs_of


def test_every_file_that_a_policy_leads_to_is_hashed(tmp_path: Path) -> None:
    """Recorded answers, evidence, runs by folder and by glob, suites, labels; what is not there is left out."""
    names = (
        "a.jsonl",
        "seen.csv",
        "logs/one.json",
        "logs/deep/two.json",
        "x1.json",
        "x2.json",
        "own/s/suite.md",
        "l.jsonl",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    policy = LaunchPolicy(
        name="p",
        baseline=ModelSpec(model=f"transcripts/{tmp_path / 'a.jsonl'}"),
        candidate=ModelSpec(model=f"transcripts/{tmp_path / 'gone.jsonl'}"),
        evidence=[
            tmp_path / "seen.csv",
            RunsSpec(baseline=str(tmp_path / "logs"), candidate=str(tmp_path / "x*.json")),
        ],
        suites=[tmp_path / "own"],
        gates=[Gate(signal="behavior/x", margin=0.1, labels=tmp_path / "l.jsonl")],
    )
    wanted = {str(tmp_path / name): hashlib.sha256(name.encode()).hexdigest() for name in names}
    assert dict(input_hashes(policy)) == wanted


def test_logs_are_told_from_the_folder_on() -> None:
    """So that a copy of the folder leads to its own."""
    runs = [RunsSpec(baseline="/r/one/tasks/t-baseline-1/a.eval", candidate="/r/one/tasks/t-candidate-2/b.eval")]
    assert logs_of(runs) == (("tasks/t-baseline-1/a.eval", "tasks/t-candidate-2/b.eval"),)
