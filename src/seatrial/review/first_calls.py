"""One call of each kind before all others: what a server refuses is told before anything is spent."""

from __future__ import annotations

from seatrial.collect import Ask, Collector
from seatrial.collect.judging import Judges
from seatrial.instruments.judges import Judge
from seatrial.review.rounds import Rounds

__all__ = ["first_calls"]


async def first_calls(rounds: Rounds, collector: Collector, judges: Judges) -> None:
    """Ask each model for one text and one first token, as gates will, and each judge for one grade.

    They are calls of the first round, which finds them answered. A baseline whose answers are taken over was asked
    already.

    Raises:
        ModelError: a model or a judge cannot be used, or refuses a parameter; says which setting answers that.
        StoreError: an answer could not be written.
    """
    wanted: dict[tuple[str, bool], Ask] = {}
    for run in rounds.gates:
        for role, request in run.plan.asks(0, 1) if run.plan.source == "live" and run.plan.clusters else ():
            if role == "candidate" or collector.offered(request) is None:
                wanted.setdefault((role, request.top_logprobs > 0), Ask(role, request))
    await collector.ask_first(list(wanted.values())[: max(0, collector.remaining)])
    tried: set[str] = set()
    for run in rounds.gates:
        judge = run.plan.signal.instrument
        if isinstance(judge, Judge) and run.plan.items and judge.name not in tried:
            tried.add(judge.name)
            await judges.try_out(judge)
