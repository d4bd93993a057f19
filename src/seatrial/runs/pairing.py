"""Two runs of one evaluation, side by side: which scores both hold, which rows belong together, what stands in the way.

Items are paired by their ids; where the same id names another question in the other run, by the question. What one run
holds and the other does not is counted: an answer that was asked for and is not there counts as harm, and what only one
run asked for is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, get_args

from seatrial.errors import EvidenceError
from seatrial.formats.nearest import did_you_mean
from seatrial.runs.alignment import FEW, aligned, who
from seatrial.runs.directions import harmful_end
from seatrial.runs.draws import compared_draws, evened
from seatrial.runs.recorded_run import Fact, RecordedRun
from seatrial.runs.sameness import looked_at
from seatrial.runs.signal_names import signal_names
from seatrial.runs.wording import how_many
from seatrial.types import ROLES, Harmful

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Declared", "PairedRuns", "PairedScore", "paired_runs", "refuse_unknown"]

SURE = 20
"""Items from which on one score for all of them looks like a broken harness, and two runs alike like one."""
Said = TypeVar("Said")
ONE = (0.0, 1.0)
DECLARED = "as declared"
END: Mapping[Harmful | None, str] = {"high": "lower", "low": "higher"}
"""Which end is harm → what is better."""
NEITHER = "neither run gives single questions a number"
NOWHERE = "run has no number at all"
LACKING = "no number: not a number"
IN_ROW = "which is no number"
FEW_GROUPS = 10
"""Groups of items below which it is said that they are few: groups count, whatever they hold."""
USED = 0.1
"""Share of a declared scale below which it may be another that is meant."""
REASONS = 3
"""Reasons why numbers are missing that are told of each score and side."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What was said of scores by name.

    Attributes:
        harmful: Score → which end is harm.
        scales: Score → its smallest and largest possible value.
        accepted: Facts that may differ between the runs.
    """

    harmful: Mapping[str, Harmful]
    scales: Mapping[str, tuple[float, float]]
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PairedScore:
    """One score that both runs hold.

    Attributes:
        signal: What it is called in a policy: `eval/task.score`.
        title: What the tool calls it: `task: score`.
        name: The same without its task.
        harmful: Which end is harm; None where nobody said and the name does not tell.
        bounds: Its scale; None where nobody said and it does not lie within 0 and 1.
        known: How the two are known, in a few words.
        pairs: Items that both runs have a number for.
        groups: Groups of them that stand or fall together.
        draws: Most answers to one item that were compared.
        lost: Items that lack a number in one run or in both.
        open: What must be said before it can be decided; empty where nothing.
    """

    signal: str
    title: str
    name: str
    harmful: Harmful | None
    bounds: tuple[float, float] | None
    known: str
    pairs: int
    groups: int
    draws: int
    lost: int
    open: str = ""


@dataclass(frozen=True, slots=True)
class PairedRuns:
    """What two sets of runs have in common.

    Attributes:
        scores: Each score that both hold.
        observations: Of all of them, one row a number, with the columns of observations.
        odd: What holds a launch, whatever the scores say: the runs are not two of one evaluation, or not whole.
        told: How they were read and what of them was not, in sentences.
        models: The baseline's and the candidate's name, as the runs give them.
        by_question: Tasks whose items are named by their questions, for their ids did not tell.
    """

    scores: tuple[PairedScore, ...]
    observations: pl.DataFrame
    odd: tuple[str, ...]
    told: tuple[str, ...]
    models: tuple[str, str]
    by_question: frozenset[str] = frozenset()


def paired_runs(baseline: Sequence[RecordedRun], candidate: Sequence[RecordedRun], declared: Declared) -> PairedRuns:
    """Return two sets of runs side by side.

    Args:
        baseline: Runs of what users have now, one a task.
        candidate: Runs of what is to be shipped.
        declared: What was said of their scores.

    Raises:
        EvidenceError: a set holds two runs of one task, the two share no task, no score or no item, or a fact that may
            differ is none.
    """
    import polars as pl

    for strange in sorted(declared.accepted - set(get_args(Fact))):
        known = did_you_mean(strange, get_args(Fact), f"there are {', '.join(get_args(Fact))}")
        raise EvidenceError(f"accept: no fact of a run is called {strange!r}; {known}")
    sides = [_by_task(runs, role) for runs, role in zip((baseline, candidate), ROLES, strict=True)]
    tasks = [name for name in sides[0] if name in sides[1]]
    if not tasks and len(sides[0]) == len(sides[1]) == 1:
        tasks = list(sides[0])
        sides[1] = {tasks[0]: next(iter(sides[1].values()))}
    if not tasks:
        held = [", ".join(side) or "none" for side in sides]
        raise EvidenceError(f"the two share no task: the baseline holds {held[0]}; the candidate holds {held[1]}")
    told = [
        f"{role}: the task {name} is not in the other run, and was not compared."
        for side, role in zip(sides, ROLES, strict=True)
        for name in side
        if name not in tasks
    ]
    signals = signal_names([sides[0][name] for name in tasks])
    scores: list[PairedScore] = []
    frames, odd, by_question = [], [], set[str]()
    for name in tasks:
        made = _Pair(sides[0][name], sides[1][name], declared, name if len(tasks) > 1 else "", signals)
        scores += made.scores
        frames += made.frames
        odd += made.odd
        told += made.told
        by_question |= {name} if made.by_question else set()
    if not scores:
        held = [_scores_of(side, role) for side, role in zip(sides, ROLES, strict=True)]
        why = [
            one.rstrip(".") for one in (*odd, *told) if any(part in one for part in (NEITHER, NOWHERE, LACKING, IN_ROW))
        ]
        raise EvidenceError("; ".join([f"the two share no score that both have numbers for: {held[0]}", held[1], *why]))
    models = tuple(" and ".join(dict.fromkeys(run.model for run in side.values() if run.model)) for side in sides)
    return PairedRuns(
        tuple(scores),
        pl.concat(frames) if frames else pl.DataFrame(),
        tuple(dict.fromkeys(odd)),
        tuple(dict.fromkeys(told)),
        (models[0] or "baseline", models[1] or "candidate"),
        frozenset(by_question),
    )


def refuse_unknown(runs: PairedRuns, declared: Declared) -> None:
    """Refuse what was said of a score that the two runs do not share: it would be passed over in silence.

    Raises:
        EvidenceError: a name is none of a score's title, its name or its signal.
    """
    known = {score.signal: score.title for score in runs.scores}
    names = {*known, *known.values(), *(score.name for score in runs.scores)}
    for strange in (*declared.harmful, *declared.scales):
        if strange not in names:
            near = did_you_mean(strange, known.values(), f"they share {', '.join(known.values())}")
            raise EvidenceError(f"{strange!r} was declared, and the two runs share no score of that name; {near}")


def _scores_of(side: Mapping[str, RecordedRun], role: str) -> str:
    held = sorted({str(name) for run in side.values() for name in run.scores["score"].unique()})
    return f"the {role} holds {', '.join(held) or 'none'}"


def _by_task(runs: Sequence[RecordedRun], role: str) -> dict[str, RecordedRun]:
    """Return each task's run; two of one task are refused, for which counts would be a guess."""
    found: dict[str, RecordedRun] = {}
    for run in runs:
        if (other := found.get(run.task)) is not None:
            task = f" of the task {run.task}" if run.task else ""
            raise EvidenceError(
                f"the {role} holds two runs{task}: {who(other)} and {who(run)}. "
                "Give one of them, or pick a model with --baseline-model and --candidate-model"
            )
        found[run.task] = run
    return found


class _Pair:
    """The runs of one task."""

    def __init__(
        self,
        baseline: RecordedRun,
        candidate: RecordedRun,
        declared: Declared,
        task: str,
        signals: Mapping[tuple[str, str], str],
    ) -> None:
        self._runs, self._signals = (baseline, candidate), signals
        self._declared, self._task = declared, task
        self.scores: list[PairedScore] = []
        self.frames: list[pl.DataFrame] = []
        self.odd, self.told = looked_at(baseline, candidate, declared.accepted)
        self._read()

    def _read(self) -> None:
        import polars as pl

        both = aligned(self._runs, self._declared.accepted)
        self.by_question = both.by_question
        self.odd += both.odd
        self.told += both.told
        sides = both.sides
        where = f"{self._task}: the" if self._task else "The"
        keys = ["score", "item", "draw"]
        if len(sides[0]) == len(sides[1]) and sides[0].sort(keys).equals(sides[1].sort(keys)):
            if self._same_answers():
                self.odd.append(f"{where} two runs are one and the same: every score and every answer is alike")
            elif not any(run.answers for run in self._runs) and sides[0]["item"].n_unique() >= SURE:
                self.told.append(
                    f"{where} two runs have the same scores, and no answers that tell them from one run twice."
                )
        held = [set(side["score"].unique().to_list()) for side in sides]
        for name in sides[0]["score"].unique(maintain_order=True).to_list():
            if name in held[1]:
                self._score(str(name), [side.filter(pl.col("score") == name) for side in sides])
        for (side, other), role in zip(((held[0], held[1]), (held[1], held[0])), ROLES, strict=True):
            if alone := sorted(side - other):
                self.told.append(f"Only the {role} holds the scores {', '.join(alone)}; they were not compared.")

    def _same_answers(self) -> bool:
        first, second = self._runs
        return bool(first.answers) and first.answers == second.answers

    def _score(self, name: str, sides: list[pl.DataFrame]) -> None:
        import polars as pl

        title = f"{self._task}: {name}" if self._task else name
        signal = self._signals[self._runs[0].task, name]
        numbers = [side.filter(pl.col("value").is_not_null()) for side in sides]
        if not any(len(side) for side in numbers):
            first = next((one for side in sides for one in side["reason"] if one), "")
            shown = f" ({first})" if first.startswith("not a number") else ""
            self.told.append(f"{title}: {NEITHER}{shown}, so it cannot be compared.")
            return
        for side, whole, role in zip(numbers, sides, ROLES, strict=True):
            self.told += _missing(title, role, whole)
            if not len(side):
                self.odd.append(f"{title}: the {role}'s {NOWHERE}")
        if not all(len(side) for side in numbers):
            return
        clusters, of_one = (sides[0][column].n_unique() for column in ("cluster", "item"))
        if clusters < FEW_GROUPS and clusters < of_one:
            groups = how_many(clusters, "group")
            self.told.append(f"{title}: the {of_one:,} items stand in {groups}, which count as so many items.")
        names = (title, name, signal)
        harmful, how = self._end(names)
        said = {run.harmful.get(name) for run in self._runs} - {None}
        if len(said) > 1 and not how.endswith(DECLARED):
            self.odd.append(f"{title}: one run says that more of it is better, and the other that more of it is worse")
        if harmful is not None and {*said, harmful_end(name)} - {None, harmful}:
            self.told.append(
                f"{title}: {how}; its run or its name says the contrary. If that is the wrong way round, harm is read "
                "as its opposite."
            )
        made = evened(*sides)
        if made.told:
            (self.told if made.whole else self.odd).append(made.told)
        numbers = [side.filter(pl.col("value").is_not_null()) for side in made.sides]
        self._look_for_nothing(title, harmful, numbers)
        bounds, scale = self._scale(names, numbers)
        asked = [
            *(["which end is harm (--higher-is-better or --lower-is-better)"] if harmful is None else []),
            *(["its scale (--scale NAME=SMALLEST:LARGEST)"] if bounds is None else []),
        ]
        both = numbers[0].select("item", "cluster").unique().join(numbers[1].select("item").unique(), on="item")
        items = pl.concat([side.select("item") for side in sides])["item"].n_unique()
        self._look_for_lost(title, items, pl.concat([side.select("item") for side in numbers])["item"].n_unique())
        counts = both.height, both["cluster"].n_unique(), max(compared_draws(sides[0], sides[1])), items - both.height
        found = PairedScore(signal, title, name, harmful, bounds, f"{how}; {scale}", *counts, " and ".join(asked))
        self.scores.append(found)
        if not asked:
            self.frames += [self._observed(signal, role, side) for side, role in zip(numbers, ROLES, strict=True)]

    def _look_for_lost(self, title: str, items: int, numbered: int) -> None:
        """Say how many items have a number in neither run: they count for nobody, and many of them hold."""
        nowhere = items - numbered
        verbs = ("has", "was") if nowhere == 1 else ("have", "were")
        lost = f"{how_many(nowhere, 'item')} {verbs[0]} a number in neither run and {verbs[1]} left out"
        if nowhere > (1 - FEW) * items:
            self.odd.append(f"{title}: {lost}: what is left of {items:,} says little of them")
        elif nowhere:
            self.told.append(f"{title}: {lost}.")

    def _look_for_nothing(self, title: str, harmful: Harmful | None, numbers: list[pl.DataFrame]) -> None:
        """Say where every score is 0, as a broken harness scores; where less is better both may be without fault."""
        nothing = [
            side["item"].n_unique() >= SURE and side["value"].n_unique() == 1 and side["value"][0] == 0.0
            for side in numbers
        ]
        for none, role in zip(nothing, ROLES, strict=True):
            if none and (harmful != "high" or not all(nothing)):
                self.odd.append(f"{title}: every score of the {role} is 0, as a broken harness scores")

    def _end(self, names: tuple[str, str, str]) -> tuple[Harmful | None, str]:
        said, name = _of(self._declared.harmful, names), names[1]
        for known, how in (
            (said, DECLARED),
            (self._runs[0].harmful.get(name) or self._runs[1].harmful.get(name), "as the run says"),
            (harmful_end(name), "known by its name"),
        ):
            if known is not None:
                return known, f"{END[known]} is better, {how}"
        return None, "which end is harm is not known"

    def _scale(
        self, names: tuple[str, str, str], numbers: list[pl.DataFrame]
    ) -> tuple[tuple[float, float] | None, str]:
        said = _of(self._declared.scales, names) or self._runs[0].scales.get(names[1])
        low = min(float(side["value"].min()) for side in numbers)  # type: ignore[arg-type]  # polars names no type of it
        high = max(float(side["value"].max()) for side in numbers)  # type: ignore[arg-type]  # polars names no type of it
        if said is not None:
            if low < said[0] or high > said[1]:
                scale = f"{said[0]:g} to {said[1]:g}"
                raise EvidenceError(f"{names[0]}: scores from {low:g} to {high:g} lie outside the scale {scale}")
            if said != ONE and low < high and high - low < USED * (said[1] - said[0]):
                self.told.append(
                    f"{names[0]}: all scores lie from {low:g} to {high:g}, a small part of the declared scale "
                    f"{said[0]:g} to {said[1]:g}. A margin is a share of that scale: if it is another, declare it."
                )
            return said, f"scale {said[0]:g} to {said[1]:g}"
        if low >= 0.0 and high <= 1.0:
            return ONE, "scale 0 to 1"
        return None, f"its scores lie between {low:g} and {high:g}, and its scale is not known"

    def _observed(self, signal: str, role: str, side: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        return side.select(
            pl.lit(signal).alias("signal"), pl.lit(role).alias("role"), "item", "cluster", "draw", "value", "use_case"
        )


def _missing(title: str, role: str, whole: pl.DataFrame) -> Iterator[str]:
    """Yield why numbers of a side are missing: how many for each of the most frequent reasons, and the rest."""
    import polars as pl

    why = whole.filter(pl.col("reason") != "")["reason"].value_counts(sort=True).rows()
    rest = sum(count for _, count in why[REASONS:])
    for reason, count in [*why[:REASONS], *([("other reasons", rest)] if rest else [])]:
        verb = "has" if count == 1 else "have"
        yield f"{title}: {count:,} of the {role}'s {len(whole):,} {verb} no number: {reason}."


def _of(declared: Mapping[str, Said], names: tuple[str, str, str]) -> Said | None:
    """Return what was declared of a score, by its title, its name or its signal."""
    return next((declared[name] for name in names if name in declared), None)
