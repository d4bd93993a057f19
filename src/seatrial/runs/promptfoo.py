"""Results of promptfoo: JSON (versions 2 and 3) and JSON Lines; a run for each provider and prompt in the file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seatrial.errors import EvidenceError
from seatrial.runs.inspect_log import GROUPS, USE_CASES
from seatrial.runs.json_files import digest_of, first_of, json_file, json_rows, mapping, messages_of
from seatrial.runs.numbers import Number, number_of
from seatrial.runs.recorded_run import Fact, RecordedRun, RunScores, Written
from seatrial.runs.wording import how_many

__all__ = ["read_promptfoo"]

ERROR = "no answer that was graded: an error of the provider or of an assertion"
UNREAD = "a row that cannot be read"
BROKEN = (
    "Custom function threw error:",
    "Python code execution failed:",
    "Invalid regex pattern:",
    "Scoring function error:",
)
"""How the reason begins that promptfoo gives for a check that broke, which it counts as failed."""
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WORDS = {"true": 1.0, "false": 0.0}


def read_promptfoo(path: Path, cluster: str = "") -> list[RecordedRun]:
    """Return the runs that a file of results holds: one for each provider, and for each prompt where there are several.

    promptfoo numbers no repeats: rows with the same variables are draws of one item, in the order of the
    tests. A row that ended in an error (`failureReason` 2) has no score, though promptfoo counts it with score 0.

    Args:
        path: What `promptfoo eval -o` wrote: `.json` or `.jsonl`.
        cluster: Variable or key of metadata that says which tests belong together; one that plainly does where empty.

    Raises:
        EvidenceError: it cannot be read, or holds no results of promptfoo.
    """
    file: Mapping[str, Any] = {}
    found: list[Any] = []
    unread: list[str] = []
    if path.suffix.lower() == ".json":
        file = json_file(path, "let promptfoo write JSON Lines: promptfoo eval -o results.jsonl")
        found = _rows(file)
    else:
        for number, line in json_rows(path):
            found.append(line)
            if isinstance(line, str):
                unread.append(f"line {number}: {line}")
    unread += [
        f"row {place}: no `success` of true or false"
        for place, row in enumerate(found, 1)
        if not isinstance(row, str) and not isinstance(mapping(row).get("success"), bool)
    ]
    rows = [row for row in found if isinstance(row, Mapping) and isinstance(row.get("success"), bool)]
    if not rows:
        raise EvidenceError(f"{path}: no results of promptfoo: nothing in it has `success`")
    places: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        places.setdefault(_place(row), []).append(row)
    left_out = len(found) - len(rows)
    told = [f"{left_out} of {len(found)} rows were not read; the first: {unread[0]}."] if left_out else []
    names = Counter((_model(row[0]), _prompt_name(row[0])) for row in places.values())
    told += [
        f"{model} stands {count} times with one prompt: told apart by place."
        for (model, _), count in names.items()
        if count > 1
    ]
    several = len({_prompt_name(row[0]) for row in places.values()}) > 1
    graded = any(row.get("score") not in (None, row["success"]) for row in rows if not _failed(row))
    return [
        _Run(path, file, one, cluster, several, graded).recorded(told, Counter({UNREAD: left_out} if left_out else {}))
        for _, one in sorted(places.items(), key=lambda place: str(place[0]))
    ]


def _summary(file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a file that holds the rows: the file itself where a program wrote it."""
    held = file.get("results")
    return held if isinstance(held, Mapping) else file


def _rows(file: Mapping[str, Any]) -> list[Any]:
    listed = _summary(file).get("results")
    return listed if isinstance(listed, list) else []


def _prompts(file: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what promptfoo counted for each provider and prompt; version 2 has it at the head of its table."""
    summary = _summary(file)
    listed = summary.get("prompts") or mapping(mapping(summary.get("table")).get("head")).get("prompts")
    return [mapping(one) for one in listed] if isinstance(listed, list) else []


def _place(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what tells one provider and prompt from another: the column, and the names where none is given."""
    column = row.get("promptIdx")
    return (f"{column:06d}",) if isinstance(column, int) else (_model(row), _prompt_name(row))


def _model(row: Mapping[str, Any]) -> str:
    provider = row.get("provider")
    held = mapping(provider)
    return str(held.get("label") or held.get("id") or (provider if isinstance(provider, str) else ""))


def _prompt_name(row: Mapping[str, Any]) -> str:
    """Return what a prompt is called; one without a name is called by its own text, of which the beginning will do."""
    prompt = mapping(row.get("prompt"))
    name = str(prompt.get("label") or "")
    return name if len(name) <= 60 else f"{name[:50]}… {digest_of(name)[:6]}"


def _messages(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return messages_of(mapping(row.get("prompt")).get("raw"))


class _Run:
    """The rows of one provider and prompt."""

    def __init__(
        self,
        path: Path,
        file: Mapping[str, Any],
        rows: list[Mapping[str, Any]],
        cluster: str,
        several: bool,
        graded: bool,
    ) -> None:
        self.path, self.file, self.several, self.graded = path, file, several, graded
        self.groups = (cluster,) if cluster else GROUPS
        self.rows = sorted(rows, key=lambda row: row["testIdx"] if isinstance(row.get("testIdx"), int) else 0)
        self.told: list[str] = []
        self.items = self._items()

    def recorded(self, told: list[str], unread: Counter[str]) -> RecordedRun:
        """Return the run."""
        first = self.rows[0]
        values = [dict(self._values(row)) for row in self.rows]
        scores, answers = RunScores(), []
        drawn: Counter[str] = Counter()
        counted: Counter[tuple[str, str]] = Counter()
        for row, item, named in zip(self.rows, self.items, values, strict=True):
            draw = drawn[item]
            drawn[item] += 1
            held = {**mapping(row.get("vars")), **mapping(mapping(row.get("testCase")).get("metadata"))}
            for name, (value, reason) in named.items():
                counted[name, item] += value is not None
                scores.add(
                    name,
                    item,
                    draw,
                    value,
                    reason=reason,
                    cluster=first_of(held, self.groups),
                    use_case=first_of(held, USE_CASES) or "general",
                )
            answers.append(Written(item, draw, _messages(row), _output(row)))
        if max(drawn.values()) > 1:
            self.told.append("Tests with the same variables are read as several draws, in their order.")
        task = str(mapping(self.file.get("config")).get("description") or "")
        return RecordedRun(
            self.path,
            "promptfoo",
            ": ".join(one for one in (task, _prompt_name(first) if self.several else "") if one),
            _model(first),
            scores.frame(),
            self._facts(max(drawn.values())),
            answers=tuple(answers),
            stated=self._stated(counted),
            scales={"pass": (0.0, 1.0)},
            harmful={name: "low" for name in ("pass", "score") if name in values[0]},
            told=(*told, *self.told),
            unread=unread,
            rows=len(self.rows),
            checks={item: _checked(row) for item, row in zip(self.items, self.rows, strict=True)},
        )

    def _items(self) -> list[str]:
        """Return each row's item: a digest of its variables, and of what is checked where that differs.

        The prompt around them is the run's: it may be what an update changed. A test without variables is its prompt.
        """
        found = [digest_of(row.get("vars") or mapping(row.get("prompt")).get("raw")) for row in self.rows]
        if all(not row.get("vars") and "stripped]" in str(mapping(row.get("prompt")).get("raw")) for row in self.rows):
            self.told.append("Variables and prompts were stripped from the file: tests are told apart by their place.")
            return [str(row.get("testIdx")) for row in self.rows]
        stands = Counter(found)
        if len(stands) == len(found):
            return found
        checks = [
            digest_of(mapping(row.get("testCase")).get("assert")) if stands[item] > 1 else ""
            for row, item in zip(self.rows, found, strict=True)
        ]
        ways: dict[str, set[str]] = {}
        for item, check in zip(found, checks, strict=True):
            ways.setdefault(item, set()).add(check)
        if all(len(one) == 1 for one in ways.values()):
            return found
        self.told.append("Some tests ask the same and check different things: told apart by what they check.")
        return [f"{item}/{check}" if len(ways[item]) > 1 else item for item, check in zip(found, checks, strict=True)]

    def _values(self, row: Mapping[str, Any]) -> Iterator[tuple[str, Number]]:
        """Yield whether a row passed, its score, and each score that has a name; none of them after an error."""
        graded = mapping(row.get("gradingResult"))
        failed = _failed(row)
        yield "pass", (None, ERROR) if failed else number_of(row["success"], {})
        if self.graded:
            yield "score", (None, ERROR) if failed else number_of(row.get("score"), _WORDS)
        named = {str(name): value for name, value in mapping(row.get("namedScores")).items()}
        parts = graded.get("componentResults")
        for part in parts if isinstance(parts, list) else []:
            metric = mapping(mapping(part).get("assertion")).get("metric")
            if metric:
                named.setdefault(str(metric), part.get("score"))
        for check in _checks(row):
            if check.get("metric") and "{{" not in str(check["metric"]):
                named.setdefault(str(check["metric"]), None)
        for name, value in named.items():
            number = (None, ERROR) if failed else number_of(value, _WORDS)
            yield f"{name} (named)" if name in ("pass", "score") else name, number

    def _facts(self, draws: int) -> dict[Fact, str]:
        first, config = self.rows[0], mapping(self.file.get("config"))
        judges = {str(check["provider"]) for row in self.rows for check in _checks(row) if check.get("provider")}
        judges |= {
            str(options["provider"])
            for one in (config.get("defaultTest"), *(row.get("testCase") for row in self.rows))
            if (options := mapping(mapping(one).get("options"))).get("provider")
        }
        found: dict[Fact, object] = {
            "task": config.get("description"),
            "prompt": str(first.get("promptId") or digest_of(mapping(first.get("prompt")).get("label")))[:16],
            "judge": ", ".join(sorted(judges)) or None,
            "temperature": self._temperature(config),
            "epochs": draws,
        }
        return {name: str(value) for name, value in found.items() if value is not None}

    def _temperature(self, config: Mapping[str, Any]) -> str | None:
        """Return at which temperature the tests were asked; where they were not alike, how many at which."""
        own = _provider_setting(config, _model(self.rows[0]))
        default = mapping(mapping(config.get("defaultTest")).get("options")).get("temperature")
        found = Counter(str(value) for row in self.rows if (value := _temperature(row, own, default)) is not None)
        if len(found) == 1 and found.total() == len(self.rows):
            return next(iter(found))
        return ", ".join(f"{value} (in {how_many(count, 'test')})" for value, count in sorted(found.items())) or None

    def _stated(self, counted: Counter[tuple[str, str]]) -> dict[str, float]:
        """Return the means that promptfoo states, over the rows that it graded.

        Only where each item has as many graded rows as any other: else a mean over items and one over rows differ.
        """
        column, prompts = self.rows[0].get("promptIdx"), _prompts(self.file)
        if not isinstance(column, int):
            alike = [
                n
                for n, one in enumerate(prompts)
                if (one.get("provider"), one.get("label"))
                == (_model(self.rows[0]), mapping(self.rows[0].get("prompt")).get("label"))
            ]
            column = alike[0] if len(alike) == 1 else len(prompts)
        metrics = mapping(prompts[column].get("metrics")) if 0 <= column < len(prompts) else {}
        passed, failed, errors = (
            number_of(metrics.get(f"test{what}Count"), {})[0] or 0.0 for what in ("Pass", "Fail", "Error")
        )
        if not metrics:
            return {}
        if passed + failed + errors != len(self.rows):
            self.told.append(
                f"promptfoo counted {passed + failed + errors:.0f} tests here, and {len(self.rows)} are in the file."
            )
            return {}
        graded = sum(not _failed(row) for row in self.rows)  # version 2 counts errors among the failures
        sums: dict[str, tuple[object, object]] = {"pass": (passed, graded), "score": (metrics.get("score"), graded)}
        weights = mapping(metrics.get("namedScoreWeights")) or mapping(metrics.get("namedScoresCount"))
        for name, value in mapping(metrics.get("namedScores")).items():
            sums.setdefault(str(name), (value, weights.get(name)))
        found = {}
        for name, parts in sums.items():
            draws = {count for (one, _), count in counted.items() if one == name and count}
            total, weight = (number_of(part, {})[0] for part in parts)
            if len(draws) == 1 and total is not None and weight:
                found[name] = total / weight
        return found


def _provider_setting(config: Mapping[str, Any], model: str) -> object:
    """Return the temperature of a provider's own settings: listed by itself, or under its id."""
    listed = config.get("providers")
    for one in listed if isinstance(listed, list) else [listed]:
        held = mapping(one)
        for name, provider in ({"": held} if "id" in held or "config" in held else held).items():
            said = mapping(provider)
            if model in (said.get("label"), said.get("id"), name):
                return mapping(said.get("config")).get("temperature")
    return None


def _temperature(row: Mapping[str, Any], provider: object, default: object) -> object:
    """Return at which temperature one test was asked: what stands nearest to it counts, and a variable by its value."""
    test, variables = mapping(row.get("testCase")), mapping(row.get("vars"))
    near = (
        mapping(test.get("options")).get("temperature"),
        mapping(mapping(test.get("provider")).get("config")).get("temperature"),
        mapping(mapping(row.get("prompt")).get("config")).get("temperature"),
        default,
        provider,
    )
    value = next((one for one in near if one is not None), None)
    variable = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    return variables.get(variable[1], value) if variable else value


def _failed(row: Mapping[str, Any]) -> bool:
    """Return whether a row has no grade because of an error; before version 3 it says so by what is missing.

    What checks an answer may break too, and promptfoo writes that down as an answer that failed.
    """
    graded = mapping(row.get("gradingResult"))
    parts = graded.get("componentResults")
    if any(_broke(mapping(one)) for one in (graded, *(parts if isinstance(parts, list) else []))):
        return True
    if "failureReason" in row:
        return bool(row["failureReason"] == 2)
    return bool(row.get("error")) and not graded


def _broke(result: Mapping[str, Any]) -> bool:
    """Return whether a check ended in an error of its own: by its metadata or its reason."""
    reason = result.get("reason")
    said = isinstance(reason, str) and reason.startswith(BROKEN) and result.get("pass") is not True
    return said or mapping(result.get("metadata")).get("graderError") is True


def _checked(row: Mapping[str, Any]) -> str:
    """Return a digest of what an answer is held against; who grades is told apart."""
    test = mapping(row.get("testCase"))
    return digest_of([_without_judge(test.get("assert")), test.get("threshold")])


def _without_judge(checks: object) -> object:
    if isinstance(checks, list):
        return [_without_judge(one) for one in checks]
    if not isinstance(checks, Mapping):
        return checks
    return {
        name: _without_judge(value) if name == "assert" else value
        for name, value in checks.items()
        if name != "provider"
    }


def _checks(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the assertions of a test, those of a set each for itself."""
    listed = mapping(row.get("testCase")).get("assert")
    for one in listed if isinstance(listed, list) else []:
        held = mapping(one)
        within = held.get("assert")
        yield held
        yield from (mapping(part) for part in within) if isinstance(within, list) else ()


def _output(row: Mapping[str, Any]) -> str:
    output = mapping(row.get("response")).get("output")
    if output is None or isinstance(output, str):
        return output or ""
    return json.dumps(output, ensure_ascii=False)
