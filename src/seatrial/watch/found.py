"""What the days of a watch show: whether readings moved, whether another model was served, and what could be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seatrial.gates.plan import GatePlan
from seatrial.stats.distributions import norm_ppf
from seatrial.types import Response
from seatrial.watch.shifts import WINDOWS, Moved, Watched, first_move, level, on_grid
from seatrial.watch.state import State

__all__ = ["AIM", "LENGTH", "NONE", "Answers", "Seen", "Served", "Watch", "compared", "days_to_find"]

Array = NDArray[np.float64]
Answers = Mapping[str, Sequence[Response]]
"""Signal → answers of all days; the draw of an answer is the number of its day."""
LENGTH, NONE = "answers/length", "answers/none"
"""What is watched besides the policy's signals."""
AIM = 0.05
"""Shift, as a share of the scale, for which it is said how soon it would be found."""
SURE = 0.9
LONGEST = 12.0
"""Binary logarithm of the words of an answer beyond which its length counts alike."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One signal over the days.

    Attributes:
        name: Of the signal.
        title: What people call it.
        harmful: Which end of its scale is harm; empty where neither is.
        bounds: Ends of its scale.
        items: How many items, or contrasts, are read a day at most.
        means: Its mean on each day, in its units; NaN where nothing was read.
        moved: The first alarm, if there was one.
        within: Days within which a shift of `AIM` of the scale is found with 90 % chance; None where none are enough.
    """

    name: str
    title: str
    harmful: str
    bounds: tuple[float, float]
    items: int
    means: tuple[float, ...]
    moved: Moved | None
    within: int | None

    @property
    def worse(self) -> bool:
        """Whether it moved towards harm."""
        if self.moved is None or not self.harmful:
            return False
        return (self.moved.after > self.moved.before) == (self.harmful == "high")


@dataclass(frozen=True, slots=True)
class Served:
    """What the endpoint says of what it served, and how it counts the tokens of the same prompts.

    Attributes:
        names: First day → the model's names from then on.
        fingerprints: First day → the system's fingerprints from then on.
        recounted: Days on which the same prompts counted other tokens than on the day before → how many of how many.
    """

    names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fingerprints: tuple[tuple[str, tuple[str, ...]], ...] = ()
    recounted: tuple[tuple[str, int, int], ...] = ()

    @property
    def changed(self) -> bool:
        """Whether another model was named, or most prompts were counted anew; the rest is told and no alarm."""
        return len(self.names) > 1 or any(2 * differ > count for _, differ, count in self.recounted)


@dataclass(frozen=True, slots=True)
class Watch:
    """What the days of a watch show.

    Attributes:
        name: Of the policy.
        model: The model's name.
        alarms: Chance of a false alarm a year, over all signals.
        days: The days that are compared.
        failed: Calls without an answer on each of them.
        calls: Calls a day.
        seen: The signals, those that moved first.
        served: What the endpoint says of itself.
        earlier: Days before the last accepted change.
        accepted: Why that was accepted; empty where none was.
        notes: What is not watched, and why.
    """

    name: str
    model: str
    alarms: float
    days: tuple[str, ...]
    failed: tuple[int, ...]
    calls: int
    seen: tuple[Seen, ...]
    served: Served
    earlier: int = 0
    accepted: str = ""
    notes: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[Seen, ...]:
        """The signals that moved, those towards harm first."""
        return tuple(one for one in self.seen if one.moved is not None)

    @property
    def changed(self) -> bool:
        """Whether the model is not what it was."""
        return bool(self.moved) or self.served.changed


def compared(
    name: str, state: State, plans: Sequence[GatePlan], answers: Answers, left_out: Sequence[str] = ()
) -> Watch:
    """Return what the days show.

    Args:
        name: Of the policy.
        state: The watch.
        plans: What is asked, with what reads it.
        answers: The answers of the days that are compared.
        left_out: What is not watched, in sentences.
    """
    numbers = [day.number for day in state.compared]
    texts = [plan for plan in plans if not plan.top_logprobs]
    alpha = level(state.alarms, len(plans) + 2 * bool(texts))
    seen = [_signal(plan, answers[plan.signal.name], numbers, alpha) for plan in plans]
    if texts:
        seen += _of_answers(texts, answers, numbers, alpha)
    dates = [day.date for day in state.compared]
    every = [one for plan in plans for one in answers[plan.signal.name]]
    return Watch(
        name,
        state.model,
        state.alarms,
        tuple(dates),
        tuple(day.failed for day in state.compared),
        state.calls,
        tuple(sorted(seen, key=_order)),
        served(every, dates, numbers),
        len(state.days) - len(dates),
        state.accepted[-1].reason if state.accepted else "",
        tuple(left_out),
    )


def _order(one: Seen) -> tuple[bool, bool, float]:
    return one.moved is None, not one.worse, one.moved.chance if one.moved is not None else 0.0


def _signal(plan: GatePlan, answers: Sequence[Response], days: Sequence[int], alpha: float) -> Seen:
    """Return one of the policy's signals over the days."""
    signal, items = plan.signal, plan.items
    units = {name: place for place, name in enumerate(dict.fromkeys(signal.unit(item) for item in items))}
    place = {number: day for day, number in enumerate(days)}
    low, high = signal.bounds
    values = np.full((len(units), len(days)), math.nan)
    for one in signal.observe("baseline", items, answers):
        values[units[one.item], place[one.draw]] = min(max((one.value - low) / (high - low), 0.0), 1.0)
    title = plan.suite.title if plan.suite is not None else signal.name
    return _seen(signal.name, title, signal.harmful, signal.bounds, values, alpha)


def _of_answers(plans: Sequence[GatePlan], answers: Answers, days: Sequence[int], alpha: float) -> tuple[Seen, Seen]:
    """Return the length of the answers over the days, and how many are none."""
    units = {
        (item.suite, item.id): place for place, item in enumerate(dict.fromkeys(i for p in plans for i in p.items))
    }
    place = {number: day for day, number in enumerate(days)}
    lengths, none = np.full((len(units), len(days)), math.nan), np.ones((len(units), len(days)))
    for plan in plans:
        for one in answers[plan.signal.name]:
            here = units[one.suite, one.item], place[one.draw]
            none[here] = bool(one.no_answer)
            lengths[here] = min(math.log2(1 + len(one.text.split())) / LONGEST, 1.0) if not one.no_answer else math.nan
    return (
        _seen(LENGTH, "Length of answers", "", (0.0, LONGEST), lengths, alpha),
        _seen(NONE, "Missing answers", "high", (0.0, 1.0), none, alpha),
    )


def _seen(name: str, title: str, harmful: str, bounds: tuple[float, float], values: Array, alpha: float) -> Seen:
    low, high = bounds
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    means = np.where(counts > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(counts, 1), math.nan)
    watched = Watched(values)
    return Seen(
        name,
        title,
        harmful,
        bounds,
        int(counts.max(initial=0)),
        tuple(float(low + (high - low) * mean) for mean in means),
        first_move(watched, alpha),
        days_to_find(watched, AIM, alpha),
    )


def days_to_find(watched: Watched, shift: float, alpha: float) -> int | None:
    """Return within how many days a shift from now on is found with 90 % chance; None where no window is enough.

    How much an item varies from day to day is taken from the days so far, and at least so much as could have gone
    unseen in them (3 / n, the rule of three). On the first day nothing is known, and half of all items might differ.

    Args:
        watched: The days so far.
        shift: Of the mean, as a share of the scale.
        alpha: Chance below which one side of one comparison is an alarm.
    """
    grid, steps = on_grid(watched.values)
    known = grid >= 0
    counts = known.sum(axis=1)
    items = int((counts > 0).sum())
    if not items:
        return None
    within = _within(np.where(known, grid, 0) / steps, known, counts)
    before = max(watched.days, 1)
    for window, every in sorted(WINDOWS.items(), key=lambda one: one[0] + one[1]):
        drawn = window * before / (window + before)
        spread = items * (within + shift**2 * before / (window + before))
        z = shift * items * math.sqrt(drawn / spread)
        if z + norm_ppf(alpha) >= norm_ppf(SURE):
            return window + every - 1
    return None


def _within(values: Array, known: NDArray[np.bool_], counts: NDArray[np.int64]) -> float:
    """Return the variance of an item's readings from day to day, pooled over items."""
    again = counts > 1
    if not again.any():
        return 0.25
    means = values.sum(axis=1) / np.maximum(counts, 1)
    squares = np.where(known, (values - means[:, None]) ** 2, 0.0).sum(axis=1)
    unseen = min(0.25, 3.0 / int(counts[again].sum()))
    return max(float(squares[again].sum() / (counts[again] - 1).sum()), unseen)


def served(answers: Sequence[Response], dates: Sequence[str], numbers: Sequence[int]) -> Served:
    """Return what the endpoint says of itself over the days.

    Args:
        answers: Of all days.
        dates: The days.
        numbers: Their numbers, as the answers' draws have them.
    """
    names: dict[int, set[str]] = {number: set() for number in numbers}
    prints: dict[int, set[str]] = {number: set() for number in numbers}
    tokens: dict[int, dict[tuple[str, str], int]] = {number: {} for number in numbers}
    for one in answers:
        for held, said in zip((names, prints), one.served, strict=True):
            held[one.draw] |= {said} - {""}
        if one.usage.tokens_in:
            tokens[one.draw][one.suite, one.item] = one.usage.tokens_in
    recounted = []
    for before, after, day in zip(numbers, numbers[1:], dates[1:], strict=False):
        both = tokens[before].keys() & tokens[after].keys()
        differ = sum(tokens[before][key] != tokens[after][key] for key in both)
        if differ:
            recounted.append((day, differ, len(both)))
    return Served(_runs(names, dates), _runs(prints, dates), tuple(recounted))


def _runs(held: Mapping[int, set[str]], dates: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return from which day on what was named; a day on which a part of the names came is no other one."""
    made: list[tuple[str, tuple[str, ...]]] = []
    for day, names in zip(dates, held.values(), strict=True):
        if names and (not made or not names <= set(made[-1][1])):
            made.append((day, tuple(sorted(names))))
    return tuple(made)
