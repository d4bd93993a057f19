"""Logs of Inspect: `.eval` in every layout, Zstandard included, and `.json`.

Read from the files themselves, so that no Inspect need be installed: its format is documented and has been stable, and
its library takes seconds to load. Scores are numbers as Inspect's own metrics take them: C is 1, P is 0.5, I and N are
0.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.formats.archives import Archive
from seatrial.formats.jsonl import DoubledKey, unique
from seatrial.runs.numbers import NO_SCORE, number_of
from seatrial.runs.recorded_run import Fact, RecordedRun, RunScores, Written

__all__ = ["GROUPS", "read_inspect_log"]

WORDS = {"c": 1.0, "p": 0.5, "i": 0.0, "n": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""What Inspect's `value_to_float` makes of words."""
GROUPS = ("cluster", "cluster_id", "group", "group_id", "scenario_id", "conversation_id", "passage_id", "document_id")
"""Keys of metadata and columns that plainly say which items belong together."""
USE_CASES = ("use_case",)
LIMIT = 2**31
"""Bytes of a log in one JSON file, at most."""


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
    log = _json(path, path.name, _content(path))
    if not isinstance(log.get("eval"), Mapping):
        raise EvidenceError(f"{path}: no log of Inspect: it has no `eval`")
    samples = log.get("samples")
    listed = samples if isinstance(samples, list) else []
    return _run(path, log, ((f"sample {n}", one) for n, one in enumerate(listed, 1)), cluster)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LIMIT:
            raise EvidenceError(
                f"{path}: {path.stat().st_size / 1e9:.1f} GB of one JSON, and {LIMIT / 1e9:.1f} GB are read at most; "
                "convert it: inspect log convert --to eval"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise EvidenceError(f"{path}: no such file") from None
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror or error}") from error


def _json(path: Path, name: str, content: bytes) -> dict[str, Any]:
    """Return an object of JSON; NaN stands bare where Inspect has no score."""
    try:
        found = json.loads(content, object_pairs_hook=unique)
    except (DoubledKey, RecursionError, ValueError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else error
        raise EvidenceError(f"{path}: {name} is no JSON that can be read: {why}") from error
    if not isinstance(found, dict):
        raise EvidenceError(f"{path}: {name} is no object of JSON")
    return found


def _header(path: Path, archive: Archive) -> dict[str, Any]:
    """Return the head of a log; of a run that was never finished, what it began with."""
    for name in ("header.json", "_journal/start.json"):
        if name in archive:
            head = _json(path, name, archive.read(name))
            return head if name == "header.json" else {**head, "status": "started"}
    raise EvidenceError(f"{path}: no log of Inspect: neither header.json nor _journal/start.json is in it")


def _samples(path: Path, archive: Archive) -> Iterator[tuple[str, object]]:
    """Yield the samples with where they stand: each in one file, or in a folder of its own."""
    for name in archive.names("samples/"):
        whole = name.count("/") == 1 and name.endswith(".json")
        if whole or (name.count("/") == 2 and name.endswith("/sample.json")):
            try:
                yield name, _json(path, name, archive.read(name))
            except EvidenceError as error:
                yield name, str(error)


def _run(
    path: Path, log: Mapping[str, Any], samples: Iterator[tuple[str, object]], cluster: str, repeated: int = 0
) -> RecordedRun:
    """Return the run that a head and its samples make."""
    made = _Reading(cluster)
    for place, sample in samples:
        made.take(place, sample)
    if repeated:
        made.unread["an earlier try of a sample that stands twice"] += repeated
    eval_ = _mapping(log.get("eval"))
    return RecordedRun(
        path,
        "Inspect",
        str(eval_.get("task") or ""),
        str(eval_.get("model") or ""),
        made.scores(_scorers(eval_)),
        _facts(log, eval_),
        tuple(made.answers.values()),
        _stated(log),
        told=tuple(made.told),
        unread=made.unread,
        ended=_ended(log),
        rows=made.rows,
    )


class _Reading:
    """The samples of a run while they are read."""

    def __init__(self, cluster: str) -> None:
        self._key = cluster
        self._values: dict[tuple[str, int], dict[str, tuple[float | None, str]]] = {}
        self._places: dict[tuple[str, int], tuple[str, str, str]] = {}
        self._failed: dict[tuple[str, int], str] = {}
        self.answers: dict[tuple[str, int], Written] = {}
        self.unread: Counter[str] = Counter()
        self.told: list[str] = []
        self.rows = 0

    def take(self, place: str, sample: object) -> None:
        """Read one sample, or count why it is not read."""
        self.rows += 1
        if not isinstance(sample, Mapping) or sample.get("id") is None:
            self.unread["a sample that cannot be read"] += 1
            why = sample if isinstance(sample, str) else f"{place} has no id"
            self.told.append(f"A sample was not read: {why}.")
            return
        item, epoch = str(sample["id"]).strip(), sample.get("epoch")
        draw = epoch - 1 if isinstance(epoch, int) and epoch > 0 else 0
        key = item, draw
        if key in self._values:
            self.unread["an earlier try of a sample that stands twice"] += 1
        question = _question(sample)
        metadata = _mapping(sample.get("metadata"))
        self._values[key] = dict(_values(sample.get("scores")))
        self._places[key] = (self._cluster(metadata), _first(metadata, USE_CASES) or "general", _digest(question))
        self._failed[key] = _failure(sample)
        self.answers[key] = Written(item, draw, question, _answer(sample))

    def _cluster(self, metadata: Mapping[str, Any]) -> str:
        return _first(metadata, (self._key,) if self._key else GROUPS)

    def scores(self, scorers: list[str]) -> Any:
        """Return all scores: of every sample one a score that any sample has, missing where this one has none."""
        names = dict.fromkeys(name for values in self._values.values() for name in values) or dict.fromkeys(scorers)
        made = RunScores()
        for (item, draw), values in self._values.items():
            cluster, use_case, digest = self._places[item, draw]
            failed = self._failed[item, draw]
            for name in names:
                value, reason = values.get(name, (None, NO_SCORE))
                if failed:
                    value, reason = None, failed
                made.add(name, item, draw, value, reason=reason, cluster=cluster, use_case=use_case, digest=digest)
        return made.frame()


def _values(scores: object) -> Iterator[tuple[str, tuple[float | None, str]]]:
    """Yield each score of a sample: of a scorer that gives several, one for each."""
    for scorer, score in _mapping(scores).items():
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
    """Return why a sample has no score that counts; empty where it may have one."""
    if sample.get("error"):
        return "the sample ended in an error"
    return "the sample was invalidated" if sample.get("invalidation") else ""


def _question(sample: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    attached = _mapping(sample.get("attachments"))
    given = sample.get("input")
    if isinstance(given, str):
        return (("user", _attached(given, attached)),)
    listed = given if isinstance(given, list) else []
    return tuple(
        (str(one.get("role") or "user"), _text(one.get("content"), attached)) for one in listed if isinstance(one, dict)
    )


def _answer(sample: Mapping[str, Any]) -> str:
    attached, output = _mapping(sample.get("attachments")), _mapping(sample.get("output"))
    if isinstance(output.get("completion"), str):
        return _attached(output["completion"], attached)
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    return _text(_mapping(first.get("message")).get("content"), attached)


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


def _digest(question: tuple[tuple[str, str], ...]) -> str:
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:16] if question else ""


def _facts(log: Mapping[str, Any], eval_: Mapping[str, Any]) -> dict[Fact, str]:
    dataset, config, plan = (_mapping(one) for one in (eval_.get("dataset"), eval_.get("config"), log.get("plan")))
    settings = {**_mapping(plan.get("config")), **_mapping(eval_.get("model_generate_config"))}
    steps = [
        {"solver": one.get("solver"), "params": one.get("params")}
        for one in plan.get("steps") or []
        if isinstance(one, dict)
    ]
    roles = {name: _mapping(role).get("model") for name, role in _mapping(eval_.get("model_roles")).items()}
    judges = [
        str(_mapping(one.get("options")).get("model"))
        for one in eval_.get("scorers") or []
        if isinstance(one, dict) and _mapping(one.get("options")).get("model")
    ]
    found: dict[Fact, object] = {
        "task": eval_.get("task"),
        "task version": eval_.get("task_version"),
        "dataset": dataset.get("location") or dataset.get("name"),
        "prompt": f"{_short(steps)}" if steps else None,
        "judge": ", ".join([*judges, *(f"{name}: {model}" for name, model in sorted(roles.items()))]) or None,
        "temperature": settings.get("temperature"),
        "epochs": config.get("epochs"),
        "samples asked for": config.get("limit"),
    }
    return {name: str(value) for name, value in found.items() if value is not None}


def _short(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _scorers(eval_: Mapping[str, Any]) -> list[str]:
    return [str(one["name"]) for one in eval_.get("scorers") or [] if isinstance(one, dict) and one.get("name")]


def _stated(log: Mapping[str, Any]) -> dict[str, float]:
    """Return each score's mean as the log states it, where it is a mean over items of the means over epochs."""
    found: dict[str, float] = {}
    for score in _mapping(log.get("results")).get("scores") or []:
        if not isinstance(score, dict) or score.get("reducer") not in (None, "mean"):
            continue
        name, scorer = str(score.get("name")), str(score.get("scorer") or score.get("name"))
        for metric in ("accuracy", "mean"):
            value = _mapping(_mapping(score.get("metrics")).get(metric)).get("value")
            if isinstance(value, int | float):
                found.setdefault(name if name == scorer else f"{scorer}/{name}", float(value))
    return found


def _ended(log: Mapping[str, Any]) -> str:
    status = log.get("status")
    if status == "success":
        return ""
    message = _mapping(log.get("error")).get("message")
    words = {"started": "it was never finished", "cancelled": "it was cancelled"}
    return words.get(str(status), f"it ended with the status {status!r}") + (f": {message}" if message else "")


def _first(held: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((str(held[name]).strip() for name in names if held.get(name) not in (None, "")), "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
