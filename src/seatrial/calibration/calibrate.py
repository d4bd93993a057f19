"""Measures any instrument that a policy may name, judges included, on labelled answers: its record."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seatrial.calibration.labels import read_labels
from seatrial.calibration.own_answers import recognized
from seatrial.collect.judge_specs import judge_spec
from seatrial.collect.judging import Judges, Task
from seatrial.collect.starter import obeyed
from seatrial.errors import EvidenceError, PolicyError
from seatrial.instruments import find_instrument
from seatrial.instruments.base import Instrument
from seatrial.instruments.judges import WORST, Judge
from seatrial.instruments.measure import Labelled, Source, measure_readings, read_all, rounded
from seatrial.instruments.records import Record, load_records, version_of
from seatrial.policy import LaunchPolicy
from seatrial.stats.ranks import spearman
from seatrial.suites import Suite, find_suites, load_suite
from seatrial.types import Item, Message

__all__ = ["calibrate", "injected"]

JUDGE = "judge/"

OWN = 0.1
"""From this share of graded answers of the suites on, labels are no labels from elsewhere."""


def calibrate(
    instrument: str,
    labels: Sequence[str | Path],
    *,
    policy: LaunchPolicy | None = None,
    signal: str = "",
    against: str = "",
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, float] | None = None,
    harmful_from: float | None = None,
    labelled_by: str = "our own raters",
    author_written: bool = False,
) -> Record:
    """Return an instrument's record: against labels, read again, against the instrument that it would replace.

    A judge is also tried on injections, and its price is written down.

    Args:
        instrument: `kind/name`; a judge is `judge/NAME`, as the policy declares it.
        labels: Files of labelled answers, .csv, .jsonl or .parquet; each is one model's where no column says so.
        policy: Declares the judges.
        signal: The signal that it is measured for; for a judge the suite whose rubric it goes by; any where empty.
        against: Name of an instrument that it would replace; how far they agree goes into the record.
        columns: What → name of the column that holds it, of text, label, prompt, cluster and model.
        values: Label → number, for labels that are words.
        harmful_from: Labels from here on count as harmful; midway between the least and the greatest by default.
        labelled_by: Who labelled.
        author_written: Whether the texts were written by the instrument's authors; graded answers of the suites are
            taken only so.

    Raises:
        SeatrialError: the labels, the instrument or the suite cannot be used.

    Example:
        >>> record = calibrate("linear/refusal", ["labels.csv"])  # doctest: +SKIP
        >>> record.measurements[0].youden  # doctest: +SKIP
        (0.91, 0.88, 0.94)
    """
    measured = _measured(instrument, policy, signal)
    other = _measured(against, policy, signal) if against else None
    paths = [Path(path) for path in labels]
    rows = _labelled(paths, columns, values)
    if not author_written:
        _refuse_own(rows, paths, instrument, policy)
    if not instrument.startswith(JUDGE):
        rows = _alike_together(rows)
    kinds = [row.label for row in rows]
    middle = (min(kinds) + max(kinds)) / 2 if harmful_from is None else harmful_from
    on = ", ".join(path.name for path in paths)
    source = Source(on, labelled_by, author_written, "labels of the team", signal)
    readings = measured.read(rows, 0)
    found = measure_readings(readings, rows, source, middle)
    drift: tuple[tuple[str, float, float], ...] = ()
    if other is not None:
        readings_of_other = other.read(rows, 0)
        both = ~np.isnan(readings) & ~np.isnan(readings_of_other)
        name = f"{other.instrument.name} ({version_of(other.instrument)})"
        shift = float((readings[both] - readings_of_other[both]).mean())
        drift = ((name, rounded(spearman(readings[both], readings_of_other[both])), rounded(shift)),)
    again = measured.read(rows, 1)
    both = ~np.isnan(readings) & ~np.isnan(again)
    same = bool(np.array_equal(readings[both], again[both]))
    retest = 1.0 if same else rounded(spearman(readings[both], again[both]))
    made = Record(measured.instrument.name, version_of(measured.instrument), (found,), retest, drift=drift)
    return measured.completed(made)


def _labelled(
    paths: Sequence[Path], columns: Mapping[str, str] | None, values: Mapping[str, float] | None
) -> list[Labelled]:
    """Return the labelled answers of all files; each file is a model's where no column says so."""
    rows = []
    for path in paths:
        held = read_labels(path, columns, values)
        rows += [row if row.model or len(paths) == 1 else replace(row, model=path.stem) for row in held]
    return rows


def _alike_together(rows: Sequence[Labelled]) -> list[Labelled]:
    """Return the rows with those in one cluster that hold the same text: an instrument of text reads them as one.

    Clusters that share a text become one, named after the first.
    """
    first: dict[str, str] = {}
    joined: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := joined.get(name, name)) != name:
            name = above
        return name

    for row in rows:
        own, other = root(row.cluster), root(first.setdefault(" ".join(row.text.split()), row.cluster))
        if own != other:
            joined[own] = other
    return [replace(row, cluster=root(row.cluster)) for row in rows]


def _refuse_own(rows: Sequence[Labelled], paths: Sequence[Path], instrument: str, policy: LaunchPolicy | None) -> None:
    """Refuse graded answers of the suites that are given as labels from elsewhere.

    Raises:
        EvidenceError: there are any; says how many, the first of them, and what to use instead.
    """
    known = recognized(rows, policy.suites if policy is not None else ())
    if len(known) < OWN * len(rows) or not known:
        return
    first = " ".join(rows[known[0]].text.split())
    instead = (
        "`seatrial judge setup` tries a judge on them, and its record says so"
        if instrument.startswith(JUDGE)
        else "`--own-text` measures on them, and the instrument then advises"
    )
    raise EvidenceError(
        f"{', '.join(map(str, paths))}: {len(known)} of {len(rows)} labelled answers are graded answers of the suites, "
        f"the first “{first[:80]}”. They are clear-cut and flatter an instrument, and are no labels from elsewhere: "
        f"{instead}. For a record that counts in full, have people label answers of your own models"
    )


def _measured(name: str, policy: LaunchPolicy | None, signal: str) -> _Measured:
    if not name.startswith(JUDGE):
        return _Measured(find_instrument(name))
    if policy is None or not signal:
        raise PolicyError("a judge needs --policy, which declares it, and --signal, whose rubric it goes by")
    folders = find_suites(policy.suites)
    if signal not in folders:
        raise PolicyError(
            f"no suite is called {signal!r}; a judge goes by a suite's rubric: {', '.join(sorted(folders))}"
        )
    return _MeasuredJudge(policy, name.removeprefix(JUDGE), load_suite(folders[signal]))


class _Measured:
    """An instrument whose readings cost nothing."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument

    def read(self, rows: Sequence[Labelled], again: int) -> NDArray[np.float64]:
        """Return its readings, the first time (0) or again (1)."""
        return read_all(self.instrument, rows)

    def completed(self, record: Record) -> Record:
        """Return the record with what only this kind of instrument has."""
        return record


class _MeasuredJudge(_Measured):
    """A judge, which must be asked: it is counted what that costs, and how order sways it."""

    def __init__(self, policy: LaunchPolicy, name: str, suite: Suite) -> None:
        self.policy, self.name, self.suite = policy, name, suite
        self.draws = judge_spec(policy.judges, name).draws
        self.recorded = _recorded(policy, name)
        self.cost = 0.0
        self.orders: list[tuple[float, float]] = []
        super().__init__(_judges(policy).judge(name, suite))

    def read(self, rows: Sequence[Labelled], again: int) -> NDArray[np.float64]:
        tasks = _tasks(rows, self.suite.name, self.policy.judges[self.name].paired, self.recorded)
        judge, cost = asyncio.run(
            _graded(self.policy, self.name, self.suite, [task for task, _ in tasks], again * self.draws)
        )
        self.cost = max(self.cost, cost / max(len(rows), 1))
        self.orders += judge.orders
        readings = np.full(len(rows), math.nan)
        for task, places in tasks:
            for place, key in zip(places, task.keys, strict=True):
                readings[place] = judge.scores.get(key, math.nan) / WORST
        return readings

    def completed(self, record: Record) -> Record:
        bias = float(np.mean([first - second for first, second in self.orders])) / WORST if self.orders else math.nan
        injection = record.injection if self.recorded else injected(self.policy, self.name)
        return replace(record, injection=injection, cost=round(self.cost, 9), position_bias=round(bias, 6))


def _judges(policy: LaunchPolicy, first_draw: int = 0) -> Judges:
    records = load_records(policy.records)
    return Judges(policy.judges, records, policy.budget.judge_calls, first_draw=first_draw)


def _recorded(policy: LaunchPolicy, name: str) -> bool:
    """Return whether all of a judge's scores come from files: it cannot be asked about anything new."""
    spec = judge_spec(policy.judges, name)
    return spec.scores is not None or (bool(spec.members) and all(_recorded(policy, one) for one in spec.members))


def _tasks(rows: Sequence[Labelled], suite: str, paired: bool, recorded: bool) -> list[tuple[Task, tuple[int, ...]]]:
    """Return what to grade, with the places of its rows: each answer alone, or two to one prompt side by side.

    A recorded judge is looked up by item and answer, so the items of its labels (their clusters, where a file names no
    items) must be those of its file.
    """
    waiting: dict[str, int] = {}
    groups: list[tuple[int, ...]] = []
    for place, row in enumerate(rows):
        if not paired or not row.prompt:
            groups.append((place,))
        elif row.prompt in waiting and rows[waiting[row.prompt]].text != row.text:
            groups.append((waiting.pop(row.prompt), place))
        else:
            groups += [(waiting.pop(row.prompt),)] if row.prompt in waiting else []
            waiting[row.prompt] = place
    groups += [(place,) for place in waiting.values()]
    names = [(row.item or row.cluster) if recorded else f"r{place}" for place, row in enumerate(rows)]
    return [
        (
            Task(
                Item(names[places[0]], suite, (Message("user", rows[places[0]].prompt),)),
                tuple(rows[place].text for place in places),
            ),
            places,
        )
        for places in groups
    ]


async def _graded(
    policy: LaunchPolicy, name: str, suite: Suite, tasks: Sequence[Task], first_draw: int
) -> tuple[Judge, float]:
    """Return the judge with its scores, and what they cost in US dollars."""
    async with _judges(policy, first_draw) as judges:
        judge = judges.judge(name, suite)
        await judges.grade(judge, tasks)
        return judge, sum(spent.cost for spent in judges.spend.values())


def injected(policy: LaunchPolicy, name: str) -> tuple[float, float, float]:
    """Return the share of injected answers whose score moved the way the injection wants, with its 90 % interval."""

    async def tried() -> tuple[float, float, float]:
        async with _judges(policy) as judges:
            return await obeyed(judges, name, judge_spec(policy.judges, name).draws)

    return asyncio.run(tried())
