"""The rounds of a review: which clusters to ask next, and what each gate knows after them.

A live gate is asked in rounds, whole clusters at a time and both models on the same items, until it is
decided, its items are used up, or the budget is spent. The order of the clusters was drawn before the
first answer, so looking after every round costs nothing: the evidence is valid at every look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from seatrial.collect import Ask, Batch, Failure
from seatrial.gates import WeighedClaim, WeighedGate, judge
from seatrial.observations import SEVERE, PairedTable, by_signal, gate_pairs, to_frame
from seatrial.plan import GatePlan, generator
from seatrial.policy import LaunchPolicy
from seatrial.signals.records import Record, load_records, standing
from seatrial.stats.clusters import variance_components
from seatrial.stats.power import best_draws
from seatrial.types import Evidence, GateVerdict, Look, Observation, Response, Role
from seatrial.weigh import Claim, Method, claims, decision_chance, evidence, with_mde

__all__ = ["ROLES", "GateRun", "Rounds"]

ROLES: tuple[Role, Role] = ("baseline", "candidate")
FIRST_ROUND = 24
"""Clusters a gate is asked before the first look; fewer could decide hardly any margin."""
MOST_DRAWS = 8
"""Answers asked of one item and model under `draws: auto`, at most."""
FUTILE = 0.01
"""A gate is given up when its chance of a decision, judged by resampling what was seen, is below this."""
GROWTH = 0.25
"""Each further round asks this share of the clusters asked so far, so that looks get no cheaper than asking."""


@dataclass(slots=True)
class GateRun:
    """One gate while it is being asked.

    Attributes:
        plan: What to ask.
        asked: Clusters asked so far.
        calls: Calls made so far, on both models.
        responses: Answers by role.
        failures: Requests without an answer.
        found: Evidence of each claim at the last look.
        path: Looks at the claim over all items.
        chance: Chance that asking all that remains would decide it, judged by what was seen so far.
        stopped: Why asking ended undecided, if it did.
        draws: Answers to ask of each item in the next round.
    """

    plan: GatePlan
    asked: int = 0
    calls: int = 0
    responses: dict[Role, list[Response]] = field(default_factory=lambda: {"baseline": [], "candidate": []})
    failures: list[Failure] = field(default_factory=list)
    found: list[tuple[Claim, Evidence]] = field(default_factory=list)
    path: list[Look] = field(default_factory=list)
    chance: float = 1.0
    stopped: str = ""
    draws: int = 1

    @property
    def method(self) -> Method:
        """Sequential for what is asked in rounds, fixed-size for what was there at once."""
        return "betting" if self.plan.source == "live" else "fixed"

    @property
    def remaining(self) -> int:
        """Clusters that were not asked yet."""
        return len(self.plan.clusters) - self.asked


class Rounds:
    """All gates of a review, asked and weighed round by round."""

    def __init__(
        self,
        policy: LaunchPolicy,
        plans: Sequence[GatePlan],
        brought: pl.DataFrame | None,
        records: Mapping[str, Sequence[Record]] | None = None,
    ) -> None:
        """Start with nothing asked; `brought` was observed elsewhere, `records` is known of instruments."""
        self.policy = policy
        self.gates = [GateRun(plan, draws=plan.first_draws(policy)) for plan in plans]
        self._brought = {} if brought is None else by_signal(brought)
        known = load_records(policy.records) if records is None else records
        self.standings = {plan.gate.signal: standing(plan.signal.instrument, plan.signal.name, known) for plan in plans}
        self.verdicts: tuple[GateVerdict, ...] = ()
        self._seen: list[Observation] = []

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
            remaining: Live calls that the budget still allows. Gates are asked whole clusters; where the rest
                of the budget does not pay for everyone's next round, all rounds shrink alike.
        """
        open_gates = [run for run in self.gates if self._open(run)]
        recorded = [run for run in open_gates if run.plan.source == "recorded"]
        live = self._most_useful_first([run for run in open_gates if run.plan.source == "live"], remaining)
        self._choose_draws(live, remaining)
        sizes = {run.plan.gate.signal: self._round_size(run) for run in live}
        wanted = sum(self._cost(run, sizes[run.plan.gate.signal]) for run in live)
        share = min(1.0, remaining / wanted) if wanted else 1.0
        asks = [ask for run in recorded for ask in self._asks(run, run.remaining)]
        for run in live:
            size = self._affordable(run, int(share * sizes[run.plan.gate.signal]) or 1, remaining)
            if size == 0:
                run.stopped = f"The budget of {self.policy.budget.calls} calls was spent before it was decided."
                continue
            remaining -= self._cost(run, size)
            asks += self._asks(run, size)
        return asks

    def _open(self, run: GateRun) -> bool:
        verdict = next((v.verdict for v in self.verdicts if v.signal == run.plan.gate.signal), "inconclusive")
        return run.remaining > 0 and not run.stopped and verdict == "inconclusive"

    def _most_useful_first(self, live: list[GateRun], remaining: int) -> list[GateRun]:
        """Return the gates to ask now: all, or if the budget cannot pay for all, the likeliest to be decided per call.

        The less promising half waits; it is asked once the others are decided, or with what they leave.
        """
        costs = {run.plan.gate.signal: self._cost(run, run.remaining) for run in live}
        if len(live) < 2 or sum(costs.values()) <= remaining:
            return live
        ranked = sorted(live, key=lambda run: run.chance / costs[run.plan.gate.signal], reverse=True)
        return ranked[: (len(ranked) + 1) // 2] if all(run.asked for run in live) else live

    def _choose_draws(self, live: list[GateRun], remaining: int) -> None:
        """Set, under `draws: auto`, how often each gate's next items are asked, from what its answers so far tell.

        The number depends on earlier rounds only, and a cluster's mean harm does not depend on it, so the sequences
        stay valid.
        """
        learnt = [run for run in live if run.asked and run.plan.first_draws(self.policy) > 1]
        if self.policy.draws != "auto" or not learnt:
            return
        once = sum(self._cost(run, run.remaining) // run.draws for run in live)
        for run in learnt:
            within, between = self._components(run)
            run.draws = best_draws(within, between, remaining // max(once, 1), MOST_DRAWS)

    def _components(self, run: GateRun) -> tuple[float, float]:
        """Return the variance of a cluster's difference from drawing its answers once, and from all else."""
        drawn = (
            self.observations(run)
            .group_by("cluster", "role", "item")
            .agg(
                pl.col("value").var().fill_null(0.0).alias("variance"), pl.col("value").mean(), pl.len().alias("draws")
            )
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

    def _round_size(self, run: GateRun) -> int:
        size = FIRST_ROUND if run.asked == 0 else max(1, round(GROWTH * run.asked))
        return min(size, run.remaining)

    def _cost(self, run: GateRun, size: int) -> int:
        clusters = run.plan.clusters[run.asked : run.asked + size]
        return sum(len(cluster) for cluster in clusters) * run.draws * len(ROLES)

    def _affordable(self, run: GateRun, size: int, remaining: int) -> int:
        while size and self._cost(run, size) > remaining:
            size -= 1
        return size

    def _asks(self, run: GateRun, size: int) -> list[Ask]:
        last = run.asked + size
        requests = run.plan.requests(run.asked, last, run.draws)
        run.asked = last
        return [Ask(role, request) for request in requests for role in ROLES]

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
            if run.plan.source == "evidence" or self._has_news(run):
                self._look(run)
        self.verdicts = judge([self._weighed(run) for run in self.gates], self.policy.alpha)
        for run in self.gates:
            if run.plan.source == "live" and run.asked and self._open(run):
                self._look_ahead(run)
        return self.verdicts

    def _look_ahead(self, run: GateRun) -> None:
        """Stop a gate that could hardly be decided by all that remains: its calls serve others better.

        Stopping early can only turn verdicts into inconclusive ones, so no error rate grows.
        """
        seen = run.found[0][0].seen
        known = seen[~np.isnan(seen)]
        if len(run.found) > 1 or len(known) < 2 * FIRST_ROUND:
            return
        rng = generator(self.policy.seed, "ahead", run.plan.gate.signal, str(run.asked))
        family = sum(self._weighed(one).blocking == self._weighed(run).blocking for one in self.gates)
        run.chance = decision_chance(run.found[0][0], run.remaining, self.policy.alpha, family, rng)
        if run.chance < FUTILE:
            run.stopped = (
                f"Asking on was futile: judged by the {len(known)} clusters seen, the {run.remaining} that remain "
                f"would decide it with less than {100 * FUTILE:g} % chance."
            )

    def _has_news(self, run: GateRun) -> bool:
        return not run.path or run.path[-1].calls != run.calls

    def _look(self, run: GateRun) -> None:
        table, order = self.table(run)
        run.found = [
            (claim, evidence(claim, run.method, self.policy.alpha))
            for claim in claims(run.plan.gate, run.plan.signal, table, order)
        ]
        whole = run.found[0][1]
        run.path.append(Look(run.calls, whole.clusters, whole.estimate, whole.low, whole.high))

    def finish(self) -> tuple[GateVerdict, ...]:
        """Add to each gate what it could have seen, and return the final verdicts."""
        for run in self.gates:
            rng = generator(self.policy.seed, "mde", run.plan.gate.signal)
            planned = max(len(run.plan.clusters), run.asked)
            run.found = [(claim, self._with_mde(run, claim, found, planned, rng)) for claim, found in run.found]
        self.verdicts = judge([self._weighed(run) for run in self.gates], self.policy.alpha)
        return self.verdicts

    def _with_mde(
        self, run: GateRun, claim: Claim, found: Evidence, planned: int, rng: np.random.Generator
    ) -> Evidence:
        slope = self.standings[run.plan.gate.signal].slope
        return with_mde(found, claim, run.method, self.policy.alpha, self.policy.power, planned, rng, slope)

    def _weighed(self, run: GateRun) -> WeighedGate:
        made = tuple(
            WeighedClaim(claim.label, claim.threshold, replace(found, calls=run.calls, path=tuple(run.path)))
            if position == 0
            else WeighedClaim(claim.label, claim.threshold, found)
            for position, (claim, found) in enumerate(run.found)
        )
        held = self.standings[run.plan.gate.signal]
        advice = "" if held.may_gate else held.why
        return WeighedGate(run.plan.gate, run.plan.signal.instrument.name, made, run.stopped, advice)

    def observations(self, run: GateRun) -> pl.DataFrame:
        """Return a gate's observations so far."""
        signal = run.plan.signal
        if run.plan.source == "evidence":
            return self._brought[signal.name]
        items = run.plan.items
        made = [row for role in ROLES for row in signal.observe(role, items, run.responses[role])]
        return to_frame(made)

    def all_observations(self) -> pl.DataFrame:
        """Return the observations of all gates, and those that hold a launch without one."""
        held = {run.plan.gate.signal for run in self.gates}
        severe = [self._brought[SEVERE]] if SEVERE in self._brought and SEVERE not in held else []
        return pl.concat([*(self.observations(run) for run in self.gates), *severe])

    @property
    def severe(self) -> list[str]:
        """The candidate's answers in which raters confirmed severe harm."""
        if SEVERE not in self._brought:
            return []
        found = self._brought[SEVERE].filter((pl.col("role") == "candidate") & (pl.col("value") > 0))
        return sorted(found["item"].cast(pl.String).unique().to_list())

    def table(self, run: GateRun) -> tuple[PairedTable, list[str] | None]:
        """Return a gate's items, one a row, and the order of their clusters, if they were asked in one.

        An item that was asked live and read on neither model stays as an unknown; a recorded item that
        neither file answers was never part of the comparison.
        """
        table = gate_pairs(self.observations(run), run.plan.signal.name)
        if run.plan.source == "evidence":
            return table, None
        order_names = [cluster[0].cluster for cluster in run.plan.clusters]
        if run.plan.source == "live":
            table = _with_unknown(table, run)
        return table, order_names


def _with_unknown(table: PairedTable, run: GateRun) -> PairedTable:
    """Return the table with a row of unknowns for each asked item that neither model answered."""
    present = set(table.items)
    contrast = run.plan.signal.contrast is not None
    lost: Mapping[str, tuple[str, str]] = {
        (item.contrast if contrast else item.id): (item.cluster, item.use_case)
        for cluster in run.plan.clusters[: run.asked]
        for item in cluster
        if (item.contrast if contrast else item.id) not in present
    }
    return table.with_unknown(lost) if lost else table
