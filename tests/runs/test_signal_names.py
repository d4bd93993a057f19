"""Scores of recorded runs as signals of a policy."""

from __future__ import annotations

from pathlib import Path

from seatrial.runs.pairing import Declared, paired_runs
from seatrial.runs.recorded_run import RecordedRun, RunScores


def test_no_two_scores_share_a_signal() -> None:
    """Names that differ in case, in signs, or in letters that a signal cannot hold; in any order the same ones."""
    made = [RunScores(), RunScores()]
    for side, names in zip(made, (("F1", "f1", "mean"), ("mean", "f1", "F1")), strict=True):
        for name in names:
            side.add(name, "a", 0, 1.0)
            side.add(name, "b", 0, 0.0)
    first, second = (
        RecordedRun(Path(name), "a table", "", "", one.frame()) for name, one in zip("ab", made, strict=True)
    )
    declared = Declared(dict.fromkeys(("F1", "f1", "mean"), "low"), {})
    forth, back = paired_runs([first], [second], declared), paired_runs([second], [first], declared)
    signals = {score.name: score.signal for score in forth.scores}
    assert len(set(signals.values())) == 3
    assert signals["mean"] == "eval/mean"
    assert signals == {score.name: score.signal for score in back.scores}
    assert set(forth.observations["signal"]) == set(signals.values())
