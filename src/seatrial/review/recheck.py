"""Whether the baseline's answers of other reviews still hold: a random part is asked anew before the rest is used.

A key says which model was named, not what stands behind the name today. Two things are compared. Answers that repeat
(greedy ones, and first tokens with their probabilities) should be the same; sampled ones differ anyhow, so each gate
reads the old and the new ones, and its readings should not move one way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatrial.collect import Collector
from seatrial.collect.judging import Judges, Task
from seatrial.instruments.base import read_many
from seatrial.instruments.judges import Judge
from seatrial.policy import LaunchPolicy
from seatrial.report import Reuse
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.stats.asked_twice import least_noticed, one_way, one_way_needed
from seatrial.stats.seeding import generator
from seatrial.types import Request, Response

__all__ = ["FEWEST", "LEVEL", "MOST_DIFFERENT", "NEAR", "recheck", "with_counts"]

FEWEST = 20
"""Answers of a gate that are asked anew at least, or all where there are no more."""
LEVEL = 0.05
"""Chance that readings of an unchanged baseline are taken for changed, over all gates; it would cost calls only."""
MOST_DIFFERENT = 0.25
"""Share of repeatable answers that may differ: endpoints compute in batches and round, so that few repeat all."""
NEAR = 0.05
"""Two distributions of a first token are the same where their total variation distance is at most this."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """What the baseline said to a request in another review, and what it says now; None where it gave no answer."""

    request: Request
    before: Response
    now: Response | None
    place: str


async def recheck(policy: LaunchPolicy, rounds: Rounds, collector: Collector, judges: Judges) -> Reuse:
    """Ask a random part anew of what would be taken over, and forbid taking over where the baseline has changed.

    Raises:
        ModelError: a model cannot be used at all.
        StoreError: an answer could not be written.
    """
    if not collector.may_take_over:
        return Reuse()
    offers = {run.signal: _offers(run, collector) for run in rounds.gates if run.plan.source == "live"}
    offered = {request for held in offers.values() for request in held}
    if not offered:
        return Reuse()
    drawn = {signal: _drawn(policy, signal, list(held)) for signal, held in offers.items()}
    wanted = list(dict.fromkeys(request for chosen in drawn.values() for request in chosen))
    found = Reuse(offered=len(offered))
    if len(wanted) > collector.remaining:
        collector.reuse = False
        return replace(
            found,
            refused=f"Other reviews have {len(offered)} of the baseline's answers. None is used: the budget does "
            f"not allow the {len(wanted)} calls that would show whether they still hold.",
        )
    got = dict(zip(wanted, await collector.ask_anew(wanted), strict=True))
    pairs = {
        signal: [_Pair(one, offers[signal][one][0], got[one], offers[signal][one][1]) for one in chosen]
        for signal, chosen in drawn.items()
    }
    found = _compared(policy, found, {pair.request: pair for held in pairs.values() for pair in held})
    found = await _read(policy, found, [run for run in rounds.gates if pairs.get(run.signal)], pairs, judges, offers)
    if found.refused:
        collector.no_longer_holds()
    return found


def with_counts(found: Reuse, collector: Collector) -> Reuse:
    """Return what was found with what was taken over in the end, and with how old this review's own answers are."""
    times = list(collector.aged.values())
    known = [at for at in times if at is not None]
    return replace(
        found,
        taken=tuple((review, day, count) for (review, day), count in sorted(collector.taken.items())),
        too_old=collector.too_old,
        not_covered=collector.not_covered,
        aged=len(times),
        aged_since=min(known).date().isoformat() if len(known) == len(times) > 0 else "",
    )


def _offers(run: GateRun, collector: Collector) -> dict[Request, tuple[Response, str]]:
    """Return the requests of a gate that another review has an answer to: the answer, and where it comes from."""
    requests = [request for role, request in run.plan.asks(0, run.most) if role == "baseline"]
    held = ((request, collector.offered(request)) for request in requests)
    return {
        request: (answer.response, f"{answer.review} of {answer.at.date().isoformat()}")
        for request, answer in held
        if answer is not None and answer.at is not None
    }


def _drawn(policy: LaunchPolicy, signal: str, requests: Sequence[Request]) -> list[Request]:
    """Return the requests to ask anew: the policy's share, at least `FEWEST`; others for each candidate."""
    count = min(len(requests), max(FEWEST, math.ceil(policy.reuse.recheck * len(requests))))
    rng = generator(policy.seed, "recheck", signal, policy.candidate.model_dump_json())
    return [requests[place] for place in sorted(rng.permutation(len(requests))[:count])]


def _compared(policy: LaunchPolicy, found: Reuse, pairs: Mapping[Request, _Pair]) -> Reuse:
    """Compare answers that should repeat."""
    greedy = policy.baseline.generation.temperature == 0
    repeat = [pair for pair in pairs.values() if greedy or pair.request.top_logprobs]
    differ = [pair for pair in repeat if not _same(pair)]
    needed = math.floor(MOST_DIFFERENT * len(repeat)) + 1
    found = replace(
        found,
        asked_anew=len(pairs),
        differ=len(differ),
        seen_at_all=least_noticed(needed, len(repeat), policy.power),
    )
    if len(differ) < needed:
        return found
    return _refused(found, f"{len(differ)} of {len(repeat)} answers asked anew differ from those", differ)


def _same(pair: _Pair) -> bool:
    if pair.now is None:
        return False
    if not pair.request.top_logprobs:
        return pair.before.text == pair.now.text
    before, now = ({token: math.exp(value) for token, value in side.first} for side in (pair.before, pair.now))
    return sum(abs(before.get(one, 0.0) - now.get(one, 0.0)) for one in before | now) / 2 <= NEAR


async def _read(
    policy: LaunchPolicy,
    found: Reuse,
    runs: Sequence[GateRun],
    pairs: Mapping[str, Sequence[_Pair]],
    judges: Judges,
    offers: Mapping[str, Mapping[Request, tuple[Response, str]]],
) -> Reuse:
    """Compare what each gate reads in the old and the new answers."""
    level = LEVEL / len(runs)
    seen = []
    for run in runs:
        held = pairs[run.signal]
        ways = await _ways(run, held, judges)
        up, down = ways.count(1), ways.count(-1)
        if len(held) < len(offers[run.signal]):
            seen.append(least_noticed(one_way_needed(level), len(held), policy.power))
        if one_way(up, down) <= level and not found.refused:
            words = f"in {len(held)} answers asked anew, {run.signal} reads {up} higher and {down} lower than in those"
            found = _refused(found, words, [pair for pair, way in zip(held, ways, strict=True) if way])
    return replace(found, seen_in_a_gate=max(seen, key=lambda share: (math.isnan(share), share), default=math.nan))


async def _ways(run: GateRun, pairs: Sequence[_Pair], judges: Judges) -> list[int]:
    """Return which way a gate's reading moved for each pair; a reading that is lost moved up, a new one down."""
    instrument = run.plan.signal.instrument
    if isinstance(instrument, Judge):
        sides = [(pair.request.item, side.text) for pair in pairs for side in (pair.before, pair.now) if side]
        if instrument.paired:
            both = [tuple(dict.fromkeys(s.text for s in (pair.before, pair.now) if s)) for pair in pairs]
            tasks = [Task(pair.request.item, texts) for pair, texts in zip(pairs, both, strict=True)]
        else:
            tasks = [Task(item, (text,)) for item, text in dict.fromkeys(sides)]
        await judges.grade(instrument, tasks)
    before = read_many(instrument, [pair.request.item for pair in pairs], [pair.before for pair in pairs])
    answered = [(pair.request, pair.now) for pair in pairs if pair.now is not None]
    readings = read_many(instrument, [request.item for request, _ in answered], [now for _, now in answered])
    after = {request: value for (request, _), value in zip(answered, readings, strict=True)}
    ways = []
    for pair, old in zip(pairs, before, strict=True):
        new = after.get(pair.request)
        if old is None or new is None:
            ways.append((old is not None) - (new is not None))
        else:
            moved = (new - old) * run.plan.signal.side(pair.request.item)
            ways.append((moved > 0) - (moved < 0))
    return ways


def _refused(found: Reuse, words: str, pairs: Sequence[_Pair]) -> Reuse:
    places = ", ".join(sorted({pair.place for pair in pairs}))
    return replace(
        found,
        refused=f"The baseline has changed behind its name: {words} of {places}. None of its {found.offered} answers "
        "that other reviews have was taken over; all were asked for now.",
    )
