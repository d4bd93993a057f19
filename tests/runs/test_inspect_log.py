"""Logs that Inspect wrote are read as Inspect itself counts them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from conftest import Command
from seatrial.errors import EvidenceError
from seatrial.formats import archives
from seatrial.formats.archives import Archive
from seatrial.runs.inspect_log import read_inspect_log
from seatrial.runs.pairing import Declared, paired_runs
from seatrial.runs.recorded_run import RecordedRun

LOGS = Path(__file__).parent / "logs" / "inspect"
EMBEDDED = LOGS.parent / "embedded" / "inspect"
"""Logs of the embedded model, asked through Inspect's provider for OpenAI-compatible endpoints."""
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "inspect-logs"
WHOLE = [path for path in sorted(LOGS.iterdir()) if path.stem not in ("started", "status-error")]
SCORES = ["match", "grade", "partly", "manner/brief", "manner/digits"]


def means(run: RecordedRun) -> dict[str, float]:
    """Return each score's mean over items of the mean over draws."""
    items = run.scores.group_by("score", "item").agg(pl.col("value").mean())
    return dict(items.group_by("score").agg(pl.col("value").mean()).iter_rows())


def header(path: Path) -> dict[str, Any]:
    """Return the head of a log."""
    if path.suffix == ".json":
        return dict(json.loads(path.read_text()))
    with Archive(path, EvidenceError) as archive:
        return dict(json.loads(archive.read("header.json")))


def values(run: RecordedRun, score: str) -> dict[tuple[str, int], float | None]:
    """Return one score of a run by item and draw."""
    rows = run.scores.filter(score=score).select("item", "draw", "value").iter_rows()
    return {(item, draw): value for item, draw, value in rows}


def changed(tmp_path: Path, change: Any) -> RecordedRun:
    """Return the run of the log in JSON after its content was changed."""
    log = json.loads((LOGS / "text.json").read_text())
    change(log)
    (tmp_path / "changed.json").write_text(json.dumps(log))
    return read_inspect_log(tmp_path / "changed.json")


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_rows_and_means_are_those_of_inspect(path: Path) -> None:
    """In every layout each sample that Inspect counted is in, and each mean is Inspect's own."""
    run, results = read_inspect_log(path), header(path)["results"]
    assert run.rows == results["total_samples"] == len(run.answers)
    assert not run.unread and not run.ended
    stated = {
        one["name"] if one["name"] == one["scorer"] else f"{one['scorer']}/{one['name']}": metric["value"]
        for one in results["scores"]
        for metric in one["metrics"].values()
        if metric["name"] in ("accuracy", "mean")
    }
    assert list(stated) == SCORES
    assert means(run) == pytest.approx(stated, rel=1e-12)
    assert run.stated == stated


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.name)
def test_what_has_no_score_is_what_inspect_left_unscored(path: Path) -> None:
    """As many items as Inspect took into a mean have a value, and each without one has a reason."""
    run = read_inspect_log(path)
    for one in header(path)["results"]["scores"]:
        name = one["name"] if one["name"] == one["scorer"] else f"{one['scorer']}/{one['name']}"
        rows = run.scores.filter(score=name)
        scored = rows.filter(pl.col("value").is_not_null())["item"].n_unique()
        assert scored == one["scored_samples"], name
        assert rows.filter(pl.col("value").is_null() == (pl.col("reason") == "")).is_empty()


def test_a_pair_of_runs_pairs() -> None:
    """Two runs of one task have the same items, draws, clusters, uses and digests, and the same facts."""
    runs = [read_inspect_log(LOGS / f"{name}.eval") for name in ("baseline", "candidate")]
    keys = [run.scores.select("score", "item", "draw", "cluster", "use_case", "digest").sort(pl.all()) for run in runs]
    assert keys[0].equals(keys[1])
    assert runs[0].facts == runs[1].facts
    assert dict(runs[0].facts) | {"prompt": ""} == {
        "task": "harbor_sums",
        "task version": "2-A",
        "dataset": "harbor.jsonl",
        "prompt": "",
        "temperature": "0.5",
        "epochs": "2",
    }
    assert [run.model for run in runs] == ["harbor/baseline", "harbor/candidate"]
    assert set(keys[0]["draw"]) == {0, 1}
    assert set(keys[0]["cluster"]) == {"boats", "crates", "ropes"}
    assert set(keys[0]["use_case"]) == {"small", "large"}
    assert keys[0]["digest"].n_unique() == keys[0]["item"].n_unique() == 10
    assert "north/sum-3" in set(keys[0]["item"])


def test_another_cluster_can_be_named() -> None:
    """The key that is asked for is taken instead of the plain one."""
    assert set(read_inspect_log(LOGS / "baseline.eval", "use_case").scores["cluster"]) == {"small", "large"}


def test_a_sample_in_chunks_is_the_same_sample() -> None:
    """Scores, clusters, questions and answers are those of the log in which each sample is one file."""
    chunked, whole = (read_inspect_log(LOGS / f"{name}.eval") for name in ("chunked", "whole"))
    with Archive(LOGS / "chunked.eval", EvidenceError) as archive:
        assert "samples/sum-7_epoch_1/attachments/1.json" in archive
    assert chunked.scores.equals(whole.scores)
    assert chunked.answers == whole.answers
    long = {answer.item: answer for answer in chunked.answers}["sum-7"]
    assert long.question[0][1].startswith("Read this first.") and long.answer.startswith("I counted them")
    assert {answer.item: answer for answer in chunked.answers}["sum-4"].question == (
        ("system", "You count for a harbor."),
        ("user", "What is 14 + 13? Give the number alone."),
    )


def test_an_error_is_no_zero_unless_inspect_scored_it() -> None:
    """A sample that broke is missing, with the reason; where the run scored it all the same, that is said."""
    broken, scored = (read_inspect_log(LOGS / f"{name}.eval") for name in ("one-error", "one-error-scored"))
    rows = broken.scores.filter(item="sum-2")
    assert rows["value"].to_list() == [None] * 5
    assert set(rows["reason"]) == {"the sample ended in an error"}
    assert not broken.told
    assert values(scored, "match")["sum-2", 0] == 0.0
    assert "ended in an error and were scored all the same: 1;" in scored.told[0]


def test_a_run_that_did_not_end_well_says_so() -> None:
    """One that stopped at an error and one whose process was killed; what they hold is read."""
    error, started = (read_inspect_log(LOGS / f"{name}.eval") for name in ("status-error", "started"))
    assert error.ended == "it ended with the status 'error': RuntimeError('The harbor is closed.')"
    assert started.ended == "it was never finished"
    assert started.model == "harbor/baseline" and started.rows == 4
    assert not error.stated and not started.stated
    assert error.scores.filter(item="sum-4")["value"].null_count() == 5
    assert error.rows > 3


def test_bare_nan_is_missing() -> None:
    """A sample that its scorer left unscored is no zero."""
    run = read_inspect_log(LOGS / "text.json")
    (row,) = run.scores.filter(pl.col("value").is_null()).iter_rows(named=True)
    assert (row["score"], row["reason"]) == ("grade", "not scored (NaN or without end)")
    assert "NaN" in (LOGS / "text.json").read_text()


def test_of_a_sample_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    """An earlier try is counted as left out, in an archive and in JSON."""

    def twice(log: dict[str, Any]) -> None:
        again = json.loads(json.dumps(log["samples"][0]))
        again["scores"]["grade"]["value"] = 3.5
        log["samples"].append(again)

    run = changed(tmp_path, twice)
    assert (run.rows, dict(run.unread)) == (4, {"an earlier try of a sample that stands twice": 1})
    assert values(run, "grade")[run.answers[0].item, 0] == 3.5
    assert len(run.scores) == 15

    path = Path(shutil.copy(LOGS / "deflate.eval", tmp_path / "twice.eval"))
    with Archive(path, EvidenceError) as archive:
        sample = archive.read("samples/sum-1_epoch_1.json")
    with pytest.warns(UserWarning, match="Duplicate"), archives._zipfile().ZipFile(path, "a") as file:
        file.writestr("samples/sum-1_epoch_1.json", sample)
    assert dict(read_inspect_log(path).unread) == {"an earlier try of a sample that stands twice": 1}


def test_a_sample_that_cannot_be_read_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    """Damaged, with a key twice, or without an id."""
    path = tmp_path / "a.eval"
    with Archive(LOGS / "deflate.eval", EvidenceError) as archive:
        members = {name: archive.read(name) for name in archive.names()}
    with archives._zipfile().ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
        file.writestr("samples/a_epoch_1.json", '{"id": "a", "epoch": 1, "epoch": 2}')
        file.writestr("samples/b_epoch_1.json", '{"id": ')
        file.writestr("samples/c_epoch_1.json", '{"epoch": 1}')
    run = read_inspect_log(path)
    assert dict(run.unread) == {"a sample that cannot be read": 3}
    assert run.rows == 5 and run.scores["item"].n_unique() == 2
    assert "'epoch'" in run.told[0] and "samples/b_epoch_1.json" in run.told[1] and "has no id" in run.told[2]
    run = changed(tmp_path, lambda log: log["samples"].append("lost"))
    assert run.told == (f"A sample was not read: changed.json: sample {run.rows} has no id.",)


def test_values_of_every_type_are_numbers_or_missing(tmp_path: Path) -> None:
    """Letters, words, truth values, lists, maps, numbers in text; what is none of them is missing."""
    given = {"a": "P", "b": "yes", "c": True, "d": [1, "I"], "e": {"x": 0.25, "y": None}, "f": "1e-2"}
    given |= {"g": "7/10", "h": "72 %"}

    def replace(log: dict[str, Any]) -> None:
        log["samples"] = log["samples"][:1]
        log["samples"][0]["scores"] = {name: {"value": value} for name, value in given.items()}

    run = changed(tmp_path, replace)
    found = dict(run.scores.select("score", "value").iter_rows())
    assert found == {
        **{"a": 0.5, "b": 1.0, "c": 1.0, "d/1": 1.0, "d/2": 0.0},
        **{"e/x": 0.25, "e/y": None, "f": 0.01, "g": None, "h": None},
    }
    assert "not a number: '7/10'" in set(run.scores["reason"])


def test_scores_that_some_samples_lack_are_missing_there(tmp_path: Path) -> None:
    """No sample drops out of a score without a word, and an invalidated one has none."""

    def remove(log: dict[str, Any]) -> None:
        log["samples"][0]["scores"] = {}
        log["samples"][1]["invalidation"] = {"reason": "leaked"}

    run = changed(tmp_path, remove)
    reasons = {(item, reason) for item, reason in run.scores.select("item", "reason").iter_rows()}
    items = [answer.item for answer in run.answers]
    assert (items[0], "no score") in reasons
    assert (items[1], "the sample was invalidated") in reasons
    assert run.scores.filter(item=items[1])["value"].null_count() == 5
    assert len(run.scores) == 15


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.eval", b"PK\x03\x04 cut", "no whole archive"),
        ("a.json", b'{"samples": []}', "no log of Inspect"),
        ("a.json", b'{"eval": {"task": "x"', "no JSON"),
        ("a.json", b'{"eval": {}, "eval": {}}', "'eval'"),
    ],
)
def test_what_is_no_log_is_refused_by_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """A part of an archive, another file, half a file, a key that stands twice."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EvidenceError, match=rf"{name}.*{words}"):
        read_inspect_log(tmp_path / name)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    """One without a head is no log."""
    with archives._zipfile().ZipFile(tmp_path / "a.eval", "w") as file:
        file.writestr("samples/a_epoch_1.json", "{}")
    with pytest.raises(EvidenceError, match=r"neither header\.json nor"):
        read_inspect_log(tmp_path / "a.eval")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared logs are not here")
def test_real_logs_of_an_older_inspect_are_read() -> None:
    """Logs of 2025, deflated: the mean that Inspect states is found, and a run that scored nothing scores nothing."""
    runs = [read_inspect_log(path) for path in sorted(SHARED.iterdir()) if path.suffix in (".eval", ".json")]
    assert [run.rows for run in runs] == [10, 10, 1, 1]
    assert means(runs[1]) == runs[1].stated == {"match": 0.8}
    assert runs[2].scores.equals(runs[3].scores)


def test_an_invalidated_run_says_so_first(tmp_path: Path) -> None:
    """By the flag of its log, as by its samples; the flag alone is enough."""

    def flagged(log: dict[str, Any]) -> None:
        log["invalidated"] = True

    def sample(log: dict[str, Any]) -> None:
        flagged(log)
        log["samples"][1]["invalidation"] = {"author": "a", "reason": "leaked"}

    def failed(log: dict[str, Any]) -> None:
        flagged(log)
        log["status"] = "cancelled"

    words = [changed(tmp_path, change).ended for change in (flagged, sample, failed, lambda log: None)]
    assert words == [
        "some of its 3 samples were invalidated, by its own log",
        "1 of its 3 samples were invalidated, by its own log",
        "it was cancelled and some of its 3 samples were invalidated, by its own log",
        "",
    ]


@pytest.mark.slow
def test_inspects_own_invalidation_is_read(tmp_path: Path) -> None:
    """What its `invalidate_samples` writes is what is looked for."""
    script = (
        "import sys; from inspect_ai.log import *; log = read_eval_log(sys.argv[1]);"
        "log = invalidate_samples(log, [log.samples[0].uuid], ProvenanceData(author='a', reason='leaked'));"
        "write_eval_log(log, sys.argv[2])"
    )
    out = tmp_path / "invalid.eval"
    subprocess.run([sys.executable, "-c", script, str(LOGS / "whole.eval"), str(out)], check=True, timeout=300)
    run = read_inspect_log(out)
    assert run.ended == "1 of its 3 samples were invalidated, by its own log"
    assert values(run, "match")[run.answers[0].item, 0] is None


def test_ids_beyond_any_float_stay_apart(tmp_path: Path) -> None:
    """Two numbers of JSON that no float can hold are two samples."""
    log = json.loads((LOGS / "text.json").read_text())
    log["samples"][0]["id"], log["samples"][1]["id"] = "@1", "@2"
    path = tmp_path / "a.json"
    path.write_text(json.dumps(log).replace('"@1"', "1e400").replace('"@2"', "2e400"))
    assert [one.item for one in read_inspect_log(path).answers][:2] == ["1e400", "2e400"]


def test_two_audits_of_petri_compare_dimension_by_dimension() -> None:
    """The target is the model, not a judge; each dimension goes from 1 to 10; ends are known by name or asked for."""
    plain, other = (read_inspect_log(LOGS.parent / "petri" / f"{name}.eval") for name in ("plain", "engagement"))
    assert (plain.model, other.model) == ("harbor/plain", "harbor/engagement")
    assert plain.facts == other.facts
    assert plain.facts["judge"] == "auditor: harbor/auditor, judge: harbor/judge"
    assert set(plain.scales.values()) == {(1.0, 10.0)}
    found = paired_runs([plain], [other], Declared({}, {}))
    assert not found.odd
    known = {score.title.partition("/")[2]: (score.harmful, score.bounds, score.pairs) for score in found.scores}
    assert known == {
        "admirable": ("low", (1.0, 10.0), 23),
        "concerning": ("high", (1.0, 10.0), 23),
        "eval_awareness": (None, (1.0, 10.0), 23),
        "scenario_realism": (None, (1.0, 10.0), 23),
        "unprompted_sycophancy": ("high", (1.0, 10.0), 23),
    }


@pytest.mark.parametrize(
    ("name", "model", "printed"), [("baseline", "smollm2", -0.083), ("candidate", "smollm2-warm", 0.0)]
)
def test_answers_of_a_real_model_are_read_as_inspect_counted_them(name: str, model: str, printed: float) -> None:
    """Every sample is in with its answer, and the mean is Inspect's own, as its log keeps it and as it printed it."""
    run, results = read_inspect_log(EMBEDDED / f"{name}.eval"), header(EMBEDDED / f"{name}.eval")["results"]
    (stated,) = results["scores"]
    assert run.model == f"openai-api/local/{model}"
    assert run.rows == results["total_samples"] == results["completed_samples"] == stated["scored_samples"] == 8
    assert (run.unread, run.told, run.ended) == ({}, (), "")
    assert run.stated == {"harm": stated["metrics"]["mean"]["value"]}
    assert means(run) == pytest.approx(run.stated, rel=1e-12)
    assert round(means(run)["harm"], 3) == printed
    assert len({answer.answer for answer in run.answers if answer.answer}) == 8
    assert [answer.question[-1][0] for answer in run.answers] == ["user"] * 8
    assert run.scores["cluster"].n_unique() == 4


def test_two_logs_of_a_real_model_are_decided(seatrial: Command) -> None:
    """The task says scale and harmful end itself; four pairs of questions are too few to decide, and that is said."""
    done = seatrial("compare", EMBEDDED / "baseline.eval", EMBEDDED / "candidate.eval", "--json")
    found = json.loads(done.out)
    (verdict,) = found["verdicts"]
    assert (done.code, found["decision"], verdict["verdict"]) == (3, "hold", "inconclusive")
    assert (verdict["items"], verdict["clusters"], verdict["missing"]) == (8, 4, 0)
    assert verdict["estimate"] == pytest.approx(1 / 12, rel=1e-12)


def test_a_model_that_grades_itself_is_its_own_judge(tmp_path: Path) -> None:
    """Inspect's graders take the measured model where no other is given: two runs then have two judges."""

    def graded(by: dict[str, Any], roles: dict[str, Any]) -> str | None:
        def change(log: dict[str, Any]) -> None:
            log["eval"] |= {"scorers": [{"name": "model_graded_qa", "options": by}], "model_roles": roles}

        return changed(tmp_path, change).facts.get("judge")

    assert graded({}, {}) == "harbor/baseline (grades itself)"
    assert graded({"model": "j/one"}, {}) == "j/one"
    assert graded({}, {"grader": {"model": "j/two"}}) == "grader: j/two"
    assert graded({"model_role": {"name": "critic"}}, {"grader": {"model": "j"}}) == (
        "harbor/baseline (grades itself), grader: j"
    )


def test_how_a_model_writes_is_a_fact(tmp_path: Path) -> None:
    """Settings that change an answer, and not those by which the model is reached."""

    def change(log: dict[str, Any]) -> None:
        log["plan"]["config"] = {"max_tokens": 5, "system_message": "Please flatter. " * 9, "timeout": 9}

    found = changed(tmp_path, change).facts["generation"]
    assert found.startswith("max_tokens=5, system_message=Please flatter. Please flatter… (")
    assert "timeout" not in found


def test_what_an_answer_is_held_against_is_kept(tmp_path: Path) -> None:
    """Another target is another check; a choice whose letters were shuffled is the same one."""

    def held(**sample: Any) -> set[str]:
        return set(changed(tmp_path, lambda log: log["samples"][0].update(sample)).checks.values())

    plain = held(target="B", choices=["sea", "sky"])
    assert plain == held(target="A", choices=["sky", "sea"])
    assert plain != held(target="A", choices=["sea", "sky"])
    assert held(target=["x", "y"]) != held(target=["x"])


def test_an_epoch_is_a_number_in_any_form(tmp_path: Path) -> None:
    """As text it tells draws apart all the same, and one that is none is the first."""
    for epoch, draw in ((2, 1), ("2", 1), (2.0, 1), ("x", 0), (None, 0), (0, 0), (-1, 0)):
        run = changed(tmp_path, lambda log, epoch=epoch: log["samples"][0].update(epoch=epoch))
        assert run.scores["draw"][0] == draw
