"""The answers that both models gave to the same items, as a review keeps them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import EvidenceError
from seatrial.models import open_models
from seatrial.models.base import RecordedModel
from seatrial.policy import LaunchPolicy, ModelSpec
from seatrial.replies import visible_answer
from seatrial.report import load_result
from seatrial.suites import find_suites, load_suite, with_held_out
from seatrial.types import ROLES, Item, Role

__all__ = ["FEWEST_WORDS", "Answered", "answered"]

FEWEST_WORDS = 2
"""A suite whose longest answer is shorter was asked for first words only, which say nothing of style."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An item with what both models answered.

    Attributes:
        item: What was asked.
        baseline: The baseline's answers, one or several draws.
        candidate: The candidate's.
    """

    item: Item
    baseline: tuple[str, ...]
    candidate: tuple[str, ...]

    @property
    def cluster(self) -> tuple[str, str]:
        """Suite and cluster of the item: suites may call theirs alike."""
        return self.item.suite, self.item.cluster

    def of(self, role: Role) -> tuple[str, ...]:
        """Return one model's answers."""
        return self.baseline if role == "baseline" else self.candidate


def answered(folder: Path) -> tuple[list[Answered], list[str]]:
    """Return the items of a finished review that both models answered in words, and what was left out, in sentences.

    Raises:
        StoreError: there is no finished review in the folder.
        EvidenceError: it holds no answers in words, or its suites or recorded answers are there no more.
    """
    policy = load_result(folder).policy
    held, torn = _kept(folder / "responses" / "answers.jsonl")
    items = _asked(policy, {suite for suite, _ in held})
    for role, model in _recorded(policy).items():
        for item in model.items():
            items[item.suite, item.id] = item
            held[item.suite, item.id][role] = [answer.text for answer in model.answers(item)]
    wordless = {suite for suite in {suite for suite, _ in held} if _longest(held, suite) < FEWEST_WORDS}
    found, single = [], 0
    for key, texts in held.items():
        if key not in items or key[0] in wordless:
            continue
        if all(texts[role] for role in ROLES):
            found.append(Answered(items[key], *(tuple(texts[role]) for role in ROLES)))
        else:
            single += 1
    if not found:
        raise EvidenceError(
            f"{folder}: no item that both models answered in words. Gates that read first words ask for one token; "
            "review a suite whose answers are read, or give a gate `instrument: text/…`."
        )
    gone = len(held.keys() - items.keys())
    told = [
        f"{count:,} {what}"
        for count, what in (
            (torn, "lines of its answers could not be read and are left out."),
            (single, "items were answered by one model only and are left out."),
            (gone, "items are in its suites no more, so that their answers are left out."),
        )
        if count
    ]
    if wordless:
        told.append(f"Of {', '.join(sorted(wordless))} only first words were asked for, so they are left out.")
    return sorted(found, key=lambda one: (one.item.suite, one.item.id)), told


Kept = dict[tuple[str, str], dict[Role, list[str]]]


def _kept(path: Path) -> tuple[Kept, int]:
    """Return both models' answers by suite and item in the order of their draws, and how many lines are torn."""
    held: Kept = defaultdict(lambda: {role: [] for role in ROLES})
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return held, 0
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read: {error.strerror}") from error
    rows: list[tuple[int, str, str, Role, str]] = []
    torn = 0
    for line in filter(str.strip, lines):
        try:
            entry = json.loads(line)
            role, kept = entry["role"], entry["response"]
            if role in ROLES:
                text = visible_answer(str(kept["text"]))
                rows.append((int(kept["draw"]), str(kept["suite"]), str(kept["item"]), role, text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            torn += 1
    for _, suite, item, role, text in sorted(rows, key=lambda row: row[0]):
        held[suite, item][role].append(text)
    return held, torn


def _longest(held: Kept, suite: str) -> int:
    texts = (text for key, by_role in held.items() if key[0] == suite for said in by_role.values() for text in said)
    return max((len(text.split()) for text in texts), default=0)


def _asked(policy: LaunchPolicy, suites: set[str]) -> dict[tuple[str, str], Item]:
    """Return the items of the suites that were asked."""
    folders: Sequence[Path] = [folder for folder in find_suites(policy.suites).values() if folder.name in suites]
    items = [item for folder in folders for item in with_held_out(load_suite(folder), policy.held_out).items]
    return {(item.suite, item.id): item for item in items}


def _recorded(policy: LaunchPolicy) -> dict[Role, RecordedModel]:
    """Return the models whose answers were there before the review."""
    specs: dict[Role, ModelSpec] = {"baseline": policy.baseline, "candidate": policy.candidate}
    opened = {role: open_models(spec)[0] for role, spec in specs.items() if spec.provider == "transcripts"}
    return {role: model for role, model in opened.items() if isinstance(model, RecordedModel)}
