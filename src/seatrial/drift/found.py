"""What a comparison of two models' answers found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from seatrial.stats.intervals import Interval

__all__ = ["KINDS", "PLAIN", "Drift", "Example", "Finding", "Group", "Kind", "Proposal"]

Kind = Literal["stance", "structure", "length", "opening", "phrase", "tone", "address", "meaning"]

KINDS: dict[Kind, str] = {
    "stance": "how answers take a stand",
    "structure": "how answers are laid out",
    "length": "how long answers are",
    "opening": "how answers begin",
    "phrase": "which words answers use",
    "tone": "what instruments of tone read",
    "address": "whom answers speak of and to",
    "meaning": "what answers are about",
}
"""What is looked at, in words; what says most in plain words stands first."""
PLAIN = ("length", "structure")
"""The plainest causes of other differences: what people and judges prefer goes much by them."""


@dataclass(frozen=True, slots=True)
class Example:
    """An item whose answers show a finding well, and one answer of each model."""

    suite: str
    item: str
    asked: str
    baseline: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between the answers of two models.

    Attributes:
        kind: What was looked at.
        words: The difference, as what an answer does: `says “great question”`.
        share: Whether the levels are shares of answers; else they are means.
        before: The baseline's level, each cluster counting alike.
        after: The candidate's.
        change: After − before, with its interval at the level of the comparison, for this finding alone.
        p_value: Chance that a difference so large is found anywhere among all that was tried, nothing having changed.
        held: The change with length and layout held fixed; None where that is what the finding is about, or where
            there are too few answers to say.
        also: Other differences that were found in the same answers, in words.
        examples: Items that show it best.
        phrase: The words that show it in a text, where there are such.
        shown_by: Suite and id of every item whose answers differ in its direction, those that differ most first.
    """

    kind: Kind
    words: str
    share: bool
    before: float
    after: float
    change: Interval
    p_value: float
    held: Interval | None = None
    also: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    phrase: str = ""
    shown_by: tuple[tuple[str, str], ...] = ()

    @property
    def explained(self) -> bool:
        """Whether nothing of the change is sure to be left with length and layout held fixed."""
        return self.held is not None and self.held.low <= 0 <= self.held.high


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the items: how well the candidate's answers are told from the baseline's there.

    Attributes:
        kind: `use case` or `suite`.
        name: Which.
        told: Share of pairs in which who learnt from the other half of the pairs picks the candidate's answer; half of
            them by luck. Its interval holds for all groups together.
        items: How many.
    """

    kind: str
    name: str
    told: Interval
    items: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A difference that a judge proposed on one half of the items, as the other half bears it out.

    Attributes:
        words: The difference, in the judge's words: what a single answer does.
        before: How much of it the baseline's answers show, 0 to 1, each cluster counting alike.
        after: The candidate's.
        change: After − before, with its interval for this proposal alone; None with fewer than two clusters.
        p_value: Chance that any proposal shows so much, nothing having changed.
        items: Items that it was tested on.
    """

    words: str
    before: float
    after: float
    change: Interval | None
    p_value: float
    items: int


@dataclass(frozen=True, slots=True)
class Drift:
    """What changed between two models' answers.

    Attributes:
        items: Items that both answered.
        clusters: Clusters of them.
        answers: Answers that were read.
        alpha: Chance that a model compared with itself is called changed, and that anything is listed.
        p_value: Of the test whether anything changed.
        by_kind: Kind → p-value of the test of it alone.
        told: Share of pairs in which who learnt from the other half picks the candidate's answer.
        groups: Parts of the items, the one first in which most is sure to have changed.
        findings: The differences, the clearest first.
        tried: How many differences were tried, those that are not listed included.
        told_of: How the answers were read, in sentences.
        proposals: What a judge proposed, if one was asked; those that did not hold, too.
    """

    items: int
    clusters: int
    answers: int
    alpha: float
    p_value: float
    by_kind: dict[Kind, float]
    told: Interval | None
    groups: tuple[Group, ...]
    findings: tuple[Finding, ...]
    tried: int
    told_of: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the answers differ by more than chance."""
        return self.p_value <= self.alpha
