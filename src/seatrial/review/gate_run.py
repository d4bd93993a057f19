"""One gate while it is asked: its answers, its observations and what they show so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from seatrial.collect import Ask, Failure
from seatrial.gates.claims import Claim, claims
from seatrial.gates.plan import GatePlan
from seatrial.gates.verdicts import WeighedClaim, WeighedGate
from seatrial.gates.weigh import Method, evidence
from seatrial.observations import PairedTable, gate_pairs, to_frame
from seatrial.types import ROLES, Evidence, Look, Response, Role

__all__ = ["GateRun"]


@dataclass(slots=True)
class GateRun:
    """One gate while it is being asked.

    Attributes:
        plan: What to ask.
        brought: Its observations, where they were made elsewhere.
        asked: Clusters asked so far.
        calls: Calls made so far, on both models.
        draws: Answers to ask of each item in the next round.
        responses: Answers by role.
        failures: Requests without an answer.
        found: Evidence of each claim at the last look.
        path: Looks at the claim over all items.
        chance: Chance that asking all that remains would decide it, judged by what was seen so far.
        stopped: Why asking ended undecided, if it did.
    """

    plan: GatePlan
    brought: pl.DataFrame | None = None
    asked: int = 0
    calls: int = 0
    draws: int = 1
    responses: dict[Role, list[Response]] = field(default_factory=lambda: {"baseline": [], "candidate": []})
    failures: list[Failure] = field(default_factory=list)
    found: list[tuple[Claim, Evidence]] = field(default_factory=list)
    path: list[Look] = field(default_factory=list)
    chance: float = 1.0
    stopped: str = ""
    _observed: pl.DataFrame | None = field(default=None, init=False, repr=False)
    _draws: dict[str, set[int]] = field(default_factory=dict, init=False, repr=False)

    @property
    def signal(self) -> str:
        """Name of the gate's signal."""
        return self.plan.gate.signal

    @property
    def method(self) -> Method:
        """Sequential for what is asked in rounds, fixed-size for what was there at once."""
        return "betting" if self.plan.source == "live" else "fixed"

    @property
    def remaining(self) -> int:
        """Clusters that were not asked yet."""
        return len(self.plan.clusters) - self.asked

    def asks(self, clusters: int) -> list[Ask]:
        """Return what to ask of the next clusters, baseline and candidate side by side; they count as asked then."""
        first, self.asked = self.asked, self.asked + clusters
        requests = self.plan.requests(first, self.asked, self.draws)
        for one in requests:
            self._draws.setdefault(self.plan.signal.unit(one.item), set()).add(one.draw)
        return [Ask(role, one) for one in requests for role in ROLES if self.plan.asks(role, one, self.draws)]

    @property
    def observations(self) -> pl.DataFrame:
        """The observations at the last look; those so far, if there was none."""
        if self._observed is None:
            self._observed = self._observe()
        return self._observed

    def _observe(self) -> pl.DataFrame:
        if self.brought is not None:
            return self.brought
        signal, items = self.plan.signal, self.plan.items
        return to_frame([row for role in ROLES for row in signal.observe(role, items, self.responses[role])])

    def table(self) -> tuple[PairedTable, list[str] | None]:
        """Return the items, one a row, and the order of their clusters, if they were asked in one.

        All draws that were asked count, answered or not. An item that was asked live, or answered in a file, and read
        on neither model stays as an unknown; a recorded item that neither file answers was never part of the
        comparison.
        """
        if self.plan.source == "evidence":
            return gate_pairs(self.observations, self.plan.signal.name), None
        asked = {unit: len(draws) for unit, draws in self._draws.items()}
        table = gate_pairs(self.observations, self.plan.signal.name, asked)
        order = [cluster[0].cluster for cluster in self.plan.clusters]
        return self._with_unread(table), order

    def _with_unread(self, table: PairedTable) -> PairedTable:
        """Return the table with a row of unknowns for each item of the comparison that was read on neither model."""
        present = set(table.items)
        unit = self.plan.signal.unit
        answered = {response.item for role in ROLES for response in self.responses[role]}
        lost: Mapping[str, tuple[str, str]] = {
            unit(item): (item.cluster, item.use_case)
            for cluster in self.plan.clusters[: self.asked]
            for item in cluster
            if unit(item) not in present and (self.plan.source == "live" or item.id in answered)
        }
        return table.with_unknown(lost) if lost else table

    def look(self, alpha: float, family: int = 1) -> None:
        """Weigh what is there, unless it was weighed already; `family` gates share what slopes' errors may take."""
        if self.brought is None and self.path and self.path[-1].calls == self.calls:
            return
        self._observed = self._observe()
        table, order = self.table()
        made = claims(self.plan.gate, self.plan.signal, table, order)
        self.found = [
            (claim, evidence(claim, self.method, alpha, self.plan.standing.shows, family * len(made))) for claim in made
        ]
        whole = self.found[0][1]
        self.path.append(Look(self.calls, whole.clusters, whole.estimate, whole.low, whole.high))

    def weighed(self) -> WeighedGate:
        """Return the gate with the evidence of each of its claims, and what its instrument's record lets it do."""
        made = tuple(
            WeighedClaim(claim.statement, replace(found, calls=self.calls, path=tuple(self.path)))
            if position == 0
            else WeighedClaim(claim.statement, found)
            for position, (claim, found) in enumerate(self.found)
        )
        standing = self.plan.standing
        advice = "" if standing.may_gate else standing.why
        return WeighedGate(self.plan.gate, self.plan.signal.instrument.name, made, self.stopped, advice, standing)
