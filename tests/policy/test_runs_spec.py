"""Pairs of runs under `evidence`."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.errors import PolicyError
from seatrial.policy import RunsSpec, load_policy
from seatrial.policy.runs_spec import resolved_evidence

POLICY = "name: p\nevidence:\n  - seen.parquet\n  - {runs}\ngates: [{{signal: eval/x, margin: 0.1}}]\n"


def test_runs_stand_beside_files(tmp_path: Path) -> None:
    """Relative paths are taken from the policy's folder, globs too; a candidate that is left out stays so."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.format(runs="{baseline: logs/*.eval, candidate_model: b}"), encoding="utf-8")
    seen, runs = load_policy(path).evidence
    assert seen == tmp_path / "seen.parquet"
    assert isinstance(runs, RunsSpec)
    assert (runs.baseline, runs.candidate, runs.candidate_model) == (str(tmp_path / "logs/*.eval"), "", "b")
    both = resolved_evidence(RunsSpec(baseline="a", candidate="/b"), tmp_path)
    assert isinstance(both, RunsSpec)
    assert (both.baseline, both.candidate) == (str(tmp_path / "a"), "/b")


@pytest.mark.parametrize(("runs", "told"), [("{candidate: b}", "baseline"), ("{baseline: a, moodel: b}", "moodel")])
def test_what_is_wrong_in_them_is_named(tmp_path: Path, runs: str, told: str) -> None:
    """A key that is missing or unknown, with the line."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY.format(runs=runs), encoding="utf-8")
    with pytest.raises(PolicyError, match=told) as caught:
        load_policy(path)
    assert "policy.yaml:4" in str(caught.value)
