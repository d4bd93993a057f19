"""One call of each kind before all others: what a server refuses is told before anything is spent."""

from __future__ import annotations

from collections.abc import Sequence

from seatrial.collect import Ask, Collector
from seatrial.collect.judging import Judges
from seatrial.gates.plan import GatePlan
from seatrial.instruments.judges import Judge

__all__ = ["ask_judges_first", "ask_models_first"]


async def ask_models_first(plans: Sequence[GatePlan], collector: Collector) -> None:
    """Ask each model for one text and one first token, as gates will.

    They are calls of the first round, which finds them answered. A baseline whose answers are taken over was asked
    already.

    Raises:
        ModelError: a model cannot be used, or refuses a parameter; says which setting answers that.
        StoreError: an answer could not be written.
    """
    wanted: dict[tuple[str, bool], Ask] = {}
    for plan in plans:
        for role, request in plan.asks(0, 1) if plan.source == "live" and plan.clusters else ():
            if role == "candidate" or collector.offered(request) is None:
                wanted.setdefault((role, request.top_logprobs > 0), Ask(role, request))
    await collector.ask_first(list(wanted.values())[: max(0, collector.remaining)])


async def ask_judges_first(plans: Sequence[GatePlan], judges: Judges) -> None:
    """Ask each judge for one grade, of an answer whose grade is known.

    Raises:
        ModelError: a judge cannot be used, or refuses a parameter; says which setting answers that.
        StoreError: a reply could not be written.
    """
    tried: set[str] = set()
    for plan in plans:
        judge = plan.signal.instrument
        if isinstance(judge, Judge) and plan.items and judge.name not in tried:
            tried.add(judge.name)
            await judges.try_out(judge)
