"""One gate while it is asked: its answers, its observations and what they show so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from seatrial.collect import Ask, Failure
from seatrial.gates.claims import Claim, Statement, claims
from seatrial.gates.plan import GatePlan
from seatrial.gates.schedule import Method
from seatrial.gates.summary_figures import summary_claims
from seatrial.gates.verdicts import WeighedClaim, WeighedGate
from seatrial.gates.weigh import Bets, at_look, evidence
from seatrial.instruments.readings import Readings
from seatrial.observations import PairedTable, gate_pairs, to_frame
from seatrial.stats.spending import Looks
from seatrial.types import ROLES, Ended, Evidence, Item, Look, Response, Role

__all__ = ["GateRun"]


@dataclass(slots=True)
class GateRun:
    """One gate while it is being asked.

    Attributes:
        plan: What to ask.
        brought: Its observations, where they were made elsewhere.
        places: How far it was asked in its order, in which all clusters come once before one comes again.
        calls: Calls made so far, on both models.
        responses: Answers by role.
        failures: Requests without an answer.
        found: Evidence of each claim at the last look.
        path: Looks at the claim over all items.
        looks: The looks taken, where it is looked at.
        readings: What instruments read so far, which gates may share.
    """

    plan: GatePlan
    brought: pl.DataFrame | None = None
    places: int = 0
    calls: int = 0
    responses: dict[Role, list[Response]] = field(default_factory=lambda: {"baseline": [], "candidate": []})
    failures: list[Failure] = field(default_factory=list)
    found: list[tuple[Claim, Evidence]] = field(default_factory=list)
    path: list[Look] = field(default_factory=list)
    looks: Looks = field(default_factory=Looks)
    readings: Readings = field(default_factory=Readings, repr=False)
    _observed: pl.DataFrame | None = field(default=None, init=False, repr=False)
    _draws: dict[str, set[int]] = field(default_factory=dict, init=False, repr=False)
    _taken: dict[Role, int] = field(default_factory=lambda: {"baseline": 0, "candidate": 0}, init=False, repr=False)
    _unread: dict[Role, list[Response]] = field(
        default_factory=lambda: {"baseline": [], "candidate": []}, init=False, repr=False
    )
    _bets: dict[Statement, Bets] = field(default_factory=dict, init=False, repr=False)
    _items: dict[str, Item] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the items by their ids."""
        self._items = {item.id: item for item in self.plan.items}

    @property
    def signal(self) -> str:
        """Name of the gate's signal."""
        return self.plan.gate.signal

    @property
    def method(self) -> Method:
        """How it is weighed: looked at or bet on while it is asked, once where all was there."""
        return self.plan.method

    @property
    def asked(self) -> int:
        """Clusters asked so far."""
        return min(self.places, len(self.plan.clusters))

    @property
    def most(self) -> int:
        """How far it may be asked in its order."""
        return self.plan.most if self.plan.source == "live" else len(self.plan.clusters)

    @property
    def is_cut_short(self) -> bool:
        """Whether a larger budget would let it be asked further."""
        return self.plan.source == "live" and self.plan.most < len(self.plan.clusters) * self.plan.depth

    @property
    def remaining(self) -> int:
        """Places of its order that were not asked yet."""
        return self.most - self.places

    def next_calls(self, places: int) -> int:
        """Return the calls that going on by so many places takes."""
        count = len(self.plan.clusters)
        whole, rest = divmod(places, max(1, count))
        sizes = [len(self.plan.clusters[(self.places + step) % count]) for step in range(rest)]
        live = self.plan.at_once * (len(ROLES) - len(self.plan.recorded))
        return whole * self.plan.calls + sum(sizes) * live

    def asks(self, places: int) -> list[Ask]:
        """Return what to ask in the next places of its order; they count as asked then."""
        first, self.places = self.places, self.places + places
        made = self.plan.asks(first, self.places)
        for _, one in made:
            self._draws.setdefault(self.plan.signal.unit(one.item), set()).add(one.draw)
        return [Ask(role, one) for role, one in made]

    @property
    def observations(self) -> pl.DataFrame:
        """The observations at the last look; those so far, if there was none."""
        if self._observed is None:
            self._observed = self._observe()
        return self._observed

    def read(self, responses: Sequence[Response]) -> list[float | None]:
        """Return the instrument's reading of each of its answers; None where it cannot read it."""
        items = [self._items[one.item] for one in responses]
        return self.readings.of(self.plan.signal.instrument, items, responses)

    def _observe(self) -> pl.DataFrame:
        """Return all observations; only answers that came in, or could not be read so far, are read."""
        if self.brought is not None:
            return self.brought
        signal, by_id = self.plan.signal, self._items
        made = []
        for role in ROLES:
            unread = [*self._unread[role], *self.responses[role][self._taken[role] :]]
            self._taken[role] = len(self.responses[role])
            rows = signal.observe(role, list(by_id.values()), unread, read=self.readings.of)
            seen = {(row.item, row.draw) for row in rows}
            self._unread[role] = [
                one for one in unread if one.item in by_id and (signal.unit(by_id[one.item]), one.draw) not in seen
            ]
            made += rows
        before = [self._observed] if self._observed is not None else []
        return pl.concat([*before, to_frame(made)]) if made or not before else before[0]

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

    @property
    def is_new(self) -> bool:
        """Whether something came in since the last look."""
        return self.brought is not None or not self.path or self.path[-1].calls != self.calls

    def look(self, alpha: float, family: int = 1, looks: Looks | None = None, *, again: bool = False) -> None:
        """Weigh what is there, unless it was weighed already.

        Args:
            alpha: The policy's error rate.
            family: Claims among which harm could be shown, for a gate that is bet on.
            looks: The looks so far, the present one last, for one that is looked at.
            again: Whether to weigh it though nothing came in.
        """
        if not (again or self.is_new):
            return
        self._observed = self._observe()
        table, order = self.table()
        made = claims(self.plan.gate, self.plan.signal, table, order)
        shows = self.plan.standing.shows
        if self.plan.summary is not None:
            self.found = summary_claims(self.plan.gate, self.plan.signal, self.plan.summary, alpha)
        elif looks is None:
            method = "fixed" if self.method == "looks" else self.method
            self.found = [
                (
                    claim,
                    evidence(
                        claim,
                        method,
                        alpha,
                        shows,
                        family * len(made),
                        self._bets.setdefault(claim.statement, Bets()) if method == "betting" else None,
                    ),
                )
                for claim in made
            ]
        else:
            self.looks = looks
            before = {claim.statement: found for claim, found in self.found}
            self.found = [(claim, at_look(claim, alpha, shows, looks, before.get(claim.statement))) for claim in made]
        whole = self.found[0][1]
        self.path.append(Look(self.calls, whole.clusters, whole.estimate, whole.low, whole.high))

    @property
    def width(self) -> float:
        """Width of its signal's scale."""
        low, high = self.plan.signal.bounds
        return high - low

    def weighed(self, stopped: str = "", ended: Ended = "") -> WeighedGate:
        """Return the gate with the evidence of each of its claims, and what its instrument's record lets it do.

        Args:
            stopped: Why asking ended before it was decided, in words, if it did.
            ended: Why asking ended.
        """
        made = tuple(
            WeighedClaim(
                claim.statement,
                replace(found, calls=self.calls, path=tuple(self.path)) if position == 0 else found,
                bool(self.plan.family) or claim.statement.guards,
            )
            for position, (claim, found) in enumerate(self.found)
        )
        standing = self.plan.standing
        advice = "" if standing.may_gate else standing.why
        suite = None if self.plan.source == "evidence" else self.plan.suite
        reads = frozenset() if suite is None else frozenset({suite.name})
        return WeighedGate(
            self.plan.gate, self.plan.signal.instrument.name, made, stopped, advice, standing, (), ended, reads
        )
