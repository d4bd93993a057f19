"""What a report shows: one frozen value that every format is rendered from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from seatrial.policy import LaunchPolicy
from seatrial.report.basis import Basis
from seatrial.types import Decision, Harmful, Message, Role, Spend, Verdict

__all__ = [
    "AnswerPair",
    "Cell",
    "Detection",
    "Glance",
    "InstrumentNote",
    "Named",
    "Reuse",
    "ReviewResult",
    "Scale",
    "SpotGroup",
    "Step",
    "Unanswered",
    "WaiverNote",
]


@dataclass(frozen=True, slots=True)
class AnswerPair:
    """Both models' answers to one item, with what the gate's instrument read in them.

    Attributes:
        signal: The gate's signal.
        item: The item's id.
        use_case: The item's use case.
        messages: The conversation both were given (without the system prompt).
        baseline: The baseline's answer; for a first-token probe its likeliest openings, as text.
        candidate: The candidate's.
        baseline_value: What the instrument read, in the signal's units.
        candidate_value: The same for the candidate.
        harm: Change of harm, + is worse.
        probe: True where the two texts are likeliest openings and not whole answers.
    """

    signal: str
    item: str
    use_case: str
    messages: tuple[Message, ...]
    baseline: str
    candidate: str
    baseline_value: float
    candidate_value: float
    harm: float
    probe: bool = False


@dataclass(frozen=True, slots=True)
class PairsPage:
    """A page that holds all pairs of answers of one signal.

    Attributes:
        signal: The signal.
        pairs: How many pairs there are.
        file: The page's file, from the review's folder.
    """

    signal: str
    pairs: int
    file: str


@dataclass(frozen=True, slots=True)
class InstrumentNote:
    """An instrument and what is known of its error.

    Attributes:
        name: `probe/affirm`, `text/refusal`, `labels/final_label`, …
        about: What it reads, in a sentence.
        signals: The gates that rest on it.
        error: What is known of its error: a sentence, e.g. "error not measured".
        measured: Whether there is a measured record of its error (or none is needed).
        may_gate: Whether its record lets its gates block and launch.
        slope: Share of a true change that it shows; NaN where unknown.
        differential: Largest change that error which differs between models could fake; NaN where unknown.
    """

    name: str
    about: str
    signals: tuple[str, ...]
    error: str
    measured: bool
    may_gate: bool = True
    slope: float = float("nan")
    differential: float = float("nan")


Scale = Literal["rate", "share", "number"]


@dataclass(frozen=True, slots=True)
class Named:
    """What people call a signal, and what its numbers are.

    Attributes:
        signal: The signal.
        title: What people call it.
        scale: `rate`: readings are shares of answers. `share`: the change is a share of the scale, the readings are
            not. `number`: neither.
        harmful: Which end of the scale is harm.
        family: Kind of harm that the signal's suite asks for; empty where it names none.
        besides: What else is known of its numbers, in words; mostly empty.
    """

    signal: str
    title: str
    scale: Scale = "number"
    harmful: Harmful = "high"
    family: str = ""
    besides: str = ""


@dataclass(frozen=True, slots=True)
class SpotGroup:
    """Blind spots of one kind.

    Attributes:
        title: What they have in common.
        count: How many of the blind spots, in their order, it takes.
    """

    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the map use case × behavior.

    Attributes:
        use_case: The use case.
        signal: The gate.
        items: Items (or contrasts) measured on both models.
        clusters: Their clusters.
        verdict: None where nothing was measured.
        estimate: Change of harm there.
        low: Lower bound of the change.
        high: Upper bound of the change.
        held: Items (or contrasts) that there are to ask, asked or not.
    """

    use_case: str
    signal: str
    items: int
    clusters: int
    verdict: Verdict | None
    estimate: float
    low: float
    high: float
    held: int = 0


@dataclass(frozen=True, slots=True)
class Detection:
    """A gate's limit of detection, measured with known-harmful answers mixed into the baseline's.

    Attributes:
        signal: The gate's signal.
        shares: Rate of known-harmful answers → share of simulated reviews in which a rise in harm was shown.
        limit: Lowest rate seen with the policy's power; None if none of the rates was.
        shift: What that rate moves the signal by, in its units; NaN without a limit.
        answers: Known-harmful answers that were mixed in.
    """

    signal: str
    shares: tuple[tuple[float, float], ...]
    limit: float | None
    shift: float
    answers: int


@dataclass(frozen=True, slots=True)
class Glance:
    """One thing that a reader sees at a glance in all answers, on both sides.

    Attributes:
        measure: Its name, as in the policy's `expected`; `identical` cannot be expected, for it never holds a launch.
        title: What it is, in words.
        baseline: The baseline's, in words.
        candidate: The candidate's, in words.
        difference: Candidate − baseline as a share of the items; of lengths how many times as long.
        p_value: Of no difference, sides exchanged within clusters; 1 where nothing differs, NaN where it is no test.
        degenerate: The roles whose answers it shows to be no answers.
        unlike: Whether the two sides are very unlike in it.
        said: What is odd, as part of a sentence; empty where nothing is.
        expected: The policy's reason for expecting it.
    """

    measure: str
    title: str
    baseline: str
    candidate: str
    difference: float = float("nan")
    p_value: float = float("nan")
    degenerate: tuple[Role, ...] = ()
    unlike: bool = False
    said: str = ""
    expected: str = ""

    @property
    def holds(self) -> bool:
        """Whether it holds a launch: it is odd, and the policy does not expect it."""
        return bool(self.said) and not self.expected


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An item that a model did not answer usefully, why, and what to set so that it does (empty where unknown)."""

    signal: str
    role: Role
    item: str
    reason: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class WaiverNote:
    """A named person's override of one gate of this review."""

    signal: str
    person: str
    reason: str
    expires: str
    entered: str


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """A review's entry in the ledger.

    Attributes:
        number: Its number.
        hash: Its hash.
        covers: Whether it covers the review's files.
        until: The last day on which the decision holds; empty where it keeps none.
    """

    number: int
    hash: str
    covers: bool
    until: str = ""


@dataclass(frozen=True, slots=True)
class Reuse:
    """The baseline's answers that other reviews had already, and what asking a part of them anew showed.

    Attributes:
        taken: How many were taken over: review, day, count.
        offered: How many could have been, before any was asked anew.
        asked_anew: How many of these were asked anew and compared.
        differ: How many of those differ in their words, or in the first token's probabilities.
        refused: Why none was taken over, in a sentence; empty where the baseline was not found changed.
        seen_at_all: Smallest share of repeatable answers whose change would have been noticed with the policy's power;
            NaN where none repeats.
        seen_in_a_gate: Smallest share of any one gate's answers whose readings all move one way that would have been;
            NaN where no share would have been.
        too_old: Calls made although another review has the answer, which is too old, undated or known to be void.
        not_covered: Calls made although another review has the answer, which no entry of the ledger covers.
        aged: This review's own answers of an earlier run that are older than the limit.
        aged_since: Day of the oldest of them; empty where one has no date.
    """

    taken: tuple[tuple[str, str, int], ...] = ()
    offered: int = 0
    asked_anew: int = 0
    differ: int = 0
    refused: str = ""
    seen_at_all: float = float("nan")
    seen_in_a_gate: float = float("nan")
    too_old: int = 0
    not_covered: int = 0
    aged: int = 0
    aged_since: str = ""


StepKind = Literal["answers", "calls", "error", "expected", "items", "labels", "pairs", "policy", "severe"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do next that may change the decision.

    Attributes:
        kind: `pairs` and `severe`: read answers. `answers`: get those that are missing. `calls`: a larger budget.
            `labels`: a record of what reads the answers. `error`: measure how it differs between the models. `items`:
            more of them, or a wider margin. `expected`: say what is meant. `policy`: let a gate block.
        signals: The gates of the policy that it could decide; empty where it is about none of them.
        text: What to do and what it changes, one or two sentences.
        cost: What it takes, in words.
        assumes: What the numbers rest on, in words without a full stop; empty where they are counts.
        chance: Chance that it decides these gates; NaN where that is not known.
    """

    kind: StepKind
    signals: tuple[str, ...]
    text: str
    cost: str = ""
    assumes: str = ""
    chance: float = float("nan")


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """Everything a report shows.

    Attributes:
        policy: The policy.
        decision: The decision before any waiver.
        status: The decision after waivers: `waived` only where waivers turn a block or hold into a launch.
        mode: `live` (asked while weighing) or `recorded` (fixed evidence).
        started: ISO 8601 time, UTC.
        finished: ISO 8601 time, UTC.
        author: Who ran the review.
        versions: Package → version.
        hashes: What → SHA-256: `policy`, `evidence`, each suite, …
        cells: The map use case × behavior, every use case crossed with every gate.
        examples: For each failing (else most moved) gate the pairs that show it best.
        instruments: The instruments used.
        unanswered: Items without a usable answer.
        blind_spots: Sentences, each one thing this review could not see; as loud as the failures.
        notes: Sentences worth a reader's attention that are not blind spots.
        spend: What each model and each judge took.
        waivers: Waivers in force for this review.
        detections: Limits of detection, where they were measured.
        glances: What is seen in all answers before one is read; empty where a review has no text.
        reuse: What was taken over from other reviews.
        steps: What to do next, what changes the decision most first; empty where it is a launch.
        named: What people call the signals.
        groups: The kinds of blind spots, what matters most first; empty where they are not told apart.
        history: What was decided of the same two models before, in a sentence; empty where nothing was.
        pages: Pages that hold all pairs of answers.
        basis: What else it rests on, so that others can derive its decision again.
        entry: The review's entry in the ledger; None where it has none yet, as in `evidence.json`, which it covers.
    """

    policy: LaunchPolicy
    decision: Decision
    status: Literal["launch", "launch-on-trust", "hold", "block", "waived"]
    mode: Literal["live", "recorded", "mixed"]
    started: str
    finished: str
    author: str
    versions: tuple[tuple[str, str], ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    cells: tuple[Cell, ...] = ()
    examples: tuple[AnswerPair, ...] = ()
    instruments: tuple[InstrumentNote, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    blind_spots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spend: tuple[tuple[str, Spend], ...] = ()
    waivers: tuple[WaiverNote, ...] = field(default=())
    detections: tuple[Detection, ...] = ()
    glances: tuple[Glance, ...] = ()
    reuse: Reuse = field(default=Reuse())
    steps: tuple[Step, ...] = ()
    named: tuple[Named, ...] = ()
    groups: tuple[SpotGroup, ...] = ()
    history: str = ""
    pages: tuple[PairsPage, ...] = ()
    basis: Basis = field(default=Basis())
    entry: LedgerPlace | None = None

    @property
    def spots_by_kind(self) -> list[tuple[str, tuple[str, ...]]]:
        """The blind spots by their kinds; what is in no kind stands last."""
        found, start = [], 0
        for group in self.groups:
            found.append((group.title, self.blind_spots[start : start + group.count]))
            start += group.count
        if start < len(self.blind_spots):
            found.append(("Others" if found else "What this review could not see", self.blind_spots[start:]))
        return found
