"""The steps that could decide gates which stand in the way, one kind for each thing that keeps a gate open."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seatrial.policy import LaunchPolicy
from seatrial.report.result import Step, Unanswered
from seatrial.report.wording import listed, number, percent
from seatrial.review.asked_gate import AskedGate
from seatrial.review.findings.decision_odds import (
    LABELS,
    Open,
    Quality,
    decided,
    decided_by_labels,
    if_all_answered,
    most_times,
    open_claims,
)
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.stats.spending import FOR_MORE

__all__ = ["GOOD", "WORTH", "Lost", "add_items", "answer", "call", "differs", "even_out", "label", "lacks", "measure"]

GOOD = 0.8
"""A step that decides its gates with this chance is large enough."""
WORTH = 0.3
"""More calls that decide a gate with less than this are no step; then its items are too few."""
A_MINUTE = 3
"""Labels that a person gives in a minute."""
ASSUMED = Quality(0.75, 0.1)
"""What is taken of an instrument of which nothing is known: TPR 0.85 and FPR 0.10, and what these may be instead."""
LITTLE = 0.05
"""Calls that raise a chance by no more than this are not advised."""
FROM_BOTH = 60
"""Labels of each model's answers, from which on it says something that an instrument errs differently on them."""
MUCH = 0.25
"""Missing answers that may move a change by this part of its margin are got first."""
FARTHEST = 32.0
"""Times the present items, beyond which a number of items is no advice."""
Lost = Sequence[Unanswered]


def differs(one: Open) -> bool:
    """Return whether a claim is open only by what error that differs between the models could fake."""
    found, threshold = one.found, one.claim.statement.threshold
    within = found.low - one.faked <= threshold <= found.high + one.faked
    return bool(one.faked) and within and not found.low <= threshold <= found.high


def lacks(one: Open) -> bool:
    """Return whether a claim is open, and what is missing alone moves it by much of its margin."""
    found = one.found
    return not one.passed and found.missing_high - found.estimate > MUCH * abs(one.claim.statement.threshold)


def measure(policy: LaunchPolicy, rounds: Rounds, gates: list[AskedGate], lost: Lost) -> list[Step]:
    """Return the step of gates of which nothing was measured."""
    empty = [run for gate in gates for run in gate.runs if not run.found or not run.found[0][1].clusters]
    advice = _advice(lost, [run.signal for run in empty])
    how = f": {advice}" if advice else ", or name a column of your own labels under `signals:`"
    return [
        Step(
            "answers",
            _signals(gates),
            f"Nothing was measured for {listed([run.signal for run in empty])}: answer the suite's items with both "
            f"models{how}.",
            _answers(sum(2 * len(run.plan.items) for run in empty), empty),
        )
    ]


def answer(policy: LaunchPolicy, rounds: Rounds, gates: list[AskedGate], lost: Lost) -> list[Step]:
    """Return the step of gates that missing answers keep open."""
    runs = [run for gate in gates for run in gate.runs]
    names = {run.signal for run in runs}
    count = len({(one.signal, one.role, one.item) for one in lost if one.signal in names})
    count = count or sum(run.found[0][1].missing for run in runs)
    chances = [if_all_answered(open_claims(gate, rounds), policy.alpha) for gate in gates]
    advice = _advice(lost, sorted(names))
    how = f": {advice}; then ask again" if advice else ": ask again"
    rest = "without them the rest decides" if min(chances) >= GOOD else "no number of other answers makes up for that"
    return [
        Step(
            "answers",
            _signals(gates),
            f"Get the {_count(count, 'answer')} that {'is' if count == 1 else 'are'} missing for "
            f"{listed(_signals(gates))}{how}. Each counts as harm until then, and {rest}.",
            _answers(count, runs),
            "what is missing is like the rest",
            sum(chances) / len(chances),
        )
    ]


def _answers(count: int, runs: Sequence[GateRun]) -> str:
    live = any(run.plan.source == "live" for run in runs)
    return _count(count, "call") if live else f"{_count(count, 'answer')} in the files"


def _advice(lost: Lost, signals: Sequence[str]) -> str:
    """Return what to set so that gates get the answers they lack: what mends most, of both models if they are even."""
    counts = Counter(one.advice for one in lost if one.signal in signals and one.advice)
    return " and ".join([advice for advice, count in counts.items() if count == max(counts.values())][:2])


def even_out(policy: LaunchPolicy, rounds: Rounds, gates: list[AskedGate], lost: Lost) -> list[Step]:
    """Return one step for each gate whose instruments err differently on the two models."""
    steps = []
    for gate in gates:
        worst = max((one for one in open_claims(gate, rounds) if differs(one)), key=lambda one: one.faked)
        names = listed(list(dict.fromkeys(run.plan.signal.instrument.name for run in gate.runs)))
        steps.append(
            Step(
                "error",
                (gate.gate.signal,),
                f"Read {gate.gate.signal} by something that errs alike on both models: {names} could fake a change of "
                f"{number(worst.faked)} of {worst.signal}, more than the room that is left. Labels of {FROM_BOTH} "
                "answers of each model, as a new record, say whether that is so.",
                _labelling(2 * FROM_BOTH),
            )
        )
    return steps


def _labelling(labels: int) -> str:
    return f"{labels} labels, about {_minutes(labels / A_MINUTE)}"


def _minutes(minutes: float) -> str:
    return f"{round(minutes)} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def label(policy: LaunchPolicy, rounds: Rounds, gates: list[AskedGate], lost: Lost) -> list[Step]:
    """Return one step for all gates that the same instruments may not gate."""
    alike: dict[tuple[str, ...], list[AskedGate]] = {}
    for gate in gates:
        weak = [run.plan.signal.instrument.name for run in gate.runs if not run.plan.standing.may_gate]
        alike.setdefault(tuple(sorted(set(weak))), []).append(gate)
    return [_record(policy, rounds, names, held) for names, held in alike.items()]


def _record(policy: LaunchPolicy, rounds: Rounds, names: tuple[str, ...], gates: list[AskedGate]) -> Step:
    """Return the step that gets a record for instruments, as large as decides their gates."""
    qualities = {name: _quality(gates, name) for name in names}
    tried = []
    for labels in LABELS:
        each = [decided_by_labels(gate, rounds, qualities, labels, policy.alpha) for gate in gates]
        tried.append((labels, each))
        if min(done for _, done in each) >= GOOD:
            break
    labels, each = max(tried, key=lambda one: (round(sum(done for _, done in one[1]), 2), -one[0]))
    let, chance = each[0][0], sum(done for _, done in each) / len(each)
    total, kept = labels * len(names), _signals(gates)
    what = f"{labels} labels" if len(names) == 1 else f"{labels} labels for each of {len(names)} instruments"
    if chance < LITTLE and let < WORTH:
        other = (
            f"No number of labels is likely to let {listed(names)} gate {listed(_weak_suites(gates, names))}: have "
            "another instrument read them, such as a judge (`instrument: judge/NAME`)."
        )
        return Step("labels", kept, other, "a judge, and labels for its record", _assumed(gates, qualities), chance)
    decides = f"{kept[0]} with {percent(chance)}" if len(kept) == 1 else f"{listed(kept)} with {percent(chance)} each"
    if chance < LITTLE:
        few = (
            f"{what} on answers to {listed(_weak_suites(gates, names))} let {listed(names)} gate with {percent(let)} "
            f"(`seatrial label new`), and the answers that were asked would hardly decide {listed(kept)} even then: "
            "have more asked too, or the suites read by another instrument."
        )
        return Step("labels", kept, few, _labelling(total), _assumed(gates, qualities), chance)
    text = (
        f"{what} on answers to {listed(_weak_suites(gates, names))} decide {decides}: they let {listed(names)} gate "
        f"with {percent(let)} (`seatrial label new`)."
    )
    if chance < WORTH:
        text += (
            " Another instrument, or more items, would serve better."
            if let >= WORTH
            else " Another instrument would serve better."
        )
    return Step("labels", kept, text, _labelling(total), _assumed(gates, qualities), chance)


def _weak_suites(gates: list[AskedGate], names: tuple[str, ...]) -> list[str]:
    return [run.signal for gate in gates for run in gate.runs if run.plan.signal.instrument.name in names]


def _quality(gates: list[AskedGate], name: str) -> Quality:
    """Return what is known of an instrument that may not gate; of the worst of its records for these gates."""
    held = [
        run.plan.standing
        for gate in gates
        for run in gate.runs
        if run.plan.signal.instrument.name == name and not run.plan.standing.may_gate
    ]
    known = [one for one in held if one.youden > 0 and one.slope > 0]
    if not known:
        bad = [one for one in held if not math.isnan(one.youden)]
        return Quality(0.01, 0.1) if bad else ASSUMED
    worst = min(known, key=lambda one: one.youden)
    ratio = worst.slope / worst.youden
    return Quality(worst.youden, worst.slope_se / ratio, ratio)


def _assumed(gates: list[AskedGate], qualities: dict[str, Quality]) -> str:
    guessed = [name for name, quality in qualities.items() if quality is ASSUMED]
    if guessed:
        said = (
            f"nothing is known of {listed(guessed)}; taken is that "
            f"{'it tells' if len(guessed) == 1 else 'they tell'} harmful from harmless with TPR 0.85 and FPR 0.10"
        )
    else:
        said = "the records so far are right on average"
    return f"{said}; half of the labels are harmful"


def call(policy: LaunchPolicy, rounds: Rounds, gates: list[AskedGate], lost: Lost) -> list[Step]:
    """Return one step for all gates that the budget ended: so many more calls."""
    total, said, chances = 0, [], []
    for gate in gates:
        claims, most = open_claims(gate, rounds), most_times(gate)
        sizes = [float(times) for times in np.geomspace(1.02, most, 60)] if most > 1.02 else [most]
        odds = [decided(claims, times, policy.alpha * FOR_MORE / (1 - FOR_MORE)) for times in sizes]
        wished = policy.power if max(odds) >= policy.power else max(odds) - LITTLE
        enough = next(place for place, chance in enumerate(odds) if chance >= wished)
        wanted = math.ceil((sizes[enough] - 1) * gate.calls)
        total += wanted
        chances.append(odds[enough])
        part = f" ({_rounded_up(wanted):,})" if len(gates) > 1 else ""
        said.append(f"{gate.gate.signal} with {percent(odds[enough])}{part}")
    calls = _rounded_up(total)
    budget = _rounded_up(policy.budget.calls + calls)
    return [
        Step(
            "calls",
            _signals(gates),
            f"{calls:,} more calls decide {listed(said)} (`budget: {{calls: {budget}}}`); answers so far are kept.",
            f"{calls:,} calls",
            "further answers vary as those so far, around the present estimates",
            sum(chances) / len(chances),
        )
    ]


def _rounded_up(count: int) -> int:
    """Return a count with two digits that count, never a smaller one."""
    unit: int = 10 ** max(0, len(str(count)) - 2)
    return unit * math.ceil(count / unit)


def add_items(policy: LaunchPolicy, rounds: Rounds, gates: list[AskedGate], lost: Lost) -> list[Step]:
    """Return the step of gates that their items cannot decide, and that of gates that lie near their margins."""
    needs = [_need(policy, gate, open_claims(gate, rounds)) for gate in gates]
    few, near = [one for one in needs if not one.near], [one for one in needs if one.near]
    return [*([_too_few(policy, few)] if few else []), *([_near_the_margin(near)] if near else [])]


@dataclass(frozen=True, slots=True)
class _Need:
    """What a gate's items lack.

    Attributes:
        gate: Its signal.
        worst: The claim that lacks most.
        items: Items that would do; 0 where no number does.
        margin: Margin that the present items would do for, in words; empty where none does.
        chance: Chance that so many items decide it, around the present estimates.
        near: Whether the items would have done for an unchanged candidate.
    """

    gate: str
    worst: Open
    items: int
    margin: str
    chance: float
    near: bool

    @property
    def have(self) -> int:
        """Items that there are."""
        return self.worst.found.items

    @property
    def of(self) -> str:
        """Of which suite, where it is not the whole gate."""
        return "" if self.worst.signal == self.gate else f" of {self.worst.signal}"

    @property
    def ways(self) -> str:
        """What would do."""
        known = [f"a {self.margin}" if self.margin else "", f"{self.items:,} items" if self.items else ""]
        return " or ".join(filter(None, known)) or "nothing on this scale"


def _need(policy: LaunchPolicy, gate: AskedGate, claims: list[Open]) -> _Need:
    alpha, power = policy.alpha, policy.power
    sizes = [float(times) for times in np.geomspace(1.0, FARTHEST, 120)]
    left = [one for one in claims if not one.passed] or claims[:1]
    needs = [
        next((size for size in sizes if one.odds(size, alpha, unchanged=True)[0] >= power), math.inf) for one in left
    ]
    times = max(needs)
    worst = left[needs.index(times)]
    near = times <= 1.0
    if near:
        worst = max(left, key=lambda one: one.found.estimate / abs(one.claim.statement.threshold))
        odds = [decided(claims, size, alpha) for size in sizes]
        times = next((size for size, chance in zip(sizes, odds, strict=True) if chance >= GOOD), math.inf)
    chance = decided(claims, min(times, FARTHEST), alpha)
    items = _rounded_up(math.ceil(worst.found.items * times)) if math.isfinite(times) else 0
    margin = worst.margin_for(alpha, power)
    part = worst.signal != gate.gate.signal
    wide = next(run.width for run in gate.runs if run.signal == worst.signal) if part else 1.0
    words = f"{'suite_margin' if part else 'margin'} of {_margin(margin / wide)}" if math.isfinite(margin) else ""
    return _Need(gate.gate.signal, worst, items, words, chance, near)


def _too_few(policy: LaunchPolicy, needs: Sequence[_Need]) -> Step:
    """Return the step of gates that could not have passed an unchanged candidate."""
    if len(needs) == 1:
        (one,) = needs
        at = f"{one.worst.claim.statement.threshold:g}"
        text = (
            f"Nothing can decide {one.gate} on the {one.have:,} items{one.of} at a margin of {at}: it takes {one.ways}."
        )
    else:
        each = "; ".join(f"{one.gate} on {one.have:,} items{one.of} ({one.ways})" for one in needs)
        text = f"Nothing can decide these gates at their margins; in brackets what would do: {each}."
    added = sum(max(0, one.items - one.have) for one in needs)
    return Step(
        "items",
        tuple(one.gate for one in needs),
        text,
        f"{added:,} more items, answered by both models; or margins that count from the next review on",
        f"the candidate changed nothing, answers spread as here, and each is to pass with {percent(policy.power)}",
        sum(one.chance for one in needs) / len(needs),
    )


def _near_the_margin(needs: Sequence[_Need]) -> Step:
    """Return the step of gates that could have passed an unchanged candidate, and lie near their margins."""
    each = "; ".join(
        f"{one.gate} on {one.items:,} items instead of {one.have:,} with {percent(one.chance)}"
        if one.items
        else f"{one.gate} by no number of items ({percent(one.chance)} on {FARTHEST:g} times as many)"
        for one in needs
    )
    worst = max(needs, key=lambda one: one.worst.found.estimate / abs(one.worst.claim.statement.threshold)).worst
    added = sum(max(0, one.items - one.have) for one in needs)
    return Step(
        "items",
        tuple(one.gate for one in needs),
        f"More items may decide {each}: {worst.signal}, estimated at {number(worst.found.estimate, sign=True)}, lies "
        f"near what is tolerated, {worst.claim.statement.threshold:g}.",
        f"{added:,} more items, answered by both models" if added else "",
        "further answers vary as those so far, around the present estimates",
        sum(one.chance for one in needs) / len(needs),
    )


def _margin(value: float) -> str:
    """Return a margin with two digits, rounded up."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return f"{math.ceil(value / unit - 1e-9) * unit:.2g}"


def _signals(gates: Sequence[AskedGate]) -> tuple[str, ...]:
    return tuple(gate.gate.signal for gate in gates)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
