"""Whether two runs are two of one evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seatrial.runs.recorded_run import RecordedRun, RunScores
from seatrial.runs.sameness import HOLDING, looked_at


def _run(name: str, **more: Any) -> RecordedRun:
    return RecordedRun(Path(name), "a table", "", more.pop("model", ""), RunScores().frame(), **more)


@pytest.mark.parametrize(
    ("names", "models", "said"),
    [
        (("candidate.json", "baseline.json"), ("", ""), "candidate.json was given as the baseline"),
        (("runs/candidate/a.csv", "runs/baseline/a.csv"), ("", ""), "candidate/a.csv was given as the baseline"),
        (("new.csv", "old.csv"), ("", ""), "new.csv was given as the baseline"),
        (("a_after_x.csv", "a_before_x.csv"), ("", ""), "a_after_x.csv was given"),
        (("a.csv", "a.csv"), ("org/candidate", "org/baseline"), "org/candidate was given as the baseline"),
        (("baseline.json", "candidate.json"), ("", ""), ""),
        (("old/candidate.json", "old/baseline-2.json"), ("", ""), "candidate.json was given"),
        (("renewed.csv", "bold.csv"), ("", ""), ""),
        (("old-and-new.csv", "old.csv"), ("", ""), ""),
        (("candidate.csv", "candidate.csv"), ("", ""), ""),
    ],
)
def test_names_that_say_the_contrary_hold(names: tuple[str, str], models: tuple[str, str], said: str) -> None:
    """Names of files, folders and models, word by word; a folder that both lie in says nothing."""
    first, second = (_run(name, model=model) for name, model in zip(names, models, strict=True))
    odd, _ = looked_at(first, second, ())
    assert [one.startswith(said) for one in odd] == [True] * bool(said)
    assert not any("swapped" in one for one in looked_at(second, first, ())[0] if said)


def test_a_copy_is_no_second_run(tmp_path: Path) -> None:
    """The same bytes under two names hold; one more byte, or two models of one file, do not."""
    places = [tmp_path / name for name in ("a.csv", "b.csv")]
    for place in places:
        place.write_text("item,score\na,1\n")
    first, second = (_run(str(place)) for place in places)
    assert "b.csv is a copy of" in looked_at(first, second, ())[0][0]
    assert not looked_at(_run(str(places[0]), model="x"), _run(str(places[1]), model="y"), ())[0]
    assert not looked_at(first, first, ())[0]
    places[1].write_text("item,score\na,0\n")
    assert not looked_at(first, second, ())[0]


def test_prompts_are_compared_question_by_question() -> None:
    """Only of questions that both were asked, so that a limit changes nothing."""
    first, second = _run("a", prompts={"q1": "x", "q2": "y", "q3": "z"}), _run("b", prompts={"q1": "x", "q2": "other"})
    assert looked_at(first, second, ()) == ([], ["The prompt differs for 1 of the 2 questions that both were asked."])
    assert looked_at(first, _run("b", prompts={"q3": "z"}), ()) == ([], [])


@pytest.mark.parametrize("fact", HOLDING)
def test_another_evaluation_holds_unless_it_is_meant(fact: str) -> None:
    """It names the way out; a fact that one run does not tell is told and holds nothing."""
    first, second = _run("a", facts={fact: "x"}), _run("b", facts={fact: "y"})
    (odd,) = looked_at(first, second, ())[0]
    assert f"--accept '{fact}'" in odd
    assert looked_at(first, second, (fact,)) == (
        [],
        [f"The {fact} differs: x in the baseline's run, y in the candidate's."],
    )
    assert looked_at(first, _run("b"), ())[0] == []


def test_what_a_run_says_of_itself_comes_first() -> None:
    """How it ended holds; what was not read is counted."""
    odd, told = looked_at(
        _run("a", ended="it was cancelled"), _run("b", told=("Read so.",), unread={"no row": 1200}), ()
    )
    assert odd == ["The baseline's run is not whole: it was cancelled"]
    assert told == ["Read so.", "The candidate's run: 1,200 rows not read: no row."]


def test_what_only_one_run_says_is_told() -> None:
    """Of two runs of one tool: a judge or a temperature that one of them was given may be the change."""
    odd, told = looked_at(_run("a.eval", facts={"judge": "j"}), _run("b.eval", facts={"temperature": "1"}), ())
    assert not odd
    assert told == [
        "The judge is j in the baseline's run, and the other run does not say it.",
        "The temperature is 1 in the candidate's run, and the other run does not say it.",
    ]


def test_other_checks_hold_unless_they_are_meant() -> None:
    """An easier assertion or another target under the same question makes a candidate look better than it is."""
    first, second = _run("a", checks={"q1": "x", "q2": "y", "q3": "z"}), _run("b", checks={"q1": "x", "q2": "n"})
    said = "The targets or assertions differ for 1 of the 2 questions that both were asked"
    assert looked_at(first, second, ()) == (
        [f"{said}, so that a change may be theirs. If it is meant: --accept checks"],
        [],
    )
    assert looked_at(first, second, ("checks",)) == ([], [f"{said}."])
    assert looked_at(first, first, ()) == ([], [])
