"""The answers of a review that people could label for one signal, each with what the signal's instrument read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from seatrial.errors import EvidenceError
from seatrial.evidence.vibes.giveaways import names_itself
from seatrial.instruments.declared import harmful_end
from seatrial.models import open_models
from seatrial.models.base import RecordedModel
from seatrial.observations import read_observations
from seatrial.policy import LaunchPolicy
from seatrial.replies import visible_answer
from seatrial.suites import Suite, find_suites, load_suite, with_held_out
from seatrial.types import ROLES, Item, Role

__all__ = ["BOTH", "Answer", "Pool", "pool_of"]

BOTH = 2
"""Kind of an answer that both models gave; that of the baseline's is 0, of the candidate's 1."""
Texts = Mapping[tuple[str, int], str]
"""(item, draw) → what was answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One text that an item was answered with.

    Attributes:
        item: What was asked.
        text: The answer.
        harm: What the instrument read, + is harm; the mean where it stands for several draws.
        counts: How often the baseline and the candidate gave it.
        sign: What a label of it adds to its cluster's change: its share of the candidate's answers less that of the
            baseline's.
    """

    item: Item
    text: str
    harm: float
    counts: tuple[int, int]
    sign: float

    @property
    def kind(self) -> int:
        """Who gave it: 0 the baseline, 1 the candidate, 2 both."""
        return BOTH if all(self.counts) else int(self.counts[0] == 0)


@dataclass(frozen=True, slots=True)
class Pool:
    """What can be labelled for a signal.

    Attributes:
        signal: The gate's signal.
        title: For a person.
        rubric: What counts as harmful, Markdown: the suite's, or that of the one that a declared signal is graded by.
            Empty where nobody wrote it down.
        answers: The texts, each once.
        left_out: Answers that say what wrote them, which nobody is shown.
        suite: The suite that was asked; None over recorded items of the team's own.
    """

    signal: str
    title: str
    rubric: str
    answers: tuple[Answer, ...]
    left_out: int
    suite: Suite | None


def pool_of(review: Path, policy: LaunchPolicy, signal: str) -> Pool:
    """Return the answers of a review that can be labelled for a signal.

    Args:
        review: The review's folder.
        policy: Its policy.
        signal: Suite or declared signal that a gate of it asked.

    Raises:
        EvidenceError: no gate asked it, its harm lies in no single answer, or nothing of it can be read by people.
    """
    read = _readings(review, signal)
    suite = _suite(policy, signal)
    if suite is not None and suite.contrast:
        raise EvidenceError(
            f"{signal}: its harm is the difference between two variants of a question, which no single answer shows. "
            "Label a signal whose answers are graded one by one."
        )
    items, texts = _texts(review, policy, suite)
    spec = policy.signals.get(signal)
    words = suite if spec is None or spec.rubric is None else load_suite(find_suites(policy.suites)[spec.rubric])
    turn = -1.0 if (words.harmful if words is not None else harmful_end(signal, spec)) == "low" else 1.0
    found: dict[tuple[str, str], dict[Role, list[float]]] = {}
    left_out = 0
    for (role, item, draw), value in read.items():
        text = texts[role].get((item, draw), "")
        if item not in items or not text:
            continue
        if names_itself(text):
            left_out += 1
            continue
        found.setdefault((item, text), {one: [] for one in ROLES})[role].append(turn * value)
    answers = _answers(items, found)
    if not answers:
        raise EvidenceError(
            f"{review}: no answers to {signal} that people could read, from both models. Review it with an instrument "
            "that reads whole answers, such as `instrument: judge/NAME`."
        )
    title, rubric = (words.title, words.rubric) if words is not None else (signal, "")
    return Pool(signal, title, rubric, answers, left_out, suite)


def _readings(review: Path, signal: str) -> dict[tuple[Role, str, int], float]:
    """Return what a review's instrument read for a signal: model, item, draw → value."""
    path = review / "observations.parquet"
    if not path.exists():
        raise EvidenceError(f"{path}: no observations of a finished review here; run `seatrial review` first")
    table = read_observations(path)
    held = table.filter(table["signal"].cast(str) == signal)
    if held.is_empty():
        known = sorted(set(table["signal"].cast(str).to_list()))
        raise EvidenceError(f"{review}: nothing was read for {signal}; this review has {', '.join(known) or 'nothing'}")
    return {
        (cast("Role", str(row["role"])), str(row["item"]), int(row["draw"])): float(row["value"])
        for row in held.iter_rows(named=True)
        if row["value"] is not None
    }


def _suite(policy: LaunchPolicy, signal: str) -> Suite | None:
    folders = find_suites(policy.suites)
    return with_held_out(load_suite(folders[signal]), policy.held_out) if signal in folders else None


def _texts(review: Path, policy: LaunchPolicy, suite: Suite | None) -> tuple[dict[str, Item], dict[Role, Texts]]:
    """Return the items by id, and what each model answered: from the review's answers, or from recorded files."""
    specs = {"baseline": policy.baseline, "candidate": policy.candidate}
    items = {item.id: item for item in suite.items} if suite is not None else {}
    texts: dict[Role, dict[tuple[str, int], str]] = {role: {} for role in ROLES}
    for role in ROLES:
        if not specs[role].recorded:
            continue
        (model,) = open_models(specs[role])
        if not isinstance(model, RecordedModel):
            continue  # scores without answers
        if suite is None:
            items |= {item.id: item for item in model.items()}
        for item in list(items.values()):
            for draw, answer in enumerate(model.answers(item)):
                texts[role][item.id, draw] = visible_answer(answer.text).strip()
    for role, item_id, draw, text in _kept(review, suite.name if suite is not None else ""):
        texts[role].setdefault((item_id, draw), text)
    return items, {role: texts[role] for role in ROLES}


def _kept(review: Path, suite: str) -> list[tuple[Role, str, int, str]]:
    """Return the answers to a suite that a review kept; judges' replies and a torn last line are none."""
    path = review / "responses" / "answers.jsonl"
    if not path.exists() or not suite:
        return []
    found: list[tuple[Role, str, int, str]] = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            entry = json.loads(line)
            role, kept = entry["role"], entry["response"]
            if role in ROLES and kept["suite"] == suite:
                text = visible_answer(str(kept["text"])).strip()
                found.append((role, str(kept["item"]), int(kept["draw"]), text))
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            continue
    return found


def _answers(
    items: Mapping[str, Item], found: Mapping[tuple[str, str], Mapping[Role, list[float]]]
) -> tuple[Answer, ...]:
    """Return the answers to items of clusters that both models answered."""
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (asked, _), values in found.items():
        for place, role in enumerate(ROLES):
            totals[items[asked].cluster][place] += len(values[role])
    made = []
    for (name, text), values in found.items():
        item = items[name]
        counts = (len(values["baseline"]), len(values["candidate"]))
        whole = totals[item.cluster]
        if min(whole):
            read = [*values["baseline"], *values["candidate"]]
            sign = counts[1] / whole[1] - counts[0] / whole[0]
            made.append(Answer(item, text, sum(read) / len(read), counts, sign))
    return tuple(sorted(made, key=lambda one: (one.item.id, one.text)))
