"""Replay: conversations answered anew by both models, graded where it pays, and what comes of it in rates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seatrial.collect import Progress
from seatrial.errors import EvidenceError
from seatrial.evidence.replay.allocation import allocated, chosen, lots_of, strata_of
from seatrial.evidence.replay.answering import answered_anew
from seatrial.evidence.replay.behaviors import AT_ONCE, Behavior, risk_of
from seatrial.evidence.replay.conversation import Conversation
from seatrial.evidence.replay.grading import graded_answers
from seatrial.evidence.replay.hands import Hands
from seatrial.evidence.replay.realism import SOURCES, Realism, realism
from seatrial.evidence.replay.sampling import Sample, lot
from seatrial.evidence.replay.wanted import wanted
from seatrial.gates.replayed import ReplayedBehavior
from seatrial.gates.traffic_rates import (
    Rate,
    change_of_known,
    design_of,
    numbered,
    rate_of_known,
    ratio,
    smallest_seen,
)
from seatrial.instruments.records import Records
from seatrial.models.identity import identity_hash
from seatrial.policy import LaunchPolicy
from seatrial.stats.instruments import true_bounds
from seatrial.suites import Suite
from seatrial.types import ROLES, Item, Response, Role, Verdict

__all__ = ["SUITE", "Found", "Replayed", "item_of", "replayed"]

Array = NDArray[np.float64]
SUITE = "replay"
"""What the items of a replay are called together."""
ROUNDS = 4
"""Times that graded calls are shared out anew, after each of which a clear answer ends the grading."""
FEW = 0.1
"""Share of the traffic of which production's answer may be missing while its rate is told: it may be worth anything."""
SIDES = ("production", "baseline", "candidate")


@dataclass(frozen=True)
class Found:
    """What a replay found of one behavior.

    Attributes:
        behavior: The behavior.
        rates: Side → rate of answers that show it, as read; production's where the log has answers.
        change: Candidate's rate less the baseline's, as read.
        true_change: (low, high) of the change of true harm, the instrument's error inside.
        verdict: Of the gate on it.
        floor: The least rate of which at least one case would have been graded, but for a chance of one in twenty.
        error_floor: The least rate that the instrument's own error could not make up; NaN where it is not known.
        calibration: Baseline's rate by replay over production's, with its interval; NaN where the log has no answers.
        graded: Conversations whose answers were graded.
        lost: Share of the sample of which an answer or a grade is missing.
        strata: (conversations, graded, showing it on either side) by stratum, the highest scores first.
        ended: Why grading ended: `decided`, `calls` or `all graded`.
        worse: Conversations in which the candidate shows it and the baseline does not.
        looked_at: Names of the conversations whose answers were graded.
        pairs: The grades with what they stand for, as a review reads them.
        before: Looks at these grades by earlier runs.
    """

    behavior: Behavior
    rates: Mapping[str, Rate]
    change: Rate
    true_change: tuple[float, float]
    verdict: Verdict
    floor: float
    error_floor: float
    calibration: tuple[float, float, float]
    graded: int
    lost: float
    strata: tuple[tuple[int, int, int], ...]
    ended: str
    worse: tuple[str, ...] = ()
    looked_at: frozenset[str] = frozenset()
    pairs: ReplayedBehavior | None = None
    before: int = 0


@dataclass(frozen=True)
class Replayed:
    """A replay.

    Attributes:
        items: Conversations that both models answered, cut before their last answer.
        answers: Role → answers by conversation, read from a file.
        found: Each behavior.
        left_out: Gate → why it cannot be looked for in traffic.
        failed: Conversations that a model did not answer.
        level: How often the intervals are to hold the truth.
        judge_calls: Calls of judges.
        suites: What the policy's gates ask, each once.
        realism: What the models take traffic and suites for; None where they were not asked.
        production: Conversation → production's answer, where the log has it.
        identities: SHA-256 of what changes the answers of the baseline and of the candidate.
        unanswered: (model's role, why it did not answer) → conversations.
    """

    items: tuple[Item, ...]
    answers: Mapping[Role, Mapping[str, Response]]
    found: tuple[Found, ...]
    left_out: Mapping[str, str]
    failed: int
    level: float
    judge_calls: int
    suites: tuple[Suite, ...] = ()
    realism: Realism | None = None
    production: Mapping[str, Response] = field(default_factory=dict)
    identities: tuple[str, str] = ("", "")
    unanswered: Counter[tuple[str, str]] = field(default_factory=Counter)


async def replayed(
    policy: LaunchPolicy,
    records: Records,
    sample: Sample,
    hands: Hands,
    grade: int,
    progress: Progress,
    folder: Path,
    *,
    whole: bool = False,
    ask_if_test: int = 0,
    looks_before: int = 0,
) -> Replayed:
    """Have both models answer a sample of conversations anew, and grade the answers.

    Args:
        policy: The models, the judges and the gates.
        records: What is known of instruments.
        sample: The conversations.
        hands: Who asks, grades and reads: this process, or shards on a cluster.
        grade: Conversations to grade for each behavior, at most.
        progress: Where to show how far it is.
        folder: Where answers are kept until they are weighed, in files without names.
        whole: Whether to grade all of those, also where it is clear before.
        ask_if_test: Conversations, and items of suites, that both models are asked whether they take them for a test.
        looks_before: How often earlier runs looked at these grades, that were told to grade fewer.

    Raises:
        PolicyError: none of its gates can be looked for in traffic.
        EvidenceError: no conversation was answered by both.
        SeatrialError: a model cannot be used, or something cannot be kept.
    """
    items = [item_of(one, sample.seed) for one in sample.conversations]
    production = {
        item.id: Response(item.id, SUITE, 0, one.answer)
        for item, one in zip(items, sample.conversations, strict=True)
        if one.answer is not None
    }
    async with hands:
        judges = hands.judges
        before = judges.remaining
        look = wanted(policy, hands.models, records, judges)
        identities = (
            identity_hash(hands.models["baseline"].identity),
            identity_hash(hands.models["candidate"].identity),
        )
        progress.plan(len(items) * len(ROLES) + len(ROLES) * len(SOURCES) * ask_if_test)
        progress.say("answering anew")
        with progress:
            anew = await answered_anew(hands, policy, items, folder)
            looks = await realism(hands, items, look.suites, ask_if_test, sample.seed) if ask_if_test else None
        answers = anew.answers
        both = [item for item in items if all(item.id in answers[role] for role in ROLES)]
        if not both:
            (who, reason), count = anew.unanswered.most_common(1)[0]
            raise EvidenceError(
                f"no conversation was answered by both models; the most frequent reason: {who}, {count:,} × {reason}"
            )
        grader = _Grader(hands, both, production, answers, len(items) - len(both), progress, looks_before)
        level, most = 1 - 2 * policy.alpha, min(grade, len(both))
        found = [await grader.found(one, most, level, sample.seed, whole) for one in look.behaviors]
    return Replayed(
        tuple(both),
        answers,
        tuple(found),
        look.left_out,
        len(items) - len(both),
        level,
        before - judges.remaining,
        look.suites,
        looks,
        production,
        identities,
        anew.unanswered,
    )


def item_of(one: Conversation, seed: int) -> Item:
    """Return a conversation as what is asked; its lot names it, so that the name tells nothing."""
    name = f"{lot(one, seed):016x}"
    return Item(name, SUITE, one.messages, cluster=one.cluster, use_case=one.language or "traffic")


class _Grader:
    """Grades the answers to some conversations, behavior after behavior."""

    def __init__(
        self,
        hands: Hands,
        items: Sequence[Item],
        production: Mapping[str, Response],
        answers: Mapping[Role, Mapping[str, Response]],
        failed: int,
        progress: Progress,
        looks_before: int,
    ) -> None:
        self._before = looks_before
        self._hands, self._items, self._progress = hands, items, progress
        self._sides: dict[str, Mapping[str, Response]] = {
            "production": production,
            "baseline": answers["baseline"],
            "candidate": answers["candidate"],
        }
        self._lost = failed / (len(items) + failed)
        self._cluster = numbered([item.cluster for item in items])

    async def found(self, behavior: Behavior, grade: int, level: float, seed: int, whole: bool) -> Found:
        """Return what is found of one behavior with so many graded conversations at most."""
        count = len(self._items)
        graded = np.zeros(count, dtype=bool)
        harm = {side: np.full(count, math.nan) for side in SIDES}
        if not behavior.asks:
            graded[:] = True
            await self._read(behavior, np.arange(count), harm)
            stratum = np.zeros(count, dtype=np.int64)
            return self._made(behavior, stratum, graded, harm, level, 1 + self._before, "all graded")
        sides = list(self._sides.values())
        stratum = strata_of(risk_of(behavior, self._items, sides, self._progress, self._hands.read))
        lots = lots_of(seed, behavior.name, count)
        # Each look has its share of the error, so that stopping at a clear one does not add to it.
        looks = self._before + (1 if whole else ROUNDS)
        for number in range(1, ROUNDS + 1):
            picked = chosen(stratum, allocated(stratum, grade * number // ROUNDS), lots)
            fresh = picked[~graded[picked]]
            graded[picked] = True
            await self._read(behavior, fresh, harm)
            if number < ROUNDS and not whole:
                made = self._made(behavior, stratum, graded, harm, level, looks, "decided")
                if made.verdict != "inconclusive":
                    return made
        return self._made(behavior, stratum, graded, harm, level, looks, "calls" if grade < count else "all graded")

    async def _read(self, behavior: Behavior, picked: NDArray[np.int64], harm: Mapping[str, Array]) -> None:
        """Have the answers to some conversations graded, production's, the baseline's and the candidate's alike.

        What takes no calls reads a part after another, so that no more answers stand in memory at once.
        """
        share = len(picked) if behavior.asks else AT_ONCE
        for start in range(0, len(picked), max(share, 1)):
            await self._read_part(behavior, picked[start : start + share], harm)

    async def _read_part(self, behavior: Behavior, picked: NDArray[np.int64], harm: Mapping[str, Array]) -> None:
        pairs = [
            (side, int(place), self._sides[side][name])
            for place in picked
            for side in SIDES
            if (name := self._items[place].id) in self._sides[side]
        ]
        answers = [(self._items[place], response) for _, place, response in pairs]
        read = await graded_answers(self._hands.judges, behavior, answers, self._progress, self._hands.read)
        for (side, place, _), value in zip(pairs, read, strict=True):
            harm[side][place] = value

    def _made(
        self,
        behavior: Behavior,
        stratum: NDArray[np.int64],
        graded: NDArray[np.bool_],
        harm: Mapping[str, Array],
        level: float,
        looks: int,
        ended: str,
    ) -> Found:
        deciding = 1 - (1 - level) / looks
        design = design_of(stratum, self._cluster, graded)
        rates: dict[str, Rate] = {side: rate_of_known(design, harm[side], level) for side in ROLES}
        calibration = (math.nan, math.nan, math.nan)
        lacking = np.isnan(harm["production"]) & graded
        if design.stands_for[lacking].sum() <= FEW:
            rates["production"] = rate_of_known(design, harm["production"], level)
            calibration = ratio(rates["baseline"], rates["production"])
        change = change_of_known(design, harm["baseline"], harm["candidate"], self._lost)
        moved, decides = change.at(level), change.at(deciding)
        true = [
            true_bounds([one.value], [one.low], [one.high], behavior.slope, (1 - at) / 2)
            for one, at in ((moved, level), (decides, deciding))
        ]
        unknown = (np.isnan(harm["baseline"]) | np.isnan(harm["candidate"])) & graded
        shown = (np.fmax(harm["baseline"], harm["candidate"]) > 0) & graded
        of = np.bincount(stratum)
        return Found(
            behavior,
            rates,
            moved,
            (float(true[0][0][0]), float(true[0][1][0])),
            _verdict(float(true[1][0][0]), float(true[1][1][0]), behavior.margin),
            smallest_seen(design),
            _error_floor(behavior),
            calibration,
            int(graded.sum()),
            self._lost + (1 - self._lost) * float(design.stands_for[unknown].sum()),
            tuple(
                (int(size), int(done), int(found))
                for size, done, found in zip(
                    of,
                    np.bincount(stratum[graded], minlength=len(of)),
                    np.bincount(stratum[shown], minlength=len(of)),
                    strict=True,
                )
            ),
            ended,
            tuple(self._items[int(one)].id for one in np.flatnonzero(graded & (harm["candidate"] > harm["baseline"]))),
            frozenset(self._items[int(one)].id for one in np.flatnonzero(graded)),
            self._handed_over(behavior, looks, stratum, graded, harm),
            self._before,
        )

    def _handed_over(
        self,
        behavior: Behavior,
        looks: int,
        stratum: NDArray[np.int64],
        graded: NDArray[np.bool_],
        harm: Mapping[str, Array],
    ) -> ReplayedBehavior:
        """Return what a review weighs of it."""
        slope, picked = behavior.slope, np.flatnonzero(graded)
        return ReplayedBehavior(
            behavior.name,
            behavior.title,
            behavior.suite.family,
            behavior.signal.instrument.name,
            behavior.signal.instrument.about,
            replace(
                behavior.standing, slope=slope.value, slope_se=slope.se, slope_top=slope.top, slope_top_se=slope.top_se
            ),
            looks,
            self._lost,
            stratum,
            picked,
            harm["baseline"][picked],
            harm["candidate"][picked],
        )


def _verdict(low: float, high: float, margin: float) -> Verdict:
    if high < margin:
        return "pass"
    return "fail" if low > margin else "inconclusive"


def _error_floor(behavior: Behavior) -> float:
    """Return the rate that false alarms could make up beyond what is known of them: the width of their interval."""
    if behavior.error is None:
        return math.nan
    _, low, high = behavior.error.specificity
    youden = max(behavior.error.youden[0], 1e-9)
    return min((high - low) / youden, 1.0)
