"""What `seatrial compare` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from seatrial.cli.output.compare import comparison, comparison_json, exit_code_of, support
from seatrial.errors import ExitCode
from seatrial.policy import RunsSpec
from seatrial.review.compared import Comparison, compare
from seatrial.runs.recorded_run import RecordedRun, RunScores


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


def test_how_much_was_compared_is_said(tmp_path: Path) -> None:
    """Items, the groups in which they stand or fall together, and answers to each; for machines too."""
    for name in ("now", "next"):
        rows = [f"q{number},c{number // 3},{draw},{number % 2}" for number in range(60) for draw in range(2)]
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(["item,cluster,epoch,accuracy", *rows]) + "\n", encoding="utf-8")
    found = compare(RunsSpec(baseline=str(tmp_path / "now.csv"), candidate=str(tmp_path / "next.csv")))
    said = "; scale 0 to 1; 60 items in 20 groups, up to 2 answers each: accuracy."
    assert said in " ".join(comparison(found, True, None).split())
    (score,) = comparison_json(found, None)["scores"]
    assert (score["pairs"], score["groups"], score["draws"]) == (60, 20, 2)
    (alone,) = _found(tmp_path, False).runs.scores
    assert "; 300 items: accuracy." in comparison(_found(tmp_path, False), True, None)
    assert (alone.groups, alone.draws) == (300, 1)


def test_what_stands_in_the_way_comes_first(tmp_path: Path) -> None:
    """Before the decision."""
    (tmp_path / "few.csv").write_text("item,accuracy\nq1,1\nq2,1\n", encoding="utf-8")
    _found(tmp_path, False)
    runs = RunsSpec(baseline=str(tmp_path / "now.csv"), candidate=str(tmp_path / "few.csv"), scores=["accuracy"])
    found = compare(runs)
    text = comparison(found, True, tmp_path)
    assert text.index("! The runs share 2 items") < text.index("HOLD:")
    assert f"Report: {tmp_path / 'report.html'}" in text


def test_scores_are_called_as_their_tool_calls_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the reason as in the table, which fits a terminal of eighty letters."""
    for name, right in (("now", 20), ("next", 26)):
        rows = [
            f"q{number},{task},exact_match (flexible-extract),{int(number > right)}"
            for task in ("gsm8k_cot_zeroshot", "sums")
            for number in range(60)
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(["item,task,metric,score", *rows]), encoding="utf-8")
    found = compare(RunsSpec(baseline=str(tmp_path / "now.csv"), candidate=str(tmp_path / "next.csv")))
    monkeypatch.setenv("COLUMNS", "80")
    text = comparison(found, True, None)
    assert "HOLD" in text
    assert "gsm8k_cot_zeroshot: exact_match (flexible-extract)" in " ".join(text.partition("verdict")[0].split())
    assert max(map(len, text.splitlines())) <= 80


def test_what_is_said_of_several_scores_is_said_once(tmp_path: Path) -> None:
    """One note and one question for all of them, under their names."""
    for name in ("now", "next"):
        rows = [f"q{number},{number % 3},{number % 2},{number % 2}" for number in range(1, 30)]
        head = "item,accuracy,tone,warmth\nq0,,,"
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *rows]).replace(",2,", ",0,"), encoding="utf-8")
    scores = ["accuracy", "tone", "warmth"]
    runs = RunsSpec(baseline=str(tmp_path / "now.csv"), candidate=str(tmp_path / "next.csv"), scores=scores)
    text = " ".join(comparison(compare(runs), True, None).split())
    assert "tone and warmth are not decided: say which end" in text
    assert "Note: accuracy, tone and warmth: 1 of the baseline's 30 has no number: no score." in text
    assert "Note: accuracy, tone and warmth: 1 item has a number in neither run and was left out." in text


def test_a_log_without_samples_says_so() -> None:
    """A header alone supports nothing."""
    empty = RecordedRun(Path("a.eval"), "Inspect", "sums", "m", RunScores().frame())
    assert "a.eval: Inspect, task sums, m. 0 rows.\n! No sample with a score is in it." in support([empty], None)
