"""One gate of the policy while it is asked: its suite, or the suites of its family, its looks, and why asking ends.

A gate that is looked at is asked up to a share of what it may ask at most, then weighed, then asked on. All suites of a
family are asked alike and looked at together; once the family's mean is decided, only those whose own claim is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from seatrial.gates.claims import Claim, Part, family_claims
from seatrial.gates.schedule import next_share, round_size, typical_most
from seatrial.gates.verdicts import WeighedClaim, WeighedGate
from seatrial.gates.weigh import at_look, evidence
from seatrial.policy import Gate
from seatrial.review.gate_run import GateRun
from seatrial.stats.instruments import EXACT, Slope
from seatrial.stats.spending import Looks, before_any_look
from seatrial.types import Ended, Evidence, GateVerdict, Look

__all__ = ["AskedGate"]


@dataclass(slots=True)
class AskedGate:
    """One gate of the policy while it is asked.

    Attributes:
        gate: The gate.
        runs: Its suite, or those of its family.
        ends_before: Reviews of the same candidate that smaller budgets ended.
        looks: The looks taken.
        found: Evidence of what a family claims over its suites, the mean first; empty where it is no family.
        slope: What the numbers of these claims show of a true change.
        path: Looks at the family's mean.
        chance: Chance that all it may still ask would decide it, judged by what was seen so far.
        ended: Why it is asked no more; empty while it is.
        stopped: The same in words, where it ended undecided.
        verdict: Its verdict at the last look.
    """

    gate: Gate
    runs: list[GateRun]
    ends_before: int = 0
    looks: Looks = field(default_factory=Looks)
    found: list[tuple[Claim, Evidence]] = field(default_factory=list)
    slope: Slope = EXACT
    path: list[Look] = field(default_factory=list)
    chance: float = 1.0
    ended: Ended = ""
    stopped: str = ""
    verdict: GateVerdict | None = None
    _share: float = 0.0

    def __post_init__(self) -> None:
        """Fix what its looks may spend, before the first of them."""
        self.looks = before_any_look(self.ends_before, may_go_on=any(run.is_cut_short for run in self.runs))

    @property
    def is_family(self) -> bool:
        """Whether it gates the mean over several suites."""
        return bool(self.gate.family)

    @property
    def live(self) -> bool:
        """Whether any of it is asked while it is weighed."""
        return any(run.plan.source == "live" for run in self.runs)

    @property
    def asking(self) -> list[GateRun]:
        """The suites that are asked on: all, or those that are open once the family's mean is decided."""
        rest = [run for run in self.runs if run.remaining > 0 and run.plan.source != "evidence"]
        means = () if not self.is_family or self.verdict is None else self.verdict.claims
        if means and all(claim.verdict == "pass" for claim in means):
            rest = [run for run in rest if self.member_verdict(run) == "inconclusive"]
        return rest

    def member_verdict(self, run: GateRun) -> str:
        """Return the verdict of one suite at the last look; inconclusive before the first."""
        made = () if self.verdict is None else self.verdict.members
        return next((one.verdict for one in made if one.signal == run.signal), "inconclusive")

    @property
    def open(self) -> bool:
        """Whether it is undecided, and something is left to ask."""
        undecided = self.verdict is None or self.verdict.verdict == "inconclusive"
        return undecided and not self.ended and bool(self.asking)

    def next_places(self) -> dict[str, int]:
        """Return how far each of its suites would be asked on before the next look; nothing is asked by this."""
        live = [run for run in self.asking if run.plan.source == "live"]
        if not live:
            return {}
        if live[0].method == "betting":
            return {run.signal: round_size(run.asked, run.remaining) for run in live}
        share = next_share(self._share, typical_most([run.most for run in self.runs if run.plan.source == "live"]))
        return {run.signal: min(run.remaining, max(1, round(share * run.most) - run.places)) for run in live}

    def cost(self, places: dict[str, int]) -> int:
        """Return the calls that going on so far takes."""
        return sum(run.next_calls(places.get(run.signal, 0)) for run in self.runs)

    def going_on(self) -> None:
        """Note that its suites were asked on: the share that the next look is taken at."""
        live = [run for run in self.runs if run.plan.source == "live" and run.most]
        self._share = max((run.places / run.most for run in live), default=0.0)

    def look(self, alpha: float, family: int, *, final: bool = False) -> None:
        """Weigh what is there.

        Args:
            alpha: The policy's error rate.
            family: Claims among which harm could be shown, for gates that are bet on.
            final: Whether nothing will be asked after this look.
        """
        looked_at = self.live and any(run.method == "looks" for run in self.runs)
        again = final and looked_at and self.open and not self.looks.final
        if not again and not any(run.is_new for run in self.runs):
            return
        if looked_at:
            self.looks = self.looks.and_at(self._share, final=final)
        for run in self.runs:
            run.look(alpha, family, self.looks if run.method == "looks" else None, again=again)
        if self.is_family:
            self._look_at_all(alpha, looked_at)

    def _look_at_all(self, alpha: float, looked_at: bool) -> None:
        """Weigh what is claimed over all suites that may gate; over all where none may, to show where it points."""
        readable = [run for run in self.runs if run.found and (run.plan.standing.may_gate or not self.may_gate)]
        parts = [Part(run.found[0][0], run.width, run.plan.standing.shows) for run in readable]
        made, self.slope = family_claims(self.gate, parts)
        before = {claim.statement: found for claim, found in self.found}
        if looked_at:
            self.found = [
                (claim, at_look(claim, alpha, self.slope, self.looks, before.get(claim.statement))) for claim in made
            ]
        else:
            self.found = [(claim, evidence(claim, "fixed", alpha, self.slope)) for claim in made]
        if self.found:
            whole = self.found[0][1]
            self.path.append(Look(self.calls, whole.clusters, whole.estimate, whole.low, whole.high))

    @property
    def calls(self) -> int:
        """Calls made for it so far, on both models."""
        return sum(run.calls for run in self.runs)

    @property
    def may_gate(self) -> bool:
        """Whether any of its instruments may gate."""
        return any(run.plan.standing.may_gate for run in self.runs)

    @property
    def faked(self) -> float:
        """Change of a family's mean that error which differs between the models under review could fake."""
        readable = [run for run in self.runs if run.plan.standing.may_gate]
        return sum(run.plan.standing.faked / run.width for run in readable) / max(1, len(readable))

    def weighed(self) -> WeighedGate:
        """Return the gate with the evidence of each of its claims, and its suites likewise."""
        if not self.is_family:
            return self.runs[0].weighed(self.stopped, self.ended)
        made = tuple(
            WeighedClaim(
                claim.statement,
                replace(found, calls=self.calls, path=tuple(self.path)) if position == 0 else found,
                claim.statement.guards,
            )
            for position, (claim, found) in enumerate(self.found)
        )
        advice = "" if self.may_gate else "; ".join(dict.fromkeys(run.plan.standing.why for run in self.runs))
        names = list(dict.fromkeys(run.plan.signal.instrument.name for run in self.runs))
        counting = [run.plan.standing for run in self.runs if run.plan.standing.may_gate]
        standing = replace(
            self.runs[0].plan.standing,
            slope=self.slope.value,
            slope_se=self.slope.se,
            slope_top=self.slope.top,
            slope_top_se=self.slope.top_se,
            between=self.faked * self.slope.value,
            trust=next((held.trust for held in counting if held.trust), ""),
            starter=any(held.starter for held in counting),
        )
        members: Sequence[WeighedGate] = [run.weighed(self.stopped) for run in self.runs]
        reads = frozenset[str]().union(*(one.reads for one in members))
        return WeighedGate(
            self.gate, ", ".join(names), made, self.stopped, advice, standing, tuple(members), self.ended, reads
        )
