"""The nouns: what is asked, what is answered, what is measured, what is decided.

All are frozen values. They know nothing of files, models or statistics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from seatrial import replies

__all__ = [
    "BAD",
    "ROLES",
    "ClaimVerdict",
    "Decision",
    "Ended",
    "Evidence",
    "GateVerdict",
    "Harmful",
    "Item",
    "Look",
    "Message",
    "Observation",
    "Outcome",
    "Request",
    "Response",
    "Role",
    "Spend",
    "Usage",
    "Verdict",
]

Role = Literal["baseline", "candidate"]

Harmful = Literal["high", "low"]

Verdict = Literal["pass", "fail", "inconclusive"]

Outcome = Literal["launch", "launch-on-trust", "hold", "block"]

Ended = Literal["", "decided", "used up", "futile", "budget"]
"""Why a gate is asked no more; `used up` is all that it may ask, `futile` what could hardly decide it."""

BAD = float("nan")
"""A number that could not be computed. JSON writes it as null; no comparison with it is true."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to ask.

    Attributes:
        id: Unique within its suite.
        suite: Name of the suite (or of the transcripts) that it belongs to.
        messages: The conversation up to the answer; the last turn is the user's.
        targets: Accepted answers, where the item has a right answer.
        use_case: What the user is doing: `health`, `work`, `everyday facts`, …
        cluster: Items that stand or fall together carry the same cluster.
        variant: Which side of a contrast this is, e.g. `for` or `against`.
        contrast: Items of one contrast (the same matter, different variants) share this id;
            the item's own id where it stands alone.
        labels: Columns of a transcript's row that a policy may select items by.
        part: Empty for what is public; `rewritten` or `held out` for what a model cannot have learnt by heart.
    """

    id: str
    suite: str
    messages: tuple[Message, ...]
    targets: tuple[str, ...] = ()
    use_case: str = "general"
    cluster: str = ""
    variant: str = ""
    contrast: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    part: Literal["", "rewritten", "held out"] = ""

    def __post_init__(self) -> None:
        """An item without a cluster or contrast is its own."""
        if not self.cluster:
            object.__setattr__(self, "cluster", self.id)
        if not self.contrast:
            object.__setattr__(self, "contrast", self.id)


@dataclass(frozen=True, slots=True)
class Request:
    """One call to make: an item, for a draw, with what the instruments need of the answer.

    Attributes:
        item: What to ask.
        draw: Which repetition, from 0.
        max_tokens: Longest answer; 1 where only the first token's distribution is read.
        top_logprobs: How many alternatives of the *first* token to return; 0 for none.
        numbers: Names of whole numbers from 0 to 10: the answer is to be a JSON object of just these, and a provider
            that can hold the model to that is told to; empty for a free answer.
    """

    item: Item
    draw: int = 0
    max_tokens: int = 64
    top_logprobs: int = 0
    numbers: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the answer, where it is to be an object of `numbers`."""
        one = {"type": "integer", "minimum": 0, "maximum": 10}
        return {
            "type": "object",
            "properties": dict.fromkeys(self.numbers, one),
            "required": list(self.numbers),
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call took: tokens in and out, seconds, and cost in US dollars where it is known."""

    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Spend:
    """What one model took for this review.

    Attributes:
        calls: Answers that were asked for now.
        reused: Answers that an earlier run of the same review had got.
        tokens_in, tokens_out: Tokens of both.
        seconds: Seconds waited.
        cost: US dollars, where the prices are known.
        failed: Calls without an answer.
        taken_over: Answers taken over from other reviews, which paid for them.
    """

    calls: int = 0
    reused: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cost: float = 0.0
    failed: int = 0
    taken_over: int = 0


@dataclass(frozen=True, slots=True)
class Response:
    """What one model said to one item.

    However it was made, its text is an answer: thinking before it is taken off, and what a content filter or a tool's
    call ended is none.

    Attributes:
        item, suite: The item's id, and its suite.
        draw: Which repetition.
        text: The answer; blank where there is none.
        first: Alternatives of the answer's first token with their natural-log probabilities, likeliest first;
            empty where the provider gives none, or the model thinks first.
        stop: Why the answer ended: `stop`, `length`, `content_filter`, or what the provider says.
        usage: Tokens, seconds and cost.
        labels: Columns of a transcript's row, e.g. a human label of this answer.
        thinking: What was said that is not the answer; given as None, it is looked for in the text.
        served: Model and system fingerprint that the reply names; empty where it names none.
    """

    item: str
    suite: str
    draw: int
    text: str
    first: tuple[tuple[str, float], ...] = ()
    stop: str = "stop"
    usage: Usage = field(default_factory=Usage)
    labels: tuple[tuple[str, str], ...] = ()
    thinking: str | None = None
    served: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        """Take off what is not the answer."""
        text, thought = replies.answer_of(self.text, closed=self.thinking is None)
        thinking = "\n\n".join(filter(None, (self.thinking, thought)))
        if not thinking and self.first:
            thinking = replies.answer_of(self.first[0][0], closed=False)[1]
        ended = replies.no_answer(text, thinking, self.stop)
        if ended and text.strip():
            text, thinking = "", "\n\n".join(filter(None, (thinking, text)))
        if thinking or ended in ("filter", "tool"):
            object.__setattr__(self, "first", ())
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "thinking", thinking)

    @property
    def no_answer(self) -> replies.NoAnswer:
        """Why there is no answer; empty where there is one."""
        return replies.no_answer(self.text, self.thinking or "", self.stop)


@dataclass(frozen=True, slots=True)
class Observation:
    """One number about one item and one model from one signal, in the signal's own units.

    `at` is seconds since the epoch, or 0 where time does not matter.
    """

    signal: str
    role: Role
    item: str
    cluster: str
    draw: int
    value: float
    weight: float = 1.0
    use_case: str = "general"
    rater: str = ""
    source: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a gate while evidence came in: calls spent on it, clusters, estimate and interval."""

    calls: int
    clusters: int
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one gate, oriented so that + is harm.

    Attributes:
        estimate: Estimated change of true harm, candidate − baseline: that of readings over the share that they show.
        low: One-sided lower confidence bound of the change at 1 − alpha.
        high: One-sided upper confidence bound of the change at 1 − alpha.
        clusters: Number of independent clusters observed on both models.
        items: Number of items observed on both models.
        mde: Smallest true change that this evidence could have shown at the policy's power; infinite where the scale
            allows none so large.
        slope: Share of a true change that the instrument shows; NaN where its error is not known.
        reading: Change of the readings themselves, in the signal's units.
        e_value: E-value against "harm is within the margin" (large: harm is shown); sequential evidence only.
        p_value: p-value against the same; for sequential evidence valid at every look.
        method: `betting` (valid at every look), `exact`, `clustered-t`, `adjusted-t`, `gaffke`, `summary`, …
        baseline: Mean reading of the baseline in the signal's units: over the same items as the change, and like it the
            mean over clusters of each cluster's mean.
        candidate: The same for the candidate.
        missing: Items that lack an answer which was asked, of either model: all of its draws or some.
        missing_low: As `estimate`, if every missing answer were as harmless as it could be.
        missing_high: As `estimate`, if every missing answer were as harmful as it could be.
        unpaired_low: Lower bound that ignores the pairing, for comparison only.
        unpaired_high: Upper bound that ignores the pairing, for comparison only.
        calls: Calls spent that this gate reads.
        path: The looks taken, in order.
    """

    estimate: float = BAD
    low: float = BAD
    high: float = BAD
    clusters: int = 0
    items: int = 0
    mde: float = BAD
    slope: float = BAD
    reading: float = BAD
    e_value: float = BAD
    p_value: float = BAD
    method: str = "none"
    baseline: float = BAD
    candidate: float = BAD
    missing: int = 0
    missing_low: float = BAD
    missing_high: float = BAD
    unpaired_low: float = BAD
    unpaired_high: float = BAD
    calls: int = 0
    path: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One of the statements a gate is made of: over all items, in one use case, or about a limit.

    Attributes:
        label: `all items`, `use case: health`, `limit`, …
        threshold: The change (or, for a limit, the level of harm) that must be ruled out.
        verdict: pass, fail or inconclusive.
        evidence: What the verdict rests on; for a limit its estimate is the candidate's own level.
    """

    label: str
    threshold: float
    verdict: Verdict
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The verdict of one gate.

    Attributes:
        signal: Name of the signal.
        verdict: pass, fail or inconclusive.
        blocking: False where the policy made the gate advisory.
        margin: Largest rise in harm tolerated, in the signal's units.
        evidence: The evidence over all items.
        reason: One sentence for a person.
        advisory: The policy's reason for not blocking, if any.
        instrument: Name of the instrument that produced the numbers.
        claims: The statements the gate is made of, the one over all items first.
        demoted: True where the policy wants it to block and its instrument's record does not let it.
        members: Of a gate on a family, the verdicts of its suites; it fails where one of them does.
        harm_likely: Whether harm above the margin is likely, though not shown: the interval lies above it uncorrected.
        ended: Why it was asked no more, of `Ended`; empty where it was not asked.
        trust: The policy's reason for counting it without a sufficient record.
        starter: Whether its judge's record comes from graded answers of the suites only.
    """

    signal: str
    verdict: Verdict
    blocking: bool
    margin: float
    evidence: Evidence
    reason: str
    advisory: str = ""
    instrument: str = ""
    claims: tuple[ClaimVerdict, ...] = ()
    demoted: bool = False
    members: tuple[GateVerdict, ...] = ()
    harm_likely: bool = False
    ended: Ended = ""
    trust: str = ""
    starter: bool = False

    @property
    def points_to(self) -> str:
        """Its signal, and where in it harm is likely: `family/sycophancy (behavior/pushback, use case: health)`."""
        cells = [one.label for one in self.claims[1:] if one.verdict != "pass" and one.evidence.low > one.threshold]
        within = [*(one.signal for one in self.members if one.harm_likely), *cells]
        return f"{self.signal} ({', '.join(within)})" if within else self.signal


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a review: launch, hold or block, and why in a sentence.

    Attributes:
        outcome: What may happen; a launch for which a gate counts on trust is never `launch`.
        reason: Why, in a sentence.
        verdicts: Of all gates.
        severe: The candidate's answers in which raters confirmed severe harm; they hold whatever the gates say.
        at_a_glance: What is odd about all the answers, seen before one was read; it holds whatever the gates say.
    """

    outcome: Outcome
    reason: str
    verdicts: tuple[GateVerdict, ...]
    severe: tuple[str, ...] = ()
    at_a_glance: tuple[str, ...] = ()

    @property
    def every_verdict(self) -> dict[str, GateVerdict]:
        """Signal → its verdict: of gates, and of the suites of families."""
        return {one.signal: one for gate in self.verdicts for one in (gate, *gate.members)}

    @property
    def on_trust(self) -> tuple[GateVerdict, ...]:
        """The blocking gates that count on trust."""
        return tuple(one for one in self.verdicts if one.blocking and one.trust)

    @property
    def on_starters(self) -> tuple[GateVerdict, ...]:
        """The blocking gates whose judges were tried on graded answers of the suites only."""
        return tuple(one for one in self.verdicts if one.blocking and one.starter)

    @property
    def harm_likely(self) -> tuple[GateVerdict, ...]:
        """The gates that are to block, whether or not their instruments let them, and in which harm is likely."""
        return tuple(one for one in self.verdicts if one.harm_likely and (one.blocking or one.demoted))

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """The gates that keep it from being a launch: those that may block and do not pass, and the demoted ones."""
        return tuple(one.signal for one in self.verdicts if one.demoted or (one.blocking and one.verdict != "pass"))


ROLES: tuple[Role, Role] = ("baseline", "candidate")
