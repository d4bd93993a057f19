"""Live reviews with families, asked to their end by the real rounds; answers carry their own scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from seatrial.collect import Batch, Failure
from seatrial.gates.plan import GatePlan, Source
from seatrial.gates.verdicts import decide
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import Standing, standing
from seatrial.policy import Budget, Gate, LaunchPolicy, SignalSpec
from seatrial.report.result import Step
from seatrial.review.findings.answer_pairs import answer_pairs
from seatrial.review.findings.next_steps import next_steps
from seatrial.review.findings.no_answers import unanswered
from seatrial.review.rounds import Rounds
from seatrial.types import Decision, Item, Message, Response

NO_RECORD = Standing(False, "Error not measured: it has no record, so it may only advise.", math.nan, math.nan, False)


@dataclass(frozen=True)
class Reviewed:
    """A review that ended."""

    rounds: Rounds
    decision: Decision
    steps: tuple[Step, ...]


@pytest.fixture
def reviewed() -> Callable[..., Reviewed]:
    """Return what reviews: suite → how much worse the candidate is; suites of one family, or gates of their own."""

    def make(
        worse: Mapping[str, float],
        *,
        family: str = "",
        margin: float = 0.05,
        suite_margin: float = 0.2,
        clusters: int = 100,
        draws: int = 1,
        calls: int = 100_000,
        spread: float = 0.25,
        lost: float = 0.0,
        source: Source = "live",
        known: Mapping[str, Standing] | None = None,
        advisory: str | None = None,
        severe: Sequence[str] = (),
        odd: Sequence[str] = (),
        seed: int = 0,
    ) -> Reviewed:
        plans, gates = [], []
        if family:
            gates = [
                Gate(
                    signal=f"family/{family}", margin=margin, per="suite", suite_margin=suite_margin, advisory=advisory
                )
            ]
        for name in worse:
            signal = declared_signal(name, SignalSpec(column="score"))
            items = tuple(
                (Item(f"i{place}", name, (Message("user", "?"),), cluster=f"c{place}"),) for place in range(clusters)
            )
            gate = Gate(signal=name, margin=suite_margin if family else margin, advisory=advisory)
            gates += [] if family else [gate]
            held = (known or {}).get(name, standing(signal.instrument, name, {}))
            inside = f"family/{family}" if family else ""
            plans.append(
                GatePlan(gate, signal, source, items, standing=held, depth=draws, most=clusters * draws, family=inside)
            )
        policy = LaunchPolicy(name="p", gates=gates, budget=Budget(calls=calls))
        rounds, rng, left = Rounds(policy, plans, None), np.random.default_rng(seed), calls
        while asks := rounds.next_asks(left):
            left -= len(asks)
            responses, failures = [], []
            for ask in asks:
                rise = worse[ask.request.item.suite] if ask.role == "candidate" else 0.0
                if ask.role == "candidate" and rng.random() < lost:
                    failures.append(Failure(ask.role, ask.request, "the server was busy"))
                    continue
                score = min(max(0.4 + rise + spread * rng.standard_normal(), 0.0), 1.0)
                made = Response(
                    ask.request.item.id,
                    ask.request.item.suite,
                    ask.request.draw,
                    "said",
                    labels=(("score", repr(score)),),
                )
                responses.append((ask.role, made))
            rounds.take(Batch(tuple(responses), tuple(failures)))
            rounds.weigh()
        rounds.weigh()
        decision = decide(rounds.finish(), severe, odd)
        lacking = [entry for run in rounds.gates for entry in unanswered(run)]
        steps = next_steps(policy, rounds, decision, lacking, answer_pairs(rounds, decision))
        return Reviewed(rounds, decision, steps)

    return make
