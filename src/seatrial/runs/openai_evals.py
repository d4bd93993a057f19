"""Event logs of OpenAI evals: a specification, a final report, and one event a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.runs.json_files import digest_of, id_of, json_rows, mapping
from seatrial.runs.numbers import NO_SCORE, number_of
from seatrial.runs.recorded_run import Fact, RecordedRun, RunScores, Written

__all__ = ["read_openai_evals"]

MATCH = "accuracy"
"""What the events of type `match` are called together, as in the final report."""
BROKEN = "a line that is not whole"
ERROR = "the sample ended in an error"
WORDS = {"true": 1.0, "false": 0.0, "y": 1.0, "n": 0.0, "c": 1.0, "i": 0.0}


def read_openai_evals(path: Path) -> RecordedRun:
    """Return the run in a log.

    Raises:
        EvidenceError: the file cannot be read, or holds no events.
    """
    made = _Reading()
    for number, line in json_rows(path):
        made.take(number, line)
    made.miss()
    if not made.scores.score:
        raise EvidenceError(f"{path}: no event of type `match` or `metrics` is in it")
    spec, report = made.spec, made.report
    facts: dict[Fact, object] = {"task": spec.get("eval_name"), "dataset": spec.get("split")}
    models = spec.get("completion_fns")
    stated = {name: float(value) for name, value in report.items() if isinstance(value, int | float)}
    return RecordedRun(
        path,
        "OpenAI evals",
        str(spec.get("base_eval") or spec.get("eval_name") or ""),
        ", ".join(map(str, models)) if isinstance(models, list) else "",
        made.scores.frame(),
        {name: str(value) for name, value in facts.items() if value},
        answers=tuple(made.answers),
        stated={name: value for name, value in stated.items() if name in made.scores.score},
        told=tuple(made.told),
        unread=made.unread,
        ended="" if report else "it has no final report",
        rows=made.rows,
    )


class _Reading:
    """The events of a run while they are read."""

    def __init__(self) -> None:
        self.spec: Mapping[str, Any] = {}
        self.report: Mapping[str, Any] = {}
        self.scores = RunScores()
        self.answers: list[Written] = []
        self.unread: Counter[str] = Counter()
        self.told: list[str] = []
        self.rows = 0
        self._asked: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {}
        self._drawn: Counter[str] = Counter()
        self._scored: Counter[tuple[str, str]] = Counter()
        self._words: list[tuple[str, str, str]] = []
        self._items: dict[str, str] = {}

    def take(self, number: int, line: dict[str, Any] | str) -> None:
        """Read one line, or count why it is not read."""
        self.rows += 1
        if isinstance(line, str):
            self.told += [] if self.unread[BROKEN] else [f"The first line that is not whole is line {number}: {line}."]
            self.unread[BROKEN] += 1
            return
        self.spec = mapping(line.get("spec")) or self.spec
        self.report = mapping(line.get("final_report")) or self.report
        item, kind, data = id_of(line.get("sample_id")), line.get("type"), line.get("data")
        if not item:
            return
        if kind == "error" or item not in self._items:
            self._items[item] = ERROR if kind == "error" else NO_SCORE
        if not isinstance(data, Mapping):
            return
        if kind == "sampling":
            question = _question(data.get("prompt"))
            self._asked.setdefault(item, (question, digest_of(question) if question else ""))
            self.answers.append(Written(item, self._drawn[item], question, _answer(data.get("sampled"))))
            self._drawn[item] += 1
        elif kind == "match":
            self._add(MATCH, item, data.get("correct"))
        elif kind == "metrics":
            for name, value in data.items():
                if number_of(value, WORDS)[1].startswith("not a number"):
                    self._words.append((str(name), item, str(value)))
                else:
                    self._add(str(name), item, value)

    def _add(self, name: str, item: str, value: object) -> None:
        number, reason = number_of(value, WORDS)
        digest = self._asked.get(item, ((), ""))[1]
        self.scores.add(name, item, self._scored[item, name], number, reason=reason, digest=digest)
        self._scored[item, name] += 1

    def miss(self) -> None:
        """Add what should have a score and has none: words where others have a number, samples without any score.

        Beside its numbers an event tells in words what they rest on; what is a word throughout is no score.
        """
        names = dict.fromkeys(self.scores.score)
        for name, item, word in self._words:
            if name in names:
                self._add(name, item, word)
        scored = {item for item, _ in self._scored}
        for item, reason in self._items.items():
            for name in names if item not in scored else ():
                self.scores.add(name, item, 0, None, reason=reason, digest=self._asked.get(item, ((), ""))[1])


def _question(prompt: object) -> tuple[tuple[str, str], ...]:
    if isinstance(prompt, str):
        return (("user", prompt),)
    listed = prompt if isinstance(prompt, list) else []
    return tuple((str(one.get("role")), str(one.get("content"))) for one in listed if isinstance(one, dict))


def _answer(sampled: object) -> str:
    first = sampled[0] if isinstance(sampled, list) and sampled else sampled
    return first if isinstance(first, str) else ""
