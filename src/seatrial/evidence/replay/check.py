"""A forecast checked against the traffic after its launch, beside what a skeptic would have foretold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.special import bdtr

from seatrial.collect import Progress
from seatrial.errors import EvidenceError
from seatrial.evidence.replay.allocation import allocated, chosen, lots_of, strata_of
from seatrial.evidence.replay.behaviors import Behavior, risk_of
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.grading import graded_answers
from seatrial.evidence.replay.hands import Hands
from seatrial.evidence.replay.registered import Forecast, Foretold
from seatrial.evidence.replay.run import SUITE, item_of
from seatrial.evidence.replay.sampling import Sample
from seatrial.evidence.replay.shift import Shift, profile_of, shift_between
from seatrial.evidence.replay.wanted import wanted
from seatrial.gates.traffic_rates import Rate, design_of, numbered, rate_of_known, ratio
from seatrial.instruments.records import Records, version_of
from seatrial.ledger import Entry, Ledger
from seatrial.policy import LaunchPolicy
from seatrial.stats.intervals import Interval, exact_share
from seatrial.types import Item, Response

__all__ = ["Check", "Checked", "Standing", "after", "checked", "entered", "over_all"]


@dataclass(frozen=True, slots=True)
class Checked:
    """One behavior, forecast and found.

    Attributes:
        told: What was foretold.
        truth: Rate of production's answers after the launch.
        error: Truth over forecast, with its interval, both errors inside.
        naive: Truth over the rate before the launch: what somebody would be off by who foretold no change.
        by_suite: Truth over the suite's rate: what somebody would be off by who had only suites; NaN without.
        graded: Conversations that were graded.
    """

    told: Foretold
    truth: Rate
    error: tuple[float, float, float]
    naive: tuple[float, float, float]
    by_suite: float
    graded: int

    @property
    def covered(self) -> bool:
        """Whether forecast and truth agree within their intervals."""
        return self.error[1] <= 1.0 <= self.error[2]

    @property
    def direction(self) -> bool | None:
        """Whether it moved the way that was foretold; None where it was foretold to stay, or stayed."""
        foretold, came = self.told.change.value, self.truth.value - self.told.today.value
        return None if not foretold or not came else (foretold > 0) == (came > 0)

    @property
    def factor(self) -> float:
        """By how much the forecast was off, at least 1."""
        return _factor(self.error[0])

    @property
    def naive_factor(self) -> float:
        """By how much no change would have been off, at least 1."""
        return _factor(self.naive[0])

    @property
    def suite_factor(self) -> float:
        """By how much the suite's rate would have been off, at least 1."""
        return _factor(self.by_suite)


def _factor(value: float) -> float:
    return math.nan if math.isnan(value) else math.inf if value in (0.0, math.inf) else max(value, 1 / value)


@dataclass(frozen=True)
class Check:
    """A forecast and what came.

    Attributes:
        forecast: As it was registered.
        found: Each behavior that the same instrument read again.
        left_out: Signal → why it was not compared.
        shift: Whether the traffic is what it was.
        conversations: How many were drawn.
        early: Conversations left out because they were answered before the forecast was registered.
        unanswered: Those left out because the log has no answer.
    """

    forecast: Forecast
    found: tuple[Checked, ...]
    left_out: Mapping[str, str]
    shift: Shift
    conversations: int
    early: int
    unanswered: int


def after(forecast: Forecast, conversations: Sequence[Conversation]) -> tuple[list[Conversation], int, int]:
    """Return the answered conversations that are not known to be earlier than a forecast, and how many were left out.

    Returns:
        The conversations; how many were too early; how many have no answer.
    """
    begun = datetime.fromisoformat(forecast.at).timestamp()
    late = [one for one in conversations if not one.time < begun]
    kept = [one for one in late if one.answer is not None]
    return kept, len(conversations) - len(late), len(late) - len(kept)


async def checked(
    policy: LaunchPolicy,
    records: Records,
    forecast: Forecast,
    sample: Sample,
    hands: Hands,
    grade: int,
    progress: Progress,
) -> Check:
    """Grade production's answers after a launch, and hold the forecast against them.

    Args:
        policy: The policy that the forecast was made with; its judges grade again.
        records: What is known of instruments.
        forecast: As it was registered.
        sample: Conversations after the launch.
        hands: Who grades and reads: this process, or shards on a cluster; grades are kept, and the same call goes on.
        grade: Conversations to grade for each behavior, at most.
        progress: Where to show how far it is.

    Raises:
        EvidenceError: no conversation after the forecast has an answer.
        SeatrialError: a judge cannot be used, or something cannot be kept.
    """
    kept, early, unanswered = after(forecast, sample.conversations)
    if not kept:
        raise EvidenceError(
            f"no conversation to check the forecast by: {early:,} were answered before it was registered "
            f"({forecast.at}), and {unanswered:,} have no answer"
        )
    items = [item_of(one, sample.seed) for one in kept]
    answers = [Response(item.id, SUITE, 0, one.answer or "") for item, one in zip(items, kept, strict=True)]
    grader = _Grader(hands, items, answers, grade, forecast.level, sample.seed, progress)
    found, left_out = [], {}
    async with hands:
        behaviors = {one.name: one for one in wanted(policy, hands.models, records, hands.judges).behaviors}
        for foretold in forecast.behaviors:
            behavior = behaviors.get(foretold.signal)
            if behavior is None:
                left_out[foretold.signal] = "the policy has no such gate any more"
            elif version_of(behavior.signal.instrument) != foretold.instrument:
                left_out[foretold.signal] = (
                    "another version of the instrument reads it now, so the two rates are not the same thing"
                )
            else:
                found.append(await grader.checked(foretold, behavior))
    shift = shift_between(forecast.profile, profile_of(kept), sample.seed)
    return Check(forecast, tuple(found), left_out, shift, len(kept), early, unanswered)


class _Grader:
    """Grades production's answers after a launch, behavior after behavior."""

    def __init__(
        self,
        hands: Hands,
        items: Sequence[Item],
        answers: Sequence[Response],
        grade: int,
        level: float,
        seed: int,
        progress: Progress,
    ) -> None:
        self._hands, self._items = hands, items
        self._answers = {item.id: answer for item, answer in zip(items, answers, strict=True)}
        self._grade, self._level, self._seed, self._progress = grade, level, seed, progress
        self._cluster = numbered([item.cluster for item in items])

    async def checked(self, told: Foretold, behavior: Behavior) -> Checked:
        """Return one behavior, forecast and found."""
        items, count = self._items, len(self._items)
        stratum, many = np.zeros(count, dtype=np.int64), count
        if behavior.asks:
            stratum = strata_of(risk_of(behavior, items, [self._answers], self._progress, self._hands.read))
            many = self._grade
        picked = chosen(stratum, allocated(stratum, many), lots_of(self._seed, told.signal, count))
        pairs = [(item, self._answers[item.id]) for item in (items[int(place)] for place in picked)]
        harm, graded = np.full(count, math.nan), np.zeros(count, dtype=bool)
        harm[picked] = await graded_answers(self._hands.judges, behavior, pairs, self._progress, self._hands.read)
        graded[picked] = True
        truth = rate_of_known(design_of(stratum, self._cluster, graded), harm, self._level)
        by_suite = math.nan if told.suites is None else truth.value / told.suites if told.suites else math.inf
        return Checked(told, truth, ratio(truth, told.candidate), ratio(truth, told.today), by_suite, len(picked))


# Over all forecasts so far, as the ledger holds them.


@dataclass(frozen=True)
class Standing:
    """How all forecasts of a ledger came out.

    Attributes:
        launches: Forecasts that were checked; of one checked twice the last counts.
        behaviors: Behaviors in them.
        factor: Median factor between forecast and truth, with a 95 % interval; NaN without any.
        naive: The same of the rate before the launch.
        suites: The same of the rates in suites.
        covered: Share in which both agree within their intervals.
        direction: Share that moved the way that was foretold, among those that moved; NaN without any.
    """

    launches: int
    behaviors: int
    factor: tuple[float, float, float]
    naive: tuple[float, float, float]
    suites: tuple[float, float, float]
    covered: Interval
    direction: tuple[int, int]


def entered(check: Check, ledger: Ledger, author: str) -> Entry:
    """Enter what came of a forecast in the ledger.

    Raises:
        LedgerError: it cannot be written, or its chain is broken.
    """
    found = {
        one.told.signal: {
            "forecast": one.told.candidate.value,
            "truth": one.truth.value,
            "before": one.told.today.value,
            "factor": _plain(one.factor),
            "naive": _plain(one.naive_factor),
            "suites": _plain(one.suite_factor),
            "covered": one.covered,
            "direction": one.direction,
        }
        for one in check.found
    }
    body = {"of": check.forecast.entry, "name": check.forecast.name, "moved": check.shift.moved, "behaviors": found}
    return ledger.append("check", author, body)


def _plain(value: float) -> float | str | None:
    """Return a number as JSON has it; without end, a word."""
    return None if math.isnan(value) else "inf" if math.isinf(value) else value


def over_all(entries: Sequence[Entry]) -> Standing:
    """Return how the forecasts of a ledger came out, the last check of each."""
    last = {entry.body["of"]: entry.body["behaviors"] for entry in entries if entry.kind == "check"}
    rows = [row for found in last.values() for row in found.values()]
    covered = sum(bool(row["covered"]) for row in rows)
    moved = [row["direction"] for row in rows if row["direction"] is not None]
    return Standing(
        len(last),
        len(rows),
        _median([_number(row["factor"]) for row in rows]),
        _median([_number(row["naive"]) for row in rows]),
        _median([_number(row.get("suites")) for row in rows]),
        exact_share(covered / len(rows), len(rows), 0.025) if rows else Interval(math.nan, math.nan, math.nan),
        (sum(moved), len(moved)),
    )


def _number(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


def _median(values: Sequence[float]) -> tuple[float, float, float]:
    """Return a median with its 95 % interval by order statistics, which assumes nothing of the values."""
    held = np.sort([one for one in values if not math.isnan(one)])
    if not len(held):
        return math.nan, math.nan, math.nan
    count = len(held)
    below = next((place for place in range(count) if bdtr(place, count, 0.5) > 0.025), 0)
    low, high = (float(held[below - 1]), float(held[count - below])) if below > 0 else (1.0, math.inf)
    middle = float(np.median(held)) if np.isfinite(held[count // 2]) else math.inf
    return middle, low, high
