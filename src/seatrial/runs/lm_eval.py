"""Samples that lm-eval logged (`--log_samples`): a file a task, a row for each question and filter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.runs.inspect_log import GROUPS, USE_CASES
from seatrial.runs.json_files import first_of, id_of, json_file, json_rows, mapping, messages_of
from seatrial.runs.numbers import NO_SCORE, Number, number_of
from seatrial.runs.recorded_run import Fact, RecordedRun, RunScores, Written
from seatrial.types import Harmful

__all__ = ["read_lm_eval"]

_NAME = re.compile(r"samples_(?P<task>.+?)(?:_(?P<date>\d{4}-\d\d-\d\dT[\d.:-]+))?\.jsonl")
_ROW = {
    *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"),
    *("doc_hash", "prompt_hash", "target_hash"),
}
"""Keys of a row that are no metrics; rows from before lm-eval 0.4.4 do not name theirs."""
_MEANS = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "exact_match", "likelihood")
"""Metrics whose value for a task is the mean over its questions where the task says nothing else."""
NO_NUMBER = "several numbers and no single one"
TWICE = "a row that stands twice, word for word"
UNREAD = "a line that cannot be read"


def read_lm_eval(path: Path, cluster: str = "") -> list[RecordedRun]:
    """Return the runs that a file of samples holds, or a folder of them: one for each task.

    What one task states of itself (its model, version and means) stands in `results_*.json` beside the samples.

    Args:
        path: `samples_*.jsonl`, the `results_*.json` beside some, or their folder.
        cluster: Key of the questions that says which belong together; one that plainly does where it is empty.

    Raises:
        EvidenceError: nothing of lm-eval can be read there.
    """
    if path.is_dir():
        files = sorted(path.glob("samples_*.jsonl"))
    elif path.suffix == ".json":
        date = path.stem.removeprefix("results_")
        files = sorted(path.parent.glob(f"samples_*_{date}.jsonl"))
    else:
        files = [path]
    if not files:
        raise EvidenceError(f"{path}: no samples_*.jsonl there; run lm-eval with --log_samples")
    return [_run(file, cluster) for file in files]


def _run(path: Path, cluster: str) -> RecordedRun:
    named = _NAME.fullmatch(path.name)
    task = named["task"] if named else path.stem
    results, about_results = _results(path, task, named["date"] if named else None)
    made = _Reading(cluster)
    for number, row in json_rows(path):
        made.take(number, row)
    if not made.places:
        raise EvidenceError(f"{path}: no samples of lm-eval: no line has a doc_id")
    config = mapping(mapping(results.get("configs")).get(task))
    return RecordedRun(
        path,
        "lm-eval",
        task,
        _model(results),
        made.frame(),
        _facts(task, results, config, made),
        made.prompts,
        tuple(made.answers.values()),
        _stated(task, results, config, made),
        harmful=_harmful(task, results, made),
        told=(*made.sentences(), *about_results),
        unread=made.unread,
        rows=made.rows,
        checks=made.targets,
    )


class _Reading:
    """The rows of a task while they are read."""

    def __init__(self, cluster: str) -> None:
        self._groups = (cluster,) if cluster else GROUPS
        self._values: list[tuple[str, int, str, dict[str, Number]]] = []
        self._drawn: Counter[tuple[str, str]] = Counter()
        self._seen: set[bytes] = set()
        self._wrong = ""
        self.places: dict[str, tuple[str, str, str]] = {}
        self.prompts: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self.settings: dict[str, Any] = {}
        self.answers: dict[tuple[str, int], Written] = {}
        self.unread: Counter[str] = Counter()
        self.filters: dict[str, None] = {}
        self.rows = 0

    def take(self, number: int, row: dict[str, Any] | str) -> None:
        """Read one row, or count why it is not read."""
        self.rows += 1
        if isinstance(row, str) or not id_of(row.get("doc_id")):
            self.unread[UNREAD] += 1
            self._wrong = self._wrong or f"line {number}: {row if isinstance(row, str) else 'it has no doc_id'}"
            return
        item, filter_ = id_of(row["doc_id"]), str(row.get("filter") or "none")
        same = sha256(repr(row).encode(errors="surrogatepass")).digest()
        if same in self._seen:
            self.unread[TWICE] += 1
            return
        self._seen.add(same)
        self.filters[filter_] = None
        draw = self._drawn[item, filter_]
        self._drawn[item, filter_] += 1
        doc = mapping(row.get("doc"))
        self.places.setdefault(
            item,
            (first_of(doc, self._groups), first_of(doc, USE_CASES) or "general", str(row.get("doc_hash") or "")[:16]),
        )
        if row.get("prompt_hash"):
            self.prompts[self.places[item][2] or item] = str(row["prompt_hash"])
        if row.get("target_hash"):
            self.targets[self.places[item][2] or item] = str(row["target_hash"])
        asked = _asked(row)
        self.settings = self.settings or next((dict(one[1]) for one in asked if isinstance(one[1], Mapping)), {})
        question = messages_of(asked[0][0]) if asked else ()
        if (answer := _answer(row, asked)) is not None:
            self.answers.setdefault((item, draw), Written(item, draw, question, answer))
        self._values.append((item, draw, filter_, {name: _value(row.get(name)) for name in _metrics(row)}))

    def score(self, metric: str, filter_: str) -> str:
        """Return what a metric is called: with its filter where the task has several."""
        return f"{metric} ({filter_})" if len(self.filters) > 1 else metric

    @cached_property
    def metrics(self) -> dict[tuple[str, str], bool]:
        """Each metric with its filter, and whether every value of it is a number; asked for when all rows are read."""
        found: dict[tuple[str, str], bool] = {}
        for _, _, filter_, values in self._values:
            for metric, (value, _) in values.items():
                found[metric, filter_] = found.get((metric, filter_), True) and value is not None
        return found

    def frame(self) -> Any:
        """Return all scores: of every question one of each metric that any question has under its filter."""
        scores, metrics = RunScores(), list(self.metrics)
        for item, draw, filter_, values in self._values:
            cluster, use_case, digest = self.places[item]
            for metric, under in metrics:
                if under == filter_:
                    value, reason = values.get(metric, (None, NO_SCORE))
                    name = self.score(metric, filter_)
                    scores.add(
                        name, item, draw, value, reason=reason, cluster=cluster, use_case=use_case, digest=digest
                    )
        return scores.frame()

    def sentences(self) -> Iterator[str]:
        """Yield how it was read where there was a choice."""
        if self._wrong:
            yield f"{self.unread[UNREAD]} of {self.rows} lines were not read; the first: {self._wrong}."
        if len(self.filters) > 1:
            yield f"Each question stands once for every filter ({', '.join(self.filters)}): one score for each."
        if max(self._drawn.values(), default=0) > 1:
            yield "Some questions stand several times under one filter: read as several draws, in their order."
        if "bypass" in {metric for metric, _ in self.metrics}:
            yield "The run only kept the answers (--predict_only): its score `bypass` says nothing."


def _metrics(row: Mapping[str, Any]) -> list[str]:
    named = row.get("metrics")
    return [str(name) for name in named] if isinstance(named, list) else [name for name in row if name not in _ROW]


def _value(value: object) -> Number:
    """Return a metric's value; a list is what a task's value is made from at the end, unless it has one member."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return (None, NO_NUMBER) if isinstance(value, list | dict) else number_of(value, {})


def _asked(row: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Return what was asked for one question: the prompt with the settings, or with one of the continuations."""
    given = row.get("arguments")
    calls = list(given.values()) if isinstance(given, Mapping) else given if isinstance(given, list) else []
    found = []
    for call in calls:
        parts = list(call.values()) if isinstance(call, Mapping) else call if isinstance(call, list) else []
        if parts:
            found.append((_prompt(parts[0]), parts[1] if len(parts) > 1 else None))
    return found


def _prompt(prompt: object) -> object:
    """Return a prompt; one of a chat is a list of one text."""
    return prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt


def _answer(row: Mapping[str, Any], asked: list[tuple[Any, Any]]) -> str | None:
    """Return what the model wrote; of a choice between continuations the one that it found most likely.

    None where it was only asked how likely a text is.
    """
    replies = row.get("resps")
    firsts = [one[0] if isinstance(one, list) and one else one for one in replies] if isinstance(replies, list) else []
    if len(firsts) == 1 and isinstance(firsts[0], str) and (not asked or isinstance(asked[0][1], Mapping)):
        return firsts[0]
    odds = [number_of(one[0], {})[0] if isinstance(one, list) and one else None for one in firsts]
    known = [(odd, place) for place, odd in enumerate(odds) if odd is not None]
    if not known or len(asked) != len(odds):
        return "" if asked and isinstance(asked[0][1], Mapping) else None
    chosen = asked[max(known)[1]][1]
    return chosen.strip() if isinstance(chosen, str) else ""


def _results(path: Path, task: str, date: str | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what stands beside the samples about the run, and what to say where nothing can be read."""
    beside = path.parent / f"results_{date}.json"
    if date is None:
        found = sorted(path.parent.glob("results*.json"))
        if len(found) == 1:
            beside = found[0]
    if not beside.is_file():
        return {}, (
            f"No results_{date or '…'}.json stands beside {path.name}: its model, version and direction are not known.",
        )
    try:
        results = json_file(beside, "take it away: the samples are read without it")
    except EvidenceError as error:
        return {}, (f"What lm-eval says of the run was not read: {error}.",)
    if task not in mapping(results.get("results")):
        return {}, (f"{beside.name} says nothing of {task}: its model, version and direction are not known.",)
    return results, ()


def _model(results: Mapping[str, Any]) -> str:
    """Return the model's name; lm-eval makes one up at random where its arguments hold none."""
    config = mapping(results.get("config"))
    name, given = str(results.get("model_name") or ""), config.get("model_args")
    if name and name in str(given):
        return name
    if isinstance(given, Mapping):
        given = ",".join(f"{key}={value}" for key, value in given.items())
    return " ".join(str(one) for one in (config.get("model") or results.get("model_source"), given) if one)


def _facts(task: str, results: Mapping[str, Any], config: Mapping[str, Any], made: _Reading) -> dict[Fact, str]:
    settings = made.settings or {**mapping(config.get("generation_kwargs"))}
    rest = {name: value for name, value in settings.items() if name != "temperature"}
    dataset = [str(one) for one in (config.get("dataset_path"), config.get("dataset_name")) if one]
    found: dict[Fact, object] = {
        "task": task,
        "task version": mapping(results.get("versions")).get(task),
        "dataset": " ".join(dataset) or None,
        "shots": mapping(results.get("n-shot")).get(task),
        "temperature": settings.get("temperature"),
        "generation": ", ".join(f"{name}={value}" for name, value in sorted(rest.items())) or None,
        "filter": ", ".join(sorted(made.filters)),
        "samples asked for": mapping(results.get("config")).get("limit"),
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _stated(task: str, results: Mapping[str, Any], config: Mapping[str, Any], made: _Reading) -> dict[str, float]:
    """Return each metric's value for the task, where it is the mean over its questions."""
    means = mapping(mapping(results.get("results")).get(task))
    listed = config.get("metric_list")
    said = {
        str(one.get("metric")): one.get("aggregation", "")
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, Mapping)
    }
    found = {}
    for (metric, filter_), whole in made.metrics.items():
        value = means.get(f"{metric},{filter_}")
        mean = said.get(metric, "") == "mean" or (not said.get(metric) and metric in _MEANS)
        if whole and mean and isinstance(value, int | float):
            found[made.score(metric, filter_)] = float(value)
    return found


def _harmful(task: str, results: Mapping[str, Any], made: _Reading) -> dict[str, Harmful]:
    """Return which end of each metric is harm: low where higher is better."""
    better = mapping(mapping(results.get("higher_is_better")).get(task))
    return {
        made.score(metric, filter_): "low" if better[metric] else "high"
        for metric, filter_ in made.metrics
        if isinstance(better.get(metric), bool)
    }
