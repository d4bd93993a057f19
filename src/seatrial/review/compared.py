"""Two runs of one evaluation, compared without a policy: what changed in every score of both, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seatrial.errors import EvidenceError, StoreError
from seatrial.formats.whole_files import write_whole
from seatrial.observations import from_frame
from seatrial.policy import Gate, LaunchPolicy, RunsSpec, SignalSpec
from seatrial.report import AnswerPair
from seatrial.report.result import Glance
from seatrial.review.brought_evidence import odd_runs, runs_of, scales
from seatrial.review.findings.at_a_glance import at_a_glance
from seatrial.review.finished import Review
from seatrial.review.run import decide_on
from seatrial.runs.pairing import Declared, PairedRuns, PairedScore, paired_runs
from seatrial.runs.recorded_run import RecordedRun, Written
from seatrial.types import ROLES, Item, Message, Response, Role

__all__ = ["MARGIN", "Comparison", "compare"]

MARGIN = 0.05
"""Rise in harm that is tolerated where nobody says another: a share of the score's scale. A default, and no wisdom."""
PAIRS = 3
"""Pairs of answers that are shown of each score."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs show.

    Attributes:
        review: The decision on the scores that could be decided; None where none could.
        runs: The runs side by side.
        policy: The policy that repeats it; None where nothing could be decided.
    """

    review: Review | None
    runs: PairedRuns
    policy: LaunchPolicy | None

    @property
    def open(self) -> tuple[PairedScore, ...]:
        """The scores of which something must be said before they can be decided."""
        return tuple(score for score in self.runs.scores if score.open)

    def write_policy(self, path: Path) -> None:
        """Write the policy that repeats this comparison, for others to tighten.

        Raises:
            StoreError: the file cannot be written.
            EvidenceError: nothing could be decided, so there is nothing to repeat.
        """
        if self.policy is None:
            raise EvidenceError("no score could be decided, so there is no policy that repeats it")
        write_whole(path, self.policy.to_yaml(), StoreError)


def compare(
    runs: RunsSpec,
    *,
    margin: float = MARGIN,
    margins: Mapping[str, float] | None = None,
    declared: Declared | None = None,
    alpha: float = 0.05,
    author: str = "unknown",
) -> Comparison:
    """Compare two runs that other tools recorded.

    Args:
        runs: Where they lie and how they are read.
        margin: Rise in harm that is tolerated in every score, a share of its scale.
        margins: Score → another one.
        declared: Which end of a score is harm, and how far its scale goes, where its name does not tell.
        alpha: Chance that a candidate which breaks a margin passes, over all scores together.
        author: Who compares, for the report.

    Raises:
        EvidenceError: a file cannot be read, or the two share no score or no item.
        PolicyError: a margin does not fit.
    """
    sides = runs_of(runs)
    said = replace(declared or Declared({}, {}), accepted=frozenset(runs.accept))
    paired = paired_runs(*sides, said)
    decided = [score for score in paired.scores if not score.open]
    if not decided:
        return Comparison(None, paired, None)
    policy = _policy(paired, decided, margin, margins or {}, alpha, runs)
    asked = [f"the score {score.title} is not decided: say {score.open}" for score in paired.scores if score.open]
    sides = _named_alike(sides, paired)
    seen = (*odd_runs((*paired.odd, *asked)), *_glances(sides, policy.seed))
    frame = from_frame(paired.observations, None, "the runs", scales(policy))
    result = decide_on(policy, frame, author, seen, paired.told)
    return Comparison(Review(replace(result, examples=_pairs(sides, decided))), paired, policy)


def _policy(
    paired: PairedRuns,
    scores: Sequence[PairedScore],
    margin: float,
    margins: Mapping[str, float],
    alpha: float,
    runs: RunsSpec,
) -> LaunchPolicy:
    gates, signals = [], {}
    for score in scores:
        low, high = score.bounds or (0.0, 1.0)
        share = margins.get(score.title, margin)
        gates.append(Gate(signal=score.signal, margin=share * (high - low)))
        signals[score.signal] = SignalSpec(harmful=score.harmful, bounds=(low, high))
    strange = set(margins) - {score.title for score in scores}
    if strange:
        held = ", ".join(score.title for score in scores)
        raise EvidenceError(f"--margin {min(strange)}: no such score; there are {held}")
    name = f"{paired.models[0]:.58} to {paired.models[1]:.58}"
    return LaunchPolicy(name=name, alpha=alpha, gates=gates, signals=signals, evidence=[_absolute(runs)])


def _absolute(runs: RunsSpec) -> RunsSpec:
    """Return the runs under names that hold wherever the policy is kept."""
    made = {"baseline": str(Path(runs.baseline).absolute())}
    return runs.model_copy(
        update=made | ({"candidate": str(Path(runs.candidate).absolute())} if runs.candidate else {})
    )


def _named_alike(
    sides: tuple[list[RecordedRun], list[RecordedRun]], paired: PairedRuns
) -> tuple[list[RecordedRun], list[RecordedRun]]:
    """Return the runs with the candidate's tasks and items called as those of the baseline that they stand beside."""
    of_task = {run.task: run for run in sides[0]}
    named = []
    for run in sides[1]:
        other = sides[0][0] if len(sides[0]) == len(sides[1]) == 1 else of_task.get(run.task)
        ids: dict[str, str] = {}
        if other is not None and other.task in paired.by_question:
            own = dict(other.scores.select("digest", "item").unique().iter_rows())
            ids = {
                item: own.get(digest, f"{item} (candidate)")
                for item, digest in run.scores.select("item", "digest").unique().iter_rows()
                if digest
            }
        named.append(
            replace(
                run,
                task=run.task if other is None else other.task,
                scores=run.scores.with_columns(run.scores["item"].replace(ids)) if ids else run.scores,
                answers=tuple(replace(one, item=ids.get(one.item, one.item)) for one in run.answers),
            )
        )
    return sides[0], named


def _answers(sides: Sequence[Sequence[RecordedRun]]) -> dict[Role, dict[tuple[str, str, int], Written]]:
    """Return each side's answers by task, item and draw."""
    return {
        role: {(run.task, one.item, one.draw): one for run in side for one in run.answers}
        for role, side in zip(ROLES, sides, strict=True)
    }


def _glances(sides: Sequence[Sequence[RecordedRun]], seed: int) -> tuple[Glance, ...]:
    """Return what is seen at a glance in the answers that came with the scores."""
    held = _answers(sides)
    items = {
        (task, item): Item(item, task, _messages(one))
        for side in held.values()
        for (task, item, _), one in side.items()
    }
    answers: dict[Role, list[Response]] = {
        role: [Response(item, task, draw, one.answer) for (task, item, draw), one in side.items()]
        for role, side in held.items()
    }
    if not all(answers.values()):
        return ()
    return at_a_glance(list(items.values()), answers, {}, seed)


def _messages(one: Written) -> tuple[Message, ...]:
    return tuple(Message(role, text) for role, text in one.question)  # type: ignore[arg-type]  # roles are read from logs


def _pairs(sides: Sequence[Sequence[RecordedRun]], scores: Sequence[PairedScore]) -> tuple[AnswerPair, ...]:
    """Return the pairs of answers that show best what changed in each score, where the answers are there."""
    held = _answers(sides)
    found: list[AnswerPair] = []
    values: list[dict[tuple[str, str, int, str], float]] = [
        {
            (run.task, row["item"], row["draw"], row["score"]): row["value"]
            for run in side
            if run.answers
            for row in run.scores.iter_rows(named=True)
            if row["value"] is not None
        }
        for side in sides
    ]
    for score in scores:
        of_task = score.title.removesuffix(score.name).removesuffix(": ")
        own = []
        for key, was in values[0].items():
            task, item, draw, named = key
            now, before, after = values[1].get(key), *(held[role].get((task, item, draw)) for role in ROLES)
            if named != score.name or task != (of_task or task) or now is None or before is None or after is None:
                continue
            harm = (now - was) * (1 if score.harmful == "high" else -1)
            own.append(
                AnswerPair(
                    score.signal, item, "general", _messages(before), before.answer, after.answer, was, now, harm
                )
            )
        own.sort(key=lambda pair: pair.harm, reverse=True)
        found += [pair for pair in own[:PAIRS] if pair.harm > 0]
    return tuple(found)
