"""Gates whose answers are made by hand or drawn, asked through the real rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from seatrial.collect import Ask, Batch, Failure
from seatrial.gates.plan import GatePlan, Source
from seatrial.instruments import declared_signal
from seatrial.instruments.may_gate import standing
from seatrial.policy import Budget, Gate, LaunchPolicy, SignalSpec
from seatrial.review.rounds import Rounds
from seatrial.stats.instruments import Slope
from seatrial.types import ROLES, Item, Message, Response, Role

Score = Callable[[Role, Item, int], "float | None"]
"""What a model scores with an item at a draw; None where the call fails."""
PLENTY = 1_000_000


def gate_plan(
    name: str,
    clusters: int = 60,
    source: Source = "live",
    *,
    size: int = 1,
    depth: int = 1,
    most: int | None = None,
    family: str = "",
    suite: str = "",
    slope: Slope | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
    use_cases: Sequence[str] = ("general",),
    **gate: Any,
) -> GatePlan:
    """A gate over clusters of `size` items, whose instrument reads the answers' own labels."""
    signal = declared_signal(name, SignalSpec(column=gate.pop("column", "score"), bounds=bounds))
    items = tuple(
        tuple(
            Item(
                f"{place}.{part}",
                suite or name,
                (Message("user", "?"),),
                cluster=f"c{place}",
                use_case=use_cases[place % len(use_cases)],
            )
            for part in range(size)
        )
        for place in range(clusters)
    )
    made = Gate.model_validate({"signal": name, "margin": 0.2 if family else 0.1, **gate})
    known = standing(signal.instrument, name, {})
    if slope is not None:
        known = replace(known, slope=slope.value, slope_se=slope.se)
    asked = clusters * depth if most is None else most
    return GatePlan(made, signal, source, items, standing=known, depth=depth, most=asked, family=family)


def family(name: str, *plans: GatePlan, **gate: Any) -> tuple[Gate, tuple[GatePlan, ...]]:
    """A gate on a family and its suites, each at the suite margin."""
    made = Gate.model_validate({"signal": f"family/{name}", "margin": 0.1, "suite_margin": 0.2, **gate})
    widths = [plan.signal.bounds[1] - plan.signal.bounds[0] for plan in plans]
    members = [
        plan.gate.model_copy(update={"margin": made.suite_margin * width, "advisory": made.advisory})  # type: ignore[operator]
        for plan, width in zip(plans, widths, strict=True)
    ]
    return made, tuple(
        replace(plan, family=made.signal, gate=member) for plan, member in zip(plans, members, strict=True)
    )


def rounds_of(
    *gates: GatePlan | tuple[Gate, tuple[GatePlan, ...]],
    brought: pl.DataFrame | None = None,
    calls: int = PLENTY,
    ends_before: int = 0,
    **options: Any,
) -> Rounds:
    """The rounds of a policy with these gates, nothing asked yet."""
    parts = [(one.gate, (one,)) if isinstance(one, GatePlan) else one for one in gates]
    policy = LaunchPolicy(name="p", gates=[gate for gate, _ in parts], budget=Budget(calls=calls), **options)
    return Rounds(policy, [plan for _, plans in parts for plan in plans], brought, ends_before)


def answers(asks: Sequence[Ask], score: Score) -> Batch:
    """Answer each ask with the score that its role, item and draw get; None is a failure."""
    responses, failures = [], []
    for ask in asks:
        request = ask.request
        value = score(ask.role, request.item, request.draw)
        if value is None:
            failures.append(Failure(ask.role, request, "no answer"))
        else:
            labels = (("score", repr(value)), ("other", repr(1 - value)))
            made = Response(request.item.id, request.item.suite, request.draw, "said", labels=labels)
            responses.append((ask.role, made))
    return Batch(tuple(responses), tuple(failures))


def go(rounds: Rounds, score: Score, remaining: int = PLENTY, times: int = 1) -> list[Ask]:
    """Ask, take and weigh so many rounds; return the last round's asks."""
    asks: list[Ask] = []
    for _ in range(times):
        asks = rounds.next_asks(remaining)
        remaining -= len(asks)
        rounds.take(answers(asks, score))
        rounds.weigh()
    return asks


def to_the_end(rounds: Rounds, score: Score) -> int:
    """Ask as a review does until there is nothing to ask; return the live calls that were made."""
    spent, live = 0, {run.signal for run in rounds.gates if run.plan.source == "live"}
    while asks := rounds.next_asks(rounds.policy.budget.calls - spent):
        spent += sum(ask.request.item.suite in live for ask in asks)
        rounds.take(answers(asks, score))
        rounds.weigh()
    rounds.weigh()
    return spent


def asked_anew(
    rounds: Rounds, plan: Callable[[GatePlan], GatePlan] = lambda plan: plan, said: Mapping[Role, Sequence[str]] = {}
) -> Rounds:
    """The same answers to other plans, with what is said instead, weighed from the start."""
    made = Rounds(rounds.policy, [plan(run.plan) for run in rounds.gates], None)
    for run, before in zip(made.gates, rounds.gates, strict=True):
        run.asks(run.remaining)
        for role in ROLES:
            given = before.responses[role]
            texts = said.get(role, [one.text for one in given])
            run.responses[role] = [replace(one, text=text) for one, text in zip(given, texts, strict=True)]
        run.failures, run.calls = list(before.failures), before.calls
    for gate in made.asked:
        gate.going_on()
    made.weigh()
    return made
