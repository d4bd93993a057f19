"""What `seatrial compare` prints."""

from __future__ import annotations

from pathlib import Path

from seatrial.cli.output.compare import comparison, comparison_json, exit_code_of
from seatrial.errors import ExitCode
from seatrial.policy import RunsSpec
from seatrial.review.compared import Comparison, compare


def _found(folder: Path, open_too: bool) -> Comparison:
    for name in ("now", "next"):
        rows = [f"q{number},{int(number > (60 if name == 'now' else 59))},{number % 2}" for number in range(300)]
        path = folder / f"{name}.csv"
        path.write_text("\n".join(["item,accuracy,tone", *rows]) + "\n", encoding="utf-8")
    scores = ["accuracy", "tone"] if open_too else ["accuracy"]
    return compare(RunsSpec(baseline=str(folder / "now.csv"), candidate=str(folder / "next.csv"), scores=scores))


def test_a_score_that_is_not_decided_holds_a_launch(tmp_path: Path) -> None:
    """What both runs hold and nobody explained is no pass: code, headline and the line say so."""
    decided, half = _found(tmp_path, False), _found(tmp_path, True)
    assert (exit_code_of(decided), exit_code_of(half)) == (ExitCode.LAUNCH, ExitCode.HOLD)
    assert "LAUNCH:" in comparison(decided, True, None)
    text = comparison(half, False, None)
    assert "HOLD:" in text
    assert "LAUNCH" not in text
    assert "tone is not decided" in text
    assert "default" not in text
    assert comparison_json(half, None)["exit_code"] == 3


def test_what_stands_in_the_way_comes_first(tmp_path: Path) -> None:
    """Before the decision."""
    (tmp_path / "few.csv").write_text("item,accuracy\nq1,1\nq2,1\n", encoding="utf-8")
    _found(tmp_path, False)
    runs = RunsSpec(baseline=str(tmp_path / "now.csv"), candidate=str(tmp_path / "few.csv"), scores=["accuracy"])
    found = compare(runs)
    text = comparison(found, True, tmp_path)
    assert text.index("! The runs share 2 items") < text.index("HOLD:")
    assert f"Report: {tmp_path / 'report.html'}" in text
