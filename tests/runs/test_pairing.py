"""Two runs side by side: what is paired, what is left out and said, what holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from seatrial.errors import EvidenceError
from seatrial.observations import from_frame
from seatrial.runs.pairing import Declared, PairedRuns, paired_runs, refuse_unknown
from seatrial.runs.recorded_run import RecordedRun, RunScores, Written
from seatrial.runs.table import read_table

NOTHING = Declared({}, {})


def _run(values: dict[str, Any], name: str = "a.csv", score: str = "accuracy", **more: Any) -> RecordedRun:
    """Return a run: item → its value, or its values in draws; the digest is the item's name before `#`."""
    made = RunScores()
    for item, value in values.items():
        for draw, one in enumerate(value if isinstance(value, list) else [value]):
            reason = "" if one is not None else "no score"
            made.add(score, item.partition("#")[0], draw, one, reason=reason, digest=item.partition("#")[2])
    return RecordedRun(Path(name), "a table", more.pop("task", ""), more.pop("model", ""), made.frame(), **more)


def _paired(one: RecordedRun, other: RecordedRun, declared: Declared = NOTHING) -> PairedRuns:
    return paired_runs([one], [other], declared)


def _values(found: PairedRuns) -> list[tuple[Any, ...]]:
    return found.observations.select("role", "item", "draw", "value").rows()


def test_what_both_hold_is_paired() -> None:
    """Items by their ids; a number that only one has is counted as lost and kept, so that it counts as harm."""
    found = _paired(_run({"a": 1, "b": 0, "c": 1}), _run({"b": 1, "a": 0, "c": None}, "b.csv"))
    (score,) = found.scores
    assert (score.signal, score.harmful, score.bounds) == ("eval/accuracy", "low", (0, 1))
    assert (score.pairs, score.lost) == (2, 1)
    assert _values(found) == [
        ("baseline", "a", 0, 1.0), ("baseline", "b", 0, 0.0), ("baseline", "c", 0, 1.0),
        ("candidate", "b", 0, 1.0), ("candidate", "a", 0, 0.0),
    ]  # fmt: skip
    assert found.told == ("accuracy: 1 of the candidate's 3 has no number: no score.",)
    assert not found.odd
    assert len(from_frame(found.observations, None)) == 5


def test_ids_that_lie_are_not_believed() -> None:
    """Where an id names another question in the other run, items are paired by their questions."""
    found = _paired(_run({"1#sky": 1, "2#sea": 0}), _run({"1#sea": 1, "2#sky": 0}, "b.csv"))
    assert _values(found) == [
        ("baseline", "sky", 0, 1.0), ("baseline", "sea", 0, 0.0),
        ("candidate", "sea", 0, 1.0), ("candidate", "sky", 0, 0.0),
    ]  # fmt: skip
    assert "2 ids name another question" in found.told[0]
    with pytest.raises(EvidenceError, match="cannot be told"):
        _paired(_run({"1#sky": 1, "2#sea": 0, "3#sea": 1}), _run({"1#sea": 1, "2#sky": 0}, "b.csv"))


def test_all_draws_count_however_often_either_was_asked() -> None:
    """Draws are numbered in their order; of unequal numbers both runs' means count, and a lost draw stays lost."""
    found = _paired(_run({"a": [1], "b": [1]}), _run({"a": [0, 1], "b": [1, None]}, "b.csv"))
    assert _values(found) == [
        ("baseline", "a", 0, 1.0), ("baseline", "b", 0, 1.0), ("baseline", "a", 1, 1.0), ("baseline", "b", 1, 1.0),
        ("candidate", "a", 0, 0.0), ("candidate", "a", 1, 1.0), ("candidate", "b", 0, 1.0),
    ]  # fmt: skip
    assert any("candidate up to 2 times: all answers count" in told for told in found.told)
    assert not found.odd
    (odd,) = _paired(_run({"a": 1, "b": 1, "c": 1}), _run({"a": [1, 0], "b": 1, "c": 1}, "b.csv")).odd
    assert "1 score was left out" in odd


def test_an_end_declared_against_the_name_is_said() -> None:
    """More of an accuracy is better by its name; who declares less of it better is asked whether that is meant."""
    sides = _run({"a": 1, "b": 0}), _run({"a": 0, "b": 1}, "b.csv")
    (told,) = _paired(*sides, Declared({"accuracy": "high"}, {})).told
    assert told.startswith("accuracy: lower is better, as declared; its run or its name says the contrary.")
    assert not _paired(*sides, Declared({"accuracy": "low"}, {})).told


def test_a_scale_of_which_little_is_used_is_said() -> None:
    """Scores from 1 to 5 on a scale to 1000 make any margin wide; a scale that fits says nothing."""
    sides = _run({"a": 1, "b": 5}, score="quality"), _run({"a": 5, "b": 1}, "b.csv", score="quality")
    (told,) = _paired(*sides, Declared({"quality": "low"}, {"quality": (0, 1000)})).told
    assert "quality: all scores lie from 1 to 5, a small part of the declared scale 0 to 1000" in told
    assert not _paired(*sides, Declared({"quality": "low"}, {"quality": (1, 5)})).told


def test_a_score_without_a_number_on_one_side_says_what_stands_there() -> None:
    """Two runs whose score has one name share it; what keeps it from being compared is said."""
    words = _run({"a": None, "b": None}, "b.csv")
    words = replace(words, scores=words.scores.with_columns(reason=pl.lit("not a number: '1,0'")))
    with pytest.raises(EvidenceError, match=r"2 of the candidate's 2 have no number: not a number: '1,0'"):
        _paired(_run({"a": 1, "b": 0}), words)


def test_what_only_one_was_asked_is_left_out() -> None:
    """A run of the first items is compared by these; a run that shares few items holds."""
    whole = _run(dict.fromkeys("abcd", 1), facts={"samples asked for": "4"})
    part = _run(dict.fromkeys("abc", 1), "b.csv", facts={"samples asked for": "3"})
    found = _paired(whole, part)
    assert (found.scores[0].pairs, found.scores[0].lost, found.odd) == (3, 0, ())
    assert "1 item that only the baseline was asked was not compared." in found.told
    few = _paired(_run(dict.fromkeys("abcd", 1)), _run({"d": 1, "e": 0, "f": 1}, "b.csv"))
    assert few.odd == ("The runs share 1 item, of 4 and 3: they are hardly runs of one evaluation",)
    with pytest.raises(EvidenceError, match="share no item: their ids are 'a' and 'z'"):
        _paired(_run({"a": 1}), _run({"z": 1}, "b.csv"))


@pytest.mark.parametrize("fact", ["task version", "dataset", "judge", "filter"])
def test_another_evaluation_holds_unless_it_is_meant(fact: str) -> None:
    """What makes it two evaluations holds and names the way out; a prompt or a temperature may be the update itself."""
    sides = _run({"a": 1}, facts={fact: "x"}), _run({"a": 1}, "b.csv", facts={fact: "y"})
    (odd,) = _paired(*sides).odd
    assert f"The {fact} differs: x in the baseline's run, y in the candidate's" in odd
    assert f"--accept '{fact}'" in odd
    assert not _paired(*sides, Declared({}, {}, frozenset([fact]))).odd
    for mild in ("prompt", "temperature", "epochs"):
        found = _paired(_run({"a": 1}, facts={mild: "x"}), _run({"a": 1}, "b.csv", facts={mild: "y"}))
        assert not found.odd
        differ = "differ" if mild == "epochs" else "differs"
        assert found.told == (f"The {mild} {differ}: x in the baseline's run, y in the candidate's.",)


def test_runs_that_are_none_hold() -> None:
    """One that did not end well, one and the same run twice, a harness that scores only 0."""
    one = _run({"a": 1, "b": 0}, answers=(Written("a", 0, (), "yes"),))
    ended = _paired(one, replace(one, ended="it was cancelled"))
    assert ended.odd[0] == "The candidate's run is not whole: it was cancelled"
    assert any("one and the same" in odd for odd in _paired(one, replace(one, path=Path("b"))).odd)
    assert not _paired(one, replace(one, answers=(Written("a", 0, (), "no"),))).odd
    items = [f"q{number}" for number in range(20)]
    silent = _run({item: int(item > "q3") for item in items})
    again = replace(silent, scores=silent.scores.reverse(), path=Path("b"))
    assert "The two runs have the same scores, and no answers that tell them" in _paired(silent, again).told[0]
    assert not _paired(silent, again).odd
    broken = _paired(_run(dict.fromkeys(items, 1)), _run(dict.fromkeys(items, 0), "b.csv"))
    assert broken.odd == ("accuracy: every score of the candidate is 0, as a broken harness scores",)
    assert not _paired(_run(dict.fromkeys(items[:19], 1)), _run(dict.fromkeys(items[:19], 0), "b.csv")).odd
    for first, count in ((0, 0), (1, 1)):  # of harm both may have none; one that suddenly has none is looked at
        sides = [_run(dict.fromkeys(items, value), score="toxicity") for value in (first, 0)]
        assert len(_paired(sides[0], replace(sides[1], path=Path("b.csv"))).odd) == count


def test_ends_and_scales_are_never_guessed() -> None:
    """Declared, said by the run, or known by name; else the score stays open, and says what to say."""
    sides = _run({"a": 1}, score="tone"), _run({"a": 0}, "b.csv", score="tone")
    (score,) = _paired(*sides).scores
    assert (score.harmful, score.open) == (None, "which end is harm (--higher-is-better or --lower-is-better)")
    assert _paired(*sides).observations.is_empty()
    declared = _paired(*sides, Declared({"tone": "high"}, {}))
    assert declared.scores[0].known == "lower is better, as declared; scale 0 to 1"
    said = _paired(replace(sides[0], harmful={"tone": "low"}), sides[1]).scores[0]
    assert said.known == "higher is better, as the run says; scale 0 to 1"
    wide = _run({"a": 3, "b": 5}), _run({"a": 4, "b": 5}, "b.csv")
    assert _paired(*wide).scores[0].open == "its scale (--scale NAME=SMALLEST:LARGEST)"
    assert _paired(*wide, Declared({}, {"accuracy": (1, 5)})).scores[0].bounds == (1, 5)
    with pytest.raises(EvidenceError, match="scores from 3 to 5 lie outside the scale 1 to 4"):
        _paired(*wide, Declared({}, {"accuracy": (1, 4)}))


def test_tasks_are_compared_each_with_its_own() -> None:
    """Several tasks are several scores; one that only one side ran is said; two runs of one task are refused."""
    first = [_run({"a": 1}, task="math"), _run({"a": 0}, task="law"), _run({"a": 0}, task="art")]
    second = [_run({"a": 1}, "b.csv", task="law"), _run({"a": 1}, "c.csv", task="math")]
    found = paired_runs(first, second, NOTHING)
    assert [(score.signal, score.title) for score in found.scores] == [
        ("eval/math.accuracy", "math: accuracy"),
        ("eval/law.accuracy", "law: accuracy"),
    ]
    assert "baseline: the task art is not in the other run, and was not compared." in found.told
    with pytest.raises(EvidenceError, match=r"the candidate holds two runs of the task law: b.csv and b.csv"):
        paired_runs(first, [*second, second[0]], NOTHING)
    with pytest.raises(EvidenceError, match="share no task"):
        paired_runs(first, [_run({"a": 1}, "b.csv", task="x"), _run({"a": 1}, "b.csv", task="y")], NOTHING)
    alone = paired_runs([first[0]], [second[0]], NOTHING)
    assert [score.title for score in alone.scores] == ["accuracy"]


def test_scores_and_places_of_one_side_are_said() -> None:
    """A score that one run holds alone is named; of clusters that differ the baseline's counts."""
    one, other = _run({"a": 1, "b": 1}), _run({"a": 1, "b": 0}, "b.csv")
    more = _run({"a": 1}, score="f1")
    both = replace(one, scores=pl.concat([one.scores, more.scores]))
    assert "Only the baseline holds the scores f1; they were not compared." in _paired(both, other).told
    nothing = replace(one, scores=_run({"a": None}).scores), replace(other, scores=_run({"a": None}).scores)
    with pytest.raises(EvidenceError, match="share no score"):
        _paired(nothing[0], nothing[1])
    beside = [
        replace(run, scores=pl.concat([run.scores, _run({"a": None}, score="ppl").scores])) for run in (one, other)
    ]
    found = _paired(beside[0], beside[1])
    assert "ppl: neither run gives single questions a number, so it cannot be compared." in found.told
    assert not found.odd
    moved = replace(other, scores=other.scores.with_columns(cluster=pl.lit("g")))
    found = _paired(one, moved)
    assert "2 items have another cluster or use case in the other run: the first one counts." in found.told
    assert found.observations["cluster"].to_list() == ["a", "b", "a", "b"]
    with pytest.raises(
        EvidenceError,
        match="share no score that both have numbers for: the baseline holds accuracy; the candidate holds f1",
    ):
        _paired(one, replace(more, path=Path("b.csv")))


def test_items_that_no_run_has_a_number_for_are_said() -> None:
    """They can count for nobody, so that they are told of: what failed in both runs may be what matters."""
    (baseline, candidate) = ({"a": 1, "b": None, "c": 0, "d": None}, {"a": 1, "b": None, "c": None, "d": None})
    found = _paired(_run(baseline), _run(candidate, "b.csv"))
    assert "accuracy: 2 items have a number in neither run and were left out." in found.told
    assert (found.scores[0].lost, found.odd) == (3, ())
    most = {"a": 1, "b": None, "c": None, "d": None}
    assert _paired(_run(most), _run(dict(most), "b.csv"), Declared({}, {})).odd[-1] == (
        "accuracy: 3 items have a number in neither run and were left out: what is left of 4 says little of them"
    )


def test_a_name_that_is_no_scores_is_refused() -> None:
    """An end or a scale that was declared under a name of no score would be passed over in silence."""
    declared = Declared({"Accuracy": "high"}, {})
    found = _paired(_run({"a": 1, "b": 0}), _run({"a": 1, "b": 1}, "b.csv"), declared)
    with pytest.raises(EvidenceError, match=r"'Accuracy' was declared.*did you mean accuracy"):
        refuse_unknown(found, declared)
    for name in ("accuracy", "eval/accuracy"):
        refuse_unknown(found, Declared({}, {name: (0.0, 1.0)}))


def test_a_fact_that_is_none_cannot_be_accepted() -> None:
    """A misspelled fact would hold all the same, and nobody would know why."""
    with pytest.raises(EvidenceError, match="no fact of a run is called 'jugde'; did you mean judge"):
        _paired(_run({"a": 1}), _run({"a": 0}, "b.csv"), Declared({}, {}, frozenset({"jugde"})))


def test_two_runs_that_say_contrary_ends_hold() -> None:
    """Unless the end was declared."""
    runs = _run({"a": 1, "b": 0}, harmful={"accuracy": "low"}), _run({"a": 1, "b": 1}, harmful={"accuracy": "high"})
    assert "one run says that more of it is better" in _paired(*runs).odd[0]
    assert not _paired(*runs, Declared({"accuracy": "low"}, {})).odd


def test_a_score_without_numbers_on_one_side_says_why() -> None:
    """Where it is the only one, the message holds more than that both have it."""
    with pytest.raises(EvidenceError, match="the candidate's run has no number at all"):
        _paired(_run({"a": 1, "b": 0}), _run({"a": None, "b": None}, "b.csv"))


def test_every_missing_number_has_its_reason() -> None:
    """Of many reasons the most frequent are told, and how many there are besides, so that all are counted."""
    made = RunScores()
    for place in range(10):
        made.add("accuracy", f"q{place}", 0, None if place else 1.0, reason=f"not a number: {place}" if place else "")
    found = _paired(
        _run({f"q{place}": 1 for place in range(10)}), RecordedRun(Path("b"), "a table", "", "", made.frame())
    )
    told = [one for one in found.told if "no number:" in one]
    assert len(told) == 4
    assert told[-1] == "accuracy: 6 of the candidate's 10 have no number: other reasons."


def test_few_groups_are_said() -> None:
    """A key that puts all items into two groups leaves two that count."""
    made = RunScores()
    for place in range(40):
        made.add("accuracy", f"q{place}", 0, float(place % 3 > 0), cluster=f"g{place % 2}")
    first, second = (RecordedRun(Path(name), "a table", "", "", made.frame()) for name in ("a", "b"))
    assert "accuracy: the 40 items stand in 2 groups, which count as so many items." in _paired(first, second).told


def test_a_column_of_words_names_its_file_row_and_what_to_do(tmp_path: Path) -> None:
    """Where no score is a number in either table, the refusal says where the first stands in each."""
    sides = []
    for name, word in (("a.csv", "7/10"), ("b.csv", "72%")):
        (tmp_path / name).write_text(f"item,accuracy\nq1,{word}\nq2,{word}\n", encoding="utf-8")
        sides.append(read_table(tmp_path / name, {}))
    with pytest.raises(EvidenceError, match=r"a\.csv: .*'7/10' in row 1.*written as numbers; b\.csv: .*'72%' in row 1"):
        paired_runs(sides[0], sides[1], NOTHING)
