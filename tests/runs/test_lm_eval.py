"""Samples that lm-eval logged are read as lm-eval itself counts them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from conftest import Command
from seatrial.errors import EvidenceError
from seatrial.runs.lm_eval import read_lm_eval
from seatrial.runs.recorded_run import RecordedRun
from seatrial.runs.sameness import looked_at

LOGS = Path(__file__).parent / "logs" / "lm_eval"
EMBEDDED = LOGS.parent / "embedded" / "lm_eval"
"""Samples of the embedded model, asked through `local-chat-completions`."""
SIDES = ("baseline", "candidate")


def runs(side: str, logs: Path = LOGS) -> dict[str, RecordedRun]:
    """Return the runs of one side by task."""
    return {run.task: run for run in read_lm_eval(logs / side)}


def results(side: str, logs: Path = LOGS) -> dict[str, Any]:
    """Return what lm-eval states of one side."""
    (path,) = (logs / side).glob("results_*.json")
    return dict(json.loads(path.read_text()))


def means(run: RecordedRun) -> dict[str, float | None]:
    """Return each score's mean over items of the mean over draws."""
    items = run.scores.group_by("score", "item").agg(pl.col("value").mean())
    return dict(items.group_by("score").agg(pl.col("value").mean()).iter_rows())


def copied(tmp_path: Path, task: str, change: Any = None, beside: bool = True) -> Path:
    """Return a copy of the baseline's samples of a task, its rows changed."""
    (path,) = (LOGS / "baseline").glob(f"samples_{task}_*.jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = change(rows) if change else rows
    (tmp_path / path.name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    if beside:
        (held,) = (LOGS / "baseline").glob("results_*.json")
        shutil.copy(held, tmp_path)
    return tmp_path / path.name


@pytest.mark.parametrize("side", SIDES)
def test_rows_and_means_are_those_of_lm_eval(side: str) -> None:
    """Each question that lm-eval counted is in under each filter, and each mean is lm-eval's own."""
    said, found = results(side), runs(side)
    assert set(found) == set(said["results"])
    for task, run in found.items():
        assert not run.unread
        assert run.scores["item"].n_unique() == said["n-samples"][task]["effective"]
        assert run.rows == len(run.facts["filter"].split(", ")) * said["n-samples"][task]["effective"]
    sums, choice = found["harbor_sums"], found["harbor_choice"]
    assert (
        means(sums)
        == sums.stated
        == {
            f"exact_match ({one})": said["results"]["harbor_sums"][f"exact_match,{one}"]
            for one in ("strict-match", "flexible-extract")
        }
    )
    assert choice.stated == {one: said["results"]["harbor_choice"][f"{one},none"] for one in ("acc", "acc_norm")}
    assert {name: means(choice)[name] for name in choice.stated} == choice.stated
    assert len(set(choice.stated.values()) | set(sums.stated.values())) > 2


def test_a_filter_doubles_no_question() -> None:
    """One row for each filter is one score for each filter: no question counts twice, and no draw is made of it."""
    run = runs("baseline")["harbor_sums"]
    assert set(run.scores["draw"]) == {0}
    assert run.scores.group_by("score", "item").len()["len"].unique().to_list() == [1]
    assert run.facts["filter"] == "flexible-extract, strict-match"
    assert len(run.answers) == 12
    assert "once for every filter" in run.told[0]


def test_a_value_that_is_no_number_is_missing() -> None:
    """What a corpus metric is made from says nothing of one question, and its stated value is no mean of them."""
    for task, names in (("harbor_text", ["word_perplexity", "bits_per_byte"]), ("harbor_choice", ["brier_score"])):
        run = runs("baseline")[task]
        for name in names:
            rows = run.scores.filter(score=name)
            assert rows["value"].null_count() == len(rows) == 12
            assert set(rows["reason"]) == {"several numbers and no single one"}
            assert name not in run.stated
            assert run.harmful[name] == "high"


def test_values_are_read_by_their_type(tmp_path: Path) -> None:
    """A list of one number is that number; a number in text is one; a share is none."""
    given = [[0.5], "1e-2", "7/10", [1, 2], None, True, "72 %"]

    def replace(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "acc": value} for row, value in zip(rows, given, strict=False)]

    (run,) = read_lm_eval(copied(tmp_path, "harbor_choice", replace))
    assert run.scores.filter(score="acc")["value"].to_list() == [0.5, 0.01, None, None, None, 1.0, None]
    assert "acc" not in run.stated and "acc_norm" in run.stated


def test_a_pair_of_runs_pairs() -> None:
    """Two runs of one task have the same items and digests, and the same facts: prompts, settings, version."""
    first, second = (runs(side) for side in SIDES)
    for task, run in first.items():
        keys = [one.scores.select("score", "item", "draw", "digest") for one in (run, second[task])]
        assert keys[0].equals(keys[1])
        assert run.facts == second[task].facts
        assert keys[0]["digest"].n_unique() == 12
    assert first["harbor_sums"].prompts == second["harbor_sums"].prompts
    assert dict(first["harbor_sums"].facts) == {
        "task": "harbor_sums",
        "task version": "3.0",
        "dataset": "json",
        "shots": "0",
        "temperature": "0.7",
        "generation": "do_sample=True, until=['\\n']",
        "filter": "flexible-extract, strict-match",
    }
    assert [one["harbor_sums"].model for one in (first, second)] == ["baseline", "candidate"]
    assert first["harbor_choice"].harmful == {"acc": "low", "acc_norm": "low", "brier_score": "high"}


def test_another_prompt_is_told_by_question(tmp_path: Path) -> None:
    """Of the questions that both runs were asked one has another prompt, and a limit makes none of them another."""

    def reworded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "prompt_hash": "x"} if row["doc_id"] == 3 else row for row in rows]

    whole = runs("baseline")["harbor_sums"]
    (run,) = read_lm_eval(copied(tmp_path, "harbor_sums", reworded))
    assert looked_at(whole, run, ())[1][-1] == "The prompt differs for 1 of the 12 questions that both were asked."
    (few,) = read_lm_eval(copied(tmp_path, "harbor_sums", lambda rows: rows[:8]))
    assert len(few.prompts) == 8
    assert not [one for one in looked_at(whole, few, ())[1] if "prompt" in one]


def test_questions_and_answers_come_along() -> None:
    """What was asked and said; of a choice the continuation that the model found likeliest; of plain odds nothing."""
    found = runs("baseline")
    sums, choice = found["harbor_sums"].answers, found["harbor_choice"].answers
    assert sums[0].question == choice[0].question == (("user", "What is 5 + 7?\nAnswer:"),)
    assert sums[0].answer == choice[0].answer == "12"
    assert any(answer.answer.startswith("That makes") for answer in sums)
    assert not found["harbor_text"].answers


def test_a_folder_a_file_and_the_results_lead_to_the_same_runs() -> None:
    """Whichever of them is named."""
    (beside,) = (LOGS / "baseline").glob("results_*.json")
    assert [run.task for run in read_lm_eval(beside)] == [run.task for run in read_lm_eval(LOGS / "baseline")]
    assert [run.task for run in read_lm_eval(runs("baseline")["harbor_sums"].path)] == ["harbor_sums"]


def test_without_results_the_scores_are_read_and_it_is_said(tmp_path: Path) -> None:
    """Nothing is made up for the model, the direction or the stated means."""
    (run,) = read_lm_eval(copied(tmp_path, "harbor_sums", beside=False))
    assert (run.task, run.model, dict(run.stated), dict(run.harmful)) == ("harbor_sums", "", {}, {})
    assert "No results_" in run.told[-1]
    assert run.facts["temperature"] == "0.7"
    assert len(run.scores) == 24


@pytest.mark.parametrize(
    ("content", "words"), [('{"results": {', "was not read"), ('{"results": {"other": {}}}', "says nothing of")]
)
def test_results_that_do_not_help_are_named(tmp_path: Path, content: str, words: str) -> None:
    """Half a file, or the results of another task."""
    path = copied(tmp_path, "harbor_sums")
    (beside,) = tmp_path.glob("results_*.json")
    beside.write_text(content)
    (run,) = read_lm_eval(path)
    assert words in run.told[-1] and not run.stated and len(run.scores) == 24


def test_a_model_without_a_name_is_called_by_its_arguments(tmp_path: Path) -> None:
    """lm-eval makes up a name at random then, which would differ from run to run."""
    path = copied(tmp_path, "harbor_sums")
    (beside,) = tmp_path.glob("results_*.json")
    said = json.loads(beside.read_text())
    said["model_name"], said["config"]["model_args"] = "wxrd1574", {"slips": 3}
    beside.write_text(json.dumps(said))
    assert read_lm_eval(path)[0].model == "harbor slips=3"


def test_a_file_that_was_written_twice_counts_once(tmp_path: Path) -> None:
    """lm-eval appends to its file: the same row again is left out and counted, another answer is another draw."""
    (run,) = read_lm_eval(copied(tmp_path, "harbor_sums", lambda rows: rows + rows))
    assert dict(run.unread) == {"a row that stands twice, word for word": 24}
    assert means(run) == run.stated and set(run.scores["draw"]) == {0}

    (run,) = read_lm_eval(copied(tmp_path, "harbor_sums", lambda rows: [*rows, {**rows[0], "resps": [["13"]]}]))
    assert run.scores.filter(item="0")["draw"].to_list() == [0, 0, 1]
    assert "several draws" in run.told[-1] and not run.unread


def test_half_a_last_line_and_doubled_keys_are_counted(tmp_path: Path) -> None:
    """A file that is still being written, and a row that says two things."""
    path = copied(tmp_path, "harbor_choice")
    whole = path.read_text()
    path.write_text('{"doc_id": 1, "doc_id": 2}\n{"no": "id"}\n' + whole[:-100])
    (run,) = read_lm_eval(path)
    assert dict(run.unread) == {"a line that cannot be read": 3}
    assert run.rows == 14 and run.scores["item"].n_unique() == 11
    assert run.told[0].startswith("3 of 14 lines were not read; the first: line 1: two columns are called 'doc_id'")


def test_rows_from_before_metrics_were_named_are_read(tmp_path: Path) -> None:
    """Then every key that is no part of a row is a metric."""

    def old(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        late = ("metrics", "filter", "doc_hash", "prompt_hash", "target_hash")
        return [
            {key: value for key, value in row.items() if key not in late} | {"arguments": [["Q", {"temperature": 0.1}]]}
            for row in rows
            if row["filter"] == "strict-match"
        ]

    (run,) = read_lm_eval(copied(tmp_path, "harbor_sums", old, beside=False))
    assert set(run.scores["score"]) == {"exact_match"}
    assert run.answers[0].question == (("user", "Q"),) and run.facts["temperature"] == "0.1"
    assert set(run.scores["digest"]) == {""} and not run.prompts


def test_clusters_and_chats_come_from_the_rows(tmp_path: Path) -> None:
    """A column of the question that is plainly a group, or that is named; messages that stand in one text."""
    chat = json.dumps([{"role": "system", "content": "Count."}, {"role": "user", "content": "1 + 1?"}])

    def grouped(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        calls = {"gen_args_0": {"arg_0": [chat], "arg_1": {"until": []}}}
        return [{**row, "doc": {"passage_id": 7, "port": "north"}, "arguments": calls} for row in rows]

    path = copied(tmp_path, "harbor_sums", grouped)
    assert set(read_lm_eval(path)[0].scores["cluster"]) == {"7"}
    assert set(read_lm_eval(path, "port")[0].scores["cluster"]) == {"north"}
    assert read_lm_eval(path)[0].answers[0].question == (("system", "Count."), ("user", "1 + 1?"))


def test_a_run_that_only_kept_answers_says_so(tmp_path: Path) -> None:
    """Its one score is the same for every question."""
    path = copied(tmp_path, "harbor_sums", lambda rows: [{**row, "metrics": ["bypass"], "bypass": 999} for row in rows])
    assert "--predict_only" in read_lm_eval(path)[0].told[-1]


@pytest.mark.parametrize(("name", "content"), [("samples_a.jsonl", ""), ("b.jsonl", '{"a": 1}\n'), ("c.json", "{}")])
def test_what_is_nothing_of_lm_eval_is_refused(tmp_path: Path, name: str, content: str) -> None:
    """An empty file, another one, and results without samples."""
    (tmp_path / name).write_text(content)
    with pytest.raises(EvidenceError, match=rf"{name}: no samples"):
        read_lm_eval(tmp_path / name)
    with pytest.raises(EvidenceError, match="no such file"):
        read_lm_eval(tmp_path / "samples_none.jsonl")


def test_ids_beyond_any_float_stay_apart(tmp_path: Path) -> None:
    """Two numbers of JSON that no float can hold are two questions; NaN is none."""
    path = copied(tmp_path, "harbor_choice")
    lines = path.read_text().splitlines()
    ids = ("1e400", "2e400", "NaN")
    named = [line.replace(f'"doc_id": {place},', f'"doc_id": {ids[place]},') for place, line in enumerate(lines[:3])]
    path.write_text("\n".join(named))
    (run,) = read_lm_eval(path)
    assert [one.item for one in run.answers] == ["1e400", "2e400"]
    assert run.unread == {"a line that cannot be read": 1}


@pytest.mark.parametrize(
    ("side", "model", "printed"),
    [("baseline", "smollm2", (0.0, 0.125, 0.875)), ("candidate", "smollm2-warm", (0.0, 0.5, 0.875))],
)
def test_answers_of_a_real_model_are_read_as_lm_eval_counted_them(
    side: str, model: str, printed: tuple[float, ...]
) -> None:
    """Every question is in under every filter; means are lm-eval's own; a chat's question is its message."""
    said, found = results(side, EMBEDDED), runs(side, EMBEDDED)
    sums, yes = found["chat_sums"], found["chat_yes"]
    assert [(run.model, run.rows, run.unread) for run in (sums, yes)] == [(model, 16, {}), (model, 8, {})]
    for task, run in found.items():
        assert run.scores["item"].n_unique() == said["n-samples"][task]["effective"] == 8
        assert run.scores["value"].null_count() == 0
        assert means(run) == run.stated
        assert set(run.harmful.values()) == {"low"}
    assert list(sums.stated.values()) == [
        said["results"]["chat_sums"][f"exact_match,{one}"] for one in ("strict-match", "flexible-extract")
    ]
    assert yes.stated == {"exact_match": said["results"]["chat_yes"]["exact_match,first-word"]}
    assert (*sums.stated.values(), *yes.stated.values()) == printed
    assert sums.answers[0].question == (("user", "What is 5 + 7? Give the number alone."),)
    assert all(answer.answer for run in found.values() for answer in run.answers)


def test_two_folders_of_a_real_model_are_decided(seatrial: Command) -> None:
    """The files say which end is better; eight questions are too few to decide any score, and that is said."""
    done = seatrial("compare", EMBEDDED / "baseline", EMBEDDED / "candidate", "--json")
    found = json.loads(done.out)
    assert (done.code, found["decision"]) == (3, "hold")
    changes = [(one["verdict"], one["items"], one["missing"], one["estimate"]) for one in found["verdicts"]]
    assert changes == [("inconclusive", 8, 0, change) for change in (0.0, -0.375, 0.0)]


def test_filters_are_the_same_in_any_order(tmp_path: Path) -> None:
    """Rows that were sorted anew are rows of the same filters."""
    whole = {path.name: path for path in (LOGS / "baseline").iterdir()}
    name = next(one for one in whole if "harbor_sums" in one)
    for one, path in whole.items():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / one).write_text("".join(lines[::-1] if one == name else lines), encoding="utf-8")
    (first,), (second,) = read_lm_eval(whole[name]), read_lm_eval(tmp_path / name)
    assert first.facts == second.facts


def test_what_an_answer_is_held_against_is_kept() -> None:
    """The digest of each question's target, alike in two runs of one task."""
    sides = [next((LOGS / side).glob("samples_harbor_sums_*")) for side in ("baseline", "candidate")]
    (first,), (second,) = (read_lm_eval(path) for path in sides)
    assert len(first.checks) == 12
    assert first.checks == second.checks
