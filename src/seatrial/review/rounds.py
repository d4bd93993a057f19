"""The rounds of a review: how far to ask next, and what each gate knows after it.

A live gate is asked in rounds, whole clusters at a time and both models on the same items, until it is decided, all
that it may ask is used up, what remains could hardly decide it, or the budget is spent. The order of the clusters and
the rule by which it is looked at were fixed before the first answer, so that looking costs what the rule says.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from seatrial.collect import Ask, Batch
from seatrial.gates.claims import Claim
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import Method
from seatrial.gates.summary_figures import summary_claims
from seatrial.gates.verdicts import WeighedGate, open_weights, verdicts
from seatrial.gates.weigh import chance_at_end, decision_chance, with_mde, with_mde_at_end
from seatrial.instruments.readings import Readings
from seatrial.observations import SEVERE, by_signal
from seatrial.policy import LaunchPolicy
from seatrial.review.allocation import allocate
from seatrial.review.asked_gate import AskedGate
from seatrial.review.gate_run import GateRun
from seatrial.stats.instruments import Slope
from seatrial.stats.seeding import generator
from seatrial.stats.spending import Looks
from seatrial.types import Evidence, GateVerdict

__all__ = ["FUTILE", "Rounds"]

FUTILE = 0.01
"""A gate is given up when its chance of a decision, judged by what was seen, is below this."""
FEWEST_AHEAD = 48
"""Clusters from which on the spread of what was seen says something about what was not."""


class Rounds:
    """All gates of a review, asked and weighed round by round.

    Attributes:
        policy: What must hold.
        asked: The policy's gates, in its order.
        gates: All that is asked or read: a gate's suite, or those of its family.
        verdicts: Of the policy's gates, at the last look.
    """

    def __init__(
        self, policy: LaunchPolicy, plans: Sequence[GatePlan], brought: pl.DataFrame | None, ends_before: int = 0
    ) -> None:
        """Start with nothing asked.

        Args:
            policy: What must hold.
            plans: Its gates' suites, ready to be asked.
            brought: What was observed elsewhere.
            ends_before: Reviews of the same candidate that smaller budgets ended.
        """
        self.policy = policy
        self._brought = {} if brought is None else by_signal(brought)
        readings = Readings()
        self.gates = [
            GateRun(plan, self._brought[plan.signal.name] if plan.source == "evidence" else None, readings=readings)
            for plan in plans
        ]
        self.asked = [
            AskedGate(gate, [run for run in self.gates if run.plan.answers_to == gate.signal], ends_before=ends_before)
            for gate in policy.gates
        ]
        self._owners: dict[tuple[str, str], list[GateRun]] = {}
        for run in self.gates:
            for item in run.plan.items:
                self._owners.setdefault((item.suite, item.id), []).append(run)
        self.verdicts: tuple[GateVerdict, ...] = ()
        self._weighed: list[WeighedGate] = []
        self._last = False

    @property
    def most_calls(self) -> int:
        """The most live calls that the gates could take, within the budget."""
        live = [run for run in self.gates if run.plan.source == "live"]
        return min(sum(run.next_calls(run.most) for run in live), self.policy.budget.calls)

    def next_asks(self, remaining: int) -> list[Ask]:
        """Return what to ask now, baseline and candidate side by side; empty when all is decided or spent.

        Args:
            remaining: Live calls that the budget still allows.
        """
        waiting = [gate for gate in self.asked if gate.open]
        # Gates that read the same recorded answers ask for each of them once between them: `take` gives it to all.
        recorded = [run for gate in waiting for run in gate.asking if run.plan.source == "recorded"]
        asks = list(dict.fromkeys(ask for run in recorded for ask in run.asks(run.remaining)))
        live = [gate for gate in waiting if gate.live]
        coming = allocate(live, remaining)
        self._last = self._last or coming.last
        for gate, places in zip(live, coming.places, strict=True):
            for run in gate.runs:
                if places.get(run.signal):
                    asks += run.asks(places[run.signal])
            gate.going_on()
        return asks

    def take(self, batch: Batch) -> None:
        """Hand a round's answers and failures to the gates that asked for them."""
        for role, response in batch.responses:
            for run in self._owners[response.suite, response.item]:
                run.responses[role].append(response)
                run.calls += 1
        for failure in batch.failures:
            for run in self._owners[failure.request.item.suite, failure.request.item.id]:
                run.failures.append(failure)
                run.calls += 1

    def weigh(self) -> tuple[GateVerdict, ...]:
        """Look at all gates and return their verdicts so far."""
        for gate in self.asked:
            gate.look(self.policy.alpha, len(self.gates), final=self._last and gate.live)
        self._settle()
        for gate in self.asked:
            self._end(gate)
        return self.verdicts

    def _settle(self) -> None:
        """Find the verdicts."""
        self._weighed = [gate.weighed() for gate in self.asked]
        self.verdicts = verdicts(self._weighed, self.policy.alpha)
        for gate, verdict in zip(self.asked, self.verdicts, strict=True):
            gate.verdict = verdict

    def _end(self, gate: AskedGate) -> None:
        """Note why a gate is asked no more, if so.

        Stopping early can only turn verdicts into inconclusive ones, so no error rate grows.
        """
        if gate.ended or not gate.live or gate.verdict is None or not (gate.calls or self._last):
            return
        if gate.verdict.verdict != "inconclusive":
            gate.ended = "decided"
        elif not gate.asking and any(run.is_cut_short for run in gate.runs):
            gate.ended = "budget"
            gate.stopped = (
                f"Its part of the budget of {self.policy.budget.calls:,} calls was spent before it was decided."
            )
        elif not gate.asking:
            gate.ended, gate.stopped = "used up", self._used_up(gate)
        elif self._last:
            gate.ended = "budget"
            done = "decided" if gate.calls else "asked anything"
            gate.stopped = f"The budget of {self.policy.budget.calls:,} calls was spent before it was {done}."
        else:
            self._look_ahead(gate)

    def _used_up(self, gate: AskedGate) -> str:
        """Return what it means that a gate asked all that it may."""
        depth = max(run.plan.at_once * run.places // max(1, len(run.plan.clusters)) for run in gate.runs)
        count = sum(len(run.plan.items) for run in gate.runs)
        asked = "once" if depth <= 1 else f"{depth} times"
        return f"All its {count} items were asked {asked}." if count != 1 else f"Its only item was asked {asked}."

    def _look_ahead(self, gate: AskedGate) -> None:
        """Stop a gate that could hardly be decided by all that remains: its calls serve others better."""
        heads = [gate.found[0]] if gate.is_family and gate.found else [run.found[0] for run in gate.runs if run.found]
        if len(heads) != 1 or (not gate.is_family and len(gate.runs[0].found) > 1):
            return
        (claim, found), slope = heads[0], gate.slope if gate.is_family else gate.runs[0].plan.standing.shows
        if found.clusters < FEWEST_AHEAD:
            return
        if gate.runs[0].method == "betting":
            run = gate.runs[0]
            rng = generator(self.policy.seed, "ahead", run.signal, str(run.asked))
            same = sum(one.gate.blocking == gate.gate.blocking for one in self.asked)
            gate.chance = decision_chance(claim, run.remaining, self.policy.alpha, same, rng, slope)
        else:
            clusters = sum(min(run.most, len(run.plan.clusters)) for run in gate.runs)
            together = [one for one in self._weighed if one.blocking is gate.gate.blocking]
            weight = open_weights(together, self.policy.alpha)[False]
            gate.chance = chance_at_end(claim, self.policy.alpha, weight, slope, gate.looks, clusters)
        if gate.chance < FUTILE:
            gate.ended = "futile"
            gate.stopped = (
                f"Asking on was futile: judged by the {found.clusters} clusters seen, all that it may still ask "
                f"would decide it with less than {100 * FUTILE:g} % chance."
            )

    def finish(self) -> tuple[GateVerdict, ...]:
        """Add to each gate what it could have seen, and return the final verdicts."""
        for run in self.gates:
            planned = max(run.most, run.asked)
            run.found = self._with_mdes(run.signal, run.found, run.looks, run.method, planned, run.plan.standing.shows)
            if run.plan.summary is not None:
                figures, power = run.plan.summary, self.policy.power
                run.found = summary_claims(run.plan.gate, run.plan.signal, figures, self.policy.alpha, power)
        for gate in self.asked:
            gate.found = self._with_mdes(gate.gate.signal, gate.found, gate.looks, "fixed", 0, gate.slope)
        self._settle()
        return self.verdicts

    def _with_mdes(
        self,
        signal: str,
        found: Sequence[tuple[Claim, Evidence]],
        looks: Looks,
        method: Method,
        planned: int,
        slope: Slope,
    ) -> list[tuple[Claim, Evidence]]:
        """Return claims with their evidence, and in it the smallest true change that could have been seen."""
        alpha, power, rng = self.policy.alpha, self.policy.power, generator(self.policy.seed, "mde", signal)
        if looks.shares:
            return [(claim, with_mde_at_end(one, claim, alpha, power, looks, rng, slope)) for claim, one in found]
        return [(claim, with_mde(one, claim, method, alpha, power, planned, rng, slope)) for claim, one in found]

    def all_observations(self) -> pl.DataFrame:
        """Return the observations of all gates, and those that hold a launch without one."""
        held = {run.signal for run in self.gates}
        severe = [self._brought[SEVERE]] if SEVERE in self._brought and SEVERE not in held else []
        return pl.concat([*(run.observations for run in self.gates), *severe])

    @property
    def severe(self) -> list[str]:
        """The candidate's answers in which raters confirmed severe harm."""
        if SEVERE not in self._brought:
            return []
        found = self._brought[SEVERE].filter((pl.col("role") == "candidate") & (pl.col("value") > 0))
        return sorted(found["item"].cast(pl.String).unique().to_list())
