"""A gate that rests on a replay: weighed by the replay's own design, beside gates whose items weigh alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from seatrial.errors import PolicyError
from seatrial.gates.replayed import KIND, ReplayedBehavior, ReplayedTraffic
from seatrial.gates.replayed_claims import check_replay, replayed_claims
from seatrial.gates.verdicts import WeighedGate
from seatrial.instruments.may_gate import on_trust
from seatrial.models import Model
from seatrial.models.identity import identity_hash
from seatrial.policy import LaunchPolicy
from seatrial.review.brought_evidence import Brought
from seatrial.review.gate_run import GateRun
from seatrial.review.rounds import Rounds
from seatrial.stats.spending import Looks
from seatrial.types import Ended, Item, Look, Response, Role

__all__ = ["ReplayedRun", "check_replays", "with_replays"]


@dataclass(frozen=True, slots=True)
class _Grader:
    """What graded a replay's answers, as the report speaks of it; it has read already."""

    name: str
    about: str
    needs: Literal["text", "logprobs"] = "text"
    bounds: tuple[float, float] = (0.0, 1.0)

    def read(self, item: Item, response: Response) -> float | None:
        """Return None: it has read already."""
        return None


class ReplayedRun(GateRun):
    """A gate on a rate in traffic; it is looked at once, for all of it was there.

    Attributes:
        traffic: The replay.
        behavior: What it has of the gate's behavior.
    """

    def __init__(
        self, run: GateRun, traffic: ReplayedTraffic, behavior: ReplayedBehavior, alpha: float, power: float
    ) -> None:
        """Weigh a gate by a replay.

        Args:
            run: The gate as it is planned, with the replay's grades as its observations.
            traffic: The replay.
            behavior: What it has of the gate's behavior.
            alpha: The policy's error rate.
            power: The policy's power.
        """
        gate = run.plan.gate
        signal = replace(run.plan.signal, instrument=_Grader(behavior.instrument, behavior.about))
        standing = on_trust(behavior.standing, gate.trust or "")
        GateRun.__init__(self, replace(run.plan, signal=signal, standing=standing), run.brought)
        self.traffic, self.behavior = traffic, behavior
        self._own = replayed_claims(gate, traffic, behavior, alpha, power)

    @property
    def smallest_seen(self) -> float:
        """The least rate in the traffic of which a case would have been graded, but for a chance of one in twenty."""
        return self.traffic.smallest_seen(self.behavior)

    @property
    def besides(self) -> str:
        """What no other gate has: the smallest rate that it could see, and how much of the traffic it rests on."""
        least = self.smallest_seen
        seen = f"smallest rate it could see: 1 in {1 / least:,.0f}" if least < 1 else "it could see no rate"
        return f"{seen} · {len(self.behavior.picked):,} of {len(self.traffic.items):,} conversations graded, weighted"

    def look(self, alpha: float, family: int = 1, looks: Looks | None = None, *, again: bool = False) -> None:
        """Take what the replay shows; it was weighed when it was read."""
        self.found = list(self._own)
        if not self.path:
            whole = self.found[0][1]
            self.path.append(Look(0, whole.clusters, whole.estimate, whole.low, whole.high))

    def weighed(self, stopped: str = "", ended: Ended = "") -> WeighedGate:
        """Return the gate with the replay's evidence, and in it the smallest change that it could have shown."""
        self.found = list(self._own)
        return GateRun.weighed(self, stopped, ended)


def check_replays(policy: LaunchPolicy, brought: Brought, models: Mapping[Role, Model]) -> None:
    """See that a policy's gates on rates in traffic have a replay each, of its own models.

    Args:
        policy: The policy.
        brought: What it brings.
        models: Its models, open or not; none where it names none.

    Raises:
        PolicyError: a replay is missing, of other models, or cannot hold a gate.
    """
    replays, frame = brought.replays, brought.observations
    known = {one.signal for traffic in replays for one in traffic.behaviors}
    lacking = [gate.signal for gate in policy.gates if gate.signal.startswith(KIND)]
    there = set() if frame is None else {str(name) for name in frame["signal"].unique()}
    lacking = [name for name in lacking if name not in known | there | set(policy.signals)]
    if lacking:
        held = f"the replay looked for {', '.join(sorted(known))}" if known else "the policy names no replay"
        raise PolicyError(
            f"gate {lacking[0]}: {held}. `seatrial replay POLICY TRAFFIC` looks for what the policy's other gates and "
            "its gates on replay/… name; then name its folder, evidence: [replays/NAME]"
        )
    identities = None
    if models:
        identities = identity_hash(models["baseline"].identity), identity_hash(models["candidate"].identity)
    for traffic in replays:
        check_replay(traffic, policy, identities)


def with_replays(rounds: Rounds, replays: Sequence[ReplayedTraffic]) -> None:
    """Let the gates of a review that rest on replays be weighed by them."""
    held = {one.signal: (traffic, one) for traffic in replays for one in traffic.behaviors}
    alpha, power = rounds.policy.alpha, rounds.policy.power
    for place, run in enumerate(rounds.gates):
        if run.signal in held and run.plan.source == "evidence":
            made = ReplayedRun(run, *held[run.signal], alpha, power)
            rounds.gates[place] = made
            for asked in rounds.asked:
                asked.runs = [made if one is run else one for one in asked.runs]
