"""A run of an evaluation that another tool made: its scores by item and draw, its answers, and what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seatrial.types import Harmful

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Fact", "RecordedRun", "RunScores", "Written"]

Fact = Literal[
    "task",
    "task version",
    "dataset",
    "prompt",
    "checks",
    "shots",
    "judge",
    "temperature",
    "generation",
    "epochs",
    "filter",
    "samples asked for",
]
"""What must be alike in two runs for their scores to be compared, as people call it."""


@dataclass(slots=True)
class RunScores:
    """The scores of a run while they are read, one a place in each list; `frame` makes a table of them.

    Attributes:
        score: What was measured: a scorer, a metric, a column.
        item: The item's id, which must be the same in both runs.
        draw: Which of several answers to the item, from 0.
        value: The number; None where there should be one and is none.
        reason: Why there is none; empty where there is one.
        cluster: What belongs together; the item's own id where nothing does.
        use_case: The kind of use.
        digest: Digest of the question, by which items are paired where their ids lie; empty where it is not there.
    """

    score: list[str] = field(default_factory=list)
    item: list[str] = field(default_factory=list)
    draw: list[int] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    cluster: list[str] = field(default_factory=list)
    use_case: list[str] = field(default_factory=list)
    digest: list[str] = field(default_factory=list)

    def add(
        self,
        score: str,
        item: str,
        draw: int,
        value: float | None,
        *,
        reason: str = "",
        cluster: str = "",
        use_case: str = "general",
        digest: str = "",
    ) -> None:
        """Add one score."""
        self.score.append(score)
        self.item.append(item)
        self.draw.append(draw)
        self.value.append(value)
        self.reason.append(reason)
        self.cluster.append(cluster or item)
        self.use_case.append(use_case)
        self.digest.append(digest)

    def frame(self) -> pl.DataFrame:
        """Return them as a table."""
        import polars as pl

        columns = {name: getattr(self, name) for name in self.__slots__}
        return pl.DataFrame(columns, schema_overrides={"value": pl.Float64, "draw": pl.Int64}, strict=False)


@dataclass(frozen=True, slots=True)
class Written:
    """One answer of a run, with the question that it answers.

    Attributes:
        item: The item's id.
        draw: Which of several answers.
        question: The messages before it, as (role, text).
        answer: The text; empty where there is none.
    """

    item: str
    draw: int
    question: tuple[tuple[str, str], ...]
    answer: str


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One run of one task by one model, as a file of another tool holds it.

    Attributes:
        path: The file.
        tool: Which tool wrote it: `Inspect`, `lm-eval`, `promptfoo`, `OpenAI evals`, `a table`.
        task: The task's name, by which runs of several tasks are told apart; empty where it has none.
        model: The model's name; empty where the file names none.
        scores: One row a score, with the columns of `RunScores`.
        facts: What must be alike for the scores to be compared; what the file does not say is left out.
        prompts: Question, by its digest or else its item → digest of all that was asked about it.
        answers: What the model wrote, in the order of the file.
        stated: Score → the mean that the tool itself states.
        scales: Score → smallest and largest possible value, where the format fixes them.
        harmful: Score → which end is harm, where the file says it.
        told: How it was read where there was a choice, and what of it may mislead, in sentences.
        unread: Why rows were left out → how many.
        ended: How it ended, where not well: `error: …`, `it was never finished`; empty where it did.
        rows: Rows that the file holds, read or not.
        checks: Question, as in `prompts` → digest of what an answer to it is held against: its target, its assertions.
    """

    path: Path
    tool: str
    task: str
    model: str
    scores: pl.DataFrame
    facts: Mapping[Fact, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Written, ...] = ()
    stated: Mapping[str, float] = field(default_factory=dict)
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    harmful: Mapping[str, Harmful] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    unread: Mapping[str, int] = field(default_factory=Counter)
    ended: str = ""
    rows: int = 0
    checks: Mapping[str, str] = field(default_factory=dict)
