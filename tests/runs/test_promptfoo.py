"""Results of promptfoo are read as promptfoo itself counts them, errors apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from conftest import Command
from seatrial.errors import EvidenceError
from seatrial.runs.promptfoo import read_promptfoo
from seatrial.runs.recorded_run import RecordedRun

LOGS = Path(__file__).parent / "logs" / "promptfoo"
EMBEDDED = LOGS.parent / "embedded" / "promptfoo" / "results.json"
"""Results of the embedded model, asked through promptfoo's provider for OpenAI's chat."""
ERROR = "no answer that was graded: an error of the provider or of an assertion"


def means(run: RecordedRun) -> dict[str, float]:
    """Return each score's mean over items of the mean over draws."""
    items = run.scores.group_by("score", "item").agg(pl.col("value").mean())
    return dict(items.group_by("score").agg(pl.col("value").mean()).iter_rows())


def content() -> dict[str, Any]:
    """Return what the file in JSON holds."""
    return dict(json.loads((LOGS / "results.json").read_text()))


def lines() -> list[dict[str, Any]]:
    """Return the rows of the file in JSON Lines."""
    return [json.loads(line) for line in (LOGS / "results.jsonl").read_text("utf-8").splitlines()]


def changed(tmp_path: Path, change: Any) -> list[RecordedRun]:
    """Return the runs of the file in JSON after its content was changed."""
    held = content()
    change(held)
    (tmp_path / "changed.json").write_text(json.dumps(held))
    return read_promptfoo(tmp_path / "changed.json")


def rewritten(tmp_path: Path, rows: list[dict[str, Any]]) -> list[RecordedRun]:
    """Return the runs of some rows in JSON Lines."""
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_promptfoo(tmp_path / "rows.jsonl")


@pytest.mark.parametrize(
    "path",
    [LOGS / "results.json", LOGS / "two-prompts.json", EMBEDDED],
    ids=lambda path: str(path.relative_to(LOGS.parent)),
)
def test_rows_and_means_are_those_of_promptfoo(path: Path) -> None:
    """Each test that promptfoo counted is in; passes, scores and named scores have its means over what it graded."""
    said = json.loads(path.read_text())["results"]["prompts"]
    runs = read_promptfoo(path)
    assert [run.model for run in runs] == [one["provider"] for one in said]
    for run, one in zip(runs, said, strict=True):
        metrics = one["metrics"]
        graded = metrics["testPassCount"] + metrics["testFailCount"]
        assert run.rows == len(run.answers) == graded + metrics["testErrorCount"]
        assert run.scores.filter(score="pass")["value"].count() == graded
        stated = {"pass": metrics["testPassCount"] / graded}
        if "score" in set(run.scores["score"]):
            stated["score"] = metrics["score"] / graded
        for metric, total in metrics["namedScores"].items():
            stated[metric] = total / metrics["namedScoreWeights"][metric]
        assert dict(run.stated) == pytest.approx(stated, rel=1e-12)
        assert means(run) == pytest.approx(stated, rel=1e-12)
        assert not run.unread


def test_an_error_is_missing_and_no_failure() -> None:
    """A row in which the provider failed has no score, though promptfoo gives it 0; nor have its named scores."""
    baseline, candidate = read_promptfoo(LOGS / "results.json")
    storm = candidate.scores.filter(pl.col("value").is_null())
    assert set(storm["reason"]) == {ERROR}
    assert sorted(set(storm["score"])) == ["near", "pass", "right", "score"]
    assert storm["item"].n_unique() == 1 and set(storm["draw"]) == {0, 1}
    assert baseline.scores["value"].null_count() == 0
    assert means(candidate)["pass"] == 0.75


def test_repeats_are_draws_though_nothing_numbers_them() -> None:
    """Rows with the same variables are draws of one item, in the order of the tests."""
    for run in read_promptfoo(LOGS / "results.json"):
        draws = run.scores.filter(score="pass").group_by("item").agg(pl.col("draw").sort())
        assert draws["draw"].to_list() == [[0, 1]] * 3
        assert run.facts["epochs"] == "2"
        assert "several draws" in run.told[-1]


def test_two_providers_of_one_file_pair() -> None:
    """They have the same items, draws, clusters and digests, and the same facts."""
    runs = read_promptfoo(LOGS / "results.json")
    keys = [run.scores.select("score", "item", "draw", "cluster", "digest").sort(pl.all()) for run in runs]
    assert keys[0].equals(keys[1])
    assert runs[0].facts == runs[1].facts
    assert {run.task for run in runs} == {"Harbor sums"}
    assert (runs[0].facts["temperature"], runs[0].facts["epochs"]) == ("0.2", "2")
    assert set(keys[0]["cluster"]) >= {"boats", "ropes"}
    assert runs[0].harmful == {"pass": "low", "score": "low"}


def test_several_prompts_are_tasks_of_their_own() -> None:
    """A provider is compared with another under the same prompt alone; messages keep their roles."""
    runs = read_promptfoo(LOGS / "two-prompts.json")
    told_apart = [(run.model, run.task.removeprefix("Harbor sums, asked in two ways: ")) for run in runs]
    assert told_apart == [("baseline", "short"), ("baseline", "chat"), ("candidate", "short"), ("candidate", "chat")]
    assert runs[1].answers[0].question == (("system", "You count for a harbor."), ("user", "5 + 7?"))
    assert runs[0].answers[0].question == (("user", "What is 5 + 7?"),)
    assert runs[0].facts["prompt"] == runs[2].facts["prompt"] != runs[1].facts["prompt"]
    assert all(set(run.scores["score"]) == {"pass"} for run in runs)  # the score says nothing more


def test_json_lines_are_the_same_rows() -> None:
    """What both files hold has the same items and scores; a file without a head states nothing."""
    text, whole = read_promptfoo(LOGS / "results.jsonl"), read_promptfoo(LOGS / "results.json")
    for one, other in zip(text, whole, strict=True):
        assert (one.rows, other.rows) == (8, 6)
        assert not one.stated
        both = one.scores.filter(pl.col("item").is_in(other.scores["item"].unique().to_list()))
        keys = ["score", "item", "draw", "cluster", "digest"]
        assert both.select(keys).sort(keys).equals(other.scores.select(keys).sort(keys))


def test_half_a_last_line_is_counted(tmp_path: Path) -> None:
    """A file that is still being written is read up to there, and the first wrong line is named."""
    whole = (LOGS / "results.jsonl").read_text("utf-8")
    path = tmp_path / "half.jsonl"
    path.write_text('{"success": true, "success": false}\n{"no": "grade"}\n' + whole[:-300])
    runs = read_promptfoo(path)
    assert [dict(run.unread) for run in runs] == [{"a row that cannot be read": 3}] * 2
    assert sum(run.rows for run in runs) == 15
    assert "3 of 18 rows were not read; the first: line 1: two columns are called 'success'" in runs[0].told[0]


def test_rows_in_another_order_give_the_same_draws(tmp_path: Path) -> None:
    """Tests end in any order where several run at once."""
    runs, turned = read_promptfoo(LOGS / "results.jsonl"), rewritten(tmp_path, lines()[::-1])
    for one, other in zip(runs, turned, strict=True):
        assert one.scores.equals(other.scores)


def test_named_scores_belong_to_the_tests_that_name_them() -> None:
    """A test that does not ask for a score is not missing in it."""
    run = read_promptfoo(LOGS / "results.json")[0]
    assert run.scores.filter(score="right")["item"].n_unique() == 2
    assert run.scores.filter(score="pass")["item"].n_unique() == 3


def test_version_2_is_read() -> None:
    """Its counts stand at the head of a table, errors among the failures; its rows have no column and no reason."""
    held = json.loads((LOGS / "version-2.json").read_text())["results"]
    assert held["version"] == 2
    newer = {run.model: run for run in read_promptfoo(LOGS / "results.json")}
    for run, one in zip(read_promptfoo(LOGS / "version-2.json"), held["table"]["head"]["prompts"], strict=True):
        metrics, errors = one["metrics"], 2 if run.model == "candidate" else 0
        assert run.model == one["provider"]
        assert run.rows == 4 == metrics["testPassCount"] + metrics["testFailCount"]
        assert run.scores.filter(score="pass")["value"].null_count() == errors
        stated = {"pass": metrics["testPassCount"] / (4 - errors), "score": metrics["score"] / (4 - errors)}
        stated |= {name: total / metrics["namedScoresCount"][name] for name, total in metrics["namedScores"].items()}
        assert dict(run.stated) == pytest.approx(stated, rel=1e-12)
        assert means(run) == pytest.approx(stated, rel=1e-12)
        items = set(run.scores["item"])
        both = newer[run.model].scores.filter(pl.col("item").is_in(list(items)) & (pl.col("score") == "pass"))
        keys = ["item", "draw", "value", "digest"]
        assert run.scores.filter(score="pass").select(keys).sort(keys).equals(both.select(keys).sort(keys))


def test_what_a_program_wrote_is_read(tmp_path: Path) -> None:
    """The summary alone, as promptfoo's own library returns it."""
    (tmp_path / "summary.json").write_text(json.dumps(content()["results"]))
    runs = read_promptfoo(tmp_path / "summary.json")
    assert [run.stated for run in runs] == [run.stated for run in read_promptfoo(LOGS / "results.json")]


def test_rows_that_are_gone_are_said(tmp_path: Path) -> None:
    """The count of promptfoo stands beside; its means are then none of what is there."""
    baseline, _ = changed(tmp_path, lambda held: held["results"]["results"].pop(0))
    assert "promptfoo counted 6 tests here, and 5 are in the file" in baseline.told[-1]
    assert not baseline.stated


def test_uneven_draws_state_no_mean(tmp_path: Path) -> None:
    """Means of promptfoo are over rows: no means over items where one item has fewer graded rows."""

    def broken(held: dict[str, Any]) -> None:
        row = held["results"]["results"][0]
        row |= {"failureReason": 2, "success": False, "score": 0, "namedScores": {}, "gradingResult": None}
        metrics = held["results"]["prompts"][row["promptIdx"]]["metrics"]
        metrics["testPassCount"] -= 1
        metrics["testErrorCount"] += 1

    baseline, _ = changed(tmp_path, broken)
    assert not baseline.stated
    assert baseline.scores.filter(score="pass")["value"].null_count() == 1


def test_two_providers_with_one_name_are_no_repeats(tmp_path: Path) -> None:
    """Their columns tell them apart, and it is said."""
    rows = [{**row, "provider": {"id": "file://provider.js", "label": ""}} for row in lines()]
    runs = rewritten(tmp_path, rows)
    assert [run.model for run in runs] == ["file://provider.js"] * 2
    assert "file://provider.js stands 2 times with one prompt" in runs[0].told[0]
    assert all(set(run.scores["draw"]) == {0, 1} for run in runs)


def test_tests_that_check_different_things_are_no_repeats(tmp_path: Path) -> None:
    """One question with two sets of assertions is two items."""
    rows = [row for row in lines() if row["promptIdx"] == 0 and row["testIdx"] < 2]
    rows[1]["testCase"] = {**rows[1]["testCase"], "assert": [{"type": "equals", "value": "12"}]}
    (run,) = rewritten(tmp_path, rows)
    assert run.scores.filter(score="pass")["item"].n_unique() == 2
    assert set(run.scores["draw"]) == {0}
    assert "told apart by what they check" in run.told[-1]


def test_stripped_files_are_no_single_item(tmp_path: Path) -> None:
    """Where promptfoo was told to leave out variables and prompts, tests are told apart by their place."""
    rows = [{**row, "vars": {}, "prompt": {"raw": "[prompt stripped]", "label": "short"}} for row in lines()]
    for run in rewritten(tmp_path, rows):
        assert run.scores.filter(score="pass")["item"].n_unique() == 8
        assert "stripped" in run.told[-1]


def test_scores_are_read_by_their_type(tmp_path: Path) -> None:
    """Numbers in text are numbers; shares and percentages are missing, with the reason."""
    rows = [row for row in lines() if row["promptIdx"] == 0]
    for row, value in zip(rows, ["1e-2", "7/10", "72 %", None], strict=False):
        row["namedScores"] = {"near": value, "pass": 0.5}
    (run,) = rewritten(tmp_path, rows)
    near = run.scores.filter(score="near").head(4)
    assert near["value"].to_list() == [0.01, None, None, None]
    assert near["reason"].to_list()[1:] == ["not a number: '7/10'", "not a number: '72 %'", "no score"]
    assert set(run.scores.filter(score="pass")["value"]) <= {0.0, 1.0}
    assert run.scores.filter(score="pass (named)")["value"].to_list() == [0.5] * 4


def test_scores_of_named_assertions_are_taken_where_the_row_has_none(tmp_path: Path) -> None:
    """An assertion with a name is a score; one without is none."""
    rows = [{**row, "namedScores": {}} for row in lines() if row["promptIdx"] == 0]
    (run,) = rewritten(tmp_path, rows)
    before = read_promptfoo(LOGS / "results.jsonl")[0]
    assert run.scores.filter(score="near").equals(before.scores.filter(score="near"))
    assert set(run.scores["score"]) == set(before.scores["score"])


def test_judges_clusters_and_outputs(tmp_path: Path) -> None:
    """The model that grades is a fact; a variable that is named is the cluster; an output may be an object."""
    rows = [row for row in lines() if row["promptIdx"] == 0]
    rows[0]["testCase"]["assert"] = [{"type": "llm-rubric", "value": "kind", "provider": "openai:judge"}]
    rows[0]["response"]["output"] = {"sum": 12}
    rows[1]["response"] = {}
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run,) = read_promptfoo(tmp_path / "rows.jsonl", "note")
    assert run.facts["judge"] == "openai:judge"
    assert set(run.scores["cluster"]) == {"Give the number.", "There is a storm."}
    assert [answer.answer for answer in run.answers][:2] == ['{"sum": 12}', ""]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{}", "no results of promptfoo"),
        ("a.json", '{"results": {"results": [', "no JSON"),
        ("a.json", '{"results": {}, "results": {}}', "'results'"),
        ("a.jsonl", "", "no results of promptfoo"),
        ("a.jsonl", '{"doc_id": 1}\n', "no results of promptfoo"),
    ],
)
def test_what_is_nothing_of_promptfoo_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    """Another file, half a file, a key that stands twice, nothing."""
    (tmp_path / name).write_text(text)
    with pytest.raises(EvidenceError, match=rf"{name}.*{words}"):
        read_promptfoo(tmp_path / name)


def test_a_prompt_that_was_changed_shares_its_items(tmp_path: Path) -> None:
    """Another wording around the same variables is what an update tries: items pair, and the prompt is a fact."""
    before = read_promptfoo(LOGS / "results.json")[0]

    def reworded(held: dict[str, Any]) -> None:
        for row in held["results"]["results"]:
            row["prompt"]["raw"] = f"Be brief. {row['prompt']['raw']}"
            row["promptId"] = "reworded"

    after = changed(tmp_path, reworded)[0]
    assert before.scores["item"].to_list() == after.scores["item"].to_list()
    assert before.facts["prompt"] != after.facts["prompt"]


def test_a_test_without_variables_is_its_prompt(tmp_path: Path) -> None:
    """Two prompts without variables are two items."""
    first = lines()[0]
    rows = [first | {"vars": {}, "prompt": {"raw": raw, "label": "one"}} for raw in ("a", "b", "a")]
    (run,) = rewritten(tmp_path, rows)
    assert run.scores.filter(score="pass")["draw"].to_list() == [0, 0, 1]


@pytest.mark.parametrize(
    "result",
    [
        {"pass": False, "score": 0, "reason": "Custom function threw error: x is not defined"},
        {"pass": False, "score": 0, "reason": "Python code execution failed: no module"},
        {"pass": False, "score": 0, "reason": "HTTP 503", "metadata": {"graderError": True}},
    ],
)
@pytest.mark.parametrize("part", [False, True])
def test_a_check_that_broke_is_no_failure(tmp_path: Path, result: dict[str, Any], part: bool) -> None:
    """Promptfoo counts it as failed with score 0; nothing is known of the answer, in the whole or in one part."""
    rows = lines()
    good = next(row for row in rows if row["success"])
    grading = {"pass": False, "score": 0, "reason": "one failed", "componentResults": [result]} if part else result
    broken = {**good, "success": False, "failureReason": 1, "score": 0, "gradingResult": grading}
    found = rewritten(tmp_path, [broken if row is good else row for row in rows])
    before = rewritten(tmp_path, rows)
    missing = [sum(run.scores.filter(score="pass")["value"].null_count() for run in one) for one in (before, found)]
    assert missing[1] == missing[0] + 1


def test_words_of_a_check_that_passed_are_no_error(tmp_path: Path) -> None:
    """Only what failed can have broken."""
    rows = lines()
    for row in rows:
        if row["success"]:
            row["gradingResult"]["reason"] = "Custom function threw error: as it should"
    missing = [sum(run.scores["value"].null_count() for run in rewritten(tmp_path, one)) for one in (lines(), rows)]
    assert missing[0] == missing[1]


def test_answers_of_a_real_model_are_read_as_promptfoo_counted_them() -> None:
    """Passes, failures and errors of both providers are those that promptfoo printed: 9, 5 and 2."""
    runs = read_promptfoo(EMBEDDED)
    assert [run.model for run in runs] == ["smollm2", "smollm2-warm"]
    passes = [value for run in runs for value in run.scores.filter(score="pass")["value"]]
    assert (passes.count(1.0), passes.count(0.0), passes.count(None)) == (9, 5, 2)
    assert [run.stated["pass"] for run in runs] == [5 / 7, 4 / 7]
    assert [sum(not answer.answer for answer in run.answers) for run in runs] == [1, 1]
    assert runs[0].facts == runs[1].facts
    assert runs[0].facts["temperature"] == "0 (in 7 tests), 9 (in 1 test)"


def test_two_providers_of_a_real_model_are_decided(seatrial: Command) -> None:
    """Both stand in one file; the question that the endpoint refused is lost to each score, and that is said."""
    models = ("--baseline-model", "smollm2", "--candidate-model", "smollm2-warm")
    done = seatrial("compare", EMBEDDED, *models, "--higher-is-better", "right", "--json")
    found = json.loads(done.out)
    assert (done.code, found["decision"]) == (3, "hold")
    scores = [(one["title"], one["pairs"], one["lost"], one["open"]) for one in found["scores"]]
    assert scores == [("pass", 7, 1, ""), ("score", 7, 1, ""), ("right", 6, 1, "")]
    assert {one["verdict"] for one in found["verdicts"]} == {"inconclusive"}
    assert len(found["verdicts"]) == 3
    for role in ("baseline", "candidate"):
        assert f"pass: 1 of the {role}'s 8 has no number: {ERROR}." in found["notes"]


def test_the_temperature_of_each_test_is_a_fact(tmp_path: Path) -> None:
    """What stands nearest to a test counts; where tests differ it is said how many were asked at which."""

    def first(change: Any) -> str | None:
        def both(file: dict[str, Any]) -> None:
            rows = [row for row in file["results"]["results"] if row["provider"]["label"] == "baseline"]
            change(file["config"], rows)

        return changed(tmp_path, both)[0].facts.get("temperature")

    assert first(lambda config, rows: None) == "0.2"
    assert first(lambda config, rows: rows[0]["testCase"]["options"].update(temperature=0.9)) == (
        "0.2 (in 5 tests), 0.9 (in 1 test)"
    )
    assert first(lambda config, rows: rows[0]["testCase"].update(provider={"config": {"temperature": 1}})) == (
        "0.2 (in 5 tests), 1 (in 1 test)"
    )
    assert first(lambda config, rows: config.update(defaultTest={"options": {"temperature": 0.5}})) == "0.5"
    assert first(lambda config, rows: [row["prompt"].update(config={"temperature": 0}) for row in rows]) == "0"

    def by_variable(config: Any, rows: list[dict[str, Any]]) -> None:
        config["providers"] = [{"file://provider.js": {"label": "baseline", "config": {"temperature": "{{ heat }}"}}}]
        for row in rows:
            row["vars"]["heat"] = 0.7

    assert first(by_variable) == "0.7"


def test_what_an_answer_is_held_against_is_kept(tmp_path: Path) -> None:
    """Another threshold is another check; another judge is told of by itself."""

    def first(change: Any) -> Mapping[str, str]:
        def each(file: dict[str, Any]) -> None:
            for row in file["results"]["results"]:
                for check in row["testCase"]["assert"]:
                    if check.get("metric") == "near":
                        change(check)

        return changed(tmp_path, each)[0].checks

    plain = first(lambda check: None)
    assert plain == first(lambda check: check.update(provider="j"))
    easier = first(lambda check: check.update(threshold=0.1))
    assert sum(plain[item] != easier[item] for item in plain) == 2
