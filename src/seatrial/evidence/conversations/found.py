"""What a run of conversations came to: trajectories, survival, endings, and which pair shows a gate's harm best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seatrial.evidence.conversations.conversation import Conversation, Ending
from seatrial.evidence.conversations.conversation_policy import ConversationPolicy
from seatrial.evidence.conversations.equal_models import EqualModels
from seatrial.evidence.conversations.forecast import Forecast
from seatrial.evidence.conversations.judged import Judged
from seatrial.evidence.conversations.readings import Read, first_harm, value_of
from seatrial.evidence.conversations.run import turns_of
from seatrial.evidence.conversations.signals import KINDS, judge_of, kind_of
from seatrial.evidence.conversations.survival import Curve, LogRank, Spell, kaplan_meier, paired_log_rank
from seatrial.evidence.conversations.user_model import UserRecord
from seatrial.personas import SIDES, Area
from seatrial.personas.script import Side
from seatrial.policy import ModelSpec
from seatrial.report.basis import AskedModel
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, GateVerdict, Role, Spend

__all__ = ["Conversed", "Pair", "Trajectory"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One meeting with both models, side by side.

    Attributes:
        baseline: With the baseline.
        candidate: With the candidate.
    """

    baseline: Read
    candidate: Read

    @property
    def name(self) -> str:
        """The persona's version and which of its conversations it is."""
        meeting = self.baseline.talk.meeting
        return f"{meeting.unit}-{meeting.draw}"

    @property
    def whole(self) -> bool:
        """Whether both conversations came to an end of their own."""
        return self.baseline.talk.whole and self.candidate.talk.whole


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Mean reading of harm at each turn in one area, over the conversations that still went on.

    Attributes:
        area: The area.
        side: Which version of the personas.
        means: Role → mean at each turn, from the first; a turn that none reached ends the list.
        counts: Role → conversations that were read at each turn.
    """

    area: Area
    side: Side
    means: Mapping[Role, tuple[float, ...]]
    counts: Mapping[Role, tuple[int, ...]]


@dataclass(frozen=True)
class Conversed:
    """A run of conversations.

    Attributes:
        policy: The policy.
        areas: The areas that were talked about, by name.
        reads: All conversations, the baseline's of a meeting before the candidate's.
        plan: What it was to take at most.
        spend: Role → what it took; of a model that played the user under `user`.
        user_record: How a model that played the users kept to its roles; None of a script.
        asked: Name in the run → a model as it was asked.
        equal: How alike its users treated two equal models, where that was measured.
        judged: What its judges came to; None without judges.
    """

    policy: ConversationPolicy
    areas: Mapping[str, Area]
    reads: tuple[Read, ...]
    plan: Forecast
    spend: Mapping[str, Spend]
    user_record: UserRecord | None = None
    asked: tuple[tuple[str, AskedModel], ...] = ()
    equal: EqualModels | None = None
    judged: Judged | None = None

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The meetings, in their order."""
        return tuple(Pair(*both) for both in zip(self.reads[::2], self.reads[1::2], strict=True))

    @property
    def user(self) -> str:
        """Who played the users."""
        return self.policy.user.model if isinstance(self.policy.user, ModelSpec) else "script"

    def turns(self, read: Read) -> int:
        """Return the most turns that a conversation could have had."""
        return turns_of(self.policy, read.talk.meeting.persona)

    def talks(self, role: Role, side: Side | None = None) -> list[Conversation]:
        """Return the conversations with one model, with one version of the personas or with both."""
        return [one.talk for one in self.reads if one.talk.role == role and side in (None, one.talk.meeting.side)]

    @cached_property
    def endings(self) -> dict[Role, Counter[Ending]]:
        """Role → how its conversations ended."""
        return {role: Counter(one.ending for one in self.talks(role)) for role in ROLES}

    @property
    def lost(self) -> int:
        """Meetings of which one conversation or both did not come to an end of their own."""
        return sum(not pair.whole for pair in self.pairs)

    @cached_property
    def trajectories(self) -> tuple[Trajectory, ...]:
        """Mean readings by turn, of each area and version."""
        return tuple(_trajectory(self.reads, area, side) for area in self.areas.values() for side in SIDES)

    @cached_property
    def curves(self) -> dict[Role, Curve]:
        """Role → share of the conversations with vulnerable users that are still without harm, by turn."""
        return {
            role: kaplan_meier([_spell(one) for one in self.reads if _counts(one) and one.talk.role == role])
            for role in ROLES
        }

    @cached_property
    def log_rank(self) -> LogRank:
        """Whether the candidate's first harm comes earlier."""
        spells: dict[str, dict[Role, list[Spell]]] = {}
        for pair in self.pairs:
            if pair.whole and _counts(pair.baseline):
                held = spells.setdefault(pair.baseline.talk.meeting.persona.id, {role: [] for role in ROLES})
                held["baseline"].append(_spell(pair.baseline))
                held["candidate"].append(_spell(pair.candidate))
        rng = generator(self.policy.seed, "first harm")
        return paired_log_rank(
            [one["baseline"] for one in spells.values()], [one["candidate"] for one in spells.values()], rng
        )

    def worst(self, signal: str) -> Pair | None:
        """Return the meeting in which the candidate is most beyond the baseline by a signal; None where none is."""
        kind = kind_of(signal)
        if kind is None:
            return None
        turned = 1.0 if KINDS[kind].harmful == "high" else -1.0

        def beyond(pair: Pair) -> float:
            values = [value_of(kind, one, self.turns(one), judge_of(signal)) for one in (pair.baseline, pair.candidate)]
            before, after = values
            return -np.inf if before is None or after is None else turned * (after - before)

        found = max(self.pairs, key=beyond, default=None)
        return found if found is not None and beyond(found) > 0 else None

    def shown_first(self, verdicts: Sequence[GateVerdict]) -> list[tuple[Pair, str]]:
        """Return all meetings with what each is shown for: the worst of each failing gate, of undecided ones, then all.

        Args:
            verdicts: The gates' verdicts.
        """
        order = {"fail": 0, "inconclusive": 1, "pass": 2}
        made: dict[str, tuple[Pair, str]] = {}
        for verdict in sorted(verdicts, key=lambda one: order[one.verdict]):
            pair = self.worst(verdict.signal)
            if pair is not None and pair.name not in made:
                made[pair.name] = (pair, verdict.signal)
        return [*made.values(), *((pair, "") for pair in self.pairs if pair.name not in made)]


def _counts(read: Read) -> bool:
    return read.talk.meeting.side == "vulnerable" and read.talk.whole


def _spell(read: Read) -> Spell:
    first = first_harm(read)
    return Spell(len(read.talk.turns), False) if first is None else Spell(first, True)


def _trajectory(reads: Sequence[Read], area: Area, side: Side) -> Trajectory:
    means: dict[Role, tuple[float, ...]] = {}
    counts: dict[Role, tuple[int, ...]] = {}
    for role in ROLES:
        mine = [
            one.harm
            for one in reads
            if one.talk.role == role and one.talk.meeting.side == side and one.talk.meeting.persona.area == area.name
        ]
        at_turn: list[list[float]] = []
        for number in range(max(map(len, mine), default=0)):
            known = [harm[number] for harm in mine if number < len(harm)]
            at_turn.append([value for value in known if value is not None])
        kept = at_turn[: next((number for number, one in enumerate(at_turn) if not one), len(at_turn))]
        means[role] = tuple(float(np.mean(one)) for one in kept)
        counts[role] = tuple(map(len, kept))
    return Trajectory(area, side, means, counts)
