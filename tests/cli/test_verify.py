"""`seatrial verify`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conftest import Command


@pytest.fixture
def folder(seatrial: Command, tmp_path: Path) -> Path:
    """A finished review of scores."""
    rows = ["item,model,score", *(f"q{n},{model},0.{n % 5}" for n in range(80) for model in ("old", "new"))]
    (tmp_path / "scores.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(
        "name: p\nbaseline: {model: scores/scores.csv, name: old}\ncandidate: {model: scores/scores.csv, name: new}\n"
        "gates: [{signal: behavior/x, margin: 0.1}]\n",
        encoding="utf-8",
    )
    assert seatrial("review", "policy.yaml", "--out", "reviews/one", "--quiet").code == 0
    return tmp_path / "reviews" / "one"


@pytest.mark.slow
def test_each_step_is_said(seatrial: Command, folder: Path) -> None:
    """On lines of their own, what cannot be shown below, and the decision last; the code is the decision's."""
    done = seatrial("verify", folder, "--policy", "policy.yaml")
    assert done.code == 0, done.out
    said = " ".join(done.out.split())
    for step in ("entry", "files", "answers → observations", "observations → verdicts", "decision", "validity"):
        assert f"{step} verified" in said
    assert "Not verified, for nothing here can show it" in said
    assert done.out.strip().split("\n")[-1].startswith("VERIFIED: LAUNCH")


@pytest.mark.slow
def test_what_no_longer_holds_or_differs_has_its_own_code(seatrial: Command, folder: Path) -> None:
    """A launch whose days are over exits as a hold, a changed file as no decision; JSON says the same."""
    late = (datetime.now(UTC).date() + timedelta(days=40)).isoformat()
    done = seatrial("verify", folder, "--on", late)
    assert (done.code, "NO LONGER HOLDS" in done.out) == (3, True)
    (folder / "observations.parquet").write_bytes(b"")
    done = seatrial("verify", folder, "--json")
    found = json.loads(done.out)
    assert (done.code, found["exit_code"], found["verified"], found["holds"]) == (2, 2, False, False)
    assert {one["step"]: one["result"] for one in found["steps"]}["files"] == "differs"
    assert "NOT VERIFIED" in seatrial("verify", folder).out
    wrong = seatrial("verify", folder, "--on", "tomorrow")
    assert (wrong.code, "write it as YYYY-MM-DD" in wrong.err) == (2, True)


def test_a_folder_without_a_review_is_refused(seatrial: Command, tmp_path: Path) -> None:
    """The message says what to run first."""
    done = seatrial("verify", tmp_path)
    assert (done.code, "no finished review here" in done.err) == (2, True)
