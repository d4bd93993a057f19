"""The rounds of a review: which clusters to ask next, and what each gate knows after them.

A live gate is asked in rounds, whole clusters at a time and both models on the same items, until it is
decided, its items are used up, or the budget is spent. The order of the clusters was drawn before the
first answer, so looking after every round costs nothing: the evidence is valid at every look.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from seatrial.collect import Ask, Batch
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import FIRST_ROUND
from seatrial.gates.verdicts import verdicts
from seatrial.gates.weigh import decision_chance, with_mde
from seatrial.observations import SEVERE, by_signal
from seatrial.policy import LaunchPolicy
from seatrial.review.allocation import MOST_DRAWS, OpenGate, allocate
from seatrial.review.gate_run import GateRun
from seatrial.stats.clusters import variance_components
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, GateVerdict

__all__ = ["FUTILE", "Rounds"]

FUTILE = 0.01
"""A gate is given up when its chance of a decision, judged by resampling what was seen, is below this."""


class Rounds:
    """All gates of a review, asked and weighed round by round."""

    def __init__(self, policy: LaunchPolicy, plans: Sequence[GatePlan], brought: pl.DataFrame | None) -> None:
        """Start with nothing asked; `brought` was observed elsewhere."""
        self.policy = policy
        self._brought = {} if brought is None else by_signal(brought)
        self.gates = [
            GateRun(
                plan,
                self._brought[plan.signal.name] if plan.source == "evidence" else None,
                draws=plan.first_draws,
            )
            for plan in plans
        ]
        self.verdicts: tuple[GateVerdict, ...] = ()

    @property
    def most_calls(self) -> int:
        """The most live calls that the gates could take, within the budget."""
        live = [run for run in self.gates if run.plan.source == "live"]
        most = MOST_DRAWS if self.policy.draws == "auto" else 1
        calls = sum(len(run.plan.items) * max(run.draws, most if run.draws > 1 else 1) for run in live) * len(ROLES)
        return min(calls, self.policy.budget.calls)

    def next_asks(self, remaining: int) -> list[Ask]:
        """Return what to ask now, baseline and candidate side by side; empty when all is decided or spent.

        Args:
            remaining: Live calls that the budget still allows.
        """
        waiting = [run for run in self.gates if self._open(run)]
        # Gates that read the same recorded answers ask for each of them once between them: `take` gives it to all.
        recorded = [run for run in waiting if run.plan.source == "recorded"]
        asks = list(dict.fromkeys(ask for run in recorded for ask in run.asks(run.remaining)))
        live = {run.signal: run for run in waiting if run.plan.source == "live"}
        for share in allocate([self._as_open(run) for run in live.values()], remaining):
            run = live[share.signal]
            run.draws = share.draws
            if share.clusters == 0:
                run.stopped = f"The budget of {self.policy.budget.calls} calls was spent before it was decided."
            asks += run.asks(share.clusters)
        return asks

    def _open(self, run: GateRun) -> bool:
        verdict = next((one.verdict for one in self.verdicts if one.signal == run.signal), "inconclusive")
        return run.remaining > 0 and not run.stopped and verdict == "inconclusive"

    def _as_open(self, run: GateRun) -> OpenGate:
        learns = self.policy.draws == "auto" and run.asked > 0 and run.plan.first_draws > 1
        items = tuple(len(cluster) for cluster in run.plan.clusters[run.asked :])
        return OpenGate(run.signal, items, run.asked, run.draws, run.chance, _variances(run) if learns else None)

    def take(self, batch: Batch) -> None:
        """Hand a round's answers and failures to the gates that asked for them."""
        owners: dict[tuple[str, str], list[GateRun]] = {}
        for run in self.gates:
            for item in run.plan.items:
                owners.setdefault((item.suite, item.id), []).append(run)
        for role, response in batch.responses:
            for run in owners[response.suite, response.item]:
                run.responses[role].append(response)
                run.calls += 1
        for failure in batch.failures:
            for run in owners[failure.request.item.suite, failure.request.item.id]:
                run.failures.append(failure)
                run.calls += 1

    def weigh(self) -> tuple[GateVerdict, ...]:
        """Look at all gates and return their verdicts so far."""
        for run in self.gates:
            run.look(self.policy.alpha, len(self.gates))
        self.verdicts = self._verdicts()
        for run in self.gates:
            if run.plan.source == "live" and run.asked and self._open(run):
                self._look_ahead(run)
        return self.verdicts

    def _verdicts(self) -> tuple[GateVerdict, ...]:
        return verdicts([run.weighed() for run in self.gates], self.policy.alpha)

    def _look_ahead(self, run: GateRun) -> None:
        """Stop a gate that could hardly be decided by all that remains: its calls serve others better.

        Stopping early can only turn verdicts into inconclusive ones, so no error rate grows.
        """
        seen = run.found[0][0].seen
        known = seen[~np.isnan(seen)]
        if len(run.found) > 1 or len(known) < 2 * FIRST_ROUND:
            return
        rng = generator(self.policy.seed, "ahead", run.signal, str(run.asked))
        family = sum(one.weighed().blocking == run.weighed().blocking for one in self.gates)
        shows = run.plan.standing.shows
        run.chance = decision_chance(run.found[0][0], run.remaining, self.policy.alpha, family, rng, shows)
        if run.chance < FUTILE:
            run.stopped = (
                f"Asking on was futile: judged by the {len(known)} clusters seen, the {run.remaining} that remain "
                f"would decide it with less than {100 * FUTILE:g} % chance."
            )

    def finish(self) -> tuple[GateVerdict, ...]:
        """Add to each gate what it could have seen, and return the final verdicts."""
        alpha, power = self.policy.alpha, self.policy.power
        for run in self.gates:
            rng = generator(self.policy.seed, "mde", run.signal)
            planned, slope = max(len(run.plan.clusters), run.asked), run.plan.standing.shows
            run.found = [
                (claim, with_mde(found, claim, run.method, alpha, power, planned, rng, slope))
                for claim, found in run.found
            ]
        self.verdicts = self._verdicts()
        return self.verdicts

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


def _variances(run: GateRun) -> tuple[float, float]:
    """Return the variance of a cluster's difference from drawing its answers once, and from all else."""
    drawn = run.observations.group_by("cluster", "role", "item").agg(
        pl.col("value").var().fill_null(0.0).alias("variance"), pl.col("value").mean(), pl.len().alias("draws")
    )
    side = pl.when(pl.col("role") == "candidate").then(1.0).otherwise(-1.0)
    items = pl.col("item").n_unique()
    clusters = drawn.group_by("cluster").agg(
        ((pl.col("value") * side).sum() / items).alias("change"),
        (pl.col("variance").sum() / items**2).alias("single"),
        pl.col("draws").mean(),
    )
    if len(clusters) < 2:
        return 0.0, 0.0
    return variance_components(clusters["change"], clusters["single"], clusters["draws"])
