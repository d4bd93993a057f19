"""Logs of Inspect: `.eval` in every layout, Zstandard included, and `.json`.

Read from the files themselves, so that no Inspect need be installed: its format is documented and has been stable, and
its library takes seconds to load. Scores are numbers as Inspect's own metrics take them: C is 1, P is 0.5, I and N
are 0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.formats.archives import Archive
from seatrial.runs.json_files import digest_of, first_of, id_of, json_file, json_list, json_object, mapping
from seatrial.runs.numbers import NO_SCORE, number_of
from seatrial.runs.recorded_run import Fact, RecordedRun, RunScores, Written
from seatrial.types import Harmful

__all__ = ["GROUPS", "USE_CASES", "read_inspect_log"]

WORDS = {"c": 1.0, "p": 0.5, "i": 0.0, "n": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""What Inspect's `value_to_float` makes of words."""
GROUPS = ("cluster", "cluster_id", "group", "group_id", "scenario_id", "conversation_id", "passage_id", "document_id")
"""Keys of metadata and columns that plainly say which items belong together."""
USE_CASES = ("use_case",)
"""Keys that say what kind of use an item is."""
TARGET = "target"
"""The role of the model that an audit of Petri measures; the others ask and judge."""
AUDITS = ("audit_judge", "alignment_judge")
"""Scorers of Petri, whose rubrics grade every dimension from 1 to 10."""
TEN = (1.0, 10.0)
GRADERS = ("model_graded_qa", "model_graded_fact")
"""Scorers of Inspect in which a model grades."""
NO_ANSWER = frozenset(
    ("temperature", "max_retries", "timeout", "attempt_timeout", "stream_idle_timeout", "max_connections",
     "adaptive_connections", "extra_headers", "cache", "cache_prompt", "batch")
)  # fmt: skip
"""Settings of generation that say how a model is reached and not what it writes; and the temperature, told apart."""
ERROR = "the sample ended in an error"
TWICE = "an earlier try of a sample that stands twice"
INVALID = "the sample was invalidated"
_SAMPLE = re.compile(r"(?P<folder>samples/.+_epoch_\d+)(?:\.json|(?P<shell>/sample\.json))", re.DOTALL)
"""Where a sample stands in an archive; its id may hold slashes."""
_TEXTS = re.compile(r"(?P<folder>samples/.+_epoch_\d+)/attachments/(?P<first>\d+)\.json", re.DOTALL)


def read_inspect_log(path: Path, cluster: str = "") -> RecordedRun:
    """Return the run in a log.

    Args:
        path: The `.eval` or `.json` file.
        cluster: Key of the samples' metadata that says which belong together; one that plainly does where it is empty.

    Raises:
        EvidenceError: it cannot be read, or is no log of Inspect.
    """
    if path.suffix.lower() == ".eval":
        with Archive(path, EvidenceError) as archive:
            head = _header(path, archive)
            return _run(path, head, _samples(path, archive), cluster, archive.repeated)
    log = json_file(path, "convert it: inspect log convert --to eval")
    if not isinstance(log.get("eval"), Mapping):
        raise EvidenceError(f"{path}: no log of Inspect: it has no `eval`")
    samples = log.get("samples")
    listed = samples if isinstance(samples, list) else []
    return _run(path, log, ((f"{path.name}: sample {n}", one) for n, one in enumerate(listed, 1)), cluster)


def _header(path: Path, archive: Archive) -> dict[str, Any]:
    """Return the head of a log; of a run that was never finished, what it began with."""
    for name in ("header.json", "_journal/start.json"):
        if name in archive:
            head = json_object(path, name, archive.read(name))
            return head if name == "header.json" else {**head, "status": "started"}
    raise EvidenceError(f"{path}: no log of Inspect: neither header.json nor _journal/start.json is in it")


def _samples(path: Path, archive: Archive) -> Iterator[tuple[str, object]]:
    """Yield the samples with where they stand: each in one file, or in a folder of its own."""
    apart: dict[str, list[tuple[int, str]]] = {}
    for name in archive.names("samples/"):
        if texts := _TEXTS.fullmatch(name):
            apart.setdefault(texts["folder"], []).append((int(texts["first"]), name))
    for name in archive.names("samples/"):
        stands = _SAMPLE.fullmatch(name)
        if stands:
            folder = stands["folder"]
            try:
                sample = json_object(path, name, archive.read(name))
                if stands["shell"]:
                    sample |= _kept_apart(path, archive, f"{folder}/metadata.json", apart.get(folder, []))
                yield name, sample
            except EvidenceError as error:
                yield name, error


def _kept_apart(path: Path, archive: Archive, metadata: str, texts: list[tuple[int, str]]) -> dict[str, object]:
    """Return what a sample in a folder of its own keeps in further files: metadata, and long texts by their place."""
    found: dict[str, object] = {}
    if metadata in archive:
        found["metadata"] = json_object(path, metadata, archive.read(metadata))
    found["attachments"] = {
        str(place): text
        for first, name in texts
        for place, text in enumerate(json_list(path, name, archive.read(name)), first)
    }
    return found


def _run(
    path: Path, log: Mapping[str, Any], samples: Iterator[tuple[str, object]], cluster: str, repeated: int = 0
) -> RecordedRun:
    """Return the run that a head and its samples make."""
    made = _Reading(cluster)
    for place, sample in samples:
        made.take(place, sample)
    if repeated:
        made.unread[TWICE] += repeated
    eval_ = mapping(log.get("eval"))
    declared = _declared(eval_)
    audited = {name: TEN for name in made.names() if name.partition("/")[0] in AUDITS and "/" in name}
    return RecordedRun(
        path,
        "Inspect",
        str(eval_.get("task") or ""),
        _model(eval_),
        made.scores(_scorers(eval_)),
        _facts(log, eval_),
        answers=tuple(made.answers.values()),
        stated=_stated(log),
        scales=audited | {name: scale for name, (scale, _) in declared.items()},
        harmful={name: end for name, (_, end) in declared.items()},
        told=(*made.told, *made.scored_all_the_same()),
        unread=made.unread,
        ended=" and ".join(one for one in (_ended(log), made.invalidated(log)) if one),
        rows=made.rows,
        checks=made.checks(),
    )


class _Reading:
    """The samples of a run while they are read."""

    def __init__(self, cluster: str) -> None:
        self._key = cluster
        self._values: dict[tuple[str, int], dict[str, tuple[float | None, str]]] = {}
        self._places: dict[tuple[str, int], tuple[str, str, str]] = {}
        self._failed: dict[tuple[str, int], str] = {}
        self._targets: dict[str, tuple[str, str]] = {}
        self.answers: dict[tuple[str, int], Written] = {}
        self.unread: Counter[str] = Counter()
        self.told: list[str] = []
        self.rows = 0

    def take(self, place: str, sample: object) -> None:
        """Read one sample, or count why it is not read."""
        self.rows += 1
        if not isinstance(sample, Mapping) or not id_of(sample.get("id")):
            self.unread["a sample that cannot be read"] += 1
            why = sample if isinstance(sample, EvidenceError) else f"{place} has no id"
            self.told.append(f"A sample was not read: {why}.")
            return
        item, epoch = id_of(sample["id"]), id_of(sample.get("epoch"))
        draw = max(int(epoch), 1) - 1 if epoch.isdecimal() and len(epoch) < 9 else 0
        key = item, draw
        if key in self._values:
            self.unread[TWICE] += 1
        question = _question(sample)
        metadata = mapping(sample.get("metadata"))
        self._values[key] = dict(_values(sample.get("scores")))
        self._places[key] = (
            self._cluster(metadata),
            first_of(metadata, USE_CASES) or "general",
            digest_of(question) if question else "",
        )
        self._failed[key] = _failure(sample)
        self._targets[item] = self._places[key][2], digest_of(_target(sample))
        self.answers[key] = Written(item, draw, question, _answer(sample))

    def _cluster(self, metadata: Mapping[str, Any]) -> str:
        return first_of(metadata, (self._key,) if self._key else GROUPS)

    def checks(self) -> dict[str, str]:
        """Return what each question's answers are held against, by the question where it stands once."""
        stands = Counter(question for question, _ in self._targets.values())
        return {
            question if question and stands[question] == 1 else item: target
            for item, (question, target) in self._targets.items()
        }

    def scored_all_the_same(self) -> Iterator[str]:
        """Yield how many samples have scores that Inspect counts though they ended in an error."""
        count = sum(failed == ERROR and bool(self._values[key]) for key, failed in self._failed.items())
        if count:
            yield f"Samples that ended in an error and were scored all the same: {count}; they count, as in the log."

    def names(self) -> dict[str, None]:
        """Return the scores that any sample has, in their order."""
        return dict.fromkeys(name for values in self._values.values() for name in values)

    def invalidated(self, log: Mapping[str, Any]) -> str:
        """Return what is wrong with a run of which samples were invalidated; empty where none was."""
        count = sum(failed == INVALID for failed in self._failed.values())
        if not count and log.get("invalidated") is not True:
            return ""
        return f"{count or 'some'} of its {len(self._failed):,} samples were invalidated, by its own log"

    def scores(self, scorers: list[str]) -> Any:
        """Return all scores: of every sample one a score that any sample has, missing where this one has none."""
        names = self.names() or dict.fromkeys(scorers)
        made = RunScores()
        for (item, draw), values in self._values.items():
            cluster, use_case, digest = self._places[item, draw]
            failed = self._failed[item, draw]
            for name in names:
                value, reason = values.get(name, (None, NO_SCORE))
                if failed and (value is None or failed == INVALID):
                    value, reason = None, failed
                made.add(name, item, draw, value, reason=reason, cluster=cluster, use_case=use_case, digest=digest)
        return made.frame()


def _values(scores: object) -> Iterator[tuple[str, tuple[float | None, str]]]:
    """Yield each score of a sample: of a scorer that gives several, one for each."""
    for scorer, score in mapping(scores).items():
        value = score.get("value") if isinstance(score, Mapping) else score
        if isinstance(value, Mapping):
            for name, part in value.items():
                yield f"{scorer}/{name}", number_of(part, WORDS)
        elif isinstance(value, list):
            for place, part in enumerate(value, 1):
                yield f"{scorer}/{place}", number_of(part, WORDS)
        else:
            yield str(scorer), number_of(value, WORDS)


def _failure(sample: Mapping[str, Any]) -> str:
    """Return why a sample may have no score that counts; empty where nothing went wrong."""
    if sample.get("error") and not sample.get("invalidation"):
        return ERROR
    return INVALID if sample.get("invalidation") else ""


def _question(sample: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    attached = mapping(sample.get("attachments"))
    given = sample.get("input")
    if isinstance(given, str):
        return (("user", _attached(given, attached)),)
    listed = given if isinstance(given, list) else []
    return tuple(
        (str(one.get("role") or "user"), _text(one.get("content"), attached)) for one in listed if isinstance(one, dict)
    )


def _target(sample: Mapping[str, Any]) -> list[str]:
    """Return what an answer is held against; of a choice its text, for each run may shuffle the letters."""
    held, choices = sample.get("target"), sample.get("choices")
    words = [str(one) for one in (held if isinstance(held, list) else [held])]
    if not isinstance(choices, list):
        return words
    texts = {chr(ord("A") + place): str(text) for place, text in enumerate(choices)}
    return sorted(texts.get(word, word) for word in words)


def _answer(sample: Mapping[str, Any]) -> str:
    attached, output = mapping(sample.get("attachments")), mapping(sample.get("output"))
    if isinstance(output.get("completion"), str):
        return _attached(output["completion"], attached)
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    return _text(mapping(first.get("message")).get("content"), attached)


def _text(content: object, attached: Mapping[str, Any]) -> str:
    """Return the text of a message: a string, or the text parts of a list."""
    if isinstance(content, str):
        return _attached(content, attached)
    parts = content if isinstance(content, list) else []
    texts = [one["text"] for one in parts if isinstance(one, dict) and isinstance(one.get("text"), str)]
    return "\n".join(_attached(text, attached) for text in texts)


def _attached(text: str, attached: Mapping[str, Any]) -> str:
    """Return a text, or what it stands for where it is kept apart."""
    if not text.startswith("attachment://"):
        return text
    held = attached.get(text.removeprefix("attachment://"))
    return held if isinstance(held, str) else text


def _audits(eval_: Mapping[str, Any]) -> bool:
    """Return whether the task has no model of its own: then the model in the role of the target is the one measured."""
    return str(eval_.get("model") or "none/none") == "none/none"


def _model(eval_: Mapping[str, Any]) -> str:
    target = mapping(mapping(eval_.get("model_roles")).get(TARGET)).get("model")
    return str((target if _audits(eval_) else None) or eval_.get("model") or "")


def _facts(log: Mapping[str, Any], eval_: Mapping[str, Any]) -> dict[Fact, str]:
    dataset, config, plan = (mapping(one) for one in (eval_.get("dataset"), eval_.get("config"), log.get("plan")))
    settings = {**mapping(plan.get("config")), **mapping(eval_.get("model_generate_config"))}
    steps = [
        {"solver": one.get("solver"), "params": one.get("params")}
        for one in plan.get("steps") or []
        if isinstance(one, dict)
    ]
    roles = {
        name: mapping(role).get("model")
        for name, role in mapping(eval_.get("model_roles")).items()
        if name != TARGET or not _audits(eval_)
    }
    judges = [name for one in eval_.get("scorers") or [] if isinstance(one, dict) and (name := _judge(one, eval_))]
    rest = {name: value for name, value in settings.items() if value is not None and name not in NO_ANSWER}
    found: dict[Fact, object] = {
        "task": eval_.get("task"),
        "task version": eval_.get("task_version"),
        "dataset": dataset.get("location") or dataset.get("name"),
        "prompt": digest_of(steps) if steps else None,
        "judge": ", ".join([*judges, *(f"{name}: {model}" for name, model in sorted(roles.items()))]) or None,
        "temperature": settings.get("temperature"),
        "generation": ", ".join(f"{name}={_short(value)}" for name, value in sorted(rest.items())) or None,
        "epochs": config.get("epochs"),
        "samples asked for": config.get("limit"),
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _judge(scorer: Mapping[str, Any], eval_: Mapping[str, Any]) -> str:
    """Return which model grades for a scorer; empty where none does.

    Inspect's own graders take the model that is measured where no other is given, which then grades itself.
    """
    options = mapping(scorer.get("options"))
    if options.get("model"):
        return str(options["model"])
    role = options.get("model_role") or "grader"
    name = role if isinstance(role, str) else mapping(role).get("name")
    if str(scorer.get("name")).rpartition("/")[2] not in GRADERS or name in mapping(eval_.get("model_roles")):
        return ""
    return f"{_model(eval_)} (grades itself)"


def _short(value: object) -> str:
    """Return a setting as a sentence holds it: a long one by its beginning and a digest."""
    text = str(value)
    return text if len(text) <= 40 else f"{text[:30]}… ({digest_of(text)[:6]})"


def _declared(eval_: Mapping[str, Any]) -> dict[str, tuple[tuple[float, float], Harmful]]:
    """Return each score's scale and harmful end, as the tasks of seatrial's own suites say them."""
    said = mapping(mapping(mapping(eval_.get("metadata")).get("seatrial")).get("scales"))
    found: dict[str, tuple[tuple[float, float], Harmful]] = {}
    for name, scale in said.items():
        bounds, end = mapping(scale).get("bounds"), mapping(scale).get("harmful")
        numbers = [one for one in bounds if isinstance(one, int | float)] if isinstance(bounds, list) else []
        if len(numbers) == 2 and numbers[0] < numbers[1] and end in ("high", "low"):
            found[str(name)] = (float(numbers[0]), float(numbers[1])), end
    return found


def _scorers(eval_: Mapping[str, Any]) -> list[str]:
    return [str(one["name"]) for one in eval_.get("scorers") or [] if isinstance(one, dict) and one.get("name")]


def _stated(log: Mapping[str, Any]) -> dict[str, float]:
    """Return each score's mean as the log states it, where it is a mean over items of the means over epochs."""
    found: dict[str, float] = {}
    for score in mapping(log.get("results")).get("scores") or []:
        if not isinstance(score, dict) or score.get("reducer") not in (None, "mean"):
            continue
        name, scorer = str(score.get("name")), str(score.get("scorer") or score.get("name"))
        for metric in ("accuracy", "mean"):
            value = mapping(mapping(score.get("metrics")).get(metric)).get("value")
            if isinstance(value, int | float):
                found.setdefault(name if name == scorer else f"{scorer}/{name}", float(value))
    return found


def _ended(log: Mapping[str, Any]) -> str:
    status = log.get("status")
    if status == "success":
        return ""
    message = mapping(log.get("error")).get("message")
    words = {"started": "it was never finished", "cancelled": "it was cancelled"}
    return words.get(str(status), f"it ended with the status {status!r}") + (f": {message}" if message else "")
