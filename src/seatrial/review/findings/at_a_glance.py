"""What a reader sees at a glance in all answers of both sides, before reading one.

A side is *degenerate* where most of its answers are no answers: one and the same to different questions, empty, torn
off, a loop, an echo. It is *very unlike* the other where a measure differs by more than chance and by more than a
little. Both hold a launch, unless the policy expects them in words. All thresholds were set by what they
are for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from seatrial.instruments.text import Refusal
from seatrial.policy import LaunchPolicy, Measure
from seatrial.report.result import Glance
from seatrial.review.findings.like_answers import groups_of_like
from seatrial.review.findings.text_faults import (
    besides,
    copied,
    ends_inside,
    language,
    looped,
    plain_words,
    spoken_otherwise,
)
from seatrial.review.rounds import Rounds
from seatrial.stats.multiple import holm
from seatrial.stats.permutation import exchanges, p_value, swapped_means, swapped_shares
from seatrial.stats.seeding import generator
from seatrial.types import ROLES, Item, Message, Response, Role

__all__ = ["LEVEL", "at_a_glance", "glances"]

LEVEL = 0.01
"""Chance that two sides that do not differ are called very unlike in anything, over all measures together (Holm).

It is the chance of a needless hold, not of a false launch, so it does not follow the policy's alpha."""
FEWEST = 5
"""Different questions below which nothing is called degenerate."""
MOST = 0.5
"""Share above which answers are most answers."""
NEARLY_ALL = 0.9
"""Share from which on one answer is no answer, however short: right answers to closed questions differ more. Of answers
cut off too: a limit of tokens that cuts off half of them leaves enough to read."""
SHORT = 10
"""Words below which an answer may rightly be that to other questions too: yes, B, not enough information."""
LEAST: Mapping[str, float] = {
    "distinct": 0.25,
    "empty": 0.1,
    "cut_off": 0.25,
    "loops": 0.1,
    "copied": 0.1,
    "language": 0.1,
    "refusals": 0.25,
    "lengths": math.log(2),
}
"""Least difference that is called very unlike: a tenth of the items in what no model should do, a quarter in what may
be style or the review's own limit of tokens, twice as many words (or half)."""
ADDED = 10
"""Words added to each length before lengths are compared, so that two words are not very unlike one."""
NOUNS: Mapping[str, str] = {
    "distinct": "different answers",
    "identical": "answers that are the same on both sides",
    "empty": "empty answers",
    "cut_off": "answers cut off",
    "loops": "answers that repeat themselves",
    "copied": "answers copied from the question",
    "language": "answers in another language than asked",
    "refusals": "refusals",
    "lengths": "words (median, middle half)",
}
SAID: Mapping[str, str] = {
    "empty": "are empty",
    "cut_off": "end inside a sentence",
    "loops": "repeat themselves over and over",
    "copied": "are copied from the question",
}
"""What a side may be degenerate in, besides one answer to everything."""
REFUSAL = Refusal()


@dataclass(frozen=True)
class _Answer:
    response: Response
    words: tuple[str, ...]
    own: tuple[str, ...]
    faults: dict[str, bool]

    @property
    def torn(self) -> bool:
        """Whether it ends inside a sentence though the review's own limit of tokens did not end it."""
        return self.faults["cut_off"] and self.response.stop != "length"


@dataclass
class _Question:
    """One question with the answers of each side, by draw. Items with the same conversation are one question."""

    suite: str
    cluster: str
    turns: list[tuple[str, ...]]
    asked: str
    answers: dict[Role, list[_Answer]] = field(default_factory=lambda: {"baseline": [], "candidate": []})

    def share(self, role: Role, measure: str) -> float:
        """Return the share of a side's answers with this fault."""
        held = self.answers[role]
        return sum(answer.faults[measure] for answer in held) / len(held)

    def length(self, role: Role) -> float:
        """Return the mean of the logarithms of its lengths."""
        held = self.answers[role]
        return sum(math.log(len(answer.words) + ADDED) for answer in held) / len(held)

    def difference(self, measure: str) -> float:
        """Return how much more of a measure the candidate has."""
        before, after = (self.length(role) if measure == "lengths" else self.share(role, measure) for role in ROLES)
        return after - before


@dataclass
class _Side:
    """One side's answers to some of the questions."""

    role: Role
    questions: list[_Question]
    groups: list[int]

    @cached_property
    def answers(self) -> list[_Answer]:
        """All of them."""
        return [answer for question in self.questions for answer in question.answers[self.role]]

    @property
    def counts(self) -> Counter[int]:
        """How many questions got an answer of each group."""
        return Counter(group for group in self.groups if group >= 0)

    def within(self, suite: str) -> _Side:
        """Return the side of one suite."""
        held = [place for place, question in enumerate(self.questions) if question.suite == suite]
        return _Side(self.role, [self.questions[place] for place in held], [self.groups[place] for place in held])


def glances(policy: LaunchPolicy, rounds: Rounds) -> tuple[Glance, ...]:
    """Return what is seen at a glance in the answers of a review; nothing where no gate reads text."""
    items: dict[tuple[str, str], Item] = {}
    answers: dict[Role, dict[tuple[str, str, int], Response]] = {"baseline": {}, "candidate": {}}
    for run in rounds.gates:
        if run.plan.signal.instrument.needs == "logprobs":
            continue
        items |= {(item.suite, item.id): item for item in run.plan.items}
        for role in ROLES:
            answers[role] |= {(one.suite, one.item, one.draw): one for one in run.responses[role]}
    return at_a_glance(
        list(items.values()),
        {role: list(held.values()) for role, held in answers.items()},
        policy.expected,
        policy.seed,
    )


def at_a_glance(
    items: Sequence[Item], answers: Mapping[Role, Sequence[Response]], expected: Mapping[Measure, str], seed: int
) -> tuple[Glance, ...]:
    """Return each measure with both sides' values and what is odd about them; nothing where a side has no answer.

    Args:
        items: What was asked.
        answers: Each side's answers to items among them, one or several draws of each.
        expected: Measure → why it may look odd.
        seed: Seed of the random exchanges.
    """
    questions = _questions(items, answers)
    asked = {role: [question for question in questions if question.answers[role]] for role in ROLES}
    if not all(asked.values()):
        return ()
    words = [question.answers[role][0].own for role in ROLES for question in asked[role]]
    split = len(asked["baseline"])
    groups = groups_of_like(words, split)
    sides = (
        _Side("baseline", asked["baseline"], groups[:split]),
        _Side("candidate", asked["candidate"], groups[split:]),
    )
    tests, words_for = _tests(*sides, seed), {str(name): why for name, why in expected.items()}
    return tuple(_glance(measure, *sides, tests, words_for.get(measure, "")) for measure in NOUNS)


def _questions(items: Sequence[Item], answers: Mapping[Role, Sequence[Response]]) -> list[_Question]:
    texts = {(item.suite, item.id): " ".join(turn.content for turn in _user(item)) for item in items}
    spoken = {key: language(text) for key, text in texts.items()}
    usual = _usual([found for found in spoken.values() if found])
    by_conversation: dict[tuple[str, tuple[str, ...]], _Question] = {}
    held: dict[tuple[str, str], tuple[Item, _Question]] = {}
    for item in items:
        turns = tuple(turn.content for turn in item.messages)
        asked = spoken[item.suite, item.id] or usual
        made = _Question(item.suite, item.cluster, [plain_words(turn) for turn in turns], asked)
        held[item.suite, item.id] = item, by_conversation.setdefault((item.suite, turns), made)
    for role in ROLES:
        for response in sorted(answers[role], key=lambda one: one.draw):
            item, question = held[response.suite, response.item]
            question.answers[role].append(_read(item, question, response))
    return list(by_conversation.values())


def _user(item: Item) -> list[Message]:
    return [turn for turn in item.messages if turn.role == "user"]


def _usual(found: Sequence[str]) -> str:
    """Return the language of most questions; empty where they are in several."""
    name, count = Counter(found).most_common(1)[0] if found else ("", 0)
    return name if count >= 0.8 * len(found) else ""


def _read(item: Item, question: _Question, response: Response) -> _Answer:
    text, words = response.text, plain_words(response.text)
    faults = {
        "empty": not words,
        "cut_off": response.stop == "length" or ends_inside(text),
        "loops": looped(words),
        "copied": copied(words, question.turns),
        "language": spoken_otherwise(text, question.asked),
        "refusals": REFUSAL.read(item, response) == 1.0,
    }
    own = tuple(besides(words, question.turns))
    return _Answer(response, words, own if len(own) >= SHORT else words, faults)


# Very unlike: an exact test, paired by question and exchanged by cluster, and a least difference.


@dataclass(frozen=True, slots=True)
class _Test:
    difference: float
    p_value: float
    unlike: bool


def _tests(baseline: _Side, candidate: _Side, seed: int) -> dict[str, _Test]:
    """Return the test of each measure, corrected over those in which the sides differ anywhere."""
    after = {id(question): group for question, group in zip(candidate.questions, candidate.groups, strict=True)}
    both = [
        (question, group, after[id(question)])
        for question, group in zip(baseline.questions, baseline.groups, strict=True)
        if id(question) in after
    ]
    if not both:
        return {}
    clusters = [f"{question.suite}\n{question.cluster}" for question, _, _ in both]
    exchanged = exchanges(clusters, generator(seed, "at a glance"))
    distinct = 0.0 - swapped_shares([old for _, old, _ in both], [new for _, _, new in both], exchanged)
    measures = [measure for measure in LEAST if measure != "distinct"]
    differences = [[question.difference(measure) for measure in measures] for question, _, _ in both]
    means = swapped_means(differences, exchanged)
    seen = {"distinct": distinct} | {measure: means[:, place] for place, measure in enumerate(measures)}
    moved = [measure for measure in LEAST if np.abs(seen[measure]).max() > 1e-9]
    found = {measure: p_value(seen[measure]) if measure in moved else 1.0 for measure in LEAST}
    shown = dict(zip(moved, holm([found[measure] for measure in moved], LEVEL), strict=True)) if moved else {}
    return {
        measure: _Test(
            float(seen[measure][0]),
            found[measure],
            bool(shown.get(measure, False) and abs(seen[measure][0]) >= LEAST[measure]),
        )
        for measure in LEAST
    }


# Degenerate: most answers of a side are no answers, in the whole review or in one suite.


def _degenerate(measure: str, side: _Side, other: _Side) -> str:
    """Return what is said of a side that is degenerate in a measure; empty where it is not."""
    if measure not in SAID and measure != "distinct":
        return ""
    suites = list(dict.fromkeys(question.suite for question in side.questions))
    scopes = [("", side, other)]
    if len(suites) > 1:
        scopes += [(f" in {suite}", side.within(suite), other.within(suite)) for suite in suites]
    for where, part, opposite in scopes:
        said = _one_answer(part, opposite, where) if measure == "distinct" else _faulty(measure, part, where)
        if said:
            return said
    return ""


def _faulty(measure: str, side: _Side, where: str) -> str:
    held = side.answers
    count = sum(answer.torn if measure == "cut_off" else answer.faults[measure] for answer in held)
    enough = count >= NEARLY_ALL * len(held) if measure == "cut_off" else count > MOST * len(held)
    if len(side.questions) < FEWEST or not enough:
        return ""
    return f"{count:,} of {len(held):,} answers of the {side.role}{where} {SAID[measure]}"


def _one_answer(side: _Side, other: _Side, where: str) -> str:
    """Return what is said of a side that gives different questions the same answer.

    Where the other side refuses most as well, refusing in the same words is what was asked for.
    """
    refused = [answer.faults["refusals"] for answer in other.answers]
    both_refuse = sum(refused) > MOST * len(refused)
    counts, repeated, common = side.counts, 0, Counter[int]()
    for question, group in zip(side.questions, side.groups, strict=True):
        answer = question.answers[side.role][0]
        if group < 0 or (both_refuse and answer.faults["refusals"]):
            continue
        common[group] += 1
        repeated += counts[group] > 1 and len(answer.own) >= SHORT
    total = sum(counts.values())
    if total < FEWEST:
        return ""
    most = max(common.values(), default=0)
    if most >= NEARLY_ALL * total:
        return f"the {side.role} gives one and the same answer to {most:,} of {total:,} different questions{where}"
    if repeated > MOST * total:
        return (
            f"the {side.role} answers {repeated:,} of {total:,} different questions{where} with what it also answers "
            "to others"
        )
    return ""


def _glance(measure: str, baseline: _Side, candidate: _Side, tests: Mapping[str, _Test], expected: str) -> Glance:
    shown = [_shown(measure, side, other) for side, other in ((baseline, candidate), (candidate, baseline))]
    odd = {
        side.role: said
        for side, other in ((candidate, baseline), (baseline, candidate))
        if (said := _degenerate(measure, side, other))
    }
    test = tests.get(measure)
    said = "; ".join(odd.values())
    if test is not None and test.unlike and not odd:
        said = f"the candidate is very unlike the baseline in {NOUNS[measure]}: {shown[1]}, against {shown[0]}"
    difference = math.nan if test is None else test.difference
    return Glance(
        measure,
        NOUNS[measure],
        shown[0],
        shown[1],
        math.exp(difference) if measure == "lengths" else difference,
        math.nan if test is None else test.p_value,
        tuple(odd),
        test is not None and test.unlike,
        said,
        expected,
    )


def _shown(measure: str, side: _Side, other: _Side) -> str:
    """Return a side's value of a measure in words."""
    if measure == "lengths":
        low, median, high = np.percentile([len(answer.words) for answer in side.answers], (25, 50, 75))
        return f"{median:,.0f} ({low:,.0f} to {high:,.0f})"
    if measure == "distinct":
        return f"{len(side.counts):,} to {len(side.questions):,} questions"
    if measure == "identical":
        theirs = {id(question): question.answers[other.role] for question in other.questions}
        pairs = [
            (question.answers[side.role][0].response.text, theirs[id(question)][0].response.text)
            for question in side.questions
            if id(question) in theirs
        ]
        return f"{sum(one == two for one, two in pairs):,} of {len(pairs):,}"
    return f"{sum(answer.faults[measure] for answer in side.answers):,} of {len(side.answers):,}"
