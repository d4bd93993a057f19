"""What a replay comes to: the traffic, the behaviors, and one decision over those that may block."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from seatrial.errors import ExitCode
from seatrial.evidence.replay.languages import languages_of
from seatrial.evidence.replay.personal import Removed
from seatrial.evidence.replay.run import Found, Replayed
from seatrial.evidence.replay.sampling import Sample
from seatrial.evidence.replay.traffic import Counted
from seatrial.evidence.replay.traffic_map import TrafficMap, map_of
from seatrial.policy import LaunchPolicy

__all__ = ["Replay", "found_in"]


@dataclass(frozen=True)
class Replay:
    """A replay and what it was made of.

    Attributes:
        name: The policy's.
        baseline: What users have now.
        candidate: What is to be shipped.
        counted: What came of the log's rows.
        sample: The conversations that were drawn.
        removed: What of them was taken out; None where they were left as they are.
        done: What the models answered, and what was found.
        languages: Language → conversations of the sample, the most first.
        map: What users talk about, and what looks at it.
        exit_code: Launch, hold or block.
    """

    name: str
    baseline: str
    candidate: str
    counted: Counted
    sample: Sample
    removed: Removed | None
    done: Replayed
    languages: Counter[str]
    map: TrafficMap
    exit_code: ExitCode

    @property
    def failing(self) -> list[Found]:
        """Behaviors that rose beyond their margin and may block."""
        return [one for one in self.done.found if one.behavior.blocking and one.verdict == "fail"]

    @property
    def open(self) -> list[Found]:
        """Behaviors that may block and are not decided."""
        return [one for one in self.done.found if one.behavior.blocking and one.verdict == "inconclusive"]

    @property
    def counting(self) -> list[Found]:
        """Behaviors that may block."""
        return [one for one in self.done.found if one.behavior.blocking]


def found_in(policy: LaunchPolicy, done: Replayed, counted: Counted, sample: Sample, removed: Removed | None) -> Replay:
    """Return what a replay comes to: block where a behavior rose beyond its margin, else hold where one is open.

    Where nothing may block, nothing was decided, and it holds.
    """
    counting = [one.verdict for one in done.found if one.behavior.blocking]
    if "fail" in counting:
        code = ExitCode.BLOCK
    else:
        code = ExitCode.HOLD if "inconclusive" in counting or not counting else ExitCode.LAUNCH
    languages = languages_of(sample.conversations)
    graded = {one.behavior.name: one.looked_at for one in done.found}
    mapped = map_of(done.items, done.suites, graded, done.level)
    names = policy.baseline.model, policy.candidate.model
    return Replay(policy.name, *names, counted, sample, removed, done, languages, mapped, code)
